/* SPDX-License-Identifier: Apache-2.0 */
#include "data/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define V4_BITS 96 /* before the IPv4 address in ::ffff:0:0/96 */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static struct address from_v4(const uint8_t v4[static 4])
{
        struct address address;

        memcpy(address.bytes, mapped, sizeof mapped);
        memcpy(address.bytes + sizeof mapped, v4, 4);
        return address;
}

/* Prefixes after which an IPv4 address follows. */
static const struct {
        uint8_t prefix[12];
        size_t prefix_size;
} carriers[] = {
        {{[10] = 0xff, [11] = 0xff}, 12},        /* ::ffff:0:0/96 mapped */
        {{[8] = 0xff, [9] = 0xff}, 12},          /* ::ffff:0:0:0/96 translated */
        {{0x00, 0x64, 0xff, 0x9b}, 12},          /* 64:ff9b::/96 NAT64 */
        {{0x20, 0x02}, 2},                       /* 2002::/16 6to4 */
        {{0}, 12},                               /* ::/96 compatible; :: and ::1 are none */
};

static struct address from_v6(const uint8_t v6[static 16])
{
        static const uint8_t own[15] = {0};
        struct address address;

        memcpy(address.bytes, v6, 16);
        if (memcmp(v6, own, sizeof own) == 0 && v6[15] <= 1)
                return address;
        for (size_t i = 0; i < ARRAY_LEN(carriers); i++)
                if (memcmp(v6, carriers[i].prefix, carriers[i].prefix_size) == 0)
                        return from_v4(v6 + carriers[i].prefix_size);
        return address;
}

bool address_parse(const char *text, struct address *ret_address)
{
        uint8_t bytes[16];

        if (text && inet_pton(AF_INET, text, bytes) == 1)
                *ret_address = from_v4(bytes);
        else if (text && inet_pton(AF_INET6, text, bytes) == 1)
                *ret_address = from_v6(bytes);
        else
                return false;
        return true;
}

bool address_of_socket(const struct sockaddr *socket, struct address *ret_address)
{
        if (socket->sa_family == AF_INET)
                *ret_address = from_v4((const uint8_t *)&((const struct sockaddr_in *)(const void *)socket)->sin_addr);
        else if (socket->sa_family == AF_INET6)
                *ret_address = from_v6(((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr.s6_addr);
        else
                return false;
        return true;
}

/* The bits of 'address' beyond the first 'bits' are 0. */
static bool begins_at(const struct address *address, int bits)
{
        for (int bit = bits; bit < 128; bit++)
                if (address->bytes[bit / 8] & (0x80 >> (bit % 8)))
                        return false;
        return true;
}

static bool parse_bits(const char *text, int most, int *ret_bits)
{
        char *end;
        long bits = strtol(text, &end, 10);

        *ret_bits = (int)bits;
        return *text >= '0' && *text <= '9' && *end == '\0' && end - text <= 3 && bits <= most;
}

enum fail_kind address_parse_range(const char *text, struct address_range *ret_range, struct fail *fail)
{
        size_t len = text ? strcspn(text, "/") : 0;
        auto_free char *head = xstrndup(text ? text : "", len);
        bool v4 = !strchr(head, ':');
        int bits = v4 ? 32 : 128;
        uint8_t bytes[16];

        /* A range is taken as it is written: a prefix of IPv6 is one even where the addresses in it carry others. */
        if (inet_pton(v4 ? AF_INET : AF_INET6, head, bytes) != 1 || (text[len] == '/' && !parse_bits(text + len + 1, bits, &bits)))
                return fail_set(fail, FAIL_INVALID, "'%.60s' must be an address or a range of them, for example 10.1.0.0/16 or fd00:1::/32",
                                text ? text : "");
        struct address_range range = {.bits = v4 ? V4_BITS + bits : bits};
        if (v4)
                range.first = from_v4(bytes);
        else
                memcpy(range.first.bytes, bytes, 16);
        if (!begins_at(&range.first, range.bits))
                return fail_set(fail, FAIL_INVALID, "'%.60s' has bits beyond its prefix: write the first address of the range", text);
        *ret_range = range;
        return FAIL_NONE;
}

bool address_within(const struct address *address, const struct address_range *range)
{
        int whole = range->bits / 8, rest = range->bits % 8;

        if (memcmp(address->bytes, range->first.bytes, (size_t)whole) != 0)
                return false;
        return rest == 0 || (address->bytes[whole] ^ range->first.bytes[whole]) >> (8 - rest) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
        return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void address_format(const struct address *address, char text[static ADDRESS_TEXT_MAX])
{
        if (memcmp(address->bytes, mapped, sizeof mapped) == 0)
                inet_ntop(AF_INET, address->bytes + sizeof mapped, text, ADDRESS_TEXT_MAX);
        else
                inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_MAX);
}

/* ---- never ---- */

static const struct {
        const char *range, *what;
} nevers[] = {
        {"127.0.0.0/8", "a loopback address"},
        {"::1", "a loopback address"},
        {"0.0.0.0/8", "an address of no host"}, /* Linux connects 0.0.0.0 to itself */
        {"::", "an address of no host"},
        {"169.254.0.0/16", "a link-local address, as metadata services have them"},
        {"fe80::/10", "a link-local address"},
        {"fd00:ec2::/32", "the address of a cloud's metadata service"},
        {"fd20:ce::254", "the address of a cloud's metadata service"},
        {"100.100.100.200", "the address of a cloud's metadata service"},
        {"168.63.129.16", "the address of a cloud's metadata service"},
        {"192.0.0.192", "the address of a cloud's metadata service"},
        {"224.0.0.0/4", "a multicast address"},
        {"ff00::/8", "a multicast address"},
        {"240.0.0.0/4", "a reserved address"},
};

const char *address_never(const struct address *address)
{
        for (size_t i = 0; i < ARRAY_LEN(nevers); i++) {
                struct address_range range;
                if (address_parse_range(nevers[i].range, &range, NULL))
                        abort(); /* a literal of ours */
                if (address_within(address, &range))
                        return nevers[i].what;
        }
        return NULL;
}
