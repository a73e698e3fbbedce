/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of a Prometheus: taken at the instants that were asked for, and refused where they are something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/promql.h"

#define T0 INT64_C(1700000000000)
#define MATRIX(series) "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"

static struct promql *read_text(const char *text, struct fail *fail)
{
        struct promql_grid grid = promql_grid_of(T0, T0 + 3000);
        struct promql *answer = xnew(struct promql);

        promql_read(text, strlen(text), &grid, answer, fail);
        return answer;
}

static void steps_are_whole_seconds_and_no_more_than_there_is_room_for(void **state)
{
        static const struct { int64_t span_ms, step_ms; size_t len; } rows[] = {
                {0, 1000, 1}, {999, 1000, 1}, {1000, 1000, 2}, {60500, 1000, 61}, {239000, 1000, 240}, {240000, 2000, 121}, {3600000, 16000, 226},
                {INT64_C(43200000), 181000, 239}, {-1, 1000, 0},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct promql_grid grid = promql_grid_of(T0, T0 + rows[i].span_ms);
                assert_int_equal(grid.step_ms, rows[i].step_ms);
                assert_int_equal(grid.len, rows[i].len);
                assert_true(grid.len <= PROMQL_POINTS_MAX && (grid.len == 0 || promql_grid_end_wall_ms(&grid) <= T0 + rows[i].span_ms));
        }
}

static void values_stand_at_their_steps_and_gaps_stay_gaps(void **state)
{
        struct fail fail = {0};
        auto_free struct promql *answer = read_text(MATRIX("{\"metric\":{\"__name__\":\"queue\",\"pod\":\"a\\\"b\",\"x\":\"1\"},\"values\":[[1700000000,\"3\"],[1700000001.000,\"NaN\"],"
                                                           "[1700000003,\"-4.5e2\"]]}"), &fail);
        (void)state;

        assert_int_equal(fail.kind, FAIL_NONE);
        assert_int_equal(answer->len, 1);
        assert_string_equal(answer->series[0].labels, "queue{pod=\"a\\\"b\",x=\"1\"}");
        assert_true(answer->series[0].values[0] == 3 && answer->series[0].values[3] == -450);
        assert_true(isnan(answer->series[0].values[1]) && isnan(answer->series[0].values[2]));
        auto_json struct json_object *doc = promql_encode(answer, 0, T0 + 1000);
        assert_string_equal(doc_print(doc), "{\"kind\":\"metric\",\"labels\":\"queue{pod=\\\"a\\\\\\\"b\\\",x=\\\"1\\\"}\",\"from\":-1000,\"step\":1000,\"values\":[3,null,null,-450]}");
        struct promql_summary sum = {0};
        promql_summary_add(&sum, answer);
        assert_true(sum.count == 2 && sum.least == -450 && sum.most == 3 && sum.sum == -447);
}

static void nothing_is_believed_that_was_not_asked_for(void **state)
{
        static const struct { const char *text, *says; } rows[] = {
                {"", "no JSON"},
                {"<html>", "no JSON"},
                {"[]", "no answer to a range query"},
                {"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", "no answer to a range query"},
                {"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":{}}}", "no answer to a range query"},
                {"{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\\nat 1\"}", "it refuses the query: parse error"},
                {"{\"status\":\"error\"}", "it refuses the query: without saying why"},
                {MATRIX("7"), "a series without values"},
                {MATRIX("{\"metric\":{},\"histograms\":[]}"), "native histograms are not read"},
                {MATRIX("{\"values\":[[1699999999,\"1\"]]}"), "that was not asked for"},
                {MATRIX("{\"values\":[[1700000004,\"1\"]]}"), "that was not asked for"},
                {MATRIX("{\"values\":[[1700000000.5,\"1\"]]}"), "that was not asked for"},
                {MATRIX("{\"values\":[[1e300,\"1\"]]}"), "that was not asked for"},
                {MATRIX("{\"values\":[[\"1700000000\",\"1\"]]}"), "that was not asked for"},
                {MATRIX("{\"values\":[[1700000000]]}"), "that was not asked for"},
                {MATRIX("{\"values\":[7]}"), "that was not asked for"},
                {MATRIX("{\"values\":[[1700000001,\"1\"],[1700000000,\"2\"]]}"), "do not go on in time"},
                {MATRIX("{\"values\":[[1700000001,\"1\"],[1700000001,\"2\"]]}"), "do not go on in time"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct fail fail = {0};
                auto_free struct promql *answer = read_text(rows[i].text, &fail);
                if (fail.kind != FAIL_INVALID || !strstr(fail.text, rows[i].says))
                        fail_msg("%s -> %s", rows[i].text, fail.text);
                assert_int_equal(answer->len, 0);
        }
}

static void what_is_no_number_is_no_value(void **state)
{
        static const char *const values[] = {"\"+Inf\"", "\"-Inf\"", "\"NaN\"", "\"\"", "\"7 apples\"", "7", "null", "{}"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
                struct fail fail = {0};
                struct promql_summary sum = {0};
                auto_free char *text = xasprintf(MATRIX("{\"metric\":{},\"values\":[[1700000000,%s]]}"), values[i]);
                auto_free struct promql *answer = read_text(text, &fail);
                assert_int_equal(fail.kind, FAIL_NONE);
                promql_summary_add(&sum, answer);
                assert_int_equal(sum.count, 0);
        }
}

static void series_beyond_the_bound_are_counted_and_labels_are_cut(void **state)
{
        auto_buf struct buf text = {0};
        struct fail fail = {0};
        (void)state;

        buf_text(&text, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
        for (int i = 0; i < 20; i++)
                buf_format(&text, "%s{\"metric\":{\"a%0200d\":\"%d\"},\"values\":[]}", i ? "," : "", i, i);
        buf_text(&text, "]}}");
        auto_free struct promql *answer = read_text(text.data, &fail);
        assert_int_equal(fail.kind, FAIL_NONE);
        assert_int_equal(answer->len, PROMQL_SERIES_MAX);
        assert_int_equal(answer->cut, 20 - PROMQL_SERIES_MAX);
        assert_int_equal(strlen(answer->series[0].labels), PROMQL_LABELS_MAX - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(steps_are_whole_seconds_and_no_more_than_there_is_room_for),
                cmocka_unit_test(values_stand_at_their_steps_and_gaps_stay_gaps),
                cmocka_unit_test(nothing_is_believed_that_was_not_asked_for),
                cmocka_unit_test(what_is_no_number_is_no_value),
                cmocka_unit_test(series_beyond_the_bound_are_counted_and_labels_are_cut),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
