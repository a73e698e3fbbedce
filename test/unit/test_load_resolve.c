/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan's guard holds for what a name means, not only for what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "load/resolve.h"

/* Resolves a plan with these members beside the least that a plan needs; 'guard' may be NULL. */
static enum fail_kind resolve(const char *addresses, const char *guard, size_t *ret_len, struct fail *fail)
{
        auto_free char *text = xasprintf("{\"version\":1,\"addresses\":%s,\"requests\":[{\"path\":\"/\"}],%s%s%s"
                                         "\"shape\":[{\"kind\":\"hold\",\"rate\":10,\"forMs\":1000}]}",
                                         addresses, guard ? "\"guard\":" : "", guard ? guard : "", guard ? "," : "");
        auto_json struct json_object *doc = NULL;
        struct load_plan *plan = NULL;
        struct lane_address *found = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        assert_int_equal(load_plan_decode(doc, &plan, NULL), FAIL_NONE);
        enum fail_kind kind = resolve_addresses(plan, &found, ret_len, fail);
        assert_true(kind ? found == NULL : found != NULL);
        free(found);
        load_plan_free(plan);
        return kind;
}

static void without_a_guard_every_address_will_do(void **state)
{
        size_t len = 0;
        (void)state;

        assert_int_equal(resolve("[\"127.0.0.1:80\",\"169.254.169.254:80\"]", NULL, &len, NULL), FAIL_NONE);
        assert_int_equal(len, 2);
}

static void what_is_never_loaded_is_refused_under_every_spelling(void **state)
{
        static const char *const addresses[] = {"127.0.0.1:80",   "[::1]:80",          "169.254.169.254:80", "[::ffff:169.254.169.254]:80",
                                                "127.1:80",       "0x7f000001:80",     "2130706433:80",      "localhost:80",
                                                "0.0.0.0:80",     "[64:ff9b::7f00:1]:80", "0251.0376.0251.0376:80"};
        size_t len = 0;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
                auto_free char *list = xasprintf("[\"10.0.0.1:80\",\"%s\"]", addresses[i]);
                struct fail fail = {0};
                if (resolve(list, "{}", &len, &fail) != FAIL_DENIED)
                        fail_msg("%s: %s", addresses[i], fail.text);
                assert_non_null(strstr(fail.text, "which is a"));
        }
}

static void denied_wins_over_allowed(void **state)
{
        struct fail fail = {0};
        size_t len = 0;
        (void)state;

        assert_int_equal(resolve("[\"10.1.0.9:80\"]", "{\"allow\":[\"10.1.0.0/16\"],\"deny\":[\"10.1.0.8/31\"]}", &len, &fail), FAIL_DENIED);
        assert_string_equal(fail.text, "target '10.1.0.9:80' is at 10.1.0.9, which is on the cluster's list of what is never loaded");
        assert_int_equal(resolve("[\"10.1.0.10:80\"]", "{\"allow\":[\"10.1.0.0/16\"],\"deny\":[\"10.1.0.8/31\"]}", &len, NULL), FAIL_NONE);
}

static void what_is_not_allowed_is_refused(void **state)
{
        struct fail fail = {0};
        size_t len = 0;
        (void)state;

        assert_int_equal(resolve("[\"10.1.0.9:80\",\"10.2.0.9:80\"]", "{\"allow\":[\"10.1.0.0/16\"]}", &len, &fail), FAIL_DENIED);
        assert_string_equal(fail.text, "target '10.2.0.9:80' is at 10.2.0.9, which is outside of what the administrator allows for this target");
        assert_int_equal(resolve("[\"[fd00::1]:80\"]", "{\"allow\":[\"10.1.0.0/16\",\"fd00::/64\"]}", &len, NULL), FAIL_NONE);
        assert_int_equal(len, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_guard_every_address_will_do),
                cmocka_unit_test(what_is_never_loaded_is_refused_under_every_spelling),
                cmocka_unit_test(denied_wins_over_allowed),
                cmocka_unit_test(what_is_not_allowed_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
