/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operator's TLS port shows: tls.crt and tls.key of a folder (as a Secret of type kubernetes.io/tls is mounted), looked at
 * again every 10 s so that a renewed pair needs no restart, or without a folder a self-signed one that lives as long as
 * the process. TLS 1.2 and later, no renegotiation, no sessions. */
#pragma once

#include <openssl/ssl.h>
#include <stdint.h>

#include "base/fail.h"

struct certificate;

/* 'folder' NULL: self-signed for 'name', a host name. FAIL_MISSING, FAIL_INVALID for a folder without a pair that fits. */
enum fail_kind certificate_new(const char *folder, const char *name, struct certificate **ret_certificate, struct fail *fail);
struct certificate *certificate_free(struct certificate *certificate);
/* The context for a new connection, borrowed. Looks at the folder when it is time: a pair that cannot be used leaves the one
 * before in place and fills *fail, once. */
SSL_CTX *certificate_context(struct certificate *certificate, int64_t now_ns, struct fail *fail);
