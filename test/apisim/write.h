/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of a write, shared by creating and changing. Those that return bool have answered the call when it is false. */
#pragma once

#include "call.h"

bool write_content_is(const struct call *call, const char *type);
/* The body as an object; *ret_json is new. */
bool write_read_object(struct call *call, struct json_object **ret_json);
/* Kind, version, namespace and name are those of the path, and members have the right shape. */
bool write_agrees(struct call *call, struct json_object *json);
/* What the schema does not know goes, with a warning or, if so asked, as an error. */
bool write_prune(struct call *call, struct json_object *json);
void write_fill(struct call *call, struct json_object *json);
/* 'old' NULL: of a new object. */
bool write_check(struct call *call, struct json_object *old, struct json_object *json);
/* Answers the call; takes 'json'. */
void write_create(struct call *call, struct json_object *json);
