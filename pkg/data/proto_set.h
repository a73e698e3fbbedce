/* SPDX-License-Identifier: Apache-2.0
 *
 * A descriptor set of Protocol Buffers: the messages, enumerations and methods of .proto files as "protoc --include_imports
 * --descriptor_set_out" writes them (a FileDescriptorSet, google/protobuf/descriptor.proto). Of it is kept what encoding a message
 * needs. Syntax proto2 and proto3; extensions are left out, groups and editions are refused where they are used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

#define PROTO_SET_BYTES_MAX (4u << 20)
#define PROTO_NESTING_MAX 32 /* of messages declared in messages */

/* FieldDescriptorProto.Type */
enum proto_type {
        PROTO_TYPE_DOUBLE = 1, PROTO_TYPE_FLOAT, PROTO_TYPE_INT64, PROTO_TYPE_UINT64, PROTO_TYPE_INT32, PROTO_TYPE_FIXED64, PROTO_TYPE_FIXED32,
        PROTO_TYPE_BOOL, PROTO_TYPE_STRING, PROTO_TYPE_GROUP, PROTO_TYPE_MESSAGE, PROTO_TYPE_BYTES, PROTO_TYPE_UINT32, PROTO_TYPE_ENUM,
        PROTO_TYPE_SFIXED32, PROTO_TYPE_SFIXED64, PROTO_TYPE_SINT32, PROTO_TYPE_SINT64,
};

struct proto_field {
        char *name, *json_name;
        uint32_t number;
        enum proto_type type;
        bool repeated, required, packed; /* packed: of repeated fields that can be */
        int64_t oneof;                   /* fields with the same one exclude each other; -1: of none */
        char *type_name;                 /* ".shop.Item", of messages and enumerations */
        const struct proto_message *message;
        const struct proto_enum *enumeration;
};

struct proto_message {
        char *name; /* ".shop.Item" */
        struct proto_field *fields;
        size_t fields_len;
        bool is_entry; /* of a map: key and value */
        bool refused;  /* of an edition */
};

struct proto_enum {
        char *name;
        struct { char *name; int32_t number; } *values;
        size_t values_len;
};

struct proto_set;

/* On success *ret_set is new. FAIL_INVALID: not a descriptor set, or a type that it names is not in it. FAIL_TOO_LARGE. */
enum fail_kind proto_set_decode(const uint8_t *bytes, size_t size, struct proto_set **ret_set, struct fail *fail);
struct proto_set *proto_set_free(struct proto_set *set); /* NULL is fine; returns NULL */

/* The message that a unary call of 'path', "/package.Service/Method", takes; borrowed from the set. FAIL_MISSING: there is no such
 * method. FAIL_INVALID: it is one of streams. */
enum fail_kind proto_set_find(const struct proto_set *set, const char *path, const struct proto_message **ret_message, struct fail *fail);
/* The paths of the methods, in no particular order; see map_next. */
bool proto_set_next(const struct proto_set *set, size_t *at, const char **ret_path);
