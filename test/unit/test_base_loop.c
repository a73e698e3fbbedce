/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/epoll.h>
#include <unistd.h>

#include "base/loop.h"

struct fake_clock {
        struct clock clock;
        int64_t now_ns;
};

static int64_t fake_now_ns(const struct clock *clock)
{
        return ((const struct fake_clock *)clock)->now_ns;
}

static struct fake_clock fake(int64_t now_ns)
{
        return (struct fake_clock){.clock = {.now_ns = fake_now_ns}, .now_ns = now_ns};
}

static void count(void *owner)
{
        ++*(int *)owner;
}

static void a_timer_fires_once_when_its_time_has_come(void **state)
{
        (void)state;
        struct fake_clock clock = fake(1000);
        struct loop *loop = loop_new(&clock.clock);
        int fired = 0;
        struct loop_timer timer = {.fire = count, .owner = &fired};

        loop_arm(loop, &timer, 2000);
        assert_int_equal(loop_next_ns(loop), 2000);
        loop_step(loop, 0);
        assert_int_equal(fired, 0);
        clock.now_ns = 2000;
        loop_step(loop, 0);
        loop_step(loop, 0);
        assert_int_equal(fired, 1);
        assert_false(timer.armed);
        assert_true(loop_next_ns(loop) == INT64_MAX);
        loop_free(loop);
}

static void an_armed_timer_moves_and_a_disarmed_one_is_silent(void **state)
{
        (void)state;
        struct fake_clock clock = fake(0);
        struct loop *loop = loop_new(&clock.clock);
        int moved = 0, silent = 0;
        struct loop_timer a = {.fire = count, .owner = &moved}, b = {.fire = count, .owner = &silent};

        loop_arm(loop, &a, 10);
        loop_arm(loop, &b, 5);
        loop_arm(loop, &a, 20);
        loop_disarm(loop, &b);
        loop_disarm(loop, &b);
        clock.now_ns = 15;
        loop_step(loop, 0);
        assert_int_equal(moved, 0);
        clock.now_ns = 20;
        loop_step(loop, 0);
        assert_int_equal(moved, 1);
        assert_int_equal(silent, 0);
        loop_free(loop);
}

struct restless {
        struct loop *loop;
        struct loop_timer timer, other;
        int fired, other_fired;
};

static void arm_again_for_now(void *owner)
{
        struct restless *restless = owner;

        restless->fired++;
        loop_arm(restless->loop, &restless->timer, loop_now_ns(restless->loop));
        loop_disarm(restless->loop, &restless->other);
}

/* A pass that asked to be run again at once once starved the Lease's answers until leadership was lost. */
static void a_timer_that_arms_itself_for_now_waits_for_the_next_step(void **state)
{
        (void)state;
        struct fake_clock clock = fake(100);
        struct restless restless = {.loop = loop_new(&clock.clock)};

        restless.timer = (struct loop_timer){.fire = arm_again_for_now, .owner = &restless};
        restless.other = (struct loop_timer){.fire = count, .owner = &restless.other_fired};
        loop_arm(restless.loop, &restless.timer, 50);
        loop_arm(restless.loop, &restless.other, 60);
        loop_step(restless.loop, 0);
        assert_int_equal(restless.fired, 1);
        assert_int_equal(restless.other_fired, 0); /* disarmed by the one before it in the same step */
        loop_step(restless.loop, 0);
        assert_int_equal(restless.fired, 2);
        loop_free(restless.loop);
}

#define MANY 500

struct witness {
        struct loop_timer timer;
        struct crowd *crowd;
        int64_t armed_for_ns;
        size_t armed_as;
};

struct crowd {
        struct witness witnesses[MANY];
        const struct witness *last;
        size_t fired, armed;
};

static void bear_witness(void *owner)
{
        struct witness *witness = owner;
        const struct witness *last = witness->crowd->last;

        if (last)
                assert_true(last->armed_for_ns < witness->armed_for_ns ||
                            (last->armed_for_ns == witness->armed_for_ns && last->armed_as < witness->armed_as));
        witness->crowd->last = witness;
        witness->crowd->fired++;
}

static void arm_witness(struct loop *loop, struct witness *witness, int64_t at_ns)
{
        witness->armed_for_ns = at_ns;
        witness->armed_as = ++witness->crowd->armed;
        loop_arm(loop, &witness->timer, at_ns);
}

static void many_timers_fire_in_the_order_of_their_times_and_then_of_their_arming(void **state)
{
        (void)state;
        static struct crowd crowd;
        struct fake_clock clock = fake(0);
        struct loop *loop = loop_new(&clock.clock);
        size_t silent = 0;

        for (size_t i = 0; i < MANY; i++) {
                struct witness *witness = &crowd.witnesses[i];
                *witness = (struct witness){.timer = {.fire = bear_witness, .owner = witness}, .crowd = &crowd};
                arm_witness(loop, witness, (int64_t)(i * 7919 % 101) + 1);
        }
        for (size_t i = 0; i < MANY; i += 3) /* some move, some are taken away */
                arm_witness(loop, &crowd.witnesses[i], (int64_t)(i * 104729 % 103) + 1);
        for (size_t i = 0; i < MANY; i += 5, silent++)
                loop_disarm(loop, &crowd.witnesses[i].timer);
        for (clock.now_ns = 0; clock.now_ns <= 110; clock.now_ns += 10)
                loop_step(loop, 0);
        assert_int_equal(crowd.fired, MANY - silent);
        assert_true(loop_next_ns(loop) == INT64_MAX);
        loop_free(loop);
}

static void read_and_forget(void *owner, int fd, uint32_t events)
{
        struct loop *loop = owner;
        char byte;

        assert_true(events & EPOLLIN);
        assert_int_equal(read(fd, &byte, 1), 1);
        loop_forget(loop, fd);
        loop_forget(loop, fd);
}

static void a_descriptor_is_reported_until_it_is_forgotten(void **state)
{
        (void)state;
        struct loop *loop = loop_new(clock_system());
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        loop_watch(loop, ends[0], EPOLLIN, read_and_forget, loop);
        loop_step(loop, 0);
        assert_int_equal(write(ends[1], "ab", 2), 2);
        loop_step(loop, NS_PER_S);
        loop_step(loop, 0); /* 'b' is still there, and nobody is told */
        loop_free(loop);
        close(ends[0]);
        close(ends[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_timer_fires_once_when_its_time_has_come),
                cmocka_unit_test(an_armed_timer_moves_and_a_disarmed_one_is_silent),
                cmocka_unit_test(a_timer_that_arms_itself_for_now_waits_for_the_next_step),
                cmocka_unit_test(many_timers_fire_in_the_order_of_their_times_and_then_of_their_arming),
                cmocka_unit_test(a_descriptor_is_reported_until_it_is_forgotten),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
