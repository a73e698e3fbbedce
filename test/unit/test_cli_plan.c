/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/local_plan.h"
#include "result/gates.h"

/* A command line is the words after "run", the last one NULL. */
static struct gates_limits limits_of(const char *const words[])
{
        auto_local_plan struct local_plan plan = {0};
        struct run_args args;
        struct fail fail = {0};
        int argc = 0;

        while (words[argc])
                argc++;
        if (run_args_parse(argc, (char **)words, &args, &fail) || local_plan_init(&plan, &args, &fail))
                fail_msg("%s", fail.text);
        return gates_limits_of(plan.profile, plan.load->interval_ms);
}

/* A profile with that line more. */
static void write_profile(char path[], const char *more)
{
        auto_close int fd = mkstemp(path);

        dprintf(fd, "kind: PerformanceProfile\nspec:\n  target: {service: {name: web, port: 80}}\n"
                    "  load: {shape: [{hold: {rate: 5/s, for: 5s}}]}\n  %s\n", more);
}

static struct gates_limits limits_of_file(const char *more)
{
        char path[] = "/tmp/loadstone-plan-XXXXXX";

        write_profile(path, more);
        struct gates_limits limits = limits_of((const char *const[]){"run", "http://127.0.0.1:1", "--file", path, NULL});
        unlink(path);
        return limits;
}

static void a_run_without_a_profile_has_the_default_limits_but_a_shorter_window(void **state)
{
        (void)state;
        const struct gates_limits limits = limits_of((const char *const[]){"run", "http://127.0.0.1:1/", "--rate", "5/s", "--for", "5s", NULL});
        struct gates_limits wanted = GATES_LIMITS_DEFAULT;

        wanted.window_ms = 10000; /* somebody waits for it */
        assert_memory_equal(&limits, &wanted, sizeof limits);
}

static void a_file_that_says_nothing_has_them_too(void **state)
{
        (void)state;
        const struct gates_limits limits = limits_of_file(""), wanted = GATES_LIMITS_DEFAULT;

        assert_memory_equal(&limits, &wanted, sizeof limits);
}

static void a_file_has_its_own_limits(void **state)
{
        (void)state;
        struct gates_limits limits = limits_of_file("validity: {stolen: 7%, throttled: 3%}");

        assert_true(limits.stolen_ratio == 0.07 && limits.throttled_ratio == 0.03);
        assert_true(limits.cpu_ratio == 0.8);
}

static void what_only_an_operator_does_is_refused(void **state)
{
        static const struct { const char *line, *sentence; } rows[] = {
                {"context: {require: [{mesh.mtls: strict}]}", "spec.context.require[0] stands in a cluster: remove it to run here"},
                {"workload: {manifests: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}",
                 "spec.workload stands in a cluster: remove it to run here"},
                {"variants: [{name: a}, {name: b}]", "spec.variants are compared in a cluster, one trial after the other: remove them to run here"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_local_plan struct local_plan plan = {0};
                char path[] = "/tmp/loadstone-plan-XXXXXX";
                struct fail fail = {0};
                write_profile(path, rows[i].line);
                assert_int_equal(local_plan_init(&plan, &(struct run_args){.url = "http://127.0.0.1:1", .file = path}, &fail), FAIL_INVALID);
                unlink(path);
                assert_string_equal(fail.text, rows[i].sentence);
        }
}

static void what_does_not_count_here_is_said(void **state)
{
        static const struct { const char *line, *sentence; } rows[] = {
                {"", NULL},
                {"trials: {repeats: {min: 1, max: 1}}", NULL},
                {"trials: {repeats: {min: 5, max: 5}}", "spec.trials is left out: one trial is run here"},
                {"baseline: {from: previous}", "spec.baseline is left out: what is measured here is compared with nothing"},
                {"trials: {repeats: {min: 5, max: 5}}\n  baseline: {from: previous}",
                 "spec.trials and spec.baseline are left out: one trial is run here, and compared with nothing"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_local_plan struct local_plan plan = {0};
                char path[] = "/tmp/loadstone-plan-XXXXXX";
                struct fail fail = {0};
                write_profile(path, rows[i].line);
                if (local_plan_init(&plan, &(struct run_args){.url = "http://127.0.0.1:1", .file = path}, &fail))
                        fail_msg("%s", fail.text);
                unlink(path);
                assert_true(text_equal(local_plan_left_out(&plan), rows[i].sentence));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_without_a_profile_has_the_default_limits_but_a_shorter_window),
                cmocka_unit_test(a_file_that_says_nothing_has_them_too),
                cmocka_unit_test(a_file_has_its_own_limits),
                cmocka_unit_test(what_only_an_operator_does_is_refused),
                cmocka_unit_test(what_does_not_count_here_is_said),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
