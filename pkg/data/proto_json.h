/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON to the bytes of a message, by the mapping that Protocol Buffers define (protobuf.dev/programming-guides/json), with the types of
 * google/protobuf that have a form of their own in it: Timestamp, Duration, FieldMask, the wrappers, Struct, Value and ListValue. Any is
 * refused. What stands in the JSON is written, zeros too; null is as if it were not there. */
#pragma once

#include <json-c/json.h>

#include "base/buf.h"
#include "data/proto_set.h"

/* Appends the message's bytes to 'into' (which remembers when they did not fit). FAIL_INVALID names the member: "items[2]: price: …". */
enum fail_kind proto_encode(const struct proto_message *message, struct json_object *json, struct buf *into, struct fail *fail);
