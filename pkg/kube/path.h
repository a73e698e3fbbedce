/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of request paths; kube_path() itself is declared in kube/client.h. */
#pragma once

#include "base/buf.h"

/* Appends 'text' percent-encoded for a path segment or a query value (RFC 3986 unreserved characters stay). */
void path_encode(struct buf *out, const char *text);
