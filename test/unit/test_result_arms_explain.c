/* SPDX-License-Identifier: Apache-2.0
 *
 * What the trials of variants say of their counters, told of each variant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "api/profile.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/arms_explain.h"
#include "result/trial.h"

#define THROTTLED(percent, pod) \
        "{\"code\":\"TargetThrottled\",\"confidence\":\"high\",\"sentence\":\"pod " pod " was stopped in " #percent "%\"," \
        "\"evidence\":{\"side\":\"target\",\"counter\":\"throttled, percent\",\"value\":" #percent "},\"object\":\"Pod/" pod "\"}"
#define RETRIES(count, field) \
        "{\"code\":\"Retries\",\"confidence\":\"high\",\"sentence\":\"" #count " retries were made\"," \
        "\"evidence\":{\"side\":\"client\",\"counter\":\"retry\",\"value\":" #count "},\"field\":\"" field "\"}"

static const struct profile two = {.variants = {{.name = "whole"}, {.name = "quarter"}}, .variants_len = 2};

static struct json_object *trial(const char *validity, const char *explanations)
{
        struct json_object *doc = doc_set_bool(doc_set_text(doc_object(), "validity", validity), "whole", true), *list = NULL;

        assert_int_equal(doc_parse(explanations, strlen(explanations), &list, NULL), FAIL_NONE);
        return doc_set(doc_set(doc, "fold", doc_object()), "explanations", list);
}

static void the_same_of_several_trials_is_told_once_by_the_one_that_had_most(void **state)
{
        struct json_object *const docs[] = { /* A B B A */
                trial("Valid", "[]"),
                trial("Valid", "[" THROTTLED(97, "web-1") "," RETRIES(3, "spec.retries") "]"),
                trial("Limited", "[" THROTTLED(99, "web-2") "," THROTTLED(40, "web-3") "]"),
                trial("Valid", "[" RETRIES(1, "spec.retries") "," RETRIES(2, "spec.other") "]"),
        };
        auto_json struct json_object *list = arms_explain(&two, docs, 4);
        (void)state;

        assert_int_equal(doc_len(list, ""), 4);
        assert_string_equal(doc_text(doc_item(list, 0), "variant"), "whole");
        assert_string_equal(doc_text(doc_item(list, 1), "field"), "spec.other");
        struct json_object *throttled = doc_item(list, 2);
        assert_string_equal(doc_text(throttled, "variant"), "quarter");
        assert_string_equal(doc_text(throttled, "object"), "Pod/web-2");
        assert_string_equal(doc_text(throttled, "sentence"), "pod web-2 was stopped in 99%");
        assert_int_equal(doc_int(throttled, "evidence.value", 0), 99);
        assert_int_equal(doc_int(throttled, "trials", 0), 2); /* two pods in one trial are one trial */
        assert_int_equal(doc_int(throttled, "of", 0), 2);
        assert_int_equal(doc_int(doc_item(list, 3), "trials", 0), 1);
        for (size_t i = 0; i < ARRAY_LEN(docs); i++)
                json_object_put(docs[i]);
}

static void a_trial_that_does_not_count_explains_nothing(void **state)
{
        struct json_object *const docs[] = {
                trial("Valid", "[]"),
                trial("Invalid", "[" THROTTLED(97, "web-1") "]"),
                trial("Valid", "[]"),
                trial("Unknown", "[" THROTTLED(97, "web-1") "]"),
        };
        auto_json struct json_object *list = arms_explain(&two, docs, 4);
        (void)state;

        assert_int_equal(doc_len(list, ""), 0);
        for (size_t i = 0; i < ARRAY_LEN(docs); i++)
                json_object_put(docs[i]);
}

/* A ConfigMap is anybody's to write. */
static void what_is_no_explanation_is_left_out(void **state)
{
        struct json_object *const docs[] = {
                trial("Valid", "[null,7,{},{\"code\":\"X\"},{\"code\":\"X\",\"confidence\":\"high\",\"sentence\":\"s\",\"evidence\":7},"
                               "{\"code\":7,\"confidence\":\"high\",\"sentence\":\"s\",\"evidence\":{\"side\":\"target\",\"counter\":\"c\"}}]"),
                trial("Valid", "{\"code\":\"X\"}"),
        };
        auto_json struct json_object *list = arms_explain(&two, docs, 2), *none = arms_explain(&two, NULL, 0);
        (void)state;

        assert_int_equal(doc_len(list, ""), 0);
        assert_int_equal(doc_len(none, ""), 0);
        json_object_put(docs[0]);
        json_object_put(docs[1]);
}

static void a_trial_tells_eight_at_most(void **state)
{
        auto_json struct json_object *nine = doc_array(), *one = NULL;
        struct json_object *docs[] = {trial("Valid", "[]")};
        (void)state;

        for (int i = 0; i < TRIAL_EXPLANATIONS_MAX + 1; i++) {
                char code[2] = {(char)('A' + i), '\0'};
                assert_int_equal(doc_parse(RETRIES(1, "f"), strlen(RETRIES(1, "f")), &one, NULL), FAIL_NONE);
                doc_push(nine, doc_set_text(take(one), "code", code));
        }
        doc_set(docs[0], "explanations", take(nine));
        auto_json struct json_object *list = arms_explain(&two, docs, 1);
        assert_int_equal(doc_len(list, ""), TRIAL_EXPLANATIONS_MAX);
        assert_string_equal(doc_text(doc_item(list, TRIAL_EXPLANATIONS_MAX - 1), "code"), "H");
        json_object_put(docs[0]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_of_several_trials_is_told_once_by_the_one_that_had_most),
                cmocka_unit_test(a_trial_that_does_not_count_explains_nothing),
                cmocka_unit_test(what_is_no_explanation_is_left_out),
                cmocka_unit_test(a_trial_tells_eight_at_most),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
