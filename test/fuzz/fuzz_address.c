/* SPDX-License-Identifier: Apache-2.0
 *
 * An address or a range out of one text. Another spelling is never another address: what carries an IPv4 address is that address, and
 * what is never loaded is never loaded in any spelling. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/address.h"
#include "fuzz.h"

static void must_be_spelt_alike(const struct address *address)
{
        char printed[ADDRESS_TEXT_MAX];
        struct address again;
        struct address_range alone;

        address_format(address, printed);
        must(address_parse(printed, &again) && address_equal(address, &again));
        must(!address_parse_range(printed, &alone, NULL) && address_within(address, &alone));
        must(text_equal(address_never(address), address_never(&again)));
}

/* The IPv6 spellings of an IPv4 address that a kernel or a translator would take there. */
static void try_v4(const char *text, const struct address *address)
{
        uint8_t v4[4];
        struct address carried;
        char spelt[96];

        if (inet_pton(AF_INET, text, v4) != 1)
                return;
        for (int i = 0; i < 3; i++) {
                snprintf(spelt, sizeof spelt, i == 0 ? "::ffff:%s" : i == 1 ? "::ffff:0:%s" : "64:ff9b::%s", text);
                must(address_parse(spelt, &carried) && address_equal(&carried, address));
        }
        snprintf(spelt, sizeof spelt, "2002:%02x%02x:%02x%02x::1", v4[0], v4[1], v4[2], v4[3]);
        must(address_parse(spelt, &carried) && address_equal(&carried, address));
        if (v4[0] == 127 || v4[0] == 0 || v4[0] >= 224 || (v4[0] == 169 && v4[1] == 254))
                must(address_never(address));
}

static void try_range(const char *text)
{
        struct address_range range;
        struct fail fail = {0};

        if (address_parse_range(text, &range, &fail)) {
                must(fail.kind == FAIL_INVALID && fail.text[0]);
                return;
        }
        must(range.bits >= 0 && range.bits <= 128 && address_within(&range.first, &range));
        for (int bit = 0; bit < 128; bit++) {
                struct address other = range.first;
                other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
                must(address_within(&other, &range) == (bit >= range.bits));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *text = fuzz_text(data, size);
        struct address address;

        try_range(text);
        if (!address_parse(text, &address))
                return 0;
        must_be_spelt_alike(&address);
        try_v4(text, &address);
        return 0;
}
