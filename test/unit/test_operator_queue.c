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
#include "operator/run_queue.h"

#define MANY 1000

struct fake_clock {
        struct clock clock;
};

static int64_t stands_still(const struct clock *clock)
{
        (void)clock;
        return 1000;
}

/* Of a manager only what says who waits where. */
struct line {
        struct fake_clock clock;
        struct manager manager;
};

static struct line *line_new(void)
{
        struct line *line = xnew(struct line);

        line->clock.clock.now_ns = stands_still;
        line->manager.loop = loop_new(&line->clock.clock);
        line->manager.queue = queue_new();
        return line;
}

static void stand(struct line *line, const char *key, int64_t created_wall_ms, const struct active_run *said)
{
        struct active_run *run = xnew(struct active_run);

        *run = *said;
        run->created_wall_ms = created_wall_ms;
        map_set(&line->manager.active, key, run);
}

static void line_free(struct line *line)
{
        map_done_values(&line->manager.active);
        loop_disarm(line->manager.loop, &line->manager.work);
        queue_free(line->manager.queue);
        loop_free(line->manager.loop);
        free(line);
}

static const char *next(struct line *line)
{
        return queue_take(line->manager.queue, 1000);
}

static void only_the_first_look_again_and_in_the_order_of_the_queue(void **state)
{
        struct line *line = line_new();
        char key[32];
        (void)state;

        for (int i = 0; i < MANY; i++) {
                snprintf(key, sizeof key, "n/run-%03d", i * 617 % MANY);
                stand(line, key, i * 617 % MANY / 4, &(struct active_run){.target = (char *)"svc/n/web"});
        }
        stand(line, "n/busy", 0, &(struct active_run){.target = (char *)"svc/n/web", .loads = true});
        stand(line, "n/elsewhere", 0, &(struct active_run){.target = (char *)"svc/n/other"});
        run_queue_left(&line->manager, "svc/n/web");
        for (int i = 0; i < QUEUE_NEAR; i++) {
                snprintf(key, sizeof key, "r:n/run-%03d", i);
                assert_string_equal(next(line), key);
        }
        assert_null(next(line));
        line_free(line);
}

static void whoever_is_known_to_be_headed_there_counts_as_waiting_there(void **state)
{
        struct line *line = line_new();
        (void)state;

        stand(line, "n/new", 5, &(struct active_run){.wanted = (char *)"svc/n/web"});
        stand(line, "n/unknown", 5, &(struct active_run){0});
        run_queue_left(&line->manager, "svc/n/web");
        assert_string_equal(next(line), "r:n/new");
        assert_null(next(line));
        line_free(line);
}

static void another_profile_is_for_its_own_waiting_runs(void **state)
{
        struct line *line = line_new();
        (void)state;

        stand(line, "n/mine", 5, &(struct active_run){.profile = (char *)"web"});
        stand(line, "n/under-way", 5, &(struct active_run){.profile = (char *)"web", .loads = true});
        stand(line, "n/template", 5, &(struct active_run){0});
        stand(line, "m/namesake", 5, &(struct active_run){.profile = (char *)"web"});
        run_queue_profile(&line->manager, "n", "web");
        assert_string_equal(next(line), "r:n/mine");
        assert_null(next(line));
        line_free(line);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_the_first_look_again_and_in_the_order_of_the_queue),
                cmocka_unit_test(whoever_is_known_to_be_headed_there_counts_as_waiting_there),
                cmocka_unit_test(another_profile_is_for_its_own_waiting_runs),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
