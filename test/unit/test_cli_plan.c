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

static struct gates_limits limits_of_file(const char *validity)
{
        char path[] = "/tmp/loadstone-plan-XXXXXX";
        auto_close int fd = mkstemp(path);

        dprintf(fd, "kind: PerformanceProfile\nspec:\n  target: {service: {name: web, port: 80}}\n"
                    "  load: {shape: [{hold: {rate: 5/s, for: 5s}}]}\n%s", validity);
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
        struct gates_limits limits = limits_of_file("  validity: {stolen: 7%, throttled: 3%}\n");

        assert_true(limits.stolen_ratio == 0.07 && limits.throttled_ratio == 0.03);
        assert_true(limits.cpu_ratio == 0.8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_without_a_profile_has_the_default_limits_but_a_shorter_window),
                cmocka_unit_test(a_file_that_says_nothing_has_them_too),
                cmocka_unit_test(a_file_has_its_own_limits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
