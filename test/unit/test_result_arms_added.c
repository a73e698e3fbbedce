/* SPDX-License-Identifier: Apache-2.0
 *
 * What a variant adds to latency, and which part of the mesh that is put down to. */
#include "result_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "result/arms_added.h"
#include "result/arms_mesh.h"

/* Pairs i of which the reference has a_ms[i], the other b_ms[i] at the median, and ten times that at the 99th percentile. */
struct series {
        struct trial trials[PROFILE_TRIALS_MAX];
        struct pairs pairs;
};

static struct estimate milliseconds(double ms)
{
        return (struct estimate){.known = true, .value = ms * 1e6, .rounding = 0.001};
}

static struct series series_of(const double *a_ms, const double *b_ms, size_t len)
{
        const size_t p50 = (size_t)(comparable_find("latency.p50") - comparables), p99 = (size_t)(comparable_find("latency.p99") - comparables);
        struct series series = {.pairs = {.len = len, .first = len}};

        for (size_t i = 0; i < len; i++) {
                series.pairs.a[i] = 2 * i;
                series.pairs.b[i] = 2 * i + 1;
                series.trials[2 * i].estimates.of[p50] = milliseconds(a_ms[i]);
                series.trials[2 * i + 1].estimates.of[p50] = milliseconds(b_ms[i]);
                series.trials[2 * i].estimates.of[p99] = milliseconds(10 * a_ms[i]);
                series.trials[2 * i + 1].estimates.of[p99] = milliseconds(10 * b_ms[i]);
        }
        return series;
}

static struct json_object *mesh(const char *client, const char *server, const char *mtls)
{
        struct json_object *mesh = doc_set_text(doc_set_text(doc_object(), "mode", "sidecar"), "clientMeshed", client);

        return doc_set_text(doc_set_text(mesh, "serverMeshed", server), "mtls", mtls);
}

static struct arms_added added(const struct series *series, struct json_object *a, struct json_object *b)
{
        struct arms_added added;

        arms_added_of(&series->pairs, series->trials, a, b, &added);
        json_object_put(a);
        json_object_put(b);
        return added;
}

static const double none_ms[] = {1.0, 1.1, 1.2, 1.0, 0.9, 1.0}, with_ms[] = {2.8, 3.0, 3.2, 2.9, 2.8, 2.9};

/* Differences 1.8 1.9 2.0 1.9 1.9 1.9: mean 1.9, s = 0.0632, t(0.975, 5) = 2.571, half width 0.0664. */
static void the_mean_of_the_differences_has_the_interval_of_pairs(void **state)
{
        const struct series series = series_of(none_ms, with_ms, 6);
        const struct arms_added found = added(&series, mesh("false", "1/1", "plaintext"), mesh("true", "1/1", "plaintext"));
        (void)state;

        assert_int_equal(found.part, ARMS_PART_CLIENT);
        assert_true(fabs(found.p50.ns - 1.9e6) < 1 && found.p50.interval);
        assert_true(fabs(found.p50.low_ns - 1833600) < 100 && fabs(found.p50.high_ns - 1966400) < 100);
        assert_string_equal(found.text, "the client's sidecar adds 1.9 ms to the median (1.8 to 2.0) and 19 ms to the 99th percentile (18 to 20); 6 pairs");
        auto_json struct json_object *doc = arms_added_encode(&found);
        assert_string_equal(doc_text(doc, "part"), "client");
        assert_string_equal(doc_text(doc, "p50.mean"), "1.900ms");
        assert_string_equal(doc_text(doc, "p99.high"), "19.664ms");
        auto_json struct json_object *sure = arms_added_explain(&found, true), *hint = arms_added_explain(&found, false);
        assert_string_equal(doc_text(sure, "confidence"), "high");
        assert_string_equal(doc_text(hint, "confidence"), "medium");
        assert_string_equal(doc_text(sure, "sentence"), found.text);
        assert_int_equal(doc_int(sure, "evidence.value", 0), 1900);
        char bounds[ARMS_ADDED_TEXT_MAX];
        assert_true(arms_added_bounds(&found, bounds));
        assert_string_equal(bounds, "1.834ms to 1.966ms");
}

/* Whichever of the two has it: what it adds is told, and not what leaving it out takes away. */
static void the_reference_may_be_the_one_that_has_it(void **state)
{
        const struct series series = series_of(with_ms, none_ms, 6);
        const struct arms_added found = added(&series, mesh("true", "1/1", "mutual"), mesh("false", "1/1", "plaintext"));
        (void)state;

        assert_true(fabs(found.p50.ns - 1.9e6) < 1 && found.p50.low_ns > 0);
        assert_true(text_starts(found.text, "the client's sidecar, mTLS with it, adds 1.9 ms to the median (1.8 to 2.0)"));
}

static void the_part_is_what_differs_and_nothing_where_that_is_not_clear(void **state)
{
        static const struct {
                const char *a[3], *b[3];
                enum arms_part part;
                const char *begins;
        } rows[] = {
                {{"false", "0/2", "plaintext"}, {"true", "2/2", "mutual"}, ARMS_PART_BOTH, "both sidecars, mTLS with them, add 1.9 ms"},
                {{"false", "0/2", NULL}, {"true", "2/2", "mutual"}, ARMS_PART_BOTH, "both sidecars, mTLS with them, add 1.9 ms"},
                {{"false", "0/2", NULL}, {"true", "2/2", "plaintext"}, ARMS_PART_BOTH, "both sidecars add 1.9 ms"},
                {{"true", "2/2", NULL}, {"true", "2/2", "mutual"}, ARMS_PART_NONE, ""},
                {{"true", "0/2", "plaintext"}, {"true", "2/2", "plaintext"}, ARMS_PART_SERVER, "the server's sidecar adds 1.9 ms"},
                {{"true", "2/2", "plaintext"}, {"true", "2/2", "mutual"}, ARMS_PART_MTLS, "mTLS adds 1.9 ms"},
                {{"true", "2/2", "mutual"}, {"true", "2/2", "mutual"}, ARMS_PART_NONE, ""},
                {{"false", "2/2", "plaintext"}, {"true", "0/2", "plaintext"}, ARMS_PART_NONE, ""},
                {{"false", "1/2", "plaintext"}, {"true", "1/2", "mutual"}, ARMS_PART_NONE, ""},
                {{"false", "2/2", "plaintext"}, {ARMS_MESH_MIXED, "2/2", "mutual"}, ARMS_PART_NONE, ""},
                {{"unknown", "2/2", "plaintext"}, {"true", "2/2", "mutual"}, ARMS_PART_NONE, ""},
                {{"true", "unknown", "plaintext"}, {"true", "unknown", "mutual"}, ARMS_PART_NONE, ""},
                {{"true", "2/2", "unknown"}, {"true", "2/2", "mutual"}, ARMS_PART_NONE, ""},
        };
        const struct series series = series_of(none_ms, with_ms, 6);
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                const struct arms_added found = added(&series, mesh(rows[i].a[0], rows[i].a[1], rows[i].a[2]), mesh(rows[i].b[0], rows[i].b[1], rows[i].b[2]));
                if (found.part != rows[i].part || !text_starts(found.text, rows[i].begins) || (!rows[i].begins[0] && found.text[0]))
                        fail_msg("row %zu: part %d, \"%s\"", i, (int)found.part, found.text);
                assert_true(found.p50.known);
        }
        assert_int_equal(added(&series, NULL, NULL).part, ARMS_PART_NONE);
}

static void what_is_not_beyond_doubt_is_said_to_be_in_doubt(void **state)
{
        static const double a[] = {1.0, 1.2, 1.1, 1.0}, b[] = {1.1, 1.1, 1.0, 1.2}, twice_a[] = {1, 1}, twice_b[] = {2, 2.1};
        const struct series doubtful = series_of(a, b, 4), few = series_of(twice_a, twice_b, 2), one = series_of(twice_a, twice_b, 1), none = {0};
        const struct arms_added found = added(&doubtful, mesh("false", "1/1", "plaintext"), mesh("true", "1/1", "plaintext"));
        (void)state;

        assert_true(text_starts(found.text, "the client's sidecar adds nothing to the median that is beyond doubt (-0.21 to 0.26 ms)"));
        assert_null(arms_added_explain(&found, true));
        const struct arms_added of_few = added(&few, mesh("false", "1/1", NULL), mesh("true", "1/1", NULL));
        assert_non_null(strstr(of_few.text, "; 2 pairs, indicative"));
        const struct arms_added of_one = added(&one, mesh("false", "1/1", NULL), mesh("true", "1/1", NULL));
        assert_string_equal(of_one.text, "the client's sidecar adds 1.0 ms to the median (interval unknown) and 10 ms to the 99th percentile "
                                         "(interval unknown); 1 pair, indicative");
        const struct arms_added of_none = added(&none, mesh("false", "1/1", NULL), mesh("true", "1/1", NULL));
        assert_null(arms_added_encode(&of_none));
        assert_string_equal(of_none.text, "");
}

static void a_percentile_among_unanswered_requests_has_no_difference(void **state)
{
        struct series series = series_of(none_ms, with_ms, 6);
        const size_t p50 = (size_t)(comparable_find("latency.p50") - comparables);
        (void)state;

        series.trials[3].estimates.of[p50].censored = true;
        const struct arms_added found = added(&series, mesh("false", "1/1", NULL), mesh("true", "1/1", NULL));
        assert_true(!found.p50.known && found.p99.known && !found.text[0]);
        auto_json struct json_object *doc = arms_added_encode(&found);
        assert_null(doc_at(doc, "p50"));
}

/* ---- the mesh over the trials of one variant ---- */

static struct json_object *trial_doc(const char *text)
{
        struct json_object *doc = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        return doc;
}

static void what_two_trials_say_otherwise_is_mixed_and_what_proxies_used_is_the_mean(void **state)
{
        struct json_object *docs[] = {
                trial_doc("{\"mesh\":{\"summary\":\"a\",\"mode\":\"sidecar\",\"clientMeshed\":\"true\",\"serverMeshed\":\"1/1\","
                          "\"use\":{\"client\":{\"cpuMilli\":10,\"memoryKiB\":30720},\"server\":{\"cpuMilli\":100}}}}"),
                trial_doc("{}"),
                trial_doc("{\"mesh\":{\"summary\":\"b\",\"mode\":\"sidecar\",\"clientMeshed\":\"true\",\"serverMeshed\":\"0/1\","
                          "\"use\":{\"client\":{\"cpuMilli\":20,\"memoryKiB\":20480}}}}"),
        };
        auto_json struct json_object *merged = arms_mesh_merge(docs, 3), *none = arms_mesh_merge(&docs[1], 1);
        (void)state;

        assert_null(none);
        assert_string_equal(doc_text(merged, "summary"), "b");
        assert_string_equal(doc_text(merged, "clientMeshed"), "true");
        assert_string_equal(doc_text(merged, "serverMeshed"), ARMS_MESH_MIXED);
        assert_string_equal(doc_text(merged, "proxyCpu.client"), "15m");
        assert_string_equal(doc_text(merged, "proxyCpu.server"), "100m");
        assert_string_equal(doc_text(merged, "proxyMemory.client"), "30.0Mi");
        assert_null(doc_at(merged, "proxyThrottled"));
        for (size_t i = 0; i < 3; i++)
                json_object_put(docs[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_mean_of_the_differences_has_the_interval_of_pairs),
                cmocka_unit_test(the_reference_may_be_the_one_that_has_it),
                cmocka_unit_test(the_part_is_what_differs_and_nothing_where_that_is_not_clear),
                cmocka_unit_test(what_is_not_beyond_doubt_is_said_to_be_in_doubt),
                cmocka_unit_test(a_percentile_among_unanswered_requests_has_no_difference),
                cmocka_unit_test(what_two_trials_say_otherwise_is_mixed_and_what_proxies_used_is_the_mean),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
