/* SPDX-License-Identifier: Apache-2.0 */
#include "data/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

struct reader {
        yaml_parser_t parser;
        struct map anchors;  /* name -> struct json_object, one reference each */
        size_t nodes;
        struct fail *fail;
};

#define auto_event __attribute__((cleanup(yaml_event_delete)))

static enum fail_kind refuse(struct reader *reader, enum fail_kind kind, yaml_mark_t mark, const char *what)
{
        return fail_set(reader->fail, kind, "line %zu, column %zu: %s", mark.line + 1, mark.column + 1, what);
}

static enum fail_kind next(struct reader *reader, yaml_event_t *ret_event)
{
        if (yaml_parser_parse(&reader->parser, ret_event))
                return FAIL_NONE;
        *ret_event = (yaml_event_t){0};
        yaml_mark_t mark = reader->parser.problem_mark;
        return refuse(reader, FAIL_INVALID, mark, reader->parser.problem ? reader->parser.problem : "not YAML");
}

/* ---- Scalars ---- */

static bool is_one_of(const char *text, const char *const words[static 6])
{
        for (size_t i = 0; words[i]; i++)
                if (strcmp(text, words[i]) == 0)
                        return true;
        return false;
}

static const char *const null_words[6] = {"", "~", "null", "Null", "NULL"};
static const char *const true_words[6] = {"true", "True", "TRUE"};
static const char *const false_words[6] = {"false", "False", "FALSE"};

/* An integer in decimal, 0o or 0x, if that is all 'text' is and it fits. */
static bool read_int(const char *text, int64_t *ret_value)
{
        const char *digits = text + (*text == '-' || *text == '+');
        int base = text_starts(digits, "0x") ? 16 : text_starts(digits, "0o") ? 8 : 10;
        char *end;

        if (base != 10 && digits != text)
                return false;
        if (base != 10)
                text = digits += 2;
        if (!*digits || strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : base == 8 ? "01234567" : "0123456789") !=
                                strlen(digits))
                return false;
        errno = 0;
        *ret_value = strtoll(text, &end, base);
        return errno == 0 && *end == '\0';
}

static bool read_double(const char *text, double *ret_value)
{
        char *end;

        /* strtod knows more than YAML does: "nan", "infinity", hexadecimal floats. */
        if (!*text || strspn(text, "+-.0123456789eE") != strlen(text) || !strpbrk(text, "0123456789"))
                return false;
        *ret_value = strtod(text, &end);
        return *end == '\0' && isfinite(*ret_value);
}

/* Of a text that strtod() has read to its end: ".5", "+1.5", "2." and "007.5" are no JSON. */
static bool is_json_number(const char *text)
{
        static const char digits[] = "0123456789";
        const char *whole = text + (*text == '-'), *rest = whole + strspn(whole, digits);

        if (rest == whole || (*whole == '0' && rest - whole > 1))
                return false;
        return *rest != '.' || strspn(rest + 1, digits) > 0;
}

static bool is_infinite(const char *text)
{
        text += *text == '-' || *text == '+';
        return strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0;
}

static enum fail_kind scalar(struct reader *reader, const yaml_event_t *event, struct json_object **ret_value)
{
        const char *text = (const char *)event->data.scalar.value, *tag = (const char *)event->data.scalar.tag;
        size_t size = event->data.scalar.length;
        int64_t integer;
        double number;

        if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0)
                return refuse(reader, FAIL_INVALID, event->start_mark, "tags other than !!str are not read");
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !tag;
        if (plain && is_infinite(text))
                return refuse(reader, FAIL_INVALID, event->start_mark, "not a finite number");
        if (plain && is_one_of(text, null_words))
                *ret_value = NULL;
        else if (plain && is_one_of(text, true_words))
                *ret_value = json_object_new_boolean(true);
        else if (plain && is_one_of(text, false_words))
                *ret_value = json_object_new_boolean(false);
        else if (plain && read_int(text, &integer))
                *ret_value = json_object_new_int64(integer);
        else if (plain && read_double(text, &number))
                *ret_value = is_json_number(text) ? json_object_new_double_s(number, text) : json_object_new_double(number);
        else
                *ret_value = json_object_new_string_len(text, (int)size);
        return FAIL_NONE;
}

/* ---- Trees ---- */

static size_t count_nodes(struct json_object *doc)
{
        size_t nodes = 1;

        if (json_object_is_type(doc, json_type_array))
                for (size_t i = 0; i < json_object_array_length(doc); i++)
                        nodes += count_nodes(json_object_array_get_idx(doc, i));
        if (!json_object_is_type(doc, json_type_object))
                return nodes;
        json_object_object_foreach(doc, key, value) {
                (void)key;
                nodes += count_nodes(value);
        }
        return nodes;
}

static void keep_anchor(struct reader *reader, const yaml_char_t *anchor, struct json_object *value)
{
        /* NULL cannot be kept in a map; an alias to nothing is then unknown, and refused. */
        if (anchor && value)
                json_object_put(map_set(&reader->anchors, (const char *)anchor, json_object_get(value)));
}

/* A copy, not a second reference: a tree with shared parts would surprise whoever changes it. */
static enum fail_kind alias(struct reader *reader, const yaml_event_t *event, struct json_object **ret_value)
{
        struct json_object *known = map_find(&reader->anchors, (const char *)event->data.alias.anchor);

        if (!known)
                return refuse(reader, FAIL_INVALID, event->start_mark, "unknown alias");
        reader->nodes += count_nodes(known);
        if (reader->nodes > YAML_NODES_MAX)
                return refuse(reader, FAIL_TOO_LARGE, event->start_mark, "too many values");
        *ret_value = doc_copy(known);
        return FAIL_NONE;
}

static enum fail_kind node(struct reader *reader, const yaml_event_t *event, int depth, struct json_object **ret_value);

static enum fail_kind foreign_tag(struct reader *reader, const yaml_char_t *tag, const char *expected, yaml_mark_t mark)
{
        if (!tag || strcmp((const char *)tag, expected) == 0)
                return FAIL_NONE;
        return refuse(reader, FAIL_INVALID, mark, "tags other than !!str are not read");
}

static enum fail_kind sequence(struct reader *reader, int depth, struct json_object *array)
{
        for (;;) {
                auto_event yaml_event_t event = {0};
                struct json_object *value = NULL;
                enum fail_kind kind = next(reader, &event);
                if (kind || event.type == YAML_SEQUENCE_END_EVENT)
                        return kind;
                kind = node(reader, &event, depth + 1, &value);
                if (kind)
                        return kind;
                doc_push(array, value);
        }
}

static enum fail_kind mapping(struct reader *reader, int depth, struct json_object *object)
{
        for (;;) {
                auto_event yaml_event_t key = {0}, event = {0};
                struct json_object *value = NULL;
                enum fail_kind kind = next(reader, &key);
                if (kind || key.type == YAML_MAPPING_END_EVENT)
                        return kind;
                if (key.type != YAML_SCALAR_EVENT)
                        return refuse(reader, FAIL_INVALID, key.start_mark, "a key must be a string");
                const char *name = (const char *)key.data.scalar.value;
                if (strcmp(name, "<<") == 0)
                        return refuse(reader, FAIL_INVALID, key.start_mark, "merge keys are not read");
                if (strlen(name) != key.data.scalar.length)
                        return refuse(reader, FAIL_INVALID, key.start_mark, "a key must not hold a NUL");
                if (json_object_object_get_ex(object, name, NULL))
                        return refuse(reader, FAIL_INVALID, key.start_mark, "this key is there already");
                kind = next(reader, &event);
                if (!kind)
                        kind = node(reader, &event, depth + 1, &value);
                if (kind)
                        return kind;
                json_object_object_add(object, name, value);
        }
}

static enum fail_kind node(struct reader *reader, const yaml_event_t *event, int depth, struct json_object **ret_value)
{
        auto_json struct json_object *value = NULL;
        const yaml_char_t *anchor = NULL;
        enum fail_kind kind;

        if (++reader->nodes > YAML_NODES_MAX)
                return refuse(reader, FAIL_TOO_LARGE, event->start_mark, "too many values");
        if (depth > YAML_DEPTH_MAX)
                return refuse(reader, FAIL_TOO_LARGE, event->start_mark, "nested too deeply");
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                anchor = event->data.scalar.anchor;
                kind = scalar(reader, event, &value);
                break;
        case YAML_SEQUENCE_START_EVENT:
                anchor = event->data.sequence_start.anchor;
                value = doc_array();
                kind = foreign_tag(reader, event->data.sequence_start.tag, YAML_SEQ_TAG, event->start_mark);
                kind = kind ? kind : sequence(reader, depth, value);
                break;
        case YAML_MAPPING_START_EVENT:
                anchor = event->data.mapping_start.anchor;
                value = doc_object();
                kind = foreign_tag(reader, event->data.mapping_start.tag, YAML_MAP_TAG, event->start_mark);
                kind = kind ? kind : mapping(reader, depth, value);
                break;
        case YAML_ALIAS_EVENT:
                kind = alias(reader, event, &value);
                break;
        default:
                return refuse(reader, FAIL_INVALID, event->start_mark, "a value is missing");
        }
        if (kind)
                return kind;
        keep_anchor(reader, anchor, value);
        *ret_value = take(value);
        return FAIL_NONE;
}

/* ---- Documents ---- */

static void forget_anchors(struct reader *reader)
{
        size_t at = 0;
        const char *name;
        void *value;

        while (map_next(&reader->anchors, &at, &name, &value))
                json_object_put(value);
        map_done(&reader->anchors);
}

static enum fail_kind documents(struct reader *reader, struct json_object *docs)
{
        for (;;) {
                auto_event yaml_event_t event = {0}, first = {0};
                struct json_object *doc = NULL;
                enum fail_kind kind = next(reader, &event);
                if (kind || event.type == YAML_STREAM_END_EVENT)
                        return kind;
                if (event.type != YAML_DOCUMENT_START_EVENT)
                        continue;
                kind = next(reader, &first);
                if (!kind)
                        kind = node(reader, &first, 1, &doc);
                forget_anchors(reader);
                if (kind)
                        return kind;
                if (doc)
                        doc_push(docs, doc);
        }
}

enum fail_kind yaml_parse_all(const char *text, size_t size, struct json_object **ret_docs, struct fail *fail)
{
        struct reader reader = {.fail = fail};
        auto_json struct json_object *docs = doc_array();

        if (size > YAML_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "YAML of more than %u bytes", YAML_BYTES_MAX);
        if (!yaml_parser_initialize(&reader.parser))
                abort();
        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
        enum fail_kind kind = documents(&reader, docs);
        yaml_parser_delete(&reader.parser);
        if (!kind)
                *ret_docs = take(docs);
        return kind;
}

enum fail_kind yaml_parse(const char *text, size_t size, struct json_object **ret_doc, struct fail *fail)
{
        auto_json struct json_object *docs = NULL;
        enum fail_kind kind = yaml_parse_all(text, size, &docs, fail);

        if (kind)
                return kind;
        if (doc_len(docs, "") > 1)
                return fail_set(fail, FAIL_INVALID, "%zu documents where one is expected", doc_len(docs, ""));
        *ret_doc = json_object_get(doc_item(docs, 0));
        return FAIL_NONE;
}
