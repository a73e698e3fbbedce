/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4) by OpenSSL, as the hex text that manifests and digests carry. */
#pragma once

#include <stddef.h>

#define SHA_HEX_MAX 65

void sha256_hex(const void *data, size_t size, char hex[static SHA_HEX_MAX]);
