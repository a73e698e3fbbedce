/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of google/protobuf that stand in JSON as something else than an object of their fields. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/proto_inner.h"

#define NANOS_DIGITS 9

/* A set may declare these names as it likes, and what stands for itself would be encoded without end: a field that is given the same JSON
 * as its message is a scalar, or a list or map, which has less in each value. */
static bool may_hold(const struct proto_message *message, const struct proto_field *field)
{
        if (text_equal(message->name, ".google.protobuf.Value"))
                return field->message != message;
        if (text_equal(message->name, ".google.protobuf.Struct") || text_equal(message->name, ".google.protobuf.ListValue"))
                return field->repeated;
        return !field->message;
}

/* Field 'name' of the message from 'takes_json'. */
static enum fail_kind encode_as(const struct proto_message *message, const char *name, struct json_object *takes_json, struct buf *into, struct fail *fail)
{
        auto_json struct json_object *json = takes_json;
        const struct proto_field *field = proto_find_field(message, name);

        if (!field || !may_hold(message, field))
                return fail_set(fail, FAIL_INVALID, "message %.80s is not the one that is known by this name", message->name + 1);
        return proto_encode_field(field, json, into, fail);
}

/* "" or ".5", up to nine digits; moves *text behind them. */
static bool parse_nanos(const char **text, int64_t *ret_nanos)
{
        const char *at = *text;
        int digits = 0;

        *ret_nanos = 0;
        if (*at == '.') {
                for (at++; *at >= '0' && *at <= '9' && digits < NANOS_DIGITS; digits++)
                        *ret_nanos = *ret_nanos * 10 + (*at++ - '0');
                if (digits == 0)
                        return false;
                while (digits++ < NANOS_DIGITS)
                        *ret_nanos *= 10;
        }
        *text = at;
        return true;
}

static enum fail_kind encode_instant(const struct proto_message *message, int64_t seconds, int64_t nanos, struct buf *into, struct fail *fail)
{
        return encode_as(message, "seconds", json_object_new_int64(seconds), into, fail)
                       ? FAIL_INVALID
                       : encode_as(message, "nanos", json_object_new_int64(nanos), into, fail);
}

/* "Z", "+02:00". */
static bool parse_zone(const char *text, int64_t *ret_seconds)
{
        *ret_seconds = 0;
        if (text_equal(text, "Z"))
                return true;
        if (strlen(text) != 6 || !strchr("+-", text[0]) || text[3] != ':' || strspn(text + 1, "0123456789") != 2 || strspn(text + 4, "0123456789") != 2)
                return false;
        int hours = atoi(text + 1), minutes = atoi(text + 4);
        *ret_seconds = (hours * 60 + minutes) * (text[0] == '-' ? -60 : 60);
        return hours < 24 && minutes < 60;
}

static enum fail_kind encode_timestamp(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        struct tm written = {0};
        int64_t nanos, zone_s;
        const char *text = json_object_is_type(json, json_type_string) ? json_object_get_string(json) : "";
        const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &written);
        struct tm meant = written;
        int64_t seconds = (int64_t)timegm(&meant); /* makes the 2nd of March of a 30th of February */

        if (!rest || meant.tm_mday != written.tm_mday || meant.tm_sec != written.tm_sec || !parse_nanos(&rest, &nanos) || !parse_zone(rest, &zone_s))
                return fail_set(fail, FAIL_INVALID, "a time is wanted, for example \"2026-11-26T10:00:00.5Z\"");
        return encode_instant(message, seconds - zone_s, nanos, into, fail);
}

static enum fail_kind encode_duration(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        const char *text = json_object_is_type(json, json_type_string) ? json_object_get_string(json) : "";
        int64_t sign = text[0] == '-' ? -1 : 1, seconds = 0, nanos = 0;
        const char *at = text + (sign < 0);
        bool good = isdigit((unsigned char)*at);

        for (; isdigit((unsigned char)*at) && good; at++) {
                seconds = seconds * 10 + (*at - '0');
                good = seconds <= INT64_C(315576000000); /* ten thousand years, as the type has it */
        }
        if (!good || !parse_nanos(&at, &nanos) || !text_equal(at, "s"))
                return fail_set(fail, FAIL_INVALID, "a duration in seconds is wanted, for example \"1.5s\"");
        return encode_instant(message, sign * seconds, sign * nanos, into, fail);
}

/* "user.displayName,photo": in the message, names are as the .proto file has them. */
static enum fail_kind encode_mask(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        auto_json struct json_object *paths = doc_array();
        auto_buf struct buf path = {0};

        if (!json_object_is_type(json, json_type_string))
                return fail_set(fail, FAIL_INVALID, "names between commas are wanted");
        for (const char *at = json_object_get_string(json);; at++) {
                if (isupper((unsigned char)*at))
                        buf_format(&path, "_%c", tolower((unsigned char)*at));
                else if (*at != ',' && *at != '\0')
                        buf_add(&path, at, 1);
                if ((*at == ',' || *at == '\0') && path.size > 0)
                        doc_push_text(paths, path.data);
                if (*at == ',')
                        buf_clear(&path);
                if (*at == '\0')
                        return encode_as(message, "paths", take(paths), into, fail);
        }
}

static enum fail_kind encode_value(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        static const struct { enum json_type type; const char *field; } rows[] = {
                {json_type_boolean, "bool_value"}, {json_type_double, "number_value"}, {json_type_int, "number_value"},
                {json_type_object, "struct_value"}, {json_type_array, "list_value"}, {json_type_string, "string_value"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (json_object_is_type(json, rows[i].type))
                        return encode_as(message, rows[i].field, json_object_get(json), into, fail);
        return encode_as(message, "null_value", json_object_new_int(0), into, fail);
}

static enum fail_kind refuse(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        (void)json;
        (void)into;
        return fail_set(fail, FAIL_INVALID, "%.80s cannot be written as JSON here: write the message as base64", message->name + 1);
}

/* 'field': what stands in JSON is the value of the message's one field. */
static const struct known {
        const char *name, *field;
        enum fail_kind (*encode)(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail);
} known[] = {
        {".google.protobuf.Timestamp", NULL, encode_timestamp}, {".google.protobuf.Duration", NULL, encode_duration},
        {".google.protobuf.FieldMask", NULL, encode_mask},      {".google.protobuf.Value", NULL, encode_value},
        {".google.protobuf.Any", NULL, refuse},                 {".google.protobuf.Struct", "fields", NULL},
        {".google.protobuf.ListValue", "values", NULL},         {".google.protobuf.DoubleValue", "value", NULL},
        {".google.protobuf.FloatValue", "value", NULL},         {".google.protobuf.Int64Value", "value", NULL},
        {".google.protobuf.UInt64Value", "value", NULL},        {".google.protobuf.Int32Value", "value", NULL},
        {".google.protobuf.UInt32Value", "value", NULL},        {".google.protobuf.BoolValue", "value", NULL},
        {".google.protobuf.StringValue", "value", NULL},        {".google.protobuf.BytesValue", "value", NULL},
};

bool proto_encode_known(const struct proto_message *message, struct json_object *json, struct buf *into, enum fail_kind *ret_kind,
                        struct fail *fail)
{
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
                if (!text_equal(known[i].name, message->name))
                        continue;
                *ret_kind = known[i].encode ? known[i].encode(message, json, into, fail)
                                            : encode_as(message, known[i].field, json_object_get(json), into, fail);
                return true;
        }
        return false;
}

bool proto_takes_null(const struct proto_field *field)
{
        return field->message && text_equal(field->message->name, ".google.protobuf.Value");
}
