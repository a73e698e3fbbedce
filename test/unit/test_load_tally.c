/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "load/tally.h"

static struct load_plan small_plan(void)
{
        return (struct load_plan){.shape_len = 2, .requests_len = 2};
}

static void an_answer_counts_in_span_piece_and_request(void **state)
{
        (void)state;
        struct load_plan plan = small_plan();
        struct tally tally;

        tally_init(&tally, &plan);
        tally_offered(&tally, 1, 0);
        tally_sent(&tally, 1, 0, 100, 200);
        tally_answered(&tally, &(struct tally_answer){.piece = 1, .status = 200, .expected = true, .held = true, .latency_ns = 5000,
                                                      .service_ns = 4000, .ttfb_ns = 3000, .bytes = 10});
        tally_offered(&tally, 1, 1);
        tally_answered(&tally, &(struct tally_answer){.piece = 1, .kind = 1, .status = 500, .latency_ns = 7000});
        tally_offered(&tally, 1, 1);
        tally_lost(&tally, &(struct tally_loss){.piece = 1, .kind = 1, .error = RECORD_SHED, .age_ns = 1});
        const struct tally_set *sets[] = {&tally_span(&tally)->set, &tally.pieces[1]};
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(sets[i]->counters.offered, 3);
                assert_int_equal(sets[i]->counters.done, 3);
                assert_int_equal(sets[i]->counters.ok, 1);
                assert_int_equal(sets[i]->counters.missed, 1);
                assert_int_equal(sets[i]->counters.errors[RECORD_STATUS], 1);
                assert_int_equal(sets[i]->counters.errors[RECORD_SHED], 1);
                assert_int_equal(hist_count(sets[i]->latency), 1);
                assert_int_equal(hist_max(sets[i]->error), 7000);
        }
        assert_int_equal(hist_max(tally.pieces[1].service), 4000);
        assert_int_equal(hist_count(tally.pieces[1].ttfb), 2);
        assert_int_equal(hist_max(tally.pieces[1].backlog), 200);
        assert_int_equal(tally.pieces[0].counters.offered, 0);
        assert_int_equal(tally.requests[0].counters.ok, 1);
        assert_int_equal(tally.requests[1].counters.done, 2);
        tally_done(&tally);
}

static void an_expected_status_with_another_body_is_an_error_of_its_own(void **state)
{
        (void)state;
        struct load_plan plan = small_plan();
        struct tally tally;

        tally_init(&tally, &plan);
        tally_answered(&tally, &(struct tally_answer){.status = 200, .expected = true, .held = false, .latency_ns = 9});
        tally_answered(&tally, &(struct tally_answer){.status = 503, .expected = false, .held = false, .latency_ns = 9});
        const struct record_counters *counters = &tally.pieces[0].counters;
        assert_int_equal(counters->ok, 0);
        assert_int_equal(counters->missed, 2);
        assert_int_equal(counters->errors[RECORD_BODY], 1);
        assert_int_equal(counters->errors[RECORD_STATUS], 1);
        assert_int_equal(hist_count(tally.pieces[0].error), 2);
        tally_done(&tally);
}

static void warm_up_requests_count_in_warm_up_spans_only(void **state)
{
        (void)state;
        struct load_plan plan = small_plan();
        struct tally tally;
        const struct tally_answer late = {.piece = -1, .status = 200, .expected = true, .held = true, .latency_ns = 5};

        tally_init(&tally, &plan);
        tally_span(&tally)->warmup = true;
        tally_offered(&tally, -1, 0);
        tally_offered(&tally, -1, 0);
        tally_answered(&tally, &late);
        assert_true(tally_flip(&tally, 1, false, false));
        tally_answered(&tally, &late);
        assert_int_equal(tally_peek(&tally)->set.counters.done, 1);
        assert_int_equal(tally_span(&tally)->set.counters.done, 0);
        assert_int_equal(tally.requests[0].counters.done, 0);
        tally_done(&tally);
}

/* The thread never waits: when nobody reads, the last span grows, and nothing is lost. */
static void a_slow_reader_gets_longer_spans(void **state)
{
        (void)state;
        struct load_plan plan = small_plan();
        struct tally tally;
        uint64_t offered = 0;
        int64_t at = 0;

        tally_init(&tally, &plan);
        for (int64_t i = 0; i < 20; i++) {
                tally_offered(&tally, 0, 0);
                tally_flip(&tally, i + 1, false, false);
        }
        tally_offered(&tally, 0, 0);
        tally_flip(&tally, 21, false, true);
        for (struct tally_span *span; (span = tally_peek(&tally)); tally_consume(&tally)) {
                assert_int_equal(span->from, at);
                at = span->to;
                offered += span->set.counters.offered;
        }
        assert_int_equal(at, 21);
        assert_int_equal(offered, 21);
        tally_done(&tally);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_answer_counts_in_span_piece_and_request),
                cmocka_unit_test(an_expected_status_with_another_body_is_an_error_of_its_own),
                cmocka_unit_test(warm_up_requests_count_in_warm_up_spans_only),
                cmocka_unit_test(a_slow_reader_gets_longer_spans),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
