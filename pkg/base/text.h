/* SPDX-License-Identifier: Apache-2.0
 *
 * Small helpers for NUL-terminated text and files, each bounded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

/* NULL-safe equality; two NULLs are equal. */
bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);

/* What is no UTF-8 becomes '?', in place: text from outside, or cut in the middle of a character. The API server would replace it
 * too, and what is stored would differ from what was sent. */
void text_scrub(char *text);

/* Reads a whole file of at most 'bytes_max' bytes. On success *ret_data is a new NUL-terminated buffer that the
 * caller frees and *ret_size (may be NULL) its size. FAIL_MISSING, FAIL_DENIED, FAIL_IO, FAIL_TOO_LARGE. */
enum fail_kind text_file_read(const char *path, size_t bytes_max, char **ret_data, size_t *ret_size,
                              struct fail *fail);

/* Standard base64 with padding (RFC 4648 section 4). The result is a new string that the caller frees. */
char *text_base64_encode(const void *data, size_t size);
/* Strict: no white space, right padding. *ret_data is new, the caller frees it. FAIL_INVALID. */
enum fail_kind text_base64_decode(const char *text, size_t len, uint8_t **ret_data, size_t *ret_size,
                                  struct fail *fail);

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) of 'size' bytes, continuing from 'crc' (0 to begin). */
uint32_t text_crc32c(uint32_t crc, const void *data, size_t size);

/* FNV-1a, 64 bits: for hash tables and short names, never where an adversary matters. */
uint64_t text_hash(const void *data, size_t size);
