/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/doc.h"
#include "kube/pages.h"

static enum pages_next give(struct pages *pages, int items, const char *token)
{
        auto_json struct json_object *list = doc_object();
        struct json_object *array = doc_array();
        struct fail fail;

        for (int i = 0; i < items; i++)
                doc_push(array, doc_object());
        doc_set(list, "metadata", doc_set_text(doc_object(), "continue", token));
        doc_set(list, "items", array);
        return pages_listed(pages, list, (size_t)items, &fail);
}

static enum pages_next refuse(struct pages *pages, enum fail_kind kind)
{
        struct fail fail = {.kind = kind};

        return pages_refused(pages, &fail);
}

static void expect(struct pages *pages, const char *expected)
{
        auto_free char *path = pages_path(pages);

        assert_string_equal(path, expected);
}

static void pages_follow_the_token_until_there_is_none(void **state)
{
        struct pages *pages = pages_new("/api/v1/pods", "app in (a,b)", false);
        (void)state;

        assert_true(pages_at_first(pages));
        expect(pages, "/api/v1/pods?limit=500&labelSelector=app%20in%20%28a%2Cb%29");
        assert_int_equal(give(pages, 500, "t=1"), PAGES_MORE);
        assert_false(pages_at_first(pages));
        expect(pages, "/api/v1/pods?limit=500&labelSelector=app%20in%20%28a%2Cb%29&continue=t%3D1");
        assert_int_equal(give(pages, 0, "t2"), PAGES_MORE);
        assert_int_equal(give(pages, 3, NULL), PAGES_DONE);
        pages_free(pages);
}

static void an_expired_page_starts_again_and_in_the_end_without_pages(void **state)
{
        struct pages *pages = pages_new("/l", NULL, false);
        (void)state;

        for (int round = 0; round < 3; round++) {
                expect(pages, "/l?limit=500");
                assert_int_equal(give(pages, 500, "t"), PAGES_MORE);
                assert_int_equal(refuse(pages, FAIL_EXPIRED), PAGES_MORE);
                assert_true(pages_at_first(pages));
        }
        expect(pages, "/l");
        assert_int_equal(give(pages, 1200, NULL), PAGES_DONE);
        pages_free(pages);
}

static void an_expired_first_page_is_a_failure(void **state)
{
        struct pages *pages = pages_new("/l", NULL, false);
        (void)state;

        assert_int_equal(refuse(pages, FAIL_EXPIRED), PAGES_FAILED);
        assert_int_equal(refuse(pages, FAIL_DENIED), PAGES_FAILED);
        pages_free(pages);
}

static void pages_too_large_are_asked_for_in_halves(void **state)
{
        struct pages *pages = pages_new("/l", NULL, false);
        (void)state;

        assert_int_equal(give(pages, 500, "t"), PAGES_MORE);
        assert_int_equal(refuse(pages, FAIL_TOO_LARGE), PAGES_MORE);
        expect(pages, "/l?limit=250&continue=t");
        int halvings = 1;
        while (refuse(pages, FAIL_TOO_LARGE) == PAGES_MORE)
                halvings++;
        assert_int_equal(halvings, 6);
        pages_free(pages);
}

static void a_list_without_end_is_noticed(void **state)
{
        struct pages *same = pages_new("/l", NULL, false), *empty = pages_new("/l", NULL, false);
        char token[16];
        (void)state;

        assert_int_equal(give(same, 1, "t"), PAGES_MORE);
        assert_int_equal(give(same, 1, "t"), PAGES_FAILED);
        enum pages_next next = PAGES_MORE;
        int asked = 0;
        for (; next == PAGES_MORE; asked++) {
                snprintf(token, sizeof token, "t%d", asked);
                next = give(empty, 0, token);
        }
        assert_int_equal(next, PAGES_FAILED);
        assert_int_equal(asked, PAGES_EMPTY_MAX + 1);
        pages_free(same);
        pages_free(empty);
}

static void what_is_gathered_is_whole_and_only_of_the_last_round(void **state)
{
        struct pages *pages = pages_new("/l", NULL, true);
        auto_json struct json_object *list = doc_object();
        (void)state;

        assert_int_equal(give(pages, 500, "t"), PAGES_MORE);
        assert_int_equal(refuse(pages, FAIL_EXPIRED), PAGES_MORE);
        assert_int_equal(give(pages, 500, "t"), PAGES_MORE);
        assert_int_equal(give(pages, 7, ""), PAGES_DONE);
        pages_whole(pages, list);
        assert_int_equal(doc_len(list, "items"), 507);
        pages_free(pages);
}

static void something_that_is_no_list_is_refused(void **state)
{
        struct pages *pages = pages_new("/l", NULL, true);
        auto_json struct json_object *other = doc_object();
        struct fail fail;
        (void)state;

        assert_int_equal(pages_listed(pages, other, 0, &fail), PAGES_FAILED);
        assert_int_equal(fail.kind, FAIL_INVALID);
        pages_free(pages);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pages_follow_the_token_until_there_is_none),
                cmocka_unit_test(an_expired_page_starts_again_and_in_the_end_without_pages),
                cmocka_unit_test(an_expired_first_page_is_a_failure),
                cmocka_unit_test(pages_too_large_are_asked_for_in_halves),
                cmocka_unit_test(a_list_without_end_is_noticed),
                cmocka_unit_test(what_is_gathered_is_whole_and_only_of_the_last_round),
                cmocka_unit_test(something_that_is_no_list_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
