/* SPDX-License-Identifier: Apache-2.0
 *
 * Between admin.c (where load may go, and how much) and admin_sources.c (whom to ask for series). */
#pragma once

#include "api/admin.h"

/* 'doc' (may be NULL) is an object that has no keys but these, or FAIL_INVALID. */
enum fail_kind admin_check_keys(struct json_object *doc, const char *where, const char *const *known, struct fail *fail);
/* 'list' (may be NULL) is one, of at most so many entries. */
enum fail_kind admin_check_list(struct json_object *list, const char *where, size_t len_max, struct fail *fail);

enum fail_kind admin_decode_sources(struct json_object *list, struct admin *admin, struct fail *fail);
