/* SPDX-License-Identifier: Apache-2.0
 *
 * One GET of a plain text page at a pod's address, on the loop: no redirects, no credentials, no second try. */
#pragma once

#include <stddef.h>

#include "base/fail.h"
#include "base/loop.h"

struct page_get;

/* Called once, from the loop, unless cancelled. 'text' is 'size' bytes with a NUL after them and NULL when fail->kind is set (see
 * probe/page.h; FAIL_TIMEOUT after PAGE_PATIENCE_NS, FAIL_TOO_LARGE beyond PAGE_BYTES_MAX); borrowed for the call. */
typedef void page_done_fn(void *owner, const char *text, size_t size, const struct fail *fail);

#define PAGE_PATIENCE_NS (3 * NS_PER_S)

/* 'address' is an IP address as text. Never NULL; frees itself after 'done'. */
struct page_get *page_get(struct loop *loop, const char *address, int port, const char *path, page_done_fn *done, void *owner);
void page_cancel(struct page_get *get); /* NULL is fine */
