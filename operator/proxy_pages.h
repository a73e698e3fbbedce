/* SPDX-License-Identifier: Apache-2.0
 *
 * The metrics pages of the proxies around one run, read again and again: what each proxy counted about the target between its first
 * and its newest page (mesh/window.h). A proxy that does not answer keeps what it had; how often it failed is counted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "mesh/window.h"

#define PROXY_PAGES_MAX 16   /* proxies of one run; further ones are not read */
#define PROXY_ADDRESS_MAX 46 /* INET6_ADDRSTRLEN */

struct proxy {
        char *pod; /* name; owned */
        char address[PROXY_ADDRESS_MAX];
        int port;
        const char *path; /* static */
        struct mesh_scope scope; /* its texts are borrowed for the life of the pages */
        struct mesh_window window;
        char problem[160]; /* of the newest try, "" when it was answered */
};

struct proxy_pages;

/* 'done' is called at the end of each round, from the loop. */
struct proxy_pages *proxy_pages_new(struct loop *loop, void (*done)(void *owner), void *owner);
struct proxy_pages *proxy_pages_free(struct proxy_pages *pages);
/* 'proxy' says where and what: pod (copied), address, port, path, scope. A pod that is there already for that side, and what is
 * beyond PROXY_PAGES_MAX, is left out. */
void proxy_pages_add(struct proxy_pages *pages, const struct proxy *proxy);
/* Begins a round: one GET per proxy. Nothing while one is under way. */
void proxy_pages_read(struct proxy_pages *pages);
bool proxy_pages_busy(const struct proxy_pages *pages);
size_t proxy_pages_len(const struct proxy_pages *pages);
/* Borrowed until the loop's next step. */
const struct proxy *proxy_pages_at(const struct proxy_pages *pages, size_t index);
