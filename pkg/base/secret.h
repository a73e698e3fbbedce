/* SPDX-License-Identifier: Apache-2.0
 *
 * A value that nobody may see. No format takes the type, failures never quote it, and its memory is wiped before it is given
 * back. Whoever needs the bytes copies them out, and wipes the copy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"

struct secret;

/* Reads a whole file; one line break at its end is not part of the value. *ret_secret is new. FAIL_MISSING, FAIL_DENIED and FAIL_IO
 * name the file; FAIL_INVALID: the value is empty; FAIL_TOO_LARGE: it is longer than 'size_max' bytes. */
enum fail_kind secret_read(const char *path, size_t size_max, struct secret **ret_secret, struct fail *fail);
struct secret *secret_free(struct secret *secret); /* NULL is fine; returns NULL */

size_t secret_size(const struct secret *secret);
/* Some byte is below space (but a tab) or DEL: it could end a line and begin another. */
bool secret_has_controls(const struct secret *secret);
/* Writes secret_size() bytes, without NUL; returns where they end. */
char *secret_copy(const struct secret *secret, char *into);
