/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates and verdict, on folds made by hand. */
#include "result_fixture.h"

#include "result/gates.h"
#include "result/verdict.h"

static struct fold_piece two_pieces[2];

/* Two workers, a hold of 60 s at 100/s, every answer 10 ms, then a ramp. */
static struct fold good_fold(void)
{
        struct fold fold = {
                .workers = 2,
                .covered = 2,
                .timeout_ns = 5000000000,
                .pieces = two_pieces,
                .pieces_len = 2,
                .pacing_p99_ns = 50000,
                .cpu_ratio_max = 0.3,
                .throttled_ratio_max = 0,
                .start_skew_us = 200,
                .clocks = 2,
        };
        two_pieces[0] = (struct fold_piece){.kind = LOAD_HOLD, .span = {.to_ms = 60000}};
        two_pieces[1] = (struct fold_piece){.kind = LOAD_RAMP, .span = {.from_ms = 60000, .to_ms = 70000}};
        struct fold_span *span = &two_pieces[0].span;
        span->counters = (struct record_counters){.offered = 6000, .sent = 6000, .done = 6000, .ok = 6000};
        span->latency = hist_new(3);
        hist_record_many(span->latency, 10000000, 6000);
        fold.whole.counters = span->counters;
        fold.whole.to_ms = 70000;
        return fold;
}

static void done(struct fold *fold)
{
        hist_free(fold->pieces[0].span.latency);
        hist_free(fold->pieces[0].span.censored);
}

static struct gates judge(const struct fold *fold, const struct gates_facts *facts)
{
        const struct gates_limits limits = GATES_LIMITS_DEFAULT;
        const struct gates_facts none = {0};

        return gates_judge(fold, &limits, facts ? facts : &none);
}

/* Exactly this one reason, with this effect. */
static void check_only(const struct gates *gates, enum gates_reason_kind kind, enum validity makes)
{
        assert_int_equal(gates->len, 1);
        assert_string_equal(gates_reason_name(gates->reasons[0].kind), gates_reason_name(kind));
        assert_int_equal(gates->reasons[0].makes, makes);
        assert_int_equal(gates->validity, makes);
        assert_true(strlen(gates->reasons[0].text) > 10);
}

static void a_clean_run_is_valid(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        struct gates gates = judge(&fold, NULL);

        assert_int_equal(gates.validity, VALIDITY_VALID);
        assert_int_equal(gates.len, 0);
        done(&fold);
}

static void late_pacing_limits_and_ten_times_the_limit_invalidates(void **state)
{
        (void)state;
        struct fold fold = good_fold();

        fold.pacing_p99_ns = 1000001;
        struct gates gates = judge(&fold, NULL);
        check_only(&gates, GATES_PACING_LATE, VALIDITY_LIMITED);
        assert_non_null(strstr(gates.reasons[0].text, "limit 1.000ms"));
        fold.pacing_p99_ns = 10000001;
        gates = judge(&fold, NULL);
        check_only(&gates, GATES_PACING_LATE, VALIDITY_INVALID);
        fold.pacing_p99_ns = -1; /* closed loop */
        assert_int_equal(judge(&fold, NULL).validity, VALIDITY_VALID);
        done(&fold);
}

static void a_profile_that_says_nothing_has_the_default_limits(void **state)
{
        (void)state;
        static const char text[] = "{\"target\":{\"service\":{\"name\":\"web\",\"port\":80}},\"load\":{\"shape\":[{\"hold\":{\"rate\":\"5/s\",\"for\":\"5s\"}}]}}";
        auto_json struct json_object *given = NULL, *spec = NULL;
        auto_profile struct profile *profile = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &given, NULL), FAIL_NONE);
        assert_int_equal(profile_merge(given, NULL, &spec, NULL), FAIL_NONE);
        assert_int_equal(profile_decode(spec, &profile, NULL), FAIL_NONE);
        const struct gates_limits limits = gates_limits_of(profile, 1000), wanted = GATES_LIMITS_DEFAULT;
        assert_memory_equal(&limits, &wanted, sizeof limits);
}

static void a_node_under_pressure_limits(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        struct gates gates = judge(&fold, &(struct gates_facts){.pressure = "n1: DiskPressure"});

        check_only(&gates, GATES_NODE_PRESSURE, VALIDITY_LIMITED);
        assert_non_null(strstr(gates.reasons[0].text, "n1: DiskPressure"));
        done(&fold);
}

static void each_gate_closes_for_its_own_reason(void **state)
{
        (void)state;
        struct gates gates;
        struct fold fold = good_fold(), base = fold;

#define CHECK(change, kind, makes)              \
        fold = base;                            \
        change;                                 \
        gates = judge(&fold, NULL);             \
        check_only(&gates, kind, makes)
        CHECK(fold.cpu_ratio_max = 0.81, GATES_GENERATOR_BUSY, VALIDITY_LIMITED);
        CHECK((fold.limit = LOAD_LIMIT_CLIENT, fold.limit_ratio = 0.4), GATES_GENERATOR_LIMIT, VALIDITY_LIMITED);
        assert_non_null(strstr(gates.reasons[0].text, "the generator was the limit, not the target, for 40"));
        CHECK(fold.throttled_ratio_max = 0.05, GATES_GENERATOR_THROTTLED, VALIDITY_LIMITED);
        CHECK(fold.throttled_ratio_max = 0.2, GATES_GENERATOR_THROTTLED, VALIDITY_INVALID);
        CHECK(fold.stolen_max = 0.021, GATES_CPU_STOLEN, VALIDITY_LIMITED);
        assert_string_equal(gates.reasons[0].text, "the hypervisor took 2.10% of the CPU time of a worker's node, limit 2.00%");
        CHECK(fold.stolen_max = 0.21, GATES_CPU_STOLEN, VALIDITY_INVALID);
        CHECK(fold.covered = 1, GATES_WORKERS_LOST, VALIDITY_LIMITED);
        CHECK(fold.failed = 1, GATES_WORKER_FAILED, VALIDITY_LIMITED);
        CHECK(fold.partial = true, GATES_PARTIAL, VALIDITY_LIMITED);
        CHECK(fold.mismatch = true, GATES_DIGEST_MISMATCH, VALIDITY_INVALID);
        CHECK(fold.tainted = true, GATES_DUPLICATE_WORKER, VALIDITY_INVALID);
        CHECK(fold.unsynchronised = 1, GATES_CLOCK_UNSYNCHRONISED, VALIDITY_LIMITED);
        CHECK(fold.start_skew_us = 500001, GATES_START_SKEW, VALIDITY_LIMITED);
        CHECK(fold.clock_shift_us = -500001, GATES_CLOCK_STEPPED, VALIDITY_LIMITED);
        CHECK(fold.skipped = 3, GATES_STARTED_LATE, VALIDITY_LIMITED);
        CHECK(fold.deferred_ms = 1, GATES_STARTED_LATE, VALIDITY_LIMITED);
        CHECK(fold.whole.counters = (struct record_counters){.offered = 10}, GATES_NO_REQUESTS, VALIDITY_INVALID);
        CHECK(two_pieces[0].span.to_ms = 59999, GATES_SHORT_WINDOW, VALIDITY_LIMITED);
#undef CHECK
        two_pieces[0].span.to_ms = 60000;
        fold = base;
        fold.reduced = 1;
        gates = judge(&fold, NULL);
        check_only(&gates, GATES_REDUCED_PRECISION, VALIDITY_LIMITED);
        done(&base);
}

static void pods_that_join_behind_the_last_connection_get_nothing(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        const struct gates_facts joined = {.joined = 2};

        fold.connections = 64;
        fold.connects = 64;
        struct gates gates = judge(&fold, &joined);
        check_only(&gates, GATES_ENDPOINTS_IDLE, VALIDITY_LIMITED);
        assert_non_null(strstr(gates.reasons[0].text, "reconnectAfter"));
        fold.connects = 65; /* one was made later */
        assert_int_equal(judge(&fold, &joined).validity, VALIDITY_VALID);
        fold.connects = 0; /* nobody counted them */
        assert_int_equal(judge(&fold, &joined).validity, VALIDITY_VALID);
        fold.connects = 64;
        assert_int_equal(judge(&fold, NULL).validity, VALIDITY_VALID);
        done(&fold);
}

static void workers_on_one_node_need_no_clock_that_is_right(void **state)
{
        (void)state;
        struct fold fold = good_fold();

        fold.unsynchronised = 2;
        fold.clocks = 1;
        assert_int_equal(judge(&fold, NULL).validity, VALIDITY_VALID);
        fold.clocks = 2;
        assert_int_equal(judge(&fold, NULL).validity, VALIDITY_LIMITED);
        done(&fold);
}

static void one_worker_alone_has_no_skew_and_needs_no_clock(void **state)
{
        (void)state;
        struct fold fold = good_fold();

        fold.workers = fold.covered = fold.clocks = 1;
        fold.unsynchronised = 1;
        fold.start_skew_us = 900000;
        assert_int_equal(judge(&fold, NULL).validity, VALIDITY_VALID);
        done(&fold);
}

static void changes_of_the_target_inside_the_window_limit(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        const struct gates_facts facts = {.restarts = 2, .rollouts = 1, .scales = 1, .replacements = 1, .cancelled = true};
        struct gates gates = judge(&fold, &facts);

        assert_int_equal(gates.validity, VALIDITY_LIMITED);
        assert_int_equal(gates.len, 5);
        done(&fold);
}

static void what_is_required_and_was_not_in_effect_invalidates(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        const struct gates_facts facts = {.restarts = 1, .unmet = "required mesh.mtls strict was not in effect at the start: there is no mesh"};
        struct gates gates = judge(&fold, &facts);

        assert_int_equal(gates.validity, VALIDITY_INVALID);
        assert_string_equal(gates_reason_name(gates.reasons[0].kind), "RequirementUnmet");
        assert_string_equal(gates.reasons[0].text, facts.unmet);
        done(&fold);
}

static void what_invalidates_comes_first_in_the_list(void **state)
{
        (void)state;
        struct fold fold = good_fold();

        fold.pacing_p99_ns = 2000000;
        fold.throttled_ratio_max = 0.5;
        struct gates gates = judge(&fold, NULL);
        assert_int_equal(gates.validity, VALIDITY_INVALID);
        assert_int_equal(gates.reasons[0].kind, GATES_GENERATOR_THROTTLED);
        assert_int_equal(gates.reasons[1].kind, GATES_PACING_LATE);
        done(&fold);
}

/* ---- verdict ---- */

static struct verdict_judged *verdict_of(const struct fold *fold, const struct profile_objective *objectives, size_t len)
{
        struct verdict_judged *judged = xnew(struct verdict_judged);
        struct gates gates = judge(fold, NULL);

        verdict_judge(&(struct verdict_case){.fold = fold, .gates = &gates, .objectives = objectives, .len = len}, judged);
        return judged;
}

struct expectation {
        struct profile_objective objective;
        enum objective_state state;
        const char *reason, *value;
};

static void objectives_are_met_missed_or_unresolved(void **state)
{
        (void)state;
        static const struct expectation rows[] = {
                {{"latency.p99", NULL, "250ms"}, OBJECTIVE_MET, "PointEstimate", "10.000ms"},
                {{"latency.p99", NULL, "5ms"}, OBJECTIVE_MISSED, "PointEstimate", "10.000ms"},
                {{"latency.p99", "20ms", "250ms"}, OBJECTIVE_MISSED, "PointEstimate", "10.000ms"},
                {{"latency.p9999", NULL, "250ms"}, OBJECTIVE_UNRESOLVED, "TooFewSamples", "-"},
                {{"latency.mean", NULL, "250ms"}, OBJECTIVE_MET, "PointEstimate", "10.000ms"},
                {{"latency.p50{piece=\"hold\"}", NULL, "250ms"}, OBJECTIVE_MET, "PointEstimate", "10.000ms"},
                {{"latency.p50{piece=\"0\"}", NULL, "250ms"}, OBJECTIVE_MET, "PointEstimate", "10.000ms"},
                {{"latency.p50{piece=\"spike\"}", NULL, "250ms"}, OBJECTIVE_UNRESOLVED, "NoSuchPiece", "-"},
                {{"latency.p50{piece=\"7\"}", NULL, "250ms"}, OBJECTIVE_UNRESOLVED, "NoSuchPiece", "-"},
                {{"latency.p50{request=\"nope\"}", NULL, "250ms"}, OBJECTIVE_UNRESOLVED, "NoSuchRequest", "-"},
                {{"latency.p50{request=\"a\",piece=\"0\"}", NULL, "250ms"}, OBJECTIVE_UNRESOLVED, "Malformed", "-"},
                {{"ttfb.p50", NULL, "250ms"}, OBJECTIVE_UNRESOLVED, "NotMeasured", "-"},
                {{"errors.ratio", NULL, "0.1%"}, OBJECTIVE_MET, "PointEstimate", "0%"},
                {{"status.ratio{code=\"429\"}", "5%", NULL}, OBJECTIVE_MISSED, "PointEstimate", "0%"},
                {{"rate.achieved", "99%", NULL}, OBJECTIVE_MET, "PointEstimate", "100.0/s"},
                {{"rate.achieved", "101/s", NULL}, OBJECTIVE_MISSED, "PointEstimate", "100.0/s"},
                {{"latency.p77", NULL, "1ms"}, OBJECTIVE_UNRESOLVED, "Malformed", "-"},
                {{"latency.p99", NULL, "fast"}, OBJECTIVE_UNRESOLVED, "Malformed", "10.000ms"},
        };
        struct fold fold = good_fold();

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free struct verdict_judged *judged = verdict_of(&fold, &rows[i].objective, 1);
                assert_int_equal(judged->objectives[0].state, rows[i].state);
                assert_string_equal(judged->objectives[0].reason, rows[i].reason);
                assert_string_equal(judged->objectives[0].value, rows[i].value);
        }
        done(&fold);
}

static void a_percentile_among_censored_requests_misses_every_limit(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        const struct profile_objective objectives[] = {{"latency.p99", NULL, "9h"}, {"latency.mean", NULL, "1ms"}, {"latency.mean", NULL, "1h"}};

        two_pieces[0].span.censored = hist_new(3);
        hist_record_many(two_pieces[0].span.censored, 1000, 200);
        auto_free struct verdict_judged *judged = verdict_of(&fold, objectives, 3);
        assert_int_equal(judged->objectives[0].state, OBJECTIVE_MISSED);
        assert_string_equal(judged->objectives[0].value, "> 5s");
        assert_int_equal(judged->objectives[1].state, OBJECTIVE_MISSED);
        /* A lower bound never shows that a limit is kept. */
        assert_int_equal(judged->objectives[2].state, OBJECTIVE_UNRESOLVED);
        assert_string_equal(judged->objectives[2].reason, "Censored");
        done(&fold);
}

static void the_first_row_that_holds_decides(void **state)
{
        (void)state;
        const struct profile_objective met = {"latency.p99", NULL, "1s"}, missed = {"latency.p99", NULL, "1ms"};
        const struct profile_objective open = {"latency.p9999", NULL, "1s"};
        const struct profile_objective missed_and_open[] = {open, missed};
        const struct { struct profile_objective objectives[2]; size_t len; bool invalid, failed, braked; enum verdict verdict; const char *reason; } rows[] = {
                {{met}, 1, .invalid = true, .verdict = VERDICT_NONE, .reason = "NotValid"},
                {{missed}, 1, .invalid = true, .verdict = VERDICT_NONE, .reason = "NotValid"},
                {{met}, 1, .invalid = true, .braked = true, .verdict = VERDICT_NONE, .reason = "NotValid"},
                {{met}, 1, .braked = true, .verdict = VERDICT_FAIL, .reason = "Brake"},
                {{{0}}, 0, .failed = true, .braked = true, .verdict = VERDICT_FAIL, .reason = "Brake"},
                {{{0}}, 0, .failed = true, .verdict = VERDICT_FAIL, .reason = "NothingSucceeded"},
                {{missed_and_open[0], missed_and_open[1]}, 2, .verdict = VERDICT_FAIL, .reason = "ObjectiveMissed"},
                {{met, open}, 2, .verdict = VERDICT_INCONCLUSIVE, .reason = "ObjectiveUnresolved"},
                {{{0}}, 0, .verdict = VERDICT_NONE, .reason = "NothingToJudge"},
                {{met}, 1, .verdict = VERDICT_PASS, .reason = "ObjectivesMet"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct fold fold = good_fold();
                fold.tainted = rows[i].invalid;
                fold.braked = rows[i].braked;
                if (rows[i].failed)
                        fold.whole.counters = (struct record_counters){.offered = 9, .done = 9, .censored = 9};
                auto_free struct verdict_judged *judged = verdict_of(&fold, rows[i].objectives, rows[i].len);
                assert_int_equal(judged->verdict, rows[i].verdict);
                assert_string_equal(judged->reason, rows[i].reason);
                done(&fold);
        }
}

static void the_message_says_figures_verdict_and_caveats(void **state)
{
        (void)state;
        struct fold fold = good_fold();
        const struct profile_objective objective = {"latency.p99", NULL, "5ms"};

        fold.skipped = 4;
        struct gates gates = judge(&fold, NULL);
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .objectives = &objective, .len = 1}, judged);
        auto_free char *text = status_message(&(struct status_end){.fold = &fold, .gates = &gates, .judged = judged});
        assert_string_equal(text, "100.0/s, p99 10.000ms, errors 0%; Fail: latency.p99 is 10.000ms, limit <= 5ms; "
                                  "Limited: the start came too late: 4 requests that were due before are skipped");
        auto_json struct json_object *list = verdict_encode_objectives(judged);
        assert_string_equal(doc_print(list), "[{\"metric\":\"latency.p99\",\"limit\":\"<= 5ms\",\"value\":\"10.000ms\",\"met\":\"False\","
                                             "\"reason\":\"PointEstimate\",\"message\":\"latency.p99 is 10.000ms, limit <= 5ms\"}]");
        done(&fold);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_clean_run_is_valid),
                cmocka_unit_test(late_pacing_limits_and_ten_times_the_limit_invalidates),
                cmocka_unit_test(a_profile_that_says_nothing_has_the_default_limits),
                cmocka_unit_test(a_node_under_pressure_limits),
                cmocka_unit_test(each_gate_closes_for_its_own_reason),
                cmocka_unit_test(pods_that_join_behind_the_last_connection_get_nothing),
                cmocka_unit_test(workers_on_one_node_need_no_clock_that_is_right),
                cmocka_unit_test(one_worker_alone_has_no_skew_and_needs_no_clock),
                cmocka_unit_test(changes_of_the_target_inside_the_window_limit),
                cmocka_unit_test(what_is_required_and_was_not_in_effect_invalidates),
                cmocka_unit_test(what_invalidates_comes_first_in_the_list),
                cmocka_unit_test(objectives_are_met_missed_or_unresolved),
                cmocka_unit_test(a_percentile_among_censored_requests_misses_every_limit),
                cmocka_unit_test(the_first_row_that_holds_decides),
                cmocka_unit_test(the_message_says_figures_verdict_and_caveats),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
