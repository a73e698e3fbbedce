/* SPDX-License-Identifier: Apache-2.0 */
#include "data/proto_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/proto_inner.h"

const struct proto_field *proto_find_field(const struct proto_message *message, const char *name)
{
        for (size_t i = 0; i < message->fields_len; i++)
                if (text_equal(message->fields[i].json_name, name) || text_equal(message->fields[i].name, name))
                        return &message->fields[i];
        return NULL;
}

/* What has a length before it: a message, a packed list, an entry of a map. */
static void add_inner(struct buf *into, uint32_t number, const struct buf *inner)
{
        proto_add_tag(into, number, PROTO_BYTES);
        proto_add_bytes(into, inner->data, inner->size);
        into->overflowed |= inner->overflowed;
}

/* One value with its tag. */
static enum fail_kind encode_one(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail)
{
        auto_buf struct buf inner = buf_bounded(into->size_max);

        if (!json && !proto_takes_null(field))
                return fail_set(fail, FAIL_INVALID, "null is not a value here");
        if (field->type != PROTO_TYPE_MESSAGE) {
                proto_add_tag(into, field->number, proto_wire_of(field->type));
                return proto_encode_scalar(field, json, into, fail);
        }
        if (proto_encode(field->message, json, &inner, fail))
                return FAIL_INVALID;
        add_inner(into, field->number, &inner);
        return FAIL_NONE;
}

static enum fail_kind encode_packed(const struct proto_field *field, struct json_object *list, struct buf *into, struct fail *fail)
{
        auto_buf struct buf inner = buf_bounded(into->size_max);

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (proto_encode_scalar(field, doc_item(list, i), &inner, fail))
                        return fail_wrap(fail, "[%zu]", i);
        add_inner(into, field->number, &inner);
        return FAIL_NONE;
}

static enum fail_kind encode_list(const struct proto_field *field, struct json_object *list, struct buf *into, struct fail *fail)
{
        if (!json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "a list is wanted");
        if (doc_len(list, "") == 0)
                return FAIL_NONE;
        if (field->packed)
                return encode_packed(field, list, into, fail);
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (encode_one(field, doc_item(list, i), into, fail))
                        return fail_wrap(fail, "[%zu]", i);
        return FAIL_NONE;
}

/* JSON has only texts as keys. */
static struct json_object *key_of(const struct proto_field *field, const char *key)
{
        if (field->type == PROTO_TYPE_BOOL && (text_equal(key, "true") || text_equal(key, "false")))
                return json_object_new_boolean(text_equal(key, "true"));
        return json_object_new_string(key);
}

static enum fail_kind encode_entry(const struct proto_field *field, const char *key, struct json_object *value, struct buf *into, struct fail *fail)
{
        const struct proto_field *fields = field->message->fields; /* two, which resolving has seen to */
        auto_json struct json_object *name = key_of(&fields[0], key);
        auto_buf struct buf inner = buf_bounded(into->size_max);

        if (encode_one(&fields[0], name, &inner, fail) || encode_one(&fields[1], value, &inner, fail))
                return fail_wrap(fail, "%.40s", key);
        add_inner(into, field->number, &inner);
        return FAIL_NONE;
}

static enum fail_kind encode_map(const struct proto_field *field, struct json_object *map, struct buf *into, struct fail *fail)
{
        if (!json_object_is_type(map, json_type_object))
                return fail_set(fail, FAIL_INVALID, "an object is wanted");
        json_object_object_foreach(map, key, value) {
                if (encode_entry(field, key, value, into, fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}

enum fail_kind proto_encode_field(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail)
{
        if (!field->repeated)
                return encode_one(field, json, into, fail);
        return field->message && field->message->is_entry ? encode_map(field, json, into, fail) : encode_list(field, json, into, fail);
}

/* 'seen' has a mark for each field that has a value already. */
static enum fail_kind check_alone(const struct proto_message *message, const struct proto_field *field, const bool *seen, struct fail *fail)
{
        if (seen[field - message->fields])
                return fail_set(fail, FAIL_INVALID, "stands there twice, by both of its names");
        for (size_t i = 0; field->oneof >= 0 && i < message->fields_len; i++)
                if (seen[i] && message->fields[i].oneof == field->oneof)
                        return fail_set(fail, FAIL_INVALID, "excludes %.60s: only one of them can be given", message->fields[i].name);
        return FAIL_NONE;
}

static enum fail_kind encode_member(const struct proto_message *message, const char *name, struct json_object *value, bool *seen, struct buf *into,
                                    struct fail *fail)
{
        const struct proto_field *field = proto_find_field(message, name);

        if (!field)
                return fail_set(fail, FAIL_INVALID, "message %.80s has no such field", message->name + 1);
        if (!value && (field->repeated || !proto_takes_null(field)))
                return FAIL_NONE;
        if (check_alone(message, field, seen, fail))
                return FAIL_INVALID;
        seen[field - message->fields] = true;
        return proto_encode_field(field, value, into, fail);
}

static enum fail_kind encode_members(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        auto_free bool *seen = xcalloc(message->fields_len + 1, sizeof *seen);

        json_object_object_foreach(json, name, value) {
                if (encode_member(message, name, value, seen, into, fail))
                        return fail_wrap(fail, "%.60s", name);
        }
        for (size_t i = 0; i < message->fields_len; i++)
                if (message->fields[i].required && !seen[i])
                        return fail_set(fail, FAIL_INVALID, "%.60s: is required", message->fields[i].name);
        return FAIL_NONE;
}

enum fail_kind proto_encode(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail)
{
        enum fail_kind kind;

        if (message->refused)
                return fail_set(fail, FAIL_INVALID, "message %.80s is of an edition; syntax proto2 and proto3 are known: write the message as base64",
                                message->name + 1);
        if (proto_encode_known(message, json, into, &kind, fail))
                return kind;
        if (!json_object_is_type(json, json_type_object))
                return fail_set(fail, FAIL_INVALID, "an object is wanted, for message %.80s", message->name + 1);
        return encode_members(message, json, into, fail);
}
