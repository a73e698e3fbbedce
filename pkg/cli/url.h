/* SPDX-License-Identifier: Apache-2.0
 *
 * The URL of what is to be loaded as a person types it (RFC 3986, without user name, query and fragment belong to the path). */
#pragma once

#include <stdbool.h>

#include "base/fail.h"

struct url_scheme {
        const char *word; /* as in a profile's target.scheme */
        bool tls, grpc;
};

struct url {
        const struct url_scheme *scheme; /* constant */
        char *host, *port;  /* host without brackets; port as digits, the scheme's own when none was written */
        char *path;         /* at least "/"; with the query, without the fragment */
        char *authority;    /* as it goes into the Host header: no port when it is the scheme's own */
        char *address;      /* "host:port", "[v6]:port" */
};

/* FAIL_INVALID says what to write. On success all members are new; url_done frees them. */
enum fail_kind url_parse(const char *text, struct url *ret_url, struct fail *fail);
void url_done(struct url *url);
#define auto_url __attribute__((cleanup(url_done)))
