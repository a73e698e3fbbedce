/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "probe/samples.h"

#define T0 INT64_C(1700000000000)
#define HEAD "loadstone-probe 1 n1\ncolumns late_ms cpu_us periods\ngroup 0 /\ngroup 7 kubepods/pod1/c1\n"

/* ---- the format ---- */

struct seen {
        int seconds, ended, rows;
        int64_t wall_ms;
        char path[64];
        struct node_row row; /* the last one */
};

static void see_second(void *owner, int64_t wall_ms)
{
        struct seen *seen = owner;

        seen->seconds++;
        seen->wall_ms = wall_ms;
}

static void see_row(void *owner, const char *path, const struct node_row *row)
{
        struct seen *seen = owner;

        seen->rows++;
        seen->row = *row;
        snprintf(seen->path, sizeof seen->path, "%s", path);
}

static void see_end(void *owner)
{
        struct seen *seen = owner;

        seen->ended++;
}

static enum fail_kind read_page(const char *text, size_t piece, struct seen *ret_seen, struct fail *fail)
{
        *ret_seen = (struct seen){0};
        *fail = (struct fail){0};
        struct node_page *page = node_page_new("n1", &(struct node_page_reader){see_second, see_row, see_end, ret_seen});
        enum fail_kind kind = FAIL_NONE;

        for (size_t at = 0, size = strlen(text); at < size && !kind; at += piece)
                kind = node_page_feed(page, text + at, piece < size - at ? piece : size - at, fail);
        if (!kind)
                kind = node_page_end(page, fail);
        node_page_free(page);
        return kind;
}

static void what_is_written_is_read_however_it_is_cut(void **state)
{
        struct node_row row = {.late_ms = 12};
        auto_buf struct buf text = {0};
        struct fail fail;
        (void)state;

        for (enum node_figure i = 0; i < NODE_FIGURES; i += 2)
                node_row_set(&row, i, 1000 + i);
        node_page_encode_head(&text, "n1");
        node_page_encode_group(&text, 3, "kubepods/pod1");
        node_page_encode_second(&text, T0);
        node_page_encode_row(&text, 3, &row);
        node_page_encode_end(&text);
        for (size_t piece = 1; piece < text.size + 1; piece += 3) {
                struct seen seen;
                assert_int_equal(read_page(text.data, piece, &seen, &fail), FAIL_NONE);
                assert_int_equal(seen.seconds, 1);
                assert_int_equal(seen.ended, 1);
                assert_int_equal(seen.wall_ms, T0);
                assert_string_equal(seen.path, "kubepods/pod1");
                assert_memory_equal(&seen.row, &row, sizeof row);
        }
}

/* A later probe may tell more. */
static void columns_that_nobody_knows_are_skipped(void **state)
{
        struct seen seen;
        struct fail fail;
        (void)state;

        assert_int_equal(read_page("loadstone-probe 1 n1\ncolumns new cpu_us newer periods\ngroup 1 /a\nsecond 5\n1 9 10 - 11\nend\n", 999, &seen, &fail), FAIL_NONE);
        assert_int_equal(seen.row.known, 1u << NODE_CPU_US | 1u << NODE_PERIODS);
        assert_int_equal(seen.row.value[NODE_CPU_US], 10);
        assert_int_equal(seen.row.value[NODE_PERIODS], 11);
}

static void pages_of_others_and_broken_ones_are_refused(void **state)
{
        static const struct { const char *text, *told; enum fail_kind kind; } cases[] = {
                {"", "cut off", FAIL_INVALID},
                {"# TYPE up gauge\n", "no page", FAIL_INVALID},
                {"loadstone-probe 2 n1\nend\n", "no page", FAIL_INVALID},
                {"loadstone-probe 1 n2\nend\n", "of node n2", FAIL_INVALID},
                {HEAD "second 5\n", "cut off", FAIL_INVALID},
                {HEAD "second 5\nend", "cut off", FAIL_INVALID},
                {HEAD "end\nend\n", "no page", FAIL_INVALID},
                {HEAD "second 0\nend\n", "no page", FAIL_INVALID},
                {HEAD "second -5\nend\n", "no page", FAIL_INVALID},
                {HEAD "second 100000000000000\nend\n", "no page", FAIL_INVALID},
                {HEAD "group 1024 x\nend\n", "no page", FAIL_INVALID},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct seen seen;
                struct fail fail;
                assert_int_equal(read_page(cases[i].text, 7, &seen, &fail), cases[i].kind);
                assert_non_null(strstr(fail.text, cases[i].told));
        }
}

static void rows_of_nobody_are_skipped(void **state)
{
        struct seen seen;
        struct fail fail;
        (void)state;

        assert_int_equal(read_page(HEAD "7 0 1 2\nsecond 5\n8 0 1 2\nx 0 1 2\n7 0 99999999999999999999 -1\nend\n", 11, &seen, &fail), FAIL_NONE);
        assert_int_equal(seen.rows, 1);
        assert_int_equal(seen.row.known, 0);
}

/* ---- what samples make of it ---- */

static void second(struct samples_node *node, int64_t at_ms, uint64_t cpu_us, uint64_t stopped)
{
        struct samples_page *page = samples_open(node, SAMPLES_PROBE);
        struct node_row container = {0}, whole = {0};

        node_row_set(&container, NODE_CPU_US, cpu_us);
        node_row_set(&container, NODE_PERIODS, (uint64_t)at_ms / 100);
        node_row_set(&container, NODE_STOPPED, stopped);
        node_row_set(&whole, NODE_CPU_US, cpu_us * 2);
        node_row_set(&whole, NODE_STEAL_US, (uint64_t)at_ms * 400);
        node_row_set(&whole, NODE_CORES, 2);
        samples_take_row(page, T0 + at_ms, "/", &whole);
        samples_take_row(page, T0 + at_ms, "kubepods/podu1", &container);
        samples_take_row(page, T0 + at_ms, "kubepods/podu1/c1", &container);
        samples_take_row(page, T0 + at_ms, "kubepods/podu9/c9", &container);
        samples_close(page, T0 + at_ms);
}

static void seconds_become_rows_of_pod_container_and_node(void **state)
{
        static const char text[] = "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web-1\",\"uid\":\"u1\"},\"spec\":{\"nodeName\":\"n1\"},"
                                   "\"status\":{\"containerStatuses\":[{\"name\":\"web\",\"containerID\":\"containerd://c1\"}]}}";
        struct samples *samples = samples_new();
        struct samples_node *node = samples_add_node(samples, SAMPLES_TARGET, "n1");
        struct samples_strain strain[SAMPLES_NODES_MAX];
        struct samples_summary summary;
        auto_json struct json_object *pod = NULL;
        (void)state;

        assert_int_equal(doc_parse(text, strlen(text), &pod, NULL), FAIL_NONE);
        samples_add_pod(samples, SAMPLES_TARGET, pod);
        for (int i = 0; i <= 10; i++)
                second(node, i * 1000, (uint64_t)i * 500000, (uint64_t)i * 4);
        samples_summary(samples, SAMPLES_TARGET, NULL, T0, T0 + 10000, &summary);
        assert_float_equal(summary.cpu_mean, 0.5, 1e-6);
        assert_float_equal(summary.throttled, 0.4, 1e-6);
        assert_int_equal(summary.row_ms, 1000);
        assert_int_equal(samples_strains(samples, T0, T0 + 10000, strain), 1);
        assert_float_equal(strain[0].steal, 0.2, 1e-6); /* 0.4 s of each second, of two cores */
        assert_float_equal(strain[0].cpu_mean, 0.5, 1e-6);
        auto_json struct json_object *rows = samples_encode(samples, T0, T0, 1 << 20);
        assert_int_equal(doc_len(rows, ""), 2); /* of one container its pod tells */
        assert_string_equal(doc_text(doc_item(rows, 1), "source"), "node probe");
        assert_string_equal(doc_text(doc_item(rows, 1), "name"), "web-1");
        assert_int_equal(doc_len(doc_item(rows, 1), "to"), 10);
        samples_miss(node, SAMPLES_PROBE, "the node's probe has gone");
        samples_close(samples_open(node, SAMPLES_CADVISOR), T0);
        samples_strains(samples, T0, T0 + 10000, strain);
        assert_string_equal(strain[0].problem, "the node's probe has gone"); /* the kubelet goes on, and it is still missing */
        samples_free(samples);
}

static void line_read(void *owner, const struct prometheus_line *line)
{
        samples_take(owner, line);
}

/* While a page of the kubelet comes in pieces, seconds of the probe come, too. */
static void two_sources_may_be_open_at_once(void **state)
{
        static const char text[] = "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web-1\",\"uid\":\"u1\"},\"spec\":{\"nodeName\":\"n1\"}}";
        struct samples *samples = samples_new();
        struct samples_node *node = samples_add_node(samples, SAMPLES_TARGET, "n1");
        struct prometheus_page page = {.lines_max = 100, .bytes_max = 10000};
        auto_json struct json_object *pod = NULL;
        (void)state;

        assert_int_equal(doc_parse(text, strlen(text), &pod, NULL), FAIL_NONE);
        samples_add_pod(samples, SAMPLES_TARGET, pod);
        struct samples_page *kubelet = samples_open(node, SAMPLES_RESOURCE);
        static const char line[] = "pod_memory_working_set_bytes{namespace=\"shop\",pod=\"web-1\"} 4096 1700000000000\n";
        assert_int_equal(prometheus_feed(&page, line, strlen(line), line_read, kubelet, NULL), FAIL_NONE);
        prometheus_done(&page);
        second(node, 1000, 1, 0);
        second(node, 2000, 2, 0);
        samples_close(kubelet, T0);
        auto_json struct json_object *rows = samples_encode(samples, T0, 0, 1 << 20);
        assert_int_equal(doc_len(rows, ""), 3); /* the node and the pod by the probe, the pod by the kubelet */
        samples_free(samples);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read_however_it_is_cut),
                cmocka_unit_test(columns_that_nobody_knows_are_skipped),
                cmocka_unit_test(pages_of_others_and_broken_ones_are_refused),
                cmocka_unit_test(rows_of_nobody_are_skipped),
                cmocka_unit_test(seconds_become_rows_of_pod_container_and_node),
                cmocka_unit_test(two_sources_may_be_open_at_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
