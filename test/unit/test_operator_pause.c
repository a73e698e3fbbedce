/* SPDX-License-Identifier: Apache-2.0
 *
 * When the pause between two trials is over, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "data/doc.h"
#include "operator/run_pause.h"

#define REST 0.2
#define UNKNOWN -1

static void each_row_of_the_table_decides(void **state)
{
        static const struct {
                int64_t passed_ms;
                double rest, now;
                enum run_pause_end end;
        } rows[] = {
                {9999, REST, REST, RUN_PAUSE_GOES_ON},
                {9999, UNKNOWN, UNKNOWN, RUN_PAUSE_GOES_ON},
                {10000, UNKNOWN, UNKNOWN, RUN_PAUSE_UNMEASURED},
                {10000, UNKNOWN, 0, RUN_PAUSE_UNMEASURED},
                {10000, REST, REST, RUN_PAUSE_IDLE},
                {10000, REST, 0, RUN_PAUSE_IDLE},
                {10000, REST, 0.25, RUN_PAUSE_IDLE},
                {10000, REST, 0.26, RUN_PAUSE_GOES_ON},
                {10000, 0, 0.009, RUN_PAUSE_IDLE}, /* many times as much, and nothing */
                {10000, 0, 0.011, RUN_PAUSE_GOES_ON},
                {10000, REST, UNKNOWN, RUN_PAUSE_GOES_ON}, /* the first sample after the load is still to come */
                {59999, REST, 2, RUN_PAUSE_GOES_ON},
                {60000, REST, 2, RUN_PAUSE_LIMIT},
                {60000, REST, UNKNOWN, RUN_PAUSE_UNMEASURED},
                {INT64_MAX, REST, 2, RUN_PAUSE_LIMIT}, /* the trial before has left no trace */
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct run_pause pause = run_pause_judge(&(struct run_pause_facts){
                        .passed_ms = rows[i].passed_ms, .least_ms = 10000, .most_ms = 60000, .rest_cores = rows[i].rest, .cores = rows[i].now});
                if (pause.end != rows[i].end)
                        fail_msg("row %zu: %d, not %d", i, (int)pause.end, (int)rows[i].end);
        }
}

static void it_is_told_with_its_length_and_its_reason(void **state)
{
        auto_json struct json_object *idle = doc_object(), *going = doc_object(), *unknown = doc_object();
        (void)state;

        run_pause_encode(&(struct run_pause){RUN_PAUSE_IDLE, 14234}, idle);
        assert_string_equal(doc_text(idle, "pause"), "14.2s");
        assert_string_equal(doc_text(idle, "pauseEnd"), "Idle");
        run_pause_encode(&(struct run_pause){0}, going);
        run_pause_encode(&(struct run_pause){RUN_PAUSE_LIMIT, INT64_MAX}, unknown);
        assert_null(doc_at(going, "pauseEnd"));
        assert_null(doc_at(unknown, "pauseEnd"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_row_of_the_table_decides),
                cmocka_unit_test(it_is_told_with_its_length_and_its_reason),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
