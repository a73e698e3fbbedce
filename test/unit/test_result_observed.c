/* SPDX-License-Identifier: Apache-2.0
 *
 * Objectives on what the cluster told of the target: what was not seen is never met, and several trials are as good as the least seen one. */
#include "api_fixture.h"

#include <math.h>

#include "result/observed.h"
#include "result/trial.h"
#include "result/verdict.h"

static struct observed seen(enum metric_family family, double number, double covered)
{
        struct observed observed = {.window_ms = 60000};

        *observed_figure(&observed, family) = (struct observed_figure){.known = true, .number = number, .covered = covered};
        return observed;
}

static struct verdict_judged *judge(const struct observed *observed, const struct profile_objective *objective)
{
        const struct fold fold = {.whole = {.counters = {.done = 9, .ok = 9}}};
        const struct gates gates = {.validity = VALIDITY_VALID};
        struct verdict_judged *judged = xnew(struct verdict_judged);

        verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .objectives = objective, .len = 1, .observed = observed}, judged);
        return judged;
}

struct row {
        enum metric_family family;
        double number;
        struct profile_objective objective;
        enum objective_state state;
        const char *told; /* its value, or the reason */
};

static void each_figure_is_held_against_its_limit(void **state)
{
        static const struct row rows[] = {
                {METRIC_TARGET_CPU, 0.4123, {"target.cpu", NULL, "500m"}, OBJECTIVE_MET, "412.3m"},
                {METRIC_TARGET_CPU, 0.5123, {"target.cpu", NULL, "0.5"}, OBJECTIVE_MISSED, "512.3m"},
                {METRIC_TARGET_CPU, 0.01, {"target.cpu", "50m", "500m"}, OBJECTIVE_MISSED, "10.0m"},
                {METRIC_TARGET_MEMORY, 100.0 * 1024 * 1024, {"target.memory", NULL, "100Mi"}, OBJECTIVE_MET, "100.0Mi"},
                {METRIC_TARGET_MEMORY, 101.0 * 1024 * 1024, {"target.memory", NULL, "100Mi"}, OBJECTIVE_MISSED, "101.0Mi"},
                {METRIC_TARGET_THROTTLED, 0.02, {"target.throttled", NULL, "1%"}, OBJECTIVE_MISSED, "2.00%"},
                {METRIC_TARGET_RESTARTS, 0, {"target.restarts", NULL, "0"}, OBJECTIVE_MET, "0"},
                {METRIC_TARGET_RESTARTS, 3, {"target.restarts", NULL, "2"}, OBJECTIVE_MISSED, "3"},
                {METRIC_PROXY_CPU, 0.2, {"proxy.cpu", NULL, "250m"}, OBJECTIVE_MET, "200.0m"},
                {METRIC_PROXY_MEMORY, 6e8, {"proxy.memory", NULL, "0.5G"}, OBJECTIVE_MISSED, "572.2Mi"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                const struct observed observed = seen(rows[i].family, rows[i].number, 1);
                auto_free struct verdict_judged *judged = judge(&observed, &rows[i].objective);
                assert_int_equal(judged->objectives[0].state, rows[i].state);
                assert_string_equal(judged->objectives[0].reason, "PointEstimate");
                assert_string_equal(judged->objectives[0].value, rows[i].told);
        }
}

/* Whatever the limit: of what nobody saw nothing holds. */
static void what_nobody_sampled_is_never_met(void **state)
{
        static const struct profile_objective rows[] = {{"target.cpu", NULL, "100"}, {"target.memory", NULL, "1Ti"}, {"target.throttled", NULL, "100%"},
                                                        {"target.restarts", NULL, "99"}, {"proxy.cpu", "0", NULL}, {"proxy.memory", NULL, "1Ti"}};
        const struct observed nothing = {.window_ms = 60000};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                for (int looked = 0; looked < 2; looked++) {
                        auto_free struct verdict_judged *judged = judge(looked ? &nothing : NULL, &rows[i]);
                        assert_int_equal(judged->verdict, VERDICT_INCONCLUSIVE);
                        assert_string_equal(judged->reason, "ObjectiveUnresolved");
                        assert_string_equal(judged->objectives[0].reason, "NotSampled");
                        assert_string_equal(judged->objectives[0].value, "-");
                        assert_non_null(strstr(judged->text, "nothing told of it; context.samples says what was asked"));
                }
}

/* A mean says nothing of a time that it does not cover; the most that was seen may have been more, never less. */
static void what_was_seen_of_a_part_only_shows_a_limit_exceeded(void **state)
{
        static const struct row rows[] = {
                {METRIC_TARGET_CPU, 0.1, {"target.cpu", NULL, "500m"}, OBJECTIVE_UNRESOLVED, "SampledInParts"},
                {METRIC_TARGET_CPU, 0.9, {"target.cpu", NULL, "500m"}, OBJECTIVE_UNRESOLVED, "SampledInParts"},
                {METRIC_TARGET_MEMORY, 1e6, {"target.memory", NULL, "100Mi"}, OBJECTIVE_UNRESOLVED, "SampledInParts"},
                {METRIC_TARGET_MEMORY, 1e9, {"target.memory", NULL, "100Mi"}, OBJECTIVE_MISSED, "PointEstimate"},
                {METRIC_TARGET_MEMORY, 1e9, {"target.memory", "100Mi", NULL}, OBJECTIVE_MET, "PointEstimate"},
                {METRIC_TARGET_RESTARTS, 0, {"target.restarts", NULL, "0"}, OBJECTIVE_UNRESOLVED, "SampledInParts"},
                {METRIC_TARGET_RESTARTS, 1, {"target.restarts", NULL, "0"}, OBJECTIVE_MISSED, "PointEstimate"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                const struct observed observed = seen(rows[i].family, rows[i].number, OBSERVED_COVERED_MIN - 0.01);
                auto_free struct verdict_judged *judged = judge(&observed, &rows[i].objective);
                assert_int_equal(judged->objectives[0].state, rows[i].state);
                assert_string_equal(judged->objectives[0].reason, rows[i].told);
        }
}

static void trials_join_as_each_figure_is_meant(void **state)
{
        struct observed all = {0}, first = {.window_ms = 10000}, second = {.window_ms = 30000};
        (void)state;

        for (enum metric_family family = METRIC_OBSERVED; family < METRIC_FAMILIES; family++) {
                *observed_figure(&first, family) = (struct observed_figure){true, 1, 1};
                *observed_figure(&second, family) = (struct observed_figure){true, 3, 0.9};
        }
        observed_add(&all, &first);
        observed_add(&all, &second);
        assert_int_equal(all.window_ms, 40000);
        assert_true(fabs(observed_find(&all, METRIC_TARGET_CPU)->number - (1.0 * 10 + 3.0 * 27) / 37) < 1e-9);
        assert_true(observed_find(&all, METRIC_PROXY_MEMORY)->number == 3);
        assert_true(observed_find(&all, METRIC_TARGET_RESTARTS)->number == 4);
        assert_true(observed_find(&all, METRIC_TARGET_CPU)->covered == 0.9);
}

static void a_trial_of_which_nothing_is_known_leaves_the_whole_uncovered(void **state)
{
        struct observed all = {0}, good = seen(METRIC_TARGET_RESTARTS, 0, 1);
        const struct observed blank = {0};
        const struct profile_objective objective = {"target.restarts", NULL, "0"};
        (void)state;

        observed_add(&all, &good);
        observed_add(&all, &blank);
        auto_free struct verdict_judged *judged = judge(&all, &objective);
        assert_int_equal(judged->objectives[0].state, OBJECTIVE_UNRESOLVED);

        all = (struct observed){0};
        observed_add(&all, &blank);
        observed_add(&all, &good);
        auto_free struct verdict_judged *other = judge(&all, &objective);
        assert_int_equal(other->objectives[0].state, OBJECTIVE_UNRESOLVED);
}

static void it_comes_back_from_a_trials_document(void **state)
{
        struct observed observed = seen(METRIC_TARGET_CPU, 0.4125, 0.95);
        struct trial trial;
        (void)state;

        *observed_figure(&observed, METRIC_TARGET_RESTARTS) = (struct observed_figure){true, 2, 1};
        auto_json struct json_object *doc = doc_set(doc_object(), "observed", observed_encode(&observed));
        trial_decode(doc, &trial);
        assert_int_equal(trial.observed.window_ms, 60000);
        assert_true(fabs(observed_find(&trial.observed, METRIC_TARGET_CPU)->number - 0.4125) < 1e-9);
        assert_true(fabs(observed_find(&trial.observed, METRIC_TARGET_CPU)->covered - 0.95) < 1e-9);
        assert_true(observed_find(&trial.observed, METRIC_TARGET_RESTARTS)->number == 2);
        assert_false(observed_find(&trial.observed, METRIC_PROXY_CPU)->known);
}

static void what_is_no_figure_is_unknown(void **state)
{
        static const char *const rows[] = {
                "{}", "{\"figures\":7}", "{\"figures\":{\"target.cpu\":{\"value\":-1,\"covered\":1}}}", "{\"figures\":{\"target.cpu\":{\"covered\":1}}}",
                "{\"figures\":{\"target.cpu\":{\"value\":1,\"covered\":2}}}", "{\"figures\":{\"target.cpu\":null}}",
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct json_object *doc = NULL;
                struct observed observed;
                assert_int_equal(doc_parse(rows[i], strlen(rows[i]), &doc, NULL), FAIL_NONE);
                observed_decode(doc, &observed);
                assert_false(observed_find(&observed, METRIC_TARGET_CPU)->known);
                json_object_put(doc);
        }
}

static void the_variant_that_used_most_counts(void **state)
{
        const struct fold fold = {.whole = {.counters = {.done = 9, .ok = 9}}};
        const struct gates gates = {.validity = VALIDITY_VALID};
        const struct observed low = seen(METRIC_PROXY_CPU, 0.1, 1), high = seen(METRIC_PROXY_CPU, 0.4, 1);
        const struct verdict_arm arms[] = {{"plain", &fold, NULL, &low}, {"mtls", &fold, NULL, &high}};
        const struct profile_objective objective = {"proxy.cpu", NULL, "250m"};
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        (void)state;

        verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .objectives = &objective, .len = 1, .arms = arms, .arms_len = 2}, judged);
        assert_string_equal(judged->text, "mtls: proxy.cpu is 400.0m, limit <= 250m");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_figure_is_held_against_its_limit),
                cmocka_unit_test(what_nobody_sampled_is_never_met),
                cmocka_unit_test(what_was_seen_of_a_part_only_shows_a_limit_exceeded),
                cmocka_unit_test(trials_join_as_each_figure_is_meant),
                cmocka_unit_test(a_trial_of_which_nothing_is_known_leaves_the_whole_uncovered),
                cmocka_unit_test(it_comes_back_from_a_trials_document),
                cmocka_unit_test(what_is_no_figure_is_unknown),
                cmocka_unit_test(the_variant_that_used_most_counts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
