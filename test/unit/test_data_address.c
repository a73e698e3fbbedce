/* SPDX-License-Identifier: Apache-2.0
 *
 * Another spelling is never another address, and no spelling leads to where no load is ever sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "base/mem.h"
#include "data/address.h"

static struct address parsed(const char *text)
{
        struct address address;

        if (!address_parse(text, &address))
                fail_msg("%s is no address", text);
        return address;
}

static struct address_range range(const char *text)
{
        struct address_range range;

        assert_int_equal(address_parse_range(text, &range, NULL), FAIL_NONE);
        return range;
}

static void an_ipv4_address_is_one_in_whatever_it_is_wrapped(void **state)
{
        static const char *const spellings[] = {"169.254.169.254",          "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
                                                "0:0:0:0:0:FFFF:A9FE:A9FE", "::169.254.169.254",      "64:ff9b::a9fe:a9fe",
                                                "2002:a9fe:a9fe::1",        "::ffff:0:a9fe:a9fe"};
        char text[ADDRESS_TEXT_MAX];
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
                struct address address = parsed(spellings[i]);
                address_format(&address, text);
                assert_string_equal(text, "169.254.169.254");
                assert_string_equal(address_never(&address), "a link-local address, as metadata services have them");
        }
}

static void what_is_never_loaded_is_known_by_its_range(void **state)
{
        static const struct { const char *text, *why; } rows[] = {
                {"127.0.0.1", "loopback"},      {"127.255.0.9", "loopback"},     {"::1", "loopback"},
                {"0.0.0.0", "no host"},      {"0.1.2.3", "no host"},       {"::", "no host"},
                {"169.254.0.1", "link-local"},  {"fe80::1", "link-local"},       {"febf::1", "link-local"},
                {"fd00:ec2::254", "metadata"},  {"100.100.100.200", "metadata"}, {"168.63.129.16", "metadata"},
                {"224.0.0.1", "multicast"},     {"ff02::1", "multicast"},        {"255.255.255.255", "reserved"},
                {"::ffff:127.0.0.1", "loopback"}, {"64:ff9b::7f00:1", "loopback"}, {"2002:7f00:1::", "loopback"},
        };
        static const char *const fine[] = {"10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1", "128.0.0.1", "169.253.255.255",
                                           "169.255.0.0", "fec0::1", "223.255.255.255", "64:ff9b::808:808"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct address address = parsed(rows[i].text);
                const char *why = address_never(&address);
                if (!why || !strstr(why, rows[i].why))
                        fail_msg("%s: %s", rows[i].text, why ? why : "may be loaded");
        }
        for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
                struct address address = parsed(fine[i]);
                assert_null(address_never(&address));
        }
}

static void old_spellings_of_numbers_are_no_addresses(void **state)
{
        static const char *const texts[] = {"127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "1.2.3.4.5", " 1.2.3.4", "1.2.3.4 ", "[::1]",
                                            "fe80::1%eth0", "", "localhost", "1.2.3.256", "::g"};
        struct address address;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                assert_false(address_parse(texts[i], &address));
        assert_false(address_parse(NULL, &address));
}

static void a_range_holds_what_shares_its_prefix(void **state)
{
        struct address_range ten = range("10.32.0.0/11"), one = range("10.0.0.7"), six = range("fd00:1::/33"), all4 = range("0.0.0.0/0"),
                             all6 = range("::/0");
        struct address in = parsed("10.63.255.255"), out = parsed("10.64.0.0"), seven = parsed("10.0.0.7"), eight = parsed("10.0.0.8"),
                       low = parsed("fd00:1:7fff::1"), high = parsed("fd00:1:8000::");
        (void)state;

        assert_true(address_within(&in, &ten) && !address_within(&out, &ten));
        assert_true(address_within(&seven, &one) && !address_within(&eight, &one));
        assert_true(address_within(&low, &six) && !address_within(&high, &six));
        assert_true(address_within(&seven, &all4) && !address_within(&low, &all4)); /* IPv4 only */
        assert_true(address_within(&low, &all6));
        assert_true(address_equal(&seven, &one.first) && !address_equal(&eight, &one.first));
}

static void a_bad_range_says_what_to_write(void **state)
{
        static const char *const texts[] = {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/0008", "fd00::/129", "shop", "",
                                            "/8", "10.0.0/8"};
        struct address_range made;
        struct fail fail;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                assert_int_equal(address_parse_range(texts[i], &made, &fail), FAIL_INVALID);
                assert_non_null(strstr(fail.text, "for example 10.1.0.0/16"));
        }
        assert_int_equal(address_parse_range(NULL, &made, &fail), FAIL_INVALID);
        assert_int_equal(address_parse_range("10.1.0.0/8", &made, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "beyond its prefix"));
}

static void a_socket_address_is_read_by_its_family(void **state)
{
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000007)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        struct sockaddr other = {.sa_family = AF_UNIX};
        struct address address, wanted = parsed("10.0.0.7");
        (void)state;

        assert_true(address_of_socket((struct sockaddr *)&v4, &address) && address_equal(&address, &wanted));
        assert_true(address_of_socket((struct sockaddr *)&v6, &address) && address_never(&address));
        assert_false(address_of_socket(&other, &address));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_ipv4_address_is_one_in_whatever_it_is_wrapped),
                cmocka_unit_test(what_is_never_loaded_is_known_by_its_range),
                cmocka_unit_test(old_spellings_of_numbers_are_no_addresses),
                cmocka_unit_test(a_range_holds_what_shares_its_prefix),
                cmocka_unit_test(a_bad_range_says_what_to_write),
                cmocka_unit_test(a_socket_address_is_read_by_its_family),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
