/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a command leaves. */
#pragma once

#include <stddef.h>

#include "base/fail.h"

/* Writes a whole file, or to stdout when the path is "-". FAIL_IO, FAIL_DENIED, FAIL_MISSING (no such folder). */
enum fail_kind output_write(const char *path, const char *data, size_t size, struct fail *fail);
