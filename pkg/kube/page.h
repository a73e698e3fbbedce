/* SPDX-License-Identifier: Apache-2.0
 *
 * One page of a list, read once: its items are handed out as they come, its head is kept. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"
#include "kube/sift.h"

struct page {
        const struct sift *sift; /* what is kept of an item */
        bool (*item)(void *owner, const struct sifted *item); /* false: nobody wants the rest */
        void *owner;
};

/* *ret_head is {"metadata": …}, the caller's; *ret_items_len is how many items there were, of something without a list of items 0.
 * FAIL_INVALID: not JSON, no metadata, or items that are none; some may have been handed out by then. Where 'item' said false, neither
 * is anything wrong nor is there a head (NULL). */
enum fail_kind page_read(const struct page *page, const char *text, size_t size, struct json_object **ret_head, size_t *ret_items_len,
                         struct fail *fail);
