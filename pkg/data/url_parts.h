/* SPDX-License-Identifier: Apache-2.0
 *
 * A URL cut into its parts where RFC 3986 (section 3) cuts it. Nothing is copied, decoded or allowed here: which schemes, hosts and
 * paths there may be is for those who ask. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct url_part {
        const char *text; /* into the URL, not NUL-terminated; NULL: there is none */
        size_t len;
};

struct url_parts {
        struct url_part scheme, authority;
        struct url_part host; /* without its brackets; NULL when the authority is no "host", "host:port", "[v6]" or "[v6]:port" */
        struct url_part port; /* what follows the colon */
        bool bracketed;
        const char *rest;     /* from the first '/', '?' or '#' of the path to the end; "" when there is none */
};

/* False without "://". 'text' is borrowed for the life of the parts. */
bool url_parts_split(const char *text, struct url_parts *ret_parts);
/* A port of at most five digits, 1..65535; 0 for anything else. */
int url_parts_port(struct url_part port);
