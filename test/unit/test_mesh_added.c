/* SPDX-License-Identifier: Apache-2.0
 *
 * What the proxies added lies within the bounds that are told, or nothing is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "mesh/added.h"

/* The middle of the bin of Envoy's histogram: two digits. */
static double binned(double ms)
{
        double width = ms < 1 ? 1 : pow(10, floor(log10(ms)) - 1);

        return ms < 1 ? 0 : (floor(ms / width + 1e-9) + 0.5) * width;
}

/* What Envoy makes of requests that each took 'us'. */
static struct mesh_window counted(enum mesh_counter sum_ms, enum mesh_counter count, double us, double requests)
{
        struct mesh_window window = {.samples = 3};

        window.known[sum_ms] = window.known[count] = true;
        window.increase[count] = requests;
        window.increase[sum_ms] = binned(floor(us / 1000)) * requests;
        return window;
}

static struct mesh_window envoy(double us, double requests)
{
        return counted(MESH_UPSTREAM_MS, MESH_UPSTREAM_TIMED, us, requests);
}

static bool holds(struct mesh_added_part part, double us)
{
        return part.known && part.low_us <= us && us <= part.high_us && part.high_us - part.low_us < 5000;
}

static void the_truth_lies_within_the_bounds(void **state)
{
        (void)state;
        for (double application = 100; application < 9000; application += 730)
                for (double way = 200; way < 4000; way += 510) {
                        struct mesh_window client = envoy(application + way, 1000), server = envoy(application, 1000);
                        struct mesh_added added = mesh_added_of(&client, &server, application + way + 300, 1000);
                        assert_true(holds(added.whole, way + 300));
                        assert_true(holds(added.client, 300));
                        assert_true(holds(added.between, way));
                }
}

static void what_only_one_proxy_tells_gives_only_its_part(void **state)
{
        struct mesh_window client = envoy(5000, 1000), server = envoy(3000, 1000);
        struct mesh_added alone = mesh_added_of(&client, NULL, 6000, 1000), bare = mesh_added_of(NULL, &server, 6000, 1000), unmeasured = mesh_added_of(&client, &server, 0, 0);
        (void)state;

        assert_true(holds(alone.client, 1000) && !alone.whole.known && !alone.between.known);
        assert_true(holds(bare.whole, 3000) && !bare.client.known && !bare.between.known);
        assert_true(!unmeasured.whole.known && !unmeasured.client.known && holds(unmeasured.between, 2000));
}

static void istio_tells_the_server_s_time_in_series_of_its_own(void **state)
{
        struct mesh_window client = envoy(5000, 1000), server = counted(MESH_REQUEST_MS, MESH_REQUEST_TIMED, 3000, 1000);
        struct mesh_added added = mesh_added_of(&client, &server, 6000, 1000);
        (void)state;

        assert_true(holds(added.whole, 3000) && holds(added.between, 2000));
}

static void too_few_requests_or_a_proxy_that_began_anew_say_nothing(void **state)
{
        struct mesh_window few = envoy(5000, MESH_ADDED_REQUESTS_MIN - 1), anew = envoy(5000, 1000), part = envoy(5000, 899), silent = {.samples = 3};
        (void)state;

        anew.resets = 1;
        assert_false(mesh_added_of(&few, NULL, 6000, MESH_ADDED_REQUESTS_MIN - 1).client.known);
        assert_false(mesh_added_of(&anew, NULL, 6000, 1000).client.known);
        assert_false(mesh_added_of(&part, NULL, 6000, 1000).client.known); /* Envoy has not flushed the rest */
        assert_false(mesh_added_of(&silent, &silent, 6000, 1000).client.known);
        assert_false(mesh_added_of(NULL, NULL, 6000, 1000).whole.known);
}

static void a_part_that_is_more_than_the_whole_is_not_told(void **state)
{
        struct mesh_window client = envoy(9000, 1000), server = envoy(12000, 1000);
        struct mesh_added added = mesh_added_of(&client, &server, 4000, 1000);
        (void)state;

        assert_false(added.whole.known || added.client.known || added.between.known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_truth_lies_within_the_bounds),
                cmocka_unit_test(what_only_one_proxy_tells_gives_only_its_part),
                cmocka_unit_test(istio_tells_the_server_s_time_in_series_of_its_own),
                cmocka_unit_test(too_few_requests_or_a_proxy_that_began_anew_say_nothing),
                cmocka_unit_test(a_part_that_is_more_than_the_whole_is_not_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
