/* SPDX-License-Identifier: Apache-2.0
 *
 * Request line and headers, as far as apisim wants to know them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct http_head {
        char method[16], *target, *content_type; /* the latter NULL: none */
        size_t size, body_size;
        bool close, expects, chunked, bad;
};

/* 'text' is changed; what the head holds points into it. Fills all but 'size'. */
void http_head_read(char *text, struct http_head *head);
