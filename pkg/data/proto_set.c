/* SPDX-License-Identifier: Apache-2.0
 *
 * Two steps: every declaration is registered by its full name, then the fields' types are looked up among them. */
#include "data/proto_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/proto_wire.h"

struct proto_method {
        char *input; /* ".shop.Item" */
        bool streams;
};

struct proto_set {
        struct map messages, enums, methods; /* struct proto_message, proto_enum, proto_method; the set's */
};

/* Where a declaration stands. */
struct scope {
        struct proto_set *set;
        const char *name; /* ".shop", "" of no package */
        bool proto3, edition;
        int depth;
};

static struct proto_reader reader_of(const struct proto_item *item)
{
        return proto_reader_of(item->data, item->size);
}

/* Never NULL: what has another wire type than it should is an empty text. */
static char *text_of(const struct proto_item *item)
{
        char *text = item->wire == PROTO_BYTES ? xstrndup((const char *)item->data, item->size) : xstrdup("");

        text_scrub(text);
        return text;
}

static char *join(const char *scope, const char *name, char between)
{
        return xasprintf("%s%c%s", scope, between, name);
}

/* The first of the message's fields 'number' that is text; "" when there is none. */
static char *find_text(const struct proto_item *message, uint32_t number)
{
        struct proto_reader reader = reader_of(message);
        struct proto_item item;

        while (proto_read(&reader, &item))
                if (item.number == number && item.wire == PROTO_BYTES)
                        return text_of(&item);
        return xstrdup("");
}

/* The last of the message's fields 'number', as readers have it. */
static uint64_t find_value(const struct proto_item *message, uint32_t number, uint64_t otherwise)
{
        struct proto_reader reader = reader_of(message);
        struct proto_item item;

        while (proto_read(&reader, &item))
                if (item.number == number && item.wire == PROTO_VARINT)
                        otherwise = item.value;
        return otherwise;
}

/* ---- freeing ---- */

static void free_message(struct proto_message *message)
{
        if (!message)
                return;
        for (size_t i = 0; i < message->fields_len; i++) {
                free(message->fields[i].name);
                free(message->fields[i].json_name);
                free(message->fields[i].type_name);
        }
        free(message->fields);
        free(message->name);
        free(message);
}

static void free_enum(struct proto_enum *enumeration)
{
        if (!enumeration)
                return;
        for (size_t i = 0; i < enumeration->values_len; i++)
                free(enumeration->values[i].name);
        free(enumeration->values);
        free(enumeration->name);
        free(enumeration);
}

static void free_method(struct proto_method *method)
{
        if (method)
                free(method->input);
        free(method);
}

struct proto_set *proto_set_free(struct proto_set *set)
{
        const char *name;
        size_t at = 0;
        void *value;

        if (!set)
                return NULL;
        while (map_next(&set->messages, &at, &name, &value))
                free_message(value);
        for (at = 0; map_next(&set->enums, &at, &name, &value);)
                free_enum(value);
        for (at = 0; map_next(&set->methods, &at, &name, &value);)
                free_method(value);
        map_done(&set->messages);
        map_done(&set->enums);
        map_done(&set->methods);
        free(set);
        return NULL;
}

/* ---- declarations ---- */

enum {
        FILE_PACKAGE = 2, FILE_MESSAGE = 4, FILE_ENUM = 5, FILE_SERVICE = 6, FILE_SYNTAX = 12,
        MESSAGE_NAME = 1, MESSAGE_FIELD = 2, MESSAGE_NESTED = 3, MESSAGE_ENUM = 4, MESSAGE_OPTIONS = 7, OPTION_MAP_ENTRY = 7,
        FIELD_NAME = 1, FIELD_NUMBER = 3, FIELD_LABEL = 4, FIELD_TYPE = 5, FIELD_TYPE_NAME = 6, FIELD_OPTIONS = 8, FIELD_ONEOF = 9,
        FIELD_JSON_NAME = 10, OPTION_PACKED = 2, LABEL_REQUIRED = 2, LABEL_REPEATED = 3,
        ENUM_NAME = 1, ENUM_VALUE = 2, VALUE_NAME = 1, VALUE_NUMBER = 2,
        SERVICE_NAME = 1, SERVICE_METHOD = 2, METHOD_NAME = 1, METHOD_INPUT = 2, METHOD_CLIENT_STREAMS = 5, METHOD_SERVER_STREAMS = 6,
};

static bool can_be_packed(enum proto_type type)
{
        return type != PROTO_TYPE_STRING && type != PROTO_TYPE_BYTES && type != PROTO_TYPE_MESSAGE && type != PROTO_TYPE_GROUP;
}

static struct proto_field decode_field(const struct proto_item *from, bool proto3)
{
        struct proto_field field = {.name = find_text(from, FIELD_NAME), .json_name = find_text(from, FIELD_JSON_NAME),
                                    .type_name = find_text(from, FIELD_TYPE_NAME)};
        uint64_t label = find_value(from, FIELD_LABEL, 0), packed = proto3;
        struct proto_reader reader = reader_of(from);
        struct proto_item item;

        field.number = (uint32_t)find_value(from, FIELD_NUMBER, 0);
        field.type = (enum proto_type)find_value(from, FIELD_TYPE, 0);
        field.oneof = (int64_t)(int32_t)find_value(from, FIELD_ONEOF, UINT64_MAX);
        while (proto_read(&reader, &item))
                if (item.number == FIELD_OPTIONS && item.wire == PROTO_BYTES)
                        packed = find_value(&item, OPTION_PACKED, packed);
        field.required = label == LABEL_REQUIRED;
        field.repeated = label == LABEL_REPEATED;
        field.packed = field.repeated && packed && can_be_packed(field.type);
        return field;
}

static size_t count(const struct proto_item *message, uint32_t number)
{
        struct proto_reader reader = reader_of(message);
        struct proto_item item;
        size_t found = 0;

        while (proto_read(&reader, &item))
                found += item.number == number && item.wire == PROTO_BYTES;
        return found;
}

static void add_enum(const struct scope *scope, const struct proto_item *from)
{
        struct proto_enum *enumeration = xnew(struct proto_enum);
        struct proto_reader reader = reader_of(from);
        struct proto_item item;
        auto_free char *name = find_text(from, ENUM_NAME);

        enumeration->name = join(scope->name, name, '.');
        enumeration->values = xcalloc(count(from, ENUM_VALUE) + 1, sizeof *enumeration->values);
        while (proto_read(&reader, &item)) {
                if (item.number != ENUM_VALUE || item.wire != PROTO_BYTES)
                        continue;
                enumeration->values[enumeration->values_len].name = find_text(&item, VALUE_NAME);
                enumeration->values[enumeration->values_len++].number = (int32_t)find_value(&item, VALUE_NUMBER, 0);
        }
        free_enum(map_set(&scope->set->enums, enumeration->name, enumeration));
}

static enum fail_kind add_message(const struct scope *scope, const struct proto_item *from, struct fail *fail)
{
        struct proto_message *message = xnew(struct proto_message);
        auto_free char *name = find_text(from, MESSAGE_NAME), *full = join(scope->name, name, '.');
        const struct scope inner = {scope->set, full, scope->proto3, scope->edition, scope->depth + 1};
        struct proto_reader reader = reader_of(from);
        struct proto_item item;
        enum fail_kind kind = FAIL_NONE;

        message->name = xstrdup(full);
        message->refused = scope->edition;
        message->fields = xcalloc(count(from, MESSAGE_FIELD) + 1, sizeof *message->fields);
        if (inner.depth > PROTO_NESTING_MAX)
                kind = fail_set(fail, FAIL_INVALID, "message %.80s is nested deeper than %d", full, PROTO_NESTING_MAX);
        while (!kind && proto_read(&reader, &item)) {
                if (item.wire != PROTO_BYTES)
                        continue;
                if (item.number == MESSAGE_FIELD)
                        message->fields[message->fields_len++] = decode_field(&item, scope->proto3);
                else if (item.number == MESSAGE_NESTED)
                        kind = add_message(&inner, &item, fail);
                else if (item.number == MESSAGE_ENUM)
                        add_enum(&inner, &item);
                else if (item.number == MESSAGE_OPTIONS)
                        message->is_entry = find_value(&item, OPTION_MAP_ENTRY, message->is_entry);
        }
        free_message(map_set(&scope->set->messages, full, message));
        return kind;
}

static void add_service(const struct scope *scope, const struct proto_item *from)
{
        struct proto_reader reader = reader_of(from);
        struct proto_item item;
        auto_free char *name = find_text(from, SERVICE_NAME), *full = join(scope->name, name, '.');

        while (proto_read(&reader, &item)) {
                if (item.number != SERVICE_METHOD || item.wire != PROTO_BYTES)
                        continue;
                struct proto_method *method = xnew(struct proto_method);
                auto_free char *last = find_text(&item, METHOD_NAME), *path = join(full, last, '/');
                path[0] = '/'; /* instead of the dot that full names begin with */
                method->input = find_text(&item, METHOD_INPUT);
                method->streams = find_value(&item, METHOD_CLIENT_STREAMS, 0) || find_value(&item, METHOD_SERVER_STREAMS, 0);
                free_method(map_set(&scope->set->methods, path, method));
        }
}

static enum fail_kind add_file(struct proto_set *set, const struct proto_item *file, struct fail *fail)
{
        auto_free char *package = find_text(file, FILE_PACKAGE), *syntax = find_text(file, FILE_SYNTAX);
        auto_free char *name = *package ? join("", package, '.') : xstrdup("");
        const struct scope scope = {set, name, text_equal(syntax, "proto3"), text_equal(syntax, "editions"), 0};
        struct proto_reader reader = reader_of(file);
        struct proto_item item;

        while (proto_read(&reader, &item)) {
                if (item.wire != PROTO_BYTES)
                        continue;
                if (item.number == FILE_MESSAGE && add_message(&scope, &item, fail))
                        return FAIL_INVALID;
                if (item.number == FILE_ENUM)
                        add_enum(&scope, &item);
                else if (item.number == FILE_SERVICE)
                        add_service(&scope, &item);
        }
        return FAIL_NONE;
}

/* ---- types ---- */

static enum fail_kind resolve_field(const struct proto_set *set, struct proto_field *field, struct fail *fail)
{
        bool is_message = field->type == PROTO_TYPE_MESSAGE, is_enum = field->type == PROTO_TYPE_ENUM;

        if (!*field->name || field->number < 1 || field->number > PROTO_NUMBER_MAX || field->type < PROTO_TYPE_DOUBLE || field->type > PROTO_TYPE_SINT64)
                return fail_set(fail, FAIL_INVALID, "field '%.60s' has no name, number or type", field->name);
        if (is_message)
                field->message = map_find(&set->messages, field->type_name);
        if (is_enum)
                field->enumeration = map_find(&set->enums, field->type_name);
        if ((is_message && !field->message) || (is_enum && !field->enumeration))
                return fail_set(fail, FAIL_INVALID, "%.60s has type %.80s, which is not in the set: make it with protoc --include_imports", field->name,
                                field->type_name);
        return FAIL_NONE;
}

static enum fail_kind resolve(const struct proto_set *set, struct fail *fail)
{
        const char *name;
        size_t at = 0;
        void *value;

        while (map_next(&set->messages, &at, &name, &value)) {
                struct proto_message *message = value;
                for (size_t i = 0; i < message->fields_len; i++)
                        if (resolve_field(set, &message->fields[i], fail))
                                return fail_wrap(fail, "message %.80s", name);
                if (message->is_entry && message->fields_len != 2)
                        return fail_set(fail, FAIL_INVALID, "message %.80s: an entry of a map has a key and a value", name);
        }
        return FAIL_NONE;
}

static enum fail_kind decode(struct proto_set *set, const uint8_t *bytes, size_t size, struct fail *fail)
{
        struct proto_reader reader = proto_reader_of(bytes, size);
        struct proto_item item;

        while (proto_read(&reader, &item))
                if (item.number == 1 && item.wire == PROTO_BYTES && add_file(set, &item, fail))
                        return FAIL_INVALID;
        if (reader.broken || set->messages.len == 0)
                return fail_set(fail, FAIL_INVALID, "not a descriptor set: one is made by protoc --include_imports --descriptor_set_out");
        return resolve(set, fail);
}

enum fail_kind proto_set_decode(const uint8_t *bytes, size_t size, struct proto_set **ret_set, struct fail *fail)
{
        struct proto_set *set;

        if (size > PROTO_SET_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "a descriptor set of at most %u bytes is wanted", PROTO_SET_BYTES_MAX);
        set = xnew(struct proto_set);
        if (decode(set, bytes, size, fail)) {
                proto_set_free(set);
                return FAIL_INVALID;
        }
        *ret_set = set;
        return FAIL_NONE;
}

enum fail_kind proto_set_find(const struct proto_set *set, const char *path, const struct proto_message **ret_message, struct fail *fail)
{
        const struct proto_method *method = map_find(&set->methods, path);
        const struct proto_message *message = method ? map_find(&set->messages, method->input) : NULL;

        if (!message)
                return fail_set(fail, FAIL_MISSING, "the descriptor set has no method %.120s", path);
        if (method->streams)
                return fail_set(fail, FAIL_INVALID, "%.120s is not unary: streams are not sent", path);
        *ret_message = message;
        return FAIL_NONE;
}

bool proto_set_next(const struct proto_set *set, size_t *at, const char **ret_path)
{
        void *value;

        return map_next(&set->methods, at, ret_path, &value);
}
