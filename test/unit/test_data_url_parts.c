/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/url_parts.h"

static const char *part(struct url_part part, char text[static 64])
{
        snprintf(text, 64, "%.*s", (int)part.len, part.text ? part.text : "");
        return part.text ? text : "(none)";
}

static void a_url_is_cut_where_its_parts_end(void **state)
{
        static const struct {
                const char *url, *scheme, *host, *port, *rest;
        } cases[] = {
                {"http://a", "http", "a", "(none)", ""},
                {"https://a:8443/b?c=d://e#f", "https", "a", "8443", "/b?c=d://e#f"},
                {"h2c://[fd00::1]:80/", "h2c", "fd00::1", "80", "/"},
                {"grpc://[::1]", "grpc", "::1", "(none)", ""},
                {"http://a?b:c", "http", "a", "(none)", "?b:c"},
                {"http://a:", "http", "a", "", ""},
                {"http://u@b:1", "http", "u@b", "1", ""},
                {"http:///x", "http", "", "(none)", "/x"},
                {"://a", "", "a", "(none)", ""},
                {"http://[fd00::1", "http", "(none)", "(none)", ""},
                {"http://[::1]x:1/", "http", "(none)", "(none)", "/"},
                {"http://[", "http", "(none)", "(none)", ""},
                {"http://", "http", "", "(none)", ""},
        };
        char text[64];
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct url_parts parts;
                assert_true(url_parts_split(cases[i].url, &parts));
                assert_string_equal(part(parts.scheme, text), cases[i].scheme);
                assert_string_equal(part(parts.host, text), cases[i].host);
                assert_string_equal(part(parts.port, text), cases[i].port);
                assert_string_equal(parts.rest, cases[i].rest);
        }
        struct url_parts untouched;
        assert_false(url_parts_split("a:80/b", &untouched) || url_parts_split("", &untouched) || url_parts_split("http:/a", &untouched));
}

static void a_port_is_a_number_that_fits(void **state)
{
        static const struct {
                const char *text;
                int port;
        } cases[] = {{"1", 1}, {"65535", 65535}, {"00080", 80}, {"0", 0}, {"65536", 0}, {"", 0}, {"-1", 0}, {"8o", 0}, {"000080", 0}, {" 1", 0}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
                assert_int_equal(url_parts_port((struct url_part){cases[i].text, strlen(cases[i].text)}), cases[i].port);
        assert_int_equal(url_parts_port((struct url_part){0}), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_url_is_cut_where_its_parts_end),
                cmocka_unit_test(a_port_is_a_number_that_fits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
