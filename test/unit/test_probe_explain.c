/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "data/doc.h"
#include "probe/explain.h"

static const struct samples_strain unknown_strain = {
        .node = "n1", .roles = SAMPLES_TARGET, .cpu_mean = -1, .cpu_max = -1, .memory_max = -1, .cpu_pressure = -1, .memory_pressure = -1,
        .io_pressure = -1,
};

static void what_is_not_known_explains_nothing(void **state)
{
        const struct samples_summary none = {0};
        (void)state;

        auto_json struct json_object *list = probe_explain(&none, &unknown_strain, 1);
        assert_int_equal(doc_len(list, ""), 0);
}

static void a_throttled_target_is_told_with_its_worst_pod_and_limit(void **state)
{
        const struct samples_summary target = {.throttled_known = true, .cpu_known = true, .cpu_limit = 0.05, .throttled = 0.2, .worst_throttled = 0.314,
                                               .worst_pod = "web-1", .at_limit = 1};
        (void)state;

        auto_json struct json_object *list = probe_explain(&target, NULL, 0);
        assert_int_equal(doc_len(list, ""), 1); /* and not a second time as being at its limit */
        struct json_object *one = doc_item(list, 0);
        assert_string_equal(doc_text(one, "code"), "TargetThrottled");
        assert_string_equal(doc_text(one, "confidence"), "high");
        assert_string_equal(doc_text(one, "object"), "Pod/web-1");
        assert_string_equal(doc_text(one, "sentence"), "the CPU limit of 50m stopped pod web-1 in 31% of the scheduler's periods, the target's pods in 20% on average");
        assert_int_equal(doc_int(one, "evidence.value", 0), 31);
}

static void a_target_at_its_limit_is_told_where_periods_are_not_counted(void **state)
{
        const struct samples_summary target = {.cpu_known = true, .cpu_limit = 0.5, .at_limit = 0.8, .memory_fullest = 0.95, .fullest_limit = 100 << 20};
        (void)state;

        auto_json struct json_object *list = probe_explain(&target, NULL, 0);
        assert_int_equal(doc_len(list, ""), 2);
        assert_string_equal(doc_text(doc_item(list, 0), "code"), "TargetAtCpuLimit");
        assert_string_equal(doc_text(doc_item(list, 0), "confidence"), "medium");
        assert_string_equal(doc_text(doc_item(list, 1), "code"), "TargetNearMemoryLimit");
        assert_string_equal(doc_text(doc_item(list, 1), "sentence"), "a pod of the target used 95% of its memory limit of 100 MiB");
}

static void only_nodes_of_the_target_are_told(void **state)
{
        const struct samples_summary none = {0};
        struct samples_strain strains[2] = {unknown_strain, unknown_strain};
        (void)state;

        strains[0].roles = SAMPLES_GENERATOR;
        strains[0].io_pressure = strains[1].io_pressure = 0.32;
        strains[1].cpu_mean = 0.93;
        auto_json struct json_object *list = probe_explain(&none, strains, 2);
        assert_int_equal(doc_len(list, ""), 2);
        assert_string_equal(doc_text(doc_item(list, 1), "code"), "NodeIoPressure");
        assert_string_equal(doc_text(doc_item(list, 0), "sentence"), "node n1, where the target runs, had 93% of its CPU in use");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_not_known_explains_nothing),
                cmocka_unit_test(a_throttled_target_is_told_with_its_worst_pod_and_limit),
                cmocka_unit_test(a_target_at_its_limit_is_told_where_periods_are_not_counted),
                cmocka_unit_test(only_nodes_of_the_target_are_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
