/* SPDX-License-Identifier: Apache-2.0
 *
 * Probes of a search for capacity: what one says of its rate, and where the documents of many lead. */
#include "api_fixture.h"

#include "result/probe.h"
#include "result/trial.h"
#include "result/verdict.h"

#define POINTS 10
#define POINT_MS 1000
#define PER_POINT 1000
#define MS INT64_C(1000000)

#define SEARCHING "{'load':{'shape':null},'objectives':[{'metric':'latency.p99','max':'50ms'}],'capacity':{'from':'100/s','limit':'1000/s','precision':'10%'}}"

/* ---- one probe ---- */

/* A hold of ten seconds at 1000/s. */
struct made {
        struct fold fold;
        struct fold_piece piece;
        struct harvest_point points[POINTS];
        struct gates gates;
};

/* slow[i]: of a thousand requests of second i so many take 100 ms, the others 5. */
static struct made *make(const int slow[static POINTS])
{
        struct made *made = xnew(struct made);
        struct fold_span *span = &made->piece.span;

        made->piece = (struct fold_piece){.kind = LOAD_HOLD, .workers = 1, .span = {.to_ms = POINTS * POINT_MS, .latency = hist_new(3), .digits = 3}};
        for (int i = 0; i < POINTS; i++) {
                struct harvest_point *point = &made->points[i];
                *point = (struct harvest_point){.from_ms = i * POINT_MS, .to_ms = (i + 1) * POINT_MS, .workers = 1, .latency = hist_new(2)};
                point->counters = (struct record_counters){.offered = PER_POINT, .sent = PER_POINT, .done = PER_POINT, .ok = PER_POINT};
                point->in_flight_ms = 5 * POINT_MS;
                for (int request = 0; request < PER_POINT; request++) {
                        int64_t ns = (request < slow[i] ? 100 : 5) * MS;
                        hist_record(point->latency, ns);
                        hist_record(span->latency, ns);
                }
                record_add_counters(&span->counters, &point->counters);
        }
        made->fold = (struct fold){.workers = 1, .covered = 1, .timeout_ns = 5000 * MS, .pieces = &made->piece, .pieces_len = 1, .points = made->points,
                                   .points_len = POINTS, .point_ms = POINT_MS};
        made->gates.validity = VALIDITY_VALID;
        return made;
}

static void made_free(struct made *made)
{
        for (int i = 0; i < POINTS; i++)
                hist_free(made->points[i].latency);
        hist_free(made->piece.span.latency);
        free(made);
}

static void check_probe(struct made *made, const char *outcome, const char *limited_by)
{
        auto_profile struct profile *profile = profile_with(SEARCHING);
        const struct capacity_step step = {.rate_rps = 1000, .lengths = 1};
        auto_json struct json_object *probe = probe_encode(&made->fold, &made->gates, NULL, profile, &step);

        assert_string_equal(doc_text(probe, "outcome"), outcome);
        if (limited_by)
                assert_string_equal(doc_text(probe, "limitedBy"), limited_by);
        else
                assert_null(doc_at(probe, "limitedBy"));
        assert_true(doc_double(probe, "rate", 0) == 1000);
        made_free(made);
}

static const int few[POINTS] = {2, 3, 2, 1, 2, 3, 2, 2, 1, 2}, burst[POINTS] = {0, 0, 0, 0, 60, 0, 0, 0, 0, 0}, bursts[POINTS] = {0, 0, 0, 0, 300, 0, 0, 0, 0, 0},
                 many[POINTS] = {50, 60, 55, 70, 65, 80, 60, 75, 90, 85};

static void it_holds_when_the_interval_is_on_the_good_side(void **state)
{
        (void)state;
        check_probe(make(few), "held", NULL);
        check_probe(make(burst), "likely", "latency.p99");
        check_probe(make(bursts), "unlikely", "latency.p99");
        check_probe(make(many), "failed", "latency.p99");
}

static void what_the_target_used_meanwhile_counts_too(void **state)
{
        static const struct { double cores; bool known; const char *outcome; } rows[] = {{0.4, true, "held"}, {0.6, true, "failed"}, {0.4, false, "unlikely"}};
        auto_profile struct profile *profile = profile_with("{'load':{'shape':null},'capacity':{'from':'200/s','limit':'20000/s'},"
                                                            "'objectives':[{'metric':'target.cpu','max':'500m'}]}");
        const struct capacity_step step = {.rate_rps = 1000, .lengths = 1};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct made *made = make(few);
                struct observed observed = {.window_ms = 1000};
                *observed_figure(&observed, METRIC_TARGET_CPU) = (struct observed_figure){rows[i].known, rows[i].cores, 1};
                auto_json struct json_object *probe = probe_encode(&made->fold, &made->gates, &observed, profile, &step);
                assert_string_equal(doc_text(probe, "outcome"), rows[i].outcome);
                made_free(made);
        }
}

static void what_waits_must_not_grow_although_the_objectives_hold(void **state)
{
        struct made *made = make(few);
        (void)state;

        for (int i = 0; i < POINTS; i++)
                made->points[i].backlog_ms = (uint64_t)(i * 5 * POINT_MS);
        check_probe(made, "unlikely", "backlog");
}

static void too_few_answers_are_no_carrying(void **state)
{
        struct made *made = make(few);
        (void)state;

        for (int i = 0; i < POINTS; i++) {
                made->points[i].counters.ok -= 30;
                made->piece.span.counters.ok -= 30;
        }
        check_probe(made, "failed", "rate.achieved");
}

/* What one tenth did not answer the next one did. */
static void what_wavers_about_a_good_rate_is_good(void **state)
{
        struct made *made = make(few);
        (void)state;

        for (int i = 0; i < POINTS; i++) {
                made->points[i].counters.ok += (uint64_t)(i % 2 ? 50 : 0);
                made->points[i].counters.ok -= (uint64_t)(i % 2 ? 0 : 50);
        }
        made->points[0].counters.ok -= 500; /* the warm-up's answers */
        check_probe(made, "held", NULL);
}

static void a_busy_generator_is_named_and_not_the_target(void **state)
{
        struct made *made = make(many);
        (void)state;

        made->gates = (struct gates){.validity = VALIDITY_LIMITED, .reasons = {{.kind = GATES_GENERATOR_BUSY, .makes = VALIDITY_LIMITED}}, .len = 1};
        check_probe(made, "failed", "generator");
}

static void an_invalid_probe_does_not_hold_whatever_its_figures(void **state)
{
        struct made *made = make(few);
        (void)state;

        made->gates = (struct gates){.validity = VALIDITY_INVALID, .reasons = {{.kind = GATES_DIGEST_MISMATCH, .makes = VALIDITY_INVALID, .text = "the lanes differ"}}, .len = 1};
        check_probe(made, "failed", "DigestMismatch");
}

static void a_brake_ends_a_probe_that_did_not_hold(void **state)
{
        struct made *made = make(few);
        (void)state;

        made->fold.braked = 1;
        check_probe(made, "failed", "errors.ratio");
}

/* ---- many ---- */

static struct json_object *document(char what)
{
        static const struct { char what; const char *outcome; } rows[] = {{'h', "held"}, {'l', "likely"}, {'u', "unlikely"}, {'f', "failed"}, {'i', "failed"}, {'g', "failed"}};
        struct json_object *doc, *probe;

        if (what == '-')
                return trial_encode_lost(0, NULL);
        doc = doc_set_text(doc_object(), "validity", what == 'i' ? "Invalid" : "Valid");
        probe = doc_object();
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (rows[i].what == what)
                        doc_set_text(probe, "outcome", rows[i].outcome);
        if (what != 'h')
                doc_set_text(doc_set_text(probe, "limitedBy", what == 'g' ? "generator" : "latency.p99"), "text", "latency.p99 was 310.000ms, limit <= 50ms");
        return doc_set(doc, "probe", probe);
}

struct searched {
        struct json_object *docs[PROFILE_TRIALS_MAX];
        size_t len;
        struct profile *profile;
        struct probe_search search;
};

/* 'h' held, 'l' likely, 'u' unlikely, 'f' failed, 'g' failed by the generator, 'i' invalid, '-' lost. */
static struct searched searched(const char *probes)
{
        struct searched of = {.len = strlen(probes), .profile = profile_with(SEARCHING)};

        for (size_t i = 0; i < of.len; i++)
                of.docs[i] = document(probes[i]);
        of.search = probe_search(of.profile, of.docs, of.len);
        return of;
}

static void searched_done(struct searched *of)
{
        for (size_t i = 0; i < of->len; i++)
                json_object_put(of->docs[i]);
        profile_free(of->profile);
}

static void check_next(const char *probes, double rate_rps, uint32_t lengths)
{
        struct searched of = searched(probes);

        assert_int_equal(of.search.step.end, CAPACITY_GOES_ON);
        assert_true(of.search.step.rate_rps == rate_rps);
        assert_int_equal(of.search.step.lengths, lengths);
        searched_done(&of);
}

static void the_documents_lead_on(void **state)
{
        (void)state;
        check_next("", 100, 1);
        check_next("h", 150, 1);
        check_next("hu", 150, 2);
        check_next("hul", 225, 1);
        check_next("hf", 122.5, 1);
}

static void a_lost_probe_is_run_again_and_an_invalid_one_once(void **state)
{
        (void)state;
        check_next("h-", 150, 1);
        check_next("h---", 150, 1);
        check_next("hi", 150, 1);
        check_next("hih", 225, 1);
        check_next("hii", 122.5, 1); /* twice: the rate does not hold */
}

static void check_end(const char *probes, const char *capacity, const char *message)
{
        struct searched of = searched(probes);
        auto_json struct json_object *wanted = json(capacity), *said = probe_encode_capacity(&of.search);
        auto_free char *text = probe_message(&of.search);

        assert_string_equal(doc_print(said), doc_print(wanted));
        assert_string_equal(text, message);
        searched_done(&of);
}

static void the_end_says_what_was_found_and_what_did_not_hold(void **state)
{
        (void)state;
        check_end("hhfhffhh", "{'rate':'183.7/s','low':'175.0/s','high':'193.3/s','limitedBy':'latency.p99'}",
                  "carries 183.7/s (175.0/s to 193.3/s); at 193.3/s latency.p99 was 310.000ms, limit <= 50ms");
        check_end("hhhhhhhhh", "{'rate':'1000.0/s','low':'952.4/s','limitedBy':'limit'}", "carries 1000.0/s, which is capacity.limit: it may carry more");
        check_end("f", "{'high':'100.0/s','limitedBy':'latency.p99'}",
                  "does not carry 100.0/s, which is capacity.from: latency.p99 was 310.000ms, limit <= 50ms");
        check_end("hhf", "{'low':'150.0/s','high':'225.0/s'}", "the search had come to between 150.0/s and 225.0/s");
}

static void the_probes_at_the_end_are_those_that_confirm(void **state)
{
        struct searched of = searched("hhfhffhh");
        (void)state;

        assert_int_equal(of.search.last_len, 2);
        assert_ptr_equal(of.search.last[0], of.docs[6]);
        assert_ptr_equal(of.search.last[1], of.docs[7]);
        assert_true(of.search.asked.rate_rps == of.search.step.rate_rps);
        assert_int_equal(of.search.asked.lengths, CAPACITY_CONFIRM_LENGTHS);
        searched_done(&of);
}

static void where_the_generator_ends_the_result_is_limited(void **state)
{
        struct searched of = searched("hhfhfghh"), plain = searched("hhfhffhh");
        struct gates gates = {.validity = VALIDITY_VALID}, others = gates;
        (void)state;

        probe_limit(&of.search, &gates);
        assert_int_equal(gates.validity, VALIDITY_LIMITED);
        assert_int_equal(gates.reasons[0].kind, GATES_GENERATOR_LIMIT);
        probe_limit(&plain.search, &others);
        assert_int_equal(others.validity, VALIDITY_VALID);
        searched_done(&of);
        searched_done(&plain);
}

static void check_verdict(const char *probes, enum verdict before, enum verdict after)
{
        struct searched of = searched(probes);
        struct verdict_judged *judged = xnew(struct verdict_judged);

        judged->verdict = before;
        probe_decide(&of.search, judged);
        assert_int_equal(judged->verdict, after);
        free(judged);
        searched_done(&of);
}

static void a_search_that_found_nothing_does_not_pass(void **state)
{
        (void)state;
        check_verdict("hhfhffhh", VERDICT_PASS, VERDICT_PASS);
        check_verdict("hhfhffhh", VERDICT_INCONCLUSIVE, VERDICT_PASS); /* too few requests for a percentile */
        check_verdict("f", VERDICT_PASS, VERDICT_FAIL);
        check_verdict("f", VERDICT_NONE, VERDICT_NONE);
        check_verdict("hhfhffllllllllll", VERDICT_PASS, VERDICT_INCONCLUSIVE);
        check_verdict("hhf", VERDICT_PASS, VERDICT_PASS); /* it was stopped, which is said elsewhere */
}

static void more_probes_than_there_may_be_end_the_search(void **state)
{
        char lost[PROFILE_TRIALS_MAX + 1];
        (void)state;

        memset(lost, '-', PROFILE_TRIALS_MAX);
        lost[PROFILE_TRIALS_MAX] = '\0';
        struct searched of = searched(lost);
        assert_int_equal(of.search.step.end, CAPACITY_UNCONFIRMED);
        searched_done(&of);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_holds_when_the_interval_is_on_the_good_side),
                cmocka_unit_test(what_the_target_used_meanwhile_counts_too),
                cmocka_unit_test(what_waits_must_not_grow_although_the_objectives_hold),
                cmocka_unit_test(too_few_answers_are_no_carrying),
                cmocka_unit_test(what_wavers_about_a_good_rate_is_good),
                cmocka_unit_test(a_busy_generator_is_named_and_not_the_target),
                cmocka_unit_test(an_invalid_probe_does_not_hold_whatever_its_figures),
                cmocka_unit_test(a_brake_ends_a_probe_that_did_not_hold),
                cmocka_unit_test(the_documents_lead_on),
                cmocka_unit_test(a_lost_probe_is_run_again_and_an_invalid_one_once),
                cmocka_unit_test(the_end_says_what_was_found_and_what_did_not_hold),
                cmocka_unit_test(the_probes_at_the_end_are_those_that_confirm),
                cmocka_unit_test(where_the_generator_ends_the_result_is_limited),
                cmocka_unit_test(a_search_that_found_nothing_does_not_pass),
                cmocka_unit_test(more_probes_than_there_may_be_end_the_search),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
