/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "data/doc.h"
#include "result/repeats.h"
#include "result/trial.h"

#define MOST 8

/* 'g' a good trial, 'i' an invalid one, 'e' one that ran elsewhere, 'c' one that was cut short, '-' one whose document is gone. */
static struct json_object *trial(char what, int index)
{
        if (what == '-')
                return trial_encode_lost(index, NULL);
        struct json_object *doc = doc_set_int(doc_object(), "index", index), *reasons = doc_array();
        doc_set_text(doc, "validity", what == 'i' ? "Invalid" : "Limited");
        doc_set_bool(doc, "whole", what != 'c');
        doc_push(reasons, doc_set_text(doc_object(), "reason", what == 'e' ? "PlacedElsewhere" : "ShortWindow"));
        return doc_set(doc, "reasons", reasons);
}

/* What stands, by index, of trials like these. */
static void check_rounds(size_t round, const char *series, bool over, const char *kept_wanted, int next_wanted)
{
        struct json_object *docs[MOST] = {NULL}, *kept[MOST];
        size_t len = strlen(series);
        char text[MOST + 1] = "";

        for (size_t i = 0; i < len; i++)
                docs[i] = trial(series[i], (int)i);
        size_t kept_len = repeats_keep(docs, len, round, over, kept);
        for (size_t i = 0; i < kept_len; i++)
                text[i] = (char)('0' + doc_int(kept[i], "index", -1));
        assert_string_equal(text, kept_wanted);
        assert_int_equal(repeats_next(docs, len, round), next_wanted);
        for (size_t i = 0; i < len; i++)
                json_object_put(docs[i]);
}

static void check(const char *series, bool over, const char *kept_wanted, int next_wanted)
{
        check_rounds(1, series, over, kept_wanted, next_wanted);
}

static void good_trials_stand(void **state)
{
        (void)state;
        check("", false, "", -1);
        check("ggg", false, "012", -1);
        check("g-g", false, "012", -1); /* what somebody deleted is not brought back */
}

static void an_invalid_trial_is_repeated_once(void **state)
{
        (void)state;
        check("gi", false, "0", 1);
        check("gig", false, "02", -1);
        check("gii", false, "02", -1); /* and not again */
        check("giii", false, "02", 3);
        check("gi", true, "01", 1);
}

static void a_trial_elsewhere_counts_unless_its_repeat_is_as_good(void **state)
{
        (void)state;
        check("ge", false, "0", 1);
        check("geg", false, "02", -1);
        check("gee", false, "02", -1);
        check("gei", false, "01", -1);
        check("gie", false, "02", -1);
}

static void a_trial_that_was_cut_short_is_repeated(void **state)
{
        (void)state;
        check("gc", false, "0", 1);
        check("gcg", false, "02", -1);
        check("gcc", false, "02", -1);
        check("gce", false, "02", -1); /* a whole one elsewhere is better, */
        check("gec", false, "01", -1);
        check("gci", false, "01", -1); /* and an invalid one is worse */
        check_rounds(2, "ggcg", false, "01", 2);
        check_rounds(2, "ggcggg", false, "0145", -1);
}

static void a_round_is_repeated_whole_and_twice_at_most(void **state)
{
        (void)state;
        check_rounds(2, "gg", false, "01", -1);
        check_rounds(2, "gi", false, "", 0);
        check_rounds(2, "ggi", false, "012", -1); /* the round is finished first */
        check_rounds(2, "ggig", false, "01", 2);
        check_rounds(2, "ggigg", false, "014", 3);
        check_rounds(2, "ggiggg", false, "0145", -1);
        check_rounds(2, "igigig", false, "45", -1);
        check_rounds(2, "igegig", false, "23", -1); /* the best of three */
        check_rounds(2, "ggigg", true, "0123", 3);
        check_rounds(3, "ggigggg", false, "3456", -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_trials_stand),
                cmocka_unit_test(an_invalid_trial_is_repeated_once),
                cmocka_unit_test(a_trial_that_was_cut_short_is_repeated),
                cmocka_unit_test(a_round_is_repeated_whole_and_twice_at_most),
                cmocka_unit_test(a_trial_elsewhere_counts_unless_its_repeat_is_as_good),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
