/* SPDX-License-Identifier: Apache-2.0
 *
 * When the load began to fare otherwise: at the second where it did, and never where it only drifted, warmed up at random or was noisy. */
#include "result_fixture.h"

#include "result/onset.h"

#define SECONDS 30
#define PER_S 200

struct made {
        struct fold fold;
        struct fold_piece piece;
        struct harvest_point points[SECONDS];
};

struct course {
        double ratio[2];      /* of latency, before and from 'at' on */
        uint64_t missed[2];   /* a second */
        int at;
        double drift;         /* over the whole window, as a ratio minus 1 */
};

static struct made *make(const struct course *course)
{
        struct made *made = xnew(struct made);
        uint64_t seed = 7;

        made->piece = (struct fold_piece){.kind = LOAD_HOLD, .workers = 1, .span = {.from_ms = 2000, .to_ms = 2000 + SECONDS * 1000}};
        for (int second = 0; second < SECONDS; second++) {
                struct harvest_point *point = &made->points[second];
                int now = second >= course->at;
                *point = (struct harvest_point){.from_ms = 2000 + second * 1000, .to_ms = 3000 + second * 1000, .workers = 1, .latency = hist_new(2)};
                point->counters = (struct record_counters){.done = PER_S, .missed = course->missed[now], .ok = PER_S - course->missed[now]};
                for (int request = 0; request < PER_S; request++) {
                        double ns = 1e7 * course->ratio[now] * (1 + course->drift * second / SECONDS);
                        hist_record(point->latency, (int64_t)(ns * (0.8 + 0.4 * (double)(fixture_next(&seed) % 1000) / 1000)));
                }
        }
        made->fold = (struct fold){.workers = 1, .covered = 1, .pieces = &made->piece, .pieces_len = 1, .points = made->points,
                                   .points_len = SECONDS, .point_ms = 1000};
        return made;
}

static void made_free(struct made *made)
{
        for (int i = 0; i < SECONDS; i++)
                hist_free(made->points[i].latency);
        free(made);
}

static struct onset onset_with(const struct course *course)
{
        struct made *made = make(course);
        struct onset onset = onset_of(&made->fold);

        made_free(made);
        return onset;
}

static void a_step_of_latency_is_told_with_its_second(void **state)
{
        struct onset rose = onset_with(&(struct course){.ratio = {1, 1.35}, .at = 20}), fell = onset_with(&(struct course){.ratio = {2, 1}, .at = 8});
        (void)state;

        assert_true(rose.known);
        assert_int_equal(rose.at_ms, 22000);
        assert_int_equal(rose.width_ms, 1000);
        assert_memory_equal(rose.text, "latency rose by 3", 17);
        assert_true(fell.known);
        assert_int_equal(fell.at_ms, 10000);
        assert_memory_equal(fell.text, "latency fell by ", 16);
}

static void a_step_of_errors_is_told_with_its_second(void **state)
{
        struct onset onset = onset_with(&(struct course){.ratio = {1, 1}, .missed = {0, 100}, .at = 12});
        (void)state;

        assert_true(onset.known);
        assert_int_equal(onset.at_ms, 14000);
        assert_string_equal(onset.text, "errors rose from 0.0 % to 50.0 %");
}

static void what_is_no_step_is_not_told(void **state)
{
        static const struct course none[] = {
                {.ratio = {1, 1}, .at = SECONDS},                 /* noise */
                {.ratio = {1, 1.05}, .at = 15},                   /* too little to be told */
                {.ratio = {1, 1}, .at = SECONDS, .drift = 1},     /* a drift to twice the latency */
                {.ratio = {1, 10}, .at = SECONDS - 1},            /* one slow second */
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(none); i++)
                if (onset_with(&none[i]).known)
                        fail_msg("row %zu: %s", i, onset_with(&none[i]).text);
}

static void what_a_fold_does_not_show_in_full_is_not_told(void **state)
{
        struct made *made = make(&(struct course){.ratio = {1, 2}, .at = 15});
        struct fold good = made->fold;
        (void)state;

        assert_true(onset_of(&made->fold).known);
        made->fold.window = -1;
        assert_false(onset_of(&made->fold).known);
        made->fold = good;
        made->fold.workers = 2;
        assert_false(onset_of(&made->fold).known);
        made->fold = good;
        made->fold.reduced = 1;
        assert_false(onset_of(&made->fold).known);
        made->fold = good;
        made->fold.points_len = 0;
        assert_false(onset_of(&made->fold).known);
        made_free(made);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_step_of_latency_is_told_with_its_second),
                cmocka_unit_test(a_step_of_errors_is_told_with_its_second),
                cmocka_unit_test(what_is_no_step_is_not_told),
                cmocka_unit_test(what_a_fold_does_not_show_in_full_is_not_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
