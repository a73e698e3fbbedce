/* SPDX-License-Identifier: Apache-2.0
 *
 * Trials of variants: which stand against each other, what comes of them, and what that does to the verdict. */
#include "result_fixture.h"

#include <math.h>

#include "api/profile.h"
#include "result/arms.h"
#include "result/compare.h"
#include "result/pairs.h"
#include "result/verdict.h"

/* ---- a profile and its trials ---- */

static struct profile profile_of(size_t variants, uint32_t min, uint32_t max)
{
        static const char *const names[] = {"plain", "mtls", "ambient", "d", "e", "f", "g", "h"};
        struct profile profile = {.baseline = {.primary = "latency.p99"}, .trials = {.min = min, .max = max, .until = 0.05}, .variants_len = variants};

        for (size_t i = 0; i < comparables_len; i++)
                profile.baseline.tolerance[i] = comparables[i].tolerance;
        for (size_t i = 0; i < variants; i++)
                profile.variants[i] = (struct profile_variant){.name = names[i]};
        return profile;
}

/* A trial as its ConfigMap has it: this p99, counted in a fold of one second with 100 answers. */
static struct json_object *trial_doc(int index, double p99_ms, const char *validity)
{
        static const char counters[] = "{\"offered\":100,\"sent\":100,\"done\":100,\"ok\":100}";
        struct json_object *doc = doc_set_int(doc_object(), "index", index), *estimates = doc_object(), *piece = doc_object(), *counted = NULL;
        struct json_object *value = doc_set(doc_object(), "value", json_object_new_double(p99_ms * 1e6));

        json_object_object_add(estimates, "latency.p99", doc_set(value, "rounding", json_object_new_double(0.001)));
        doc_parse(counters, sizeof counters - 1, &counted, NULL);
        doc_set(doc_set_int(doc_set_int(piece, "fromMs", 0), "toMs", FIXTURE_HOLD_MS), "C", counted);
        doc_set_bool(doc_set_text(doc, "validity", validity), "whole", true);
        doc_set(doc, "mesh", doc_set_text(doc_object(), "summary", index % 2 ? "Istio" : "none"));
        doc_set(doc_set(doc, "estimates", estimates), "fold", doc_set(doc_object(), "pieces", doc_push(doc_array(), piece)));
        return doc_set(doc, "row", doc_set_int(doc_object(), "index", index));
}

struct trials {
        struct json_object *docs[PROFILE_TRIALS_MAX];
        size_t len;
};

/* Rounds of a drifting target, on which arm i is factors[i] times as slow; every round as noisy as 'noise' says. */
static struct trials play(const struct profile *profile, uint32_t rounds, const double *factors, double noise)
{
        struct trials trials = {0};
        uint64_t seed = 7;

        for (uint32_t i = 0; i < rounds * profile_arms(profile); i++) {
                double wobble = 1 + noise * ((double)(fixture_next(&seed) % 2001) / 1000 - 1), drift = 1 + 0.02 * i;
                trials.docs[trials.len++] = trial_doc((int)i, 10 * drift * wobble * factors[profile_arm_of(profile, i)], "Valid");
        }
        return trials;
}

static void trials_done(struct trials *trials)
{
        for (size_t i = 0; i < trials->len; i++)
                json_object_put(trials->docs[i]);
}

static struct arms *merge(const struct profile *profile, const struct trials *trials, bool stopped)
{
        struct arms *arms = xnew(struct arms);
        struct load_plan *plan = fixture_plan(1), *plans[PROFILE_VARIANTS_MAX];

        for (size_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                plans[i] = plan;
        arms_merge(profile, plans, trials->docs, trials->len, stopped, arms);
        load_plan_free(plan);
        return arms;
}

static void arms_end(struct arms *arms)
{
        arms_done(arms);
        free(arms);
}

/* ---- pairs ---- */

static void a_pair_is_one_trial_of_either_in_the_same_round(void **state)
{
        const struct profile profile = profile_of(3, 3, 3);
        static const double same[] = {1, 1, 1};
        struct trials trials = play(&profile, 3, same, 0);
        struct trial decoded[9];
        struct pairs pairs;
        (void)state;

        for (size_t i = 0; i < 9; i++)
                trial_decode(trials.docs[i], &decoded[i]);
        pairs_of(&profile, decoded, 9, 2, &pairs); /* A B C, C B A, C B A */
        assert_int_equal(pairs.len, 3);
        assert_int_equal(pairs.first, 3);
        assert_int_equal(pairs.a[0], 0);
        assert_int_equal(pairs.b[0], 2);
        assert_int_equal(pairs.a[1], 5);
        assert_int_equal(pairs.b[1], 3);
        pairs_of(&profile, decoded, 7, 2, &pairs); /* the third round has no reference yet */
        assert_int_equal(pairs.len, 2);
        trials_done(&trials);
}

static void a_pair_with_a_trial_that_is_not_sound_is_left_out(void **state)
{
        const struct profile profile = profile_of(2, 4, 8);
        static const double same[] = {1, 1};
        struct trials trials = play(&profile, 6, same, 0);
        struct trial decoded[12];
        struct pairs pairs;
        (void)state;

        doc_set_text(trials.docs[2], "validity", "Invalid");
        doc_set_bool(trials.docs[9], "whole", false);
        for (size_t i = 0; i < 12; i++)
                trial_decode(trials.docs[i], &decoded[i]);
        pairs_of(&profile, decoded, 12, 1, &pairs);
        assert_int_equal(pairs.len, 4);
        assert_int_equal(pairs.first, 3); /* of the first four rounds one is lost */
        assert_int_equal(pairs.a[1], 5);
        trials_done(&trials);
}

static void how_many_pairs_are_needed_is_computed_once_from_their_differences(void **state)
{
        const struct profile profile = profile_of(2, 4, 12);
        static const double slower[] = {1, 1.2};
        struct trials quiet = play(&profile, 4, slower, 0.001), loud = play(&profile, 4, slower, 0.08);
        bool known;
        (void)state;

        /* The target drifts by 16 % over the series, which is in no difference. */
        assert_int_equal(series_planned(&profile, quiet.docs, 7, &known), 24);
        assert_false(known);
        assert_int_equal(series_planned(&profile, quiet.docs, 8, &known), 8);
        assert_true(known);
        uint32_t more = series_planned(&profile, loud.docs, 8, &known);
        assert_true(more > 8 && more <= 24 && more % 2 == 0);
        trials_done(&quiet);
        trials_done(&loud);
}

/* ---- what comes of them ---- */

static void a_slower_variant_is_worse_with_its_ratio_whatever_drifts(void **state)
{
        const struct profile profile = profile_of(2, 6, 6);
        static const double slower[] = {1, 1.2};
        struct trials trials = play(&profile, 6, slower, 0.01);
        struct arms *arms = merge(&profile, &trials, false);
        const struct compared *compared = &arms->compared[0];
        const struct compare_metric *primary = &compared->metrics[0];
        (void)state;

        assert_int_equal(arms->compared_len, 1);
        assert_int_equal(compared->word, COMPARISON_WORSE);
        assert_int_equal(compared->method, COMPARE_PAIRED);
        assert_int_equal(compared->strength, COMPARE_CONFIRMED);
        assert_true(fabs(exp(primary->estimate) - 1.2) < 0.01);
        assert_true(exp(primary->judged.interval.low) < 1.2 && exp(primary->judged.interval.high) > 1.2);
        assert_true(expm1(primary->judged.interval.high - primary->judged.interval.low) < 0.06);
        assert_non_null(strstr(compared->change, "mtls: 20 % slower than plain ("));
        assert_non_null(strstr(compared->text, "mtls: latency.p99 20 % slower than plain ("));
        assert_non_null(strstr(compared->text, ", 6 pairs"));
        /* Merged without loss: every request of every trial of the arm. */
        assert_int_equal(fold_window(arms->of[1].merged.fold)->counters.done, 600);
        auto_json struct json_object *variants = arms_encode(arms);
        assert_string_equal(doc_text(variants, "[1].name"), "mtls");
        assert_int_equal(doc_int(variants, "[1].trials", 0), 6);
        assert_int_equal(doc_int(variants, "[0].results.requests", 0), 600);
        assert_string_equal(doc_text(variants, "[0].mesh.summary"), "Istio"); /* of its last trial, number 11 */
        auto_json struct json_object *comparison = compare_encode(arms->compared, 1, "run", NULL);
        assert_null(doc_at(comparison, "baseline"));
        assert_string_equal(doc_text(comparison, "confirmation"), "confirmed");
        assert_string_equal(doc_text(comparison, "method"), "paired");
        assert_string_equal(doc_text(comparison, "arms[0].a"), "plain");
        assert_string_equal(doc_text(comparison, "arms[0].b"), "mtls");
        assert_int_equal(doc_int(comparison, "arms[0].pairs", 0), 6);
        assert_string_equal(doc_text(comparison, "arms[0].metrics[0].verdict"), "worse");
        arms_end(arms);
        trials_done(&trials);
}

static void what_the_client_s_proxy_adds_stands_in_comparison_context_and_explanations(void **state)
{
        const struct profile profile = profile_of(2, 6, 6);
        static const double slower[] = {1, 1.2};
        struct trials trials = play(&profile, 6, slower, 0.01);
        (void)state;

        for (uint32_t i = 0; i < trials.len; i++) {
                struct json_object *mesh = doc_at(trials.docs[i], "mesh"), *estimates = doc_at(trials.docs[i], "estimates");
                doc_set_text(doc_set_text(mesh, "type", "ISTIO"), "serverMeshed", "1/1");
                doc_set_text(mesh, "clientMeshed", profile_arm_of(&profile, i) ? "true" : "false");
                json_object_object_add(estimates, "latency.p50", doc_copy(doc_at(estimates, "[\"latency.p99\"]")));
        }
        struct arms *arms = merge(&profile, &trials, false), *stopped = merge(&profile, &trials, true);
        auto_json struct json_object *comparison = compare_encode(arms->compared, 1, "run", NULL), *context = doc_object(), *empty = doc_object();
        arms_put_added(arms, comparison, context);
        assert_string_equal(doc_text(comparison, "arms[0].added.part"), "client");
        assert_string_equal(doc_text(context, "mesh.type"), "ISTIO");
        assert_string_equal(doc_text(context, "mesh.addedLatency.by"), "arms");
        assert_non_null(doc_text(context, "mesh.addedLatency.client"));
        assert_string_equal(doc_text(doc_item(arms->explanations, 0), "code"), "AddedLatency");
        assert_string_equal(doc_text(doc_item(arms->explanations, 0), "confidence"), "high");
        arms_put_added(stopped, NULL, empty); /* nothing was compared */
        assert_null(doc_at(empty, "mesh.addedLatency"));
        arms_put_added(arms, NULL, NULL);
        arms_end(stopped);
        arms_end(arms);
        trials_done(&trials);
}

static void two_pairs_are_never_more_than_indicative(void **state)
{
        const struct profile profile = profile_of(2, 2, 2);
        static const double slower[] = {1, 2};
        struct trials trials = play(&profile, 2, slower, 0.0001);
        struct arms *arms = merge(&profile, &trials, false);
        (void)state;

        assert_int_equal(arms->compared[0].strength, COMPARE_INDICATIVE);
        assert_non_null(strstr(arms->compared[0].text, "2 pairs"));
        assert_non_null(strstr(arms->compared[0].text, "indicative, fewer than 4 pairs"));
        arms_end(arms);
        trials_done(&trials);
}

static void the_same_twice_needs_more_pairs_or_is_equivalent(void **state)
{
        const struct profile profile = profile_of(2, 6, 6);
        static const double same[] = {1, 1};
        struct trials quiet = play(&profile, 6, same, 0.002), loud = play(&profile, 6, same, 0.2);
        struct arms *of_quiet = merge(&profile, &quiet, false), *of_loud = merge(&profile, &loud, false);
        (void)state;

        /* The drift of 2 % a trial turns round with every pair and so does not count. */
        assert_int_equal(of_quiet->compared[0].word, COMPARISON_EQUIVALENT);
        assert_int_equal(of_loud->compared[0].word, COMPARISON_INCONCLUSIVE);
        auto_json struct json_object *comparison = compare_encode(of_loud->compared, 1, NULL, NULL);
        assert_true(doc_int(comparison, "arms[0].pairsNeeded", 0) > 6);
        assert_non_null(strstr(of_loud->compared[0].text, " more pairs needed"));
        arms_end(of_quiet);
        arms_end(of_loud);
        trials_done(&quiet);
        trials_done(&loud);
}

/* What one arm alone would be called at 1 % is not, where it is one of seven that had the chance. */
static void arms_beside_each_other_share_the_error_rate(void **state)
{
        const struct profile two = profile_of(2, 4, 4);
        struct compared one, seventh;
        struct estimates a[4] = {0}, b[4] = {0};
        struct compare_question question = compare_question_of(&two.baseline);
        size_t p99 = (size_t)(comparable_find("latency.p99") - comparables);
        static const double pairs[] = {1.05, 1.07, 1.09, 1.12};
        (void)state;

        for (size_t i = 0; i < 4; i++) {
                a[i].of[p99] = (struct estimate){.known = true, .value = 1e7, .rounding = 0.001};
                b[i].of[p99] = (struct estimate){.known = true, .value = 1e7 * pairs[i], .rounding = 0.001};
        }
        const struct compare_side left = {"plain", a, 4}, right = {"mtls", b, 4};
        compare_pairs(&left, &right, 4, &question, &one);
        question.comparisons = 7;
        compare_pairs(&left, &right, 4, &question, &seventh);
        assert_int_equal(one.word, COMPARISON_WORSE);
        assert_int_equal(seventh.word, COMPARISON_INCONCLUSIVE);
        assert_true(fabs(seventh.metrics[0].judged.p_worse - 7 * one.metrics[0].judged.p_worse) < 1e-12);
}

/* Of two that are worse the one with the pairs to be sure of it is told, wherever it stands. */
static void what_is_confirmed_is_graver_than_what_is_indicative(void **state)
{
        const struct compared list[] = {
                {.word = COMPARISON_WORSE, .strength = COMPARE_INDICATIVE},
                {.word = COMPARISON_WORSE, .strength = COMPARE_CONFIRMED},
                {.word = COMPARISON_WORSE, .strength = COMPARE_CONFIRMED},
                {.word = COMPARISON_BETTER, .strength = COMPARE_CONFIRMED},
        };
        (void)state;

        assert_ptr_equal(compare_gravest(list, 4), &list[1]);
        assert_ptr_equal(compare_gravest(list, 1), &list[0]);
        assert_null(compare_gravest(list, 0));
}

static void a_series_that_was_stopped_compares_nothing(void **state)
{
        const struct profile profile = profile_of(2, 6, 6);
        static const double slower[] = {1, 1.2};
        struct trials trials = play(&profile, 2, slower, 0.01);
        struct arms *arms = merge(&profile, &trials, true);
        (void)state;

        assert_int_equal(arms->compared_len, 0);
        assert_true(arms->of[0].measured && arms->of[1].measured);
        assert_int_equal(arms->gates.validity, VALIDITY_LIMITED);
        arms_end(arms);
        trials_done(&trials);
}

static void a_variant_without_a_sound_trial_is_a_sentence(void **state)
{
        const struct profile profile = profile_of(3, 4, 4);
        static const double factors[] = {1, 1, 1.5};
        struct trials trials = play(&profile, 4, factors, 0.01);
        (void)state;

        for (uint32_t i = 0; i < trials.len; i++)
                if (profile_arm_of(&profile, i) == 1)
                        doc_set_text(trials.docs[i], "validity", "Invalid");
        struct arms *arms = merge(&profile, &trials, false);
        assert_int_equal(arms->compared_len, 2);
        assert_string_equal(arms->compared[0].text, "mtls not compared with plain: there is no pair of which both trials count");
        auto_json struct json_object *alone = compare_encode(arms->compared, 1, NULL, NULL);
        assert_string_equal(doc_text(alone, "method"), "paired"); /* a comparison of variants all the same */
        assert_string_equal(doc_text(alone, "arms[0].verdict"), "inconclusive");
        assert_int_equal(arms->compared[1].word, COMPARISON_WORSE);
        assert_ptr_equal(compare_gravest(arms->compared, 2), &arms->compared[1]);
        assert_string_equal(arms->of[1].name, "mtls");
        assert_int_equal(arms->of[1].merged.gates.validity, VALIDITY_INVALID);
        arms_end(arms);
        trials_done(&trials);
}

static void no_trial_at_all_is_no_result(void **state)
{
        const struct profile profile = profile_of(2, 2, 2);
        struct trials trials = {0};
        struct load_plan *plan = fixture_plan(1), *plans[] = {plan, plan};
        auto_free struct arms *arms = xnew(struct arms);
        (void)state;

        trials.docs[trials.len++] = trial_encode_lost(0, "plain");
        assert_false(arms_merge(&profile, plans, trials.docs, trials.len, true, arms));
        assert_string_equal(doc_text(trials.docs[0], "row.variant"), "plain");
        auto_json struct json_object *variants = arms_encode(arms);
        assert_string_equal(doc_text(variants, "[1].validity"), "Unknown");
        assert_null(doc_at(variants, "[1].results"));
        arms_done(arms);
        load_plan_free(plan);
        trials_done(&trials);
}

/* ---- the verdict ---- */

static void an_objective_is_judged_in_every_variant_and_the_worst_counts(void **state)
{
        const struct profile_objective objective = {"errors.ratio", NULL, "1%"};
        const struct gates gates = {.validity = VALIDITY_VALID};
        struct fold_piece good = {.kind = LOAD_HOLD, .span = {.to_ms = 1000, .counters = {.offered = 100, .done = 100, .ok = 100}}};
        struct fold_piece bad = {.kind = LOAD_HOLD, .span = {.to_ms = 1000, .counters = {.offered = 100, .done = 100, .ok = 90, .missed = 10}}};
        const struct fold fold = {.workers = 1, .covered = 1, .pieces = &good, .pieces_len = 1, .whole = good.span};
        const struct fold other = {.workers = 1, .covered = 1, .pieces = &bad, .pieces_len = 1, .whole = bad.span};
        const struct verdict_arm arms[] = {{"plain", &fold, NULL}, {"mtls", &other, NULL}};
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        (void)state;

        verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .objectives = &objective, .len = 1, .arms = arms, .arms_len = 1}, judged);
        assert_int_equal(judged->verdict, VERDICT_PASS);
        verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .objectives = &objective, .len = 1, .arms = arms, .arms_len = 2}, judged);
        assert_int_equal(judged->verdict, VERDICT_FAIL);
        assert_string_equal(judged->text, "mtls: errors.ratio is 10.00%, limit <= 1%");
}

static void a_variant_that_answers_nothing_fails_the_run(void **state)
{
        const struct gates gates = {.validity = VALIDITY_VALID};
        const struct fold fold = {.whole = {.counters = {.done = 9, .ok = 9}}}, dead = {.whole = {.counters = {.done = 9, .missed = 9}}};
        const struct verdict_arm arms[] = {{"plain", &fold, NULL}, {"mtls", &dead, NULL}};
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        (void)state;

        verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .arms = arms, .arms_len = 2}, judged);
        assert_string_equal(judged->reason, "NothingSucceeded");
        assert_string_equal(judged->text, "mtls: not a single request succeeded");
}

/* ---- what a status has room for ---- */

static void eight_variants_leave_room_in_a_status(void **state)
{
        struct profile profile = profile_of(8, 8, 8);
        static const double factors[] = {1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7};
        static const char *const gates[] = {"latency.mean", "latency.p50", "latency.p75", "latency.p90", "latency.p95", "latency.p999", "service.p99", "ttfb.p99"};
        struct trials trials = play(&profile, 8, factors, 0.01);
        auto_json struct json_object *truncated = doc_array();
        char name[PROFILE_VARIANT_NAME_MAX + 1];
        (void)state;

        memset(name, 'a', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        for (size_t i = 0; i < 8; i++)
                profile.variants[i].name = name;
        profile.baseline.gates_len = 8;
        memcpy(profile.baseline.gates, gates, sizeof gates);
        for (size_t i = 0; i < trials.len; i++)
                for (size_t k = 0; k < 8; k++)
                        json_object_object_add(doc_at(trials.docs[i], "estimates"), gates[k], doc_copy(doc_at(trials.docs[i], "estimates[\"latency.p99\"]")));
        struct arms *arms = merge(&profile, &trials, false);
        auto_json struct json_object *variants = arms_encode(arms), *comparison = compare_encode(arms->compared, arms->compared_len, NULL, truncated);
        auto_json struct json_object *all = compare_encode(arms->compared, arms->compared_len, NULL, NULL);
        assert_int_equal(doc_len(comparison, "arms"), 7);
        assert_int_equal(doc_len(comparison, "arms[6].metrics"), 4);
        assert_string_equal(doc_text(comparison, "arms[6].metrics[0].role"), "primary");
        assert_string_equal(doc_text(doc_item(truncated, 0), ""), "comparison.arms");
        assert_int_equal(doc_len(all, "arms[6].metrics"), 9);
        size_t size = strlen(doc_print(variants)) + strlen(doc_print(comparison));
        if (size >= 16384)
                fail_msg("%zu bytes of variants, %zu of comparison", strlen(doc_print(variants)), strlen(doc_print(comparison)));
        arms_end(arms);
        trials_done(&trials);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pair_is_one_trial_of_either_in_the_same_round),
                cmocka_unit_test(a_pair_with_a_trial_that_is_not_sound_is_left_out),
                cmocka_unit_test(how_many_pairs_are_needed_is_computed_once_from_their_differences),
                cmocka_unit_test(a_slower_variant_is_worse_with_its_ratio_whatever_drifts),
                cmocka_unit_test(what_the_client_s_proxy_adds_stands_in_comparison_context_and_explanations),
                cmocka_unit_test(two_pairs_are_never_more_than_indicative),
                cmocka_unit_test(the_same_twice_needs_more_pairs_or_is_equivalent),
                cmocka_unit_test(arms_beside_each_other_share_the_error_rate),
                cmocka_unit_test(what_is_confirmed_is_graver_than_what_is_indicative),
                cmocka_unit_test(a_series_that_was_stopped_compares_nothing),
                cmocka_unit_test(a_variant_without_a_sound_trial_is_a_sentence),
                cmocka_unit_test(no_trial_at_all_is_no_result),
                cmocka_unit_test(an_objective_is_judged_in_every_variant_and_the_worst_counts),
                cmocka_unit_test(a_variant_that_answers_nothing_fails_the_run),
                cmocka_unit_test(eight_variants_leave_room_in_a_status),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
