/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "data/prometheus.h"

struct seen {
        size_t len;
        double sum;
        int64_t stamp;
        char pod[32];
};

static void take(void *owner, const struct prometheus_line *line)
{
        struct seen *seen = owner;
        double number;
        const char *pod;
        size_t len;

        seen->len++;
        if (prometheus_number(line, &number))
                seen->sum += number;
        prometheus_stamp(line, &seen->stamp);
        if (prometheus_label(line, "pod", &pod, &len) && len < sizeof seen->pod) {
                memcpy(seen->pod, pod, len);
                seen->pod[len] = '\0';
        }
}

static const char page_text[] =
        "# HELP container_cpu_usage_seconds_total x\n# TYPE container_cpu_usage_seconds_total counter\n"
        "container_cpu_usage_seconds_total{container=\"web\",pod=\"shop-1\"} 1.5 1700000000123\n"
        "odd{quote=\"a } \\\" b\",pod=\"shop-2\"} 2 1700000000124\r\n"
        "bare 4\n"
        "machine_cpu_cores  8  1700000000125\n";

static enum fail_kind read_in_pieces(const char *text, size_t piece, uint32_t lines_max, size_t bytes_max, struct seen *seen)
{
        struct prometheus_page page = {.lines_max = lines_max, .bytes_max = bytes_max};
        size_t size = strlen(text);
        enum fail_kind kind = FAIL_NONE;

        for (size_t at = 0; at < size && !kind; at += piece)
                kind = prometheus_feed(&page, text + at, size - at < piece ? size - at : piece, take, seen, NULL);
        if (!kind)
                kind = prometheus_end(&page, NULL);
        prometheus_done(&page);
        return kind;
}

static void a_page_reads_the_same_wherever_it_is_cut(void **state)
{
        (void)state;

        for (size_t piece = 1; piece <= sizeof page_text; piece++) {
                struct seen seen = {0};
                assert_int_equal(read_in_pieces(page_text, piece, 100, 4096, &seen), FAIL_NONE);
                assert_int_equal(seen.len, 4);
                assert_true(seen.sum == 15.5);
                assert_true(seen.stamp == 1700000000125);
                assert_string_equal(seen.pod, "shop-2");
        }
}

static void bounds_end_a_page(void **state)
{
        struct seen seen = {0};
        auto_buf struct buf line = {0};
        (void)state;

        assert_int_equal(read_in_pieces(page_text, 7, 5, 4096, &seen), FAIL_TOO_LARGE);
        assert_int_equal(read_in_pieces(page_text, 7, 100, 64, &seen), FAIL_TOO_LARGE);
        for (size_t i = 0; i <= PROMETHEUS_LINE_BYTES_MAX; i++)
                buf_text(&line, "a");
        assert_int_equal(read_in_pieces(line.data, line.size, 100, 1 << 20, &seen), FAIL_TOO_LARGE);
        assert_int_equal(read_in_pieces(line.data, 1000, 100, 1 << 20, &seen), FAIL_TOO_LARGE);
        buf_text(&line, " 1\n");
        assert_int_equal(read_in_pieces(line.data, line.size, 100, 1 << 20, &seen), FAIL_TOO_LARGE);
}

static void what_is_cut_off_or_no_page_is_said_to_be(void **state)
{
        struct seen seen = {0};
        (void)state;

        assert_int_equal(read_in_pieces("a 1\nb 2", 3, 100, 100, &seen), FAIL_INVALID);
        assert_int_equal(read_in_pieces("<html>\n</html>\n", 3, 100, 100, &seen), FAIL_INVALID);
        assert_int_equal(read_in_pieces("", 3, 100, 100, &seen), FAIL_NONE);
}

static void what_is_no_number_is_none(void **state)
{
        static const char *const values[] = {"NaN", "+Inf", "-1", "1e16", "1x", "0x", ""};
        double number;
        (void)state;

        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                struct prometheus_line line = {.value = values[i], .value_len = strlen(values[i])};
                assert_false(prometheus_number(&line, &number));
        }
        struct prometheus_line line = {.stamp = "17000000001x", .stamp_len = 12};
        int64_t wall_ms;
        assert_false(prometheus_stamp(&line, &wall_ms));
        line.stamp = NULL;
        assert_false(prometheus_stamp(&line, &wall_ms));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_page_reads_the_same_wherever_it_is_cut),
                cmocka_unit_test(bounds_end_a_page),
                cmocka_unit_test(what_is_cut_off_or_no_page_is_said_to_be),
                cmocka_unit_test(what_is_no_number_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
