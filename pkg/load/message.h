/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of gRPC calls that stand in the plan as JSON, as the messages that are sent. Once, before the first request. */
#pragma once

#include "base/buf.h"
#include "load/plan.h"

struct proto_set;

/* Reads plan->descriptor_file; *ret_set is new, or NULL where the plan names none. FAIL_INVALID, FAIL_TOO_LARGE; FAIL_MISSING … for the file. */
enum fail_kind message_read_set(const struct load_plan *plan, struct proto_set **ret_set, struct fail *fail);
/* The message of the request whose body is 'json' ("": an empty message), at most LOAD_BODY_BYTES_MAX; the caller ends *ret_message.
 * FAIL_INVALID names the member of the JSON, FAIL_MISSING the method, FAIL_TOO_LARGE. */
enum fail_kind message_encode(const struct proto_set *set, const struct load_request *request, const char *json, size_t size,
                              struct buf *ret_message, struct fail *fail);
