/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorities and server certificates, good ones and bad ones, made in memory in the time of a test. */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

struct authority;

struct authority *authority_new(const char *name);
struct authority *authority_free(struct authority *authority);
char *authority_pem(const struct authority *authority); /* its certificate, in a new string */

struct certificate {
        const char *names;     /* subjectAltName as OpenSSL writes it, "IP:127.0.0.1"; NULL: none, only a common name */
        long begins_s, ends_s; /* from now on; both 0: from an hour ago for a day */
        bool self_signed;
        int oldest_tls, newest_tls; /* TLS1_VERSION …; 0: what OpenSSL likes */
        bool http1_only;            /* does not offer h2 */
};

/* A server's context with a fresh key and a certificate of 'authority'; the caller frees it with SSL_CTX_free. */
SSL_CTX *authority_serve(const struct authority *authority, const struct certificate *certificate);
