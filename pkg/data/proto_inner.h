/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of encoding share; for nobody else. */
#pragma once

#include "data/proto_json.h"
#include "data/proto_wire.h"

/* proto_scalar.c: the value of one field that is no message, without its tag. */
enum fail_kind proto_encode_scalar(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail);
enum proto_wire proto_wire_of(enum proto_type type);

/* proto_json.c: a field with all its values, tags included, but not a null. */
enum fail_kind proto_encode_field(const struct proto_field *field, struct json_object *json, struct buf *into, struct fail *fail);
const struct proto_field *proto_find_field(const struct proto_message *message, const char *name);

/* proto_known.c: false when the message is written member by member, as most are; else *ret_kind says how it went. 'json' may be NULL
 * (null) with a message that has a form for it. */
bool proto_encode_known(const struct proto_message *message, struct json_object *json, struct buf *into, enum fail_kind *ret_kind,
                        struct fail *fail);
/* null is a value of this message. */
bool proto_takes_null(const struct proto_field *field);
