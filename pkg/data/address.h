/* SPDX-License-Identifier: Apache-2.0
 *
 * IP addresses, ranges of them, and which of them are never loaded. One form for both families: an IPv4 address, and an IPv6
 * address that carries one (mapped, compatible, translated: RFC 4291, 6052, 7915; 6to4: RFC 3056), is held as ::ffff:a.b.c.d, so
 * that another spelling is never another address. No names, no lookups. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/fail.h"

#define ADDRESS_TEXT_MAX 64

struct address {
        uint8_t bytes[16];
};

struct address_range {
        struct address first;
        int bits; /* of the 128 that all its addresses share */
};

/* Strict: dotted quad or RFC 4291 text without brackets and zone. False for anything else, names like "127.1" included. */
bool address_parse(const char *text, struct address *ret_address);
/* The address in a socket address of family AF_INET or AF_INET6; false for other families. */
bool address_of_socket(const struct sockaddr *socket, struct address *ret_address);
/* "10.0.0.0/8", "fd00::/8", or one address. Bits beyond the prefix must be 0. FAIL_INVALID says what to write. */
enum fail_kind address_parse_range(const char *text, struct address_range *ret_range, struct fail *fail);
bool address_within(const struct address *address, const struct address_range *range);
bool address_equal(const struct address *a, const struct address *b);
void address_format(const struct address *address, char text[static ADDRESS_TEXT_MAX]);

/* Why no load is ever sent there: "a loopback address", "the address of a cloud's metadata service"; NULL when it may be. What
 * these words name does not depend on where the cluster runs; nodes and the API server are its own matter. */
const char *address_never(const struct address *address);
