/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of requests that makes one consistent list out of pages. Pure: paths out, answers in.
 *
 * A 'continue' token lives as long as its version is kept, five minutes or more; when it is gone the list starts again,
 * PAGES_RESTARTS_MAX times, and then asks for everything at once. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"

#define PAGES_LIMIT 500
#define PAGES_LIMIT_MIN 4
#define PAGES_RESTARTS_MAX 2
#define PAGES_EMPTY_MAX 16
#define PAGES_MAX 20000
#define PAGES_GATHERED_MAX 100000

struct pages;

/* 'collection' is the path ("/api/v1/pods"), with a query or without, 'selector' NULL or a label selector; both are copied.
 * 'gather': keep the items of every page, at most PAGES_GATHERED_MAX, for pages_whole(). */
struct pages *pages_new(const char *collection, const char *selector, bool gather);
struct pages *pages_free(struct pages *pages);
/* The path and query of the next request, in a new string. */
char *pages_path(const struct pages *pages);
bool pages_at_first(const struct pages *pages); /* the next answer begins the list */

enum pages_next { PAGES_MORE, PAGES_DONE, PAGES_FAILED };
/* Takes notice of a page: MORE when another path is to be asked. FAILED fills 'fail'. 'list' may be without its items when
 * they are not gathered; 'items_len' says how many it had. */
enum pages_next pages_listed(struct pages *pages, struct json_object *list, size_t items_len, struct fail *fail);
/* The same for a failed request: MORE when the list can go on in another way, else FAILED and 'fail' stays. */
enum pages_next pages_refused(struct pages *pages, struct fail *fail);

/* Puts everything that was gathered into 'list', which is the last page; nothing is kept. */
void pages_whole(struct pages *pages, struct json_object *list);
