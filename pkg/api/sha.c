/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sha.h"

#include <openssl/sha.h>
#include <stdio.h>

void sha256_hex(const void *data, size_t size, char hex[static SHA_HEX_MAX])
{
        unsigned char digest[SHA256_DIGEST_LENGTH];

        SHA256(data, size, digest);
        for (size_t i = 0; i < sizeof digest; i++)
                snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
