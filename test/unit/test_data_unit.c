/* SPDX-License-Identifier: Apache-2.0
 *
 * Units never hide in a bare number: what is accepted, what is refused, and what comes out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/unit.h"

static void durations_are_written_as_in_go(void **state)
{
        static const struct { const char *text; int64_t ns; } rows[] = {
                {"90s", INT64_C(90000000000)}, {"1m30s", INT64_C(90000000000)}, {"1.5h", INT64_C(5400000000000)},
                {"500us", 500000},             {"5ms", 5000000},                {"0s", 0},
                {"0", 0},                      {"2160h", INT64_C(2160) * 3600 * 1000000000},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                int64_t ns = -1;
                assert_int_equal(unit_parse_duration_ns(rows[i].text, &ns, NULL), FAIL_NONE);
                assert_int_equal(ns, rows[i].ns);
        }
}

static void a_duration_without_unit_or_with_an_unknown_one_is_refused(void **state)
{
        static const char *const wrong[] = {"90", "", "s", "90d", "-5s", "1h 5s", "5S", "1..5s", "1e3s", "10001h", "s5", "5ss", "0x5s",
                                            "99999999999999999999h"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                struct fail fail;
                int64_t ns = 7;
                assert_int_equal(unit_parse_duration_ns(wrong[i], &ns, &fail), FAIL_INVALID);
                assert_int_equal(ns, 7);
        }
        assert_int_equal(unit_parse_duration_ns(NULL, &(int64_t){0}, NULL), FAIL_INVALID);
}

static void rates_are_per_second_or_per_minute(void **state)
{
        double rps;
        (void)state;

        assert_int_equal(unit_parse_rate_rps("500/s", &rps, NULL), FAIL_NONE);
        assert_true(rps == 500);
        assert_int_equal(unit_parse_rate_rps("30000/m", &rps, NULL), FAIL_NONE);
        assert_true(rps == 500);
        assert_int_equal(unit_parse_rate_rps("2.5/s", &rps, NULL), FAIL_NONE);
        assert_true(rps == 2.5);
        assert_int_equal(unit_parse_rate_rps("0/s", &rps, NULL), FAIL_NONE);
        assert_true(rps == 0);
}

static void a_rate_without_unit_is_refused(void **state)
{
        static const char *const wrong[] = {"500", "500/h", "500 /s", "-1/s", "/s", "500/sec", "10000001/s", "nan/s", "inf/s"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(unit_parse_rate_rps(wrong[i], &(double){0}, NULL), FAIL_INVALID);
}

static void ratios_are_percentages(void **state)
{
        double ratio;
        (void)state;

        assert_int_equal(unit_parse_percent("0.1%", &ratio, NULL), FAIL_NONE);
        assert_true(ratio > 0.000999 && ratio < 0.001001);
        assert_int_equal(unit_parse_percent("100%", &ratio, NULL), FAIL_NONE);
        assert_true(ratio == 1);
        assert_int_equal(unit_parse_percent("101%", &ratio, NULL), FAIL_INVALID);
        assert_int_equal(unit_parse_percent("0.1", &ratio, NULL), FAIL_INVALID);
        assert_int_equal(unit_parse_percent("1pp", &ratio, NULL), FAIL_INVALID);
}

static void quantities_are_those_of_kubernetes(void **state)
{
        static const struct { const char *text; double value; } rows[] = {
                {"250m", 0.25}, {"1", 1}, {"1.5", 1.5}, {"64Mi", 67108864}, {"1e3", 1000}, {"2G", 2e9}, {"1E", 1e18}, {"1E2", 100},
        };
        static const char *const wrong[] = {"", "m", "64MB", "1 Gi", "-1", "1e", "1e999", "64mi"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                double value = 0;
                assert_int_equal(unit_parse_quantity(rows[i].text, &value, NULL), FAIL_NONE);
                assert_true(value > rows[i].value * 0.999999 && value < rows[i].value * 1.000001);
        }
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(unit_parse_quantity(wrong[i], &(double){0}, NULL), FAIL_INVALID);
}

static void latencies_in_columns_keep_their_decimals(void **state)
{
        char text[UNIT_TEXT_MAX];
        (void)state;

        unit_format_latency(412000, text);
        assert_string_equal(text, "0.412ms");
        unit_format_latency(INT64_C(1234567000), text);
        assert_string_equal(text, "1234.567ms");
}

static void a_small_ratio_never_prints_as_none(void **state)
{
        char text[UNIT_TEXT_MAX];
        (void)state;

        unit_format_percent(0, text);
        assert_string_equal(text, "0%");
        unit_format_percent(0.00002, text);
        assert_string_equal(text, "<0.01%");
        unit_format_percent(0.0002, text);
        assert_string_equal(text, "0.02%");
        unit_format_percent(1, text);
        assert_string_equal(text, "100%");
}

static void a_printed_duration_reads_back(void **state)
{
        static const int64_t rows[] = {0, 500000000, 1000000000, 90000000000, INT64_C(3600000000000), INT64_C(5400000000000), 1500000000};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char text[UNIT_TEXT_MAX];
                int64_t ns = -1;
                unit_format_duration(rows[i], text);
                assert_int_equal(unit_parse_duration_ns(text, &ns, NULL), FAIL_NONE);
                assert_int_equal(ns, rows[i]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(durations_are_written_as_in_go),
                cmocka_unit_test(a_duration_without_unit_or_with_an_unknown_one_is_refused),
                cmocka_unit_test(rates_are_per_second_or_per_minute),
                cmocka_unit_test(a_rate_without_unit_is_refused),
                cmocka_unit_test(ratios_are_percentages),
                cmocka_unit_test(quantities_are_those_of_kubernetes),
                cmocka_unit_test(latencies_in_columns_keep_their_decimals),
                cmocka_unit_test(a_small_ratio_never_prints_as_none),
                cmocka_unit_test(a_printed_duration_reads_back),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
