/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may read a probe's page: one account alone, whom the API server says to be the owner of the bearer token that is shown, and the
 * token to be made out for a probe (TokenReview with an audience; such a token is of no use at the API server). What was learnt
 * counts as serve/access.h says. One question at a time. */
#pragma once

#include <stddef.h>

#include "base/loop.h"

#define VISITORS_AUDIENCE "loadstone-probe"

struct visitors_options { /* strings are borrowed for the life */
        const char *host;    /* of the API server, an IP address */
        int port;
        const char *account; /* a folder with our own token and the cluster's ca.crt, read for each question */
        const char *ca_file; /* NULL: plain HTTP */
        const char *reader;  /* "system:serviceaccount:loadstone-system:loadstone-operator" */
};

struct visitors;

struct visitors *visitors_new(struct loop *loop, const struct visitors_options *options);
struct visitors *visitors_free(struct visitors *visitors); /* NULL is fine; returns NULL */

/* 'status' 200 lets in; else 'sentence' (a constant) says why not. Called once, now or later, unless cancelled. */
typedef void visitors_done_fn(void *owner, int status, const char *sentence);
void visitors_ask(struct visitors *visitors, const char *token, size_t token_len, visitors_done_fn *done, void *owner);
void visitors_cancel(struct visitors *visitors, const void *owner);
