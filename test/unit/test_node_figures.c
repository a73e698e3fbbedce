/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "node/figures.h"
#include "node/tree.h"

static const char cpu_stat[] = "usage_usec 1132170\nuser_usec 317390\nnr_periods 675\nnr_throttled 442\nthrottled_usec 50793330\n";
static const char pressure[] = "some avg10=0.00 avg60=0.00 avg300=0.24 total=39654383\nfull avg10=0.00 avg60=0.00 avg300=0.24 total=7\n";

static void numbers_are_found_by_shape_and_key(void **state)
{
        static const struct {
                const char *text;
                enum figure_shape shape;
                const char *key;
                uint64_t value;
        } cases[] = {
                {"1234\n", FIGURE_WHOLE, NULL, 1234},
                {"0", FIGURE_WHOLE, NULL, 0},
                {"20000 100000\n", FIGURE_FIRST, NULL, 20000},
                {"20000 100000\n", FIGURE_SECOND, NULL, 100000},
                {"max 100000\n", FIGURE_SECOND, NULL, 100000},
                {cpu_stat, FIGURE_KEYED, "usage_usec", 1132170},
                {cpu_stat, FIGURE_KEYED, "throttled_usec", 50793330},
                {"MemTotal:       16000 kB\n", FIGURE_KEYED, "MemTotal:", 16000},
                {pressure, FIGURE_PRESSURE, NULL, 39654383},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                uint64_t value = 99;
                assert_true(figure_find(cases[i].text, cases[i].shape, cases[i].key, &value));
                assert_int_equal(value, cases[i].value);
        }
}

/* No limit is no number; neither is half a line, nor the number of another key. */
static void what_is_none_is_not_found(void **state)
{
        static const struct {
                const char *text;
                enum figure_shape shape;
                const char *key;
        } cases[] = {
                {"", FIGURE_WHOLE, NULL},
                {"max\n", FIGURE_WHOLE, NULL},
                {"-1\n", FIGURE_WHOLE, NULL},
                {"9223372036854771712\n", FIGURE_WHOLE, NULL},
                {"99999999999999999999999\n", FIGURE_WHOLE, NULL},
                {"max 100000\n", FIGURE_FIRST, NULL},
                {"20000\n100000\n", FIGURE_SECOND, NULL},
                {"12x\n", FIGURE_WHOLE, NULL},
                {cpu_stat, FIGURE_KEYED, "usage"},
                {cpu_stat, FIGURE_KEYED, "nr_bursts"},
                {"some avg10=0.00\nfull total=7\n", FIGURE_PRESSURE, NULL},
                {"full avg10=0.00 total=7\n", FIGURE_PRESSURE, NULL},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                uint64_t value;
                assert_false(figure_find(cases[i].text, cases[i].shape, cases[i].key, &value));
        }
}

static void what_the_host_took_is_apart_from_what_was_used(void **state)
{
        struct figure_cpu cpu;
        (void)state;

        assert_true(figure_cpu("cpu  100 20 30 4000 5 6 7 80 0 0\ncpu0 50 10 15 2000 2 3 3 40 0 0\ncpu1 50 10 15 2000 3 3 4 40 0 0\nintr 5\n", &cpu));
        assert_int_equal(cpu.used, 100 + 20 + 30 + 6 + 7);
        assert_int_equal(cpu.stolen, 80);
        assert_int_equal(cpu.cores, 2);
        assert_false(figure_cpu("cpu  100 20 30\n", &cpu));
        assert_false(figure_cpu("cpu  1 2 3 4 5 6 7 8\n", &cpu));
        assert_false(figure_cpu("intr 5\n", &cpu));
}

#define DIGITS "4fad9ed9d90f1822d80b22f5f6bd396ba2a3b73ebb2c5eb00461c2295a1eb389"

static void pods_and_containers_are_known_by_the_names_that_both_drivers_give(void **state)
{
        static const char *const pods[] = {"pod15834268-3348-4b90-bdd7-83977c4d3bce", "kubepods-burstable-pod15834268_3348_4b90_bdd7_83977c4d3bce.slice",
                                           "kubepods-pod15834268_3348_4b90_bdd7_83977c4d3bce.slice", "podd41d8cd98f00b204e9800998ecf8427e"};
        static const char *const none[] = {"pod", "podman", "burstable", "kubepods-burstable.slice", "pods-of-somebody-with-a-very-long-name-indeed", DIGITS, ""};
        static const char *const containers[] = {DIGITS, "cri-containerd-" DIGITS ".scope", "crio-" DIGITS ".scope", "docker-" DIGITS ".scope"};
        static const char *const others[] = {"crio-conmon-" DIGITS ".scope", "crio-conmon-" DIGITS, DIGITS "0", "cri-containerd-1234.scope", "init.scope", ""};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(pods); i++)
                assert_true(tree_is_pod(pods[i]));
        for (size_t i = 0; i < ARRAY_LEN(none); i++)
                assert_false(tree_is_pod(none[i]));
        for (size_t i = 0; i < ARRAY_LEN(containers); i++)
                assert_true(tree_is_container(containers[i]));
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
                assert_false(tree_is_container(others[i]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_are_found_by_shape_and_key),
                cmocka_unit_test(what_is_none_is_not_found),
                cmocka_unit_test(what_the_host_took_is_apart_from_what_was_used),
                cmocka_unit_test(pods_and_containers_are_known_by_the_names_that_both_drivers_give),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
