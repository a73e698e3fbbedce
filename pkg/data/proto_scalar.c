/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, texts, bytes and enumerations. Integers of 64 bits stand in JSON as texts, too, since many readers of JSON have no other. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/proto_inner.h"

/* How each type is written; of integers, how large they may be. */
static const struct scalar {
        enum proto_wire wire;
        int bits; /* 0: not an integer */
        bool is_signed, zigzag;
} scalars[] = {
        [PROTO_TYPE_DOUBLE] = {PROTO_FIXED64, 0, false, false},   [PROTO_TYPE_FLOAT] = {PROTO_FIXED32, 0, false, false},
        [PROTO_TYPE_INT64] = {PROTO_VARINT, 64, true, false},     [PROTO_TYPE_UINT64] = {PROTO_VARINT, 64, false, false},
        [PROTO_TYPE_INT32] = {PROTO_VARINT, 32, true, false},     [PROTO_TYPE_FIXED64] = {PROTO_FIXED64, 64, false, false},
        [PROTO_TYPE_FIXED32] = {PROTO_FIXED32, 32, false, false}, [PROTO_TYPE_BOOL] = {PROTO_VARINT, 0, false, false},
        [PROTO_TYPE_STRING] = {PROTO_BYTES, 0, false, false},     [PROTO_TYPE_GROUP] = {PROTO_BYTES, 0, false, false},
        [PROTO_TYPE_MESSAGE] = {PROTO_BYTES, 0, false, false},    [PROTO_TYPE_BYTES] = {PROTO_BYTES, 0, false, false},
        [PROTO_TYPE_UINT32] = {PROTO_VARINT, 32, false, false},   [PROTO_TYPE_ENUM] = {PROTO_VARINT, 32, true, false},
        [PROTO_TYPE_SFIXED32] = {PROTO_FIXED32, 32, true, false}, [PROTO_TYPE_SFIXED64] = {PROTO_FIXED64, 64, true, false},
        [PROTO_TYPE_SINT32] = {PROTO_VARINT, 32, true, true},     [PROTO_TYPE_SINT64] = {PROTO_VARINT, 64, true, true},
};

enum proto_wire proto_wire_of(enum proto_type type)
{
        return scalars[type].wire;
}

struct integer {
        bool negative;
        uint64_t size; /* without its sign */
};

static bool integer_of_text(const char *text, struct integer *ret_integer)
{
        char *end;

        ret_integer->negative = text[0] == '-';
        text += ret_integer->negative;
        errno = 0;
        ret_integer->size = strtoull(text, &end, 10);
        return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool integer_of_double(double number, struct integer *ret_integer)
{
        *ret_integer = (struct integer){.negative = number < 0};
        if (!(fabs(number) < 0x1p64))
                return false;
        ret_integer->size = (uint64_t)fabs(number);
        return (double)ret_integer->size == fabs(number);
}

static bool integer_of(struct json_object *json, struct integer *ret_integer)
{
        int64_t number = json_object_get_int64(json);

        switch (json_object_get_type(json)) {
        case json_type_int:
                *ret_integer = (struct integer){number < 0, number < 0 ? 0 - (uint64_t)number : json_object_get_uint64(json)};
                return true;
        case json_type_double:
                return integer_of_double(json_object_get_double(json), ret_integer);
        case json_type_string:
                return integer_of_text(json_object_get_string(json), ret_integer);
        default:
                return false;
        }
}

static bool fits(const struct integer *integer, const struct scalar *scalar)
{
        uint64_t most = UINT64_MAX >> (64 - scalar->bits);

        if (!scalar->is_signed)
                return integer->size <= most && (!integer->negative || integer->size == 0);
        return integer->size <= most / 2 + integer->negative;
}

static void add_integer(const struct scalar *scalar, uint64_t raw, struct buf *into)
{
        if (scalar->zigzag)
                raw = raw << 1 ^ ((raw >> 63) ? UINT64_MAX : 0);
        if (scalar->wire == PROTO_VARINT)
                proto_add_varint(into, raw);
        else
                proto_add_fixed(into, raw, scalar->wire == PROTO_FIXED64 ? 8 : 4);
}

static enum fail_kind encode_integer(const struct scalar *scalar, struct json_object *json, struct buf *into, struct fail *fail)
{
        struct integer integer;

        if (!integer_of(json, &integer) || !fits(&integer, scalar))
                return fail_set(fail, FAIL_INVALID, "an integer of %d bits%s is wanted", scalar->bits, scalar->is_signed ? "" : ", not negative,");
        add_integer(scalar, integer.negative ? 0 - integer.size : integer.size, into);
        return FAIL_NONE;
}

static bool double_of(struct json_object *json, double *ret_number)
{
        char *end;

        if (json_object_is_type(json, json_type_int) || json_object_is_type(json, json_type_double)) {
                *ret_number = json_object_get_double(json);
                return true;
        }
        if (!json_object_is_type(json, json_type_string))
                return false;
        const char *text = json_object_get_string(json);
        if (text_equal(text, "NaN") || text_equal(text, "Infinity") || text_equal(text, "-Infinity")) {
                *ret_number = strtod(text, NULL);
                return true;
        }
        *ret_number = strtod(text, &end);
        return end > text && *end == '\0' && text[strspn(text, "+-.0123456789eE")] == '\0' && isfinite(*ret_number);
}

static enum fail_kind encode_double(struct json_object *json, bool is_float, struct buf *into, struct fail *fail)
{
        union { double number; uint64_t bits; } wide;
        union { float number; uint32_t bits; } narrow;

        if (!double_of(json, &wide.number))
                return fail_set(fail, FAIL_INVALID, "a number is wanted, or \"NaN\", \"Infinity\" or \"-Infinity\"");
        if (!is_float) {
                proto_add_fixed(into, wide.bits, 8);
                return FAIL_NONE;
        }
        if (isfinite(wide.number) && fabs(wide.number) > FLT_MAX)
                return fail_set(fail, FAIL_INVALID, "a number of single precision is wanted");
        narrow.number = (float)wide.number;
        proto_add_fixed(into, narrow.bits, 4);
        return FAIL_NONE;
}

static enum fail_kind encode_enum(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail)
{
        const struct proto_enum *enumeration = field->enumeration;
        const char *name = json_object_is_type(json, json_type_string) ? json_object_get_string(json) : NULL;

        if (!name)
                return encode_integer(&scalars[PROTO_TYPE_ENUM], json, into, fail);
        for (size_t i = 0; i < enumeration->values_len; i++) {
                if (text_equal(name, enumeration->values[i].name)) {
                        proto_add_varint(into, (uint64_t)(int64_t)enumeration->values[i].number);
                        return FAIL_NONE;
                }
        }
        return fail_set(fail, FAIL_INVALID, "%.80s has no value %.60s", enumeration->name + 1, name);
}

/* Both alphabets, with padding or without (RFC 4648 sections 4 and 5). */
static enum fail_kind encode_bytes(struct json_object *json, struct buf *into, struct fail *fail)
{
        size_t len = (size_t)json_object_get_string_len(json), size = 0;
        auto_free char *text = xcalloc(len + 4, 1);
        auto_free uint8_t *bytes = NULL;

        memcpy(text, json_object_get_string(json), len);
        for (size_t i = 0; i < len; i++)
                text[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        while (len % 4 != 0)
                text[len++] = '=';
        if (text_base64_decode(text, len, &bytes, &size, NULL))
                return fail_set(fail, FAIL_INVALID, "base64 is wanted");
        proto_add_bytes(into, bytes, size);
        return FAIL_NONE;
}

static enum fail_kind encode_text(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail)
{
        if (!json_object_is_type(json, json_type_string))
                return fail_set(fail, FAIL_INVALID, field->type == PROTO_TYPE_BYTES ? "base64 is wanted" : "a text is wanted");
        if (field->type == PROTO_TYPE_BYTES)
                return encode_bytes(json, into, fail);
        proto_add_bytes(into, json_object_get_string(json), (size_t)json_object_get_string_len(json));
        return FAIL_NONE;
}

enum fail_kind proto_encode_scalar(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail)
{
        switch (field->type) {
        case PROTO_TYPE_DOUBLE:
        case PROTO_TYPE_FLOAT:
                return encode_double(json, field->type == PROTO_TYPE_FLOAT, into, fail);
        case PROTO_TYPE_BOOL:
                if (!json_object_is_type(json, json_type_boolean))
                        return fail_set(fail, FAIL_INVALID, "true or false is wanted");
                proto_add_varint(into, json_object_get_boolean(json));
                return FAIL_NONE;
        case PROTO_TYPE_STRING:
        case PROTO_TYPE_BYTES:
                return encode_text(field, json, into, fail);
        case PROTO_TYPE_ENUM:
                return encode_enum(field, json, into, fail);
        case PROTO_TYPE_GROUP:
                return fail_set(fail, FAIL_INVALID, "is a group: write the message as base64");
        default:
                return encode_integer(&scalars[field->type], json, into, fail);
        }
}
