/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a plain HTTP/1.1 answer that was read to its end, as the metrics page of a proxy (RFC 9112: status line, headers,
 * content-length, chunked, or the end of the connection). */
#pragma once

#include <stddef.h>

#include "base/fail.h"

#define PAGE_BYTES_MAX (4u << 20) /* of an answer; a proxy with 20,000 series has 2 MiB */

/* Makes the body stand alone, in place: 'answer' of 'size' bytes holds it from *ret_body on, *ret_size bytes and a NUL after them
 * (answer has room for one byte more than 'size'). FAIL_INVALID: no HTTP, or broken chunks. FAIL_IO: it was cut short. FAIL_MISSING,
 * FAIL_DENIED, FAIL_BUSY: the status says so (404; 401, 403; 429, 503); FAIL_INVALID for any other that is not 200. */
enum fail_kind page_decode(char *answer, size_t size, char **ret_body, size_t *ret_size, struct fail *fail);
