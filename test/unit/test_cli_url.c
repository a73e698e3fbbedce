/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "cli/confirm.h"
#include "cli/url.h"

static void is(const char *text, bool tls, const char *host, const char *port, const char *path, const char *authority)
{
        auto_url struct url url = {0};
        struct fail fail = {0};

        if (url_parse(text, &url, &fail))
                fail_msg("%s: %s", text, fail.text);
        assert_int_equal(url.scheme->tls, tls);
        assert_memory_equal(text, url.scheme->word, strlen(url.scheme->word));
        assert_string_equal(url.host, host);
        assert_string_equal(url.port, port);
        assert_string_equal(url.path, path);
        assert_string_equal(url.authority, authority);
}

static void parts_have_their_scheme_s_defaults(void **state)
{
        (void)state;
        is("http://localhost", false, "localhost", "80", "/", "localhost");
        is("http://localhost:8080/a/b?c=d#e", false, "localhost", "8080", "/a/b?c=d", "localhost:8080");
        is("https://shop.example.com:443?q", true, "shop.example.com", "443", "/?q", "shop.example.com");
        is("https://shop.example.com:80/", true, "shop.example.com", "80", "/", "shop.example.com:80");
        is("h2c://localhost/", false, "localhost", "80", "/", "localhost");
        is("grpc://localhost:50051/a.B/C", false, "localhost", "50051", "/a.B/C", "localhost:50051");
        is("grpcs://localhost/a.B/C", true, "localhost", "443", "/a.B/C", "localhost");
        is("h2://localhost:8443/a", true, "localhost", "8443", "/a", "localhost:8443");
        is("http://LocalHost/A", false, "localhost", "80", "/A", "localhost");
        is("http://[::1]:8080/", false, "::1", "8080", "/", "[::1]:8080");
        is("http://[fe80::1]", false, "fe80::1", "80", "/", "[fe80::1]");
}

static void what_is_no_url_is_refused(void **state)
{
        static const char *const wrong[] = {
                "", "localhost:80", "ftp://a/", "h3://a/", "h2:a", "http://", "http:///path", "http://a:0/", "http://a:65536/", "http://a:x/", "http://a:/",
                "http://user@a/", "http://[::1/", "http://[::1]x/", "http://a b/", "http://a/b c", "http://a/\xc3\xa9", "http://a\n/",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                struct url url = {0};
                struct fail fail = {0};
                if (url_parse(wrong[i], &url, &fail) != FAIL_INVALID || !fail.text[0])
                        fail_msg("'%s' was taken", wrong[i]);
        }
}

static void load_for_others_is_noticed(void **state)
{
        static const struct { const char *url; bool own; } cases[] = {
                {"http://127.0.0.1/", true}, {"http://10.1.2.3/", true}, {"http://172.31.0.1/", true}, {"http://192.168.1.1/", true},
                {"http://[::1]/", true}, {"http://[fd00::1]/", true}, {"http://100.64.0.1/", true},
                {"http://172.32.0.1/", false}, {"http://192.0.2.1/", false}, {"http://[2001:db8::1]/", false}, {"http://11.0.0.1/", false},
                {"http://[::ffff:192.0.2.1]/", false}, {"http://[::ffff:10.0.0.1]/", true},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                auto_url struct url url = {0};
                struct fail fail = {0};
                char address[64] = "";
                bool own;
                assert_int_equal(url_parse(cases[i].url, &url, &fail), FAIL_NONE);
                if (confirm_look(&url, &own, address, sizeof address, &fail) || own != cases[i].own || own != !address[0])
                        fail_msg("%s: own %d, '%s' %s", cases[i].url, own, address, fail.text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(parts_have_their_scheme_s_defaults),
                cmocka_unit_test(what_is_no_url_is_refused),
                cmocka_unit_test(load_for_others_is_noticed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
