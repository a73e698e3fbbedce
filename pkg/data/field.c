/* SPDX-License-Identifier: Apache-2.0 */
#include "data/field.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "data/doc.h"
#include "data/unit.h"

#define WORDS_TEXT_MAX 128

static enum fail_kind out_of_bounds(const struct field *field, double unit, const char *unit_name, struct fail *fail)
{
        return fail_set(fail, FAIL_INVALID, "must be %.10g%s to %.10g%s", field->least / unit, unit_name, field->most / unit,
                        unit_name);
}

static bool is_within(const struct field *field, double value)
{
        return value >= field->least && value <= field->most;
}

static enum fail_kind decode_text(struct json_object *value, const struct field *field, void *at, struct fail *fail)
{
        if (!json_object_is_type(value, json_type_string))
                return fail_set(fail, FAIL_INVALID, "must be text");
        const char *text = json_object_get_string(value);
        if (!is_within(field, (double)strlen(text)) || strlen(text) != (size_t)json_object_get_string_len(value))
                return fail_set(fail, FAIL_INVALID, "must be %.0f to %.0f characters", field->least, field->most);
        *(const char **)at = text;
        return FAIL_NONE;
}

static enum fail_kind decode_int(struct json_object *value, const struct field *field, void *at, struct fail *fail)
{
        int64_t number = json_object_get_int64(value);

        if (!json_object_is_type(value, json_type_int))
                return fail_set(fail, FAIL_INVALID, "must be a whole number");
        if (!is_within(field, (double)number))
                return out_of_bounds(field, 1, "", fail);
        if (field->type == FIELD_INT32)
                *(int32_t *)at = (int32_t)number;
        else
                *(int64_t *)at = number;
        return FAIL_NONE;
}

static enum fail_kind decode_word(const char *text, const struct field *field, void *at, struct fail *fail)
{
        auto_buf struct buf known = buf_bounded(WORDS_TEXT_MAX);

        for (int i = 0; field->words[i]; i++) {
                if (text && strcmp(text, field->words[i]) == 0) {
                        *(int *)at = i;
                        return FAIL_NONE;
                }
                buf_format(&known, "%s%s", i ? ", " : "", field->words[i]);
        }
        return fail_set(fail, FAIL_INVALID, "must be one of %s", known.data);
}

static enum fail_kind decode_duration(const char *text, const struct field *field, void *at, struct fail *fail)
{
        int64_t ns, unit = field->type == FIELD_DURATION_MS ? 1000000 : 1;

        if (unit_parse_duration_ns(text, &ns, fail))
                return FAIL_INVALID;
        if (!is_within(field, (double)ns / (double)unit)) {
                char least[UNIT_TEXT_MAX], most[UNIT_TEXT_MAX];
                unit_format_duration((int64_t)field->least * unit, least);
                unit_format_duration((int64_t)field->most * unit, most);
                return fail_set(fail, FAIL_INVALID, "must be a duration from %s to %s", least, most);
        }
        *(int64_t *)at = ns / unit;
        return FAIL_NONE;
}

static enum fail_kind decode_rate(const char *text, const struct field *field, void *at, struct fail *fail)
{
        double rps;

        if (unit_parse_rate_rps(text, &rps, fail))
                return FAIL_INVALID;
        if (!is_within(field, rps))
                return out_of_bounds(field, 1, "/s", fail);
        *(double *)at = rps;
        return FAIL_NONE;
}

static enum fail_kind decode_ratio(const char *text, const struct field *field, void *at, struct fail *fail)
{
        double ratio;

        if (unit_parse_percent(text, &ratio, fail))
                return FAIL_INVALID;
        if (!is_within(field, ratio))
                return out_of_bounds(field, 0.01, "%", fail);
        *(double *)at = ratio;
        return FAIL_NONE;
}

static enum fail_kind decode_one(struct json_object *value, const struct field *field, void *at, struct fail *fail)
{
        const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

        switch (field->type) {
        case FIELD_TEXT:
                return decode_text(value, field, at, fail);
        case FIELD_BOOL:
                if (!json_object_is_type(value, json_type_boolean))
                        return fail_set(fail, FAIL_INVALID, "must be true or false");
                *(bool *)at = json_object_get_boolean(value);
                return FAIL_NONE;
        case FIELD_INT:
        case FIELD_INT32:
                return decode_int(value, field, at, fail);
        case FIELD_WORD:
                return decode_word(text, field, at, fail);
        case FIELD_DURATION_MS:
        case FIELD_DURATION_NS:
                return decode_duration(text, field, at, fail);
        case FIELD_RATE:
                return decode_rate(text, field, at, fail);
        case FIELD_RATIO:
                return decode_ratio(text, field, at, fail);
        }
        return fail_set(fail, FAIL_INVALID, "is of no known type");
}

enum fail_kind field_decode(struct json_object *doc, const char *where, const struct field *table, size_t len, void *into,
                            struct fail *fail)
{
        for (size_t i = 0; i < len; i++) {
                const struct field *field = &table[i];
                struct json_object *value = doc_at(doc, field->path);
                if (!value && field->optional)
                        continue;
                if (!value)
                        return fail_set(fail, FAIL_INVALID, "%s%s is missing", where, field->path);
                struct fail cause;
                if (decode_one(value, field, (char *)into + field->offset, &cause))
                        return fail_set(fail, FAIL_INVALID, "%s%s: %s", where, field->path, cause.text);
        }
        return FAIL_NONE;
}
