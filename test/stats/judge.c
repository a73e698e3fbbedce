/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-judge-cost: what it costs to judge two groups of ten runs of ten minutes from what their workers said: estimates with their
 * intervals, validity, comparison, verdict. Prints the CPU time, the least of ROUNDS. The runs are made before the clock starts. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "random.h"
#include "result/compare.h"
#include "result/estimate.h"
#include "result/gates.h"
#include "result/verdict.h"

#define RUNS 20
#define POINTS 240
#define POINT_MS 2500
#define PER_POINT 2500 /* 1000/s */
#define ROUNDS 5

struct made {
        struct fold fold;
        struct fold_piece piece;
        struct harvest_point points[POINTS];
};

static void make(struct made *made, struct random *random)
{
        struct fold_span *span = &made->piece.span;

        made->piece = (struct fold_piece){.kind = LOAD_HOLD, .workers = 1, .span = {.to_ms = POINTS * POINT_MS, .latency = hist_new(3), .digits = 3}};
        for (int i = 0; i < POINTS; i++) {
                struct harvest_point *point = &made->points[i];
                *point = (struct harvest_point){.from_ms = i * POINT_MS, .to_ms = (i + 1) * POINT_MS, .workers = 1, .latency = hist_new(2)};
                point->counters = (struct record_counters){.offered = PER_POINT, .sent = PER_POINT, .done = PER_POINT, .ok = PER_POINT};
                for (int request = 0; request < PER_POINT; request++) {
                        int64_t ns = 2000000 + (int64_t)(20e6 * random_unit(random) * random_unit(random));
                        hist_record(point->latency, ns);
                        hist_record(span->latency, ns);
                }
                record_add_counters(&span->counters, &point->counters);
        }
        made->fold = (struct fold){.workers = 1, .covered = 1, .timeout_ns = 5000000000, .pieces = &made->piece, .pieces_len = 1,
                                   .points = made->points, .points_len = POINTS, .point_ms = POINT_MS};
        made->fold.whole.counters = span->counters;
        made->fold.whole.to_ms = span->to_ms;
}

static void made_done(struct made *made)
{
        for (int i = 0; i < POINTS; i++)
                hist_free(made->points[i].latency);
        hist_free(made->piece.span.latency);
}

static struct compare_question question(void)
{
        struct compare_question asked = {.primary = "latency.p99", .gates = {"latency.p50", "errors.ratio"}, .gates_len = 2};

        for (size_t i = 0; i < comparables_len; i++)
                asked.tolerance[i] = comparables[i].tolerance;
        return asked;
}

static enum verdict judge(struct made *runs, struct estimates *estimates, struct compared *compared, struct verdict_judged *judged)
{
        const struct profile_objective objectives[] = {{"latency.p99", NULL, "250ms"}, {"errors.ratio", NULL, "0.1%"}};
        const struct gates_limits limits = GATES_LIMITS_DEFAULT;
        const struct compare_question asked = question();
        const struct gates_facts facts = {0};

        for (int i = 0; i < RUNS; i++) {
                struct gates gates = gates_judge(&runs[i].fold, &limits, &facts);
                estimates_of(&runs[i].fold, &estimates[i]);
                verdict_judge(&(struct verdict_case){.fold = &runs[i].fold, .gates = &gates, .objectives = objectives, .len = 2,
                                                     .estimates = &estimates[i]}, judged);
        }
        compare_runs(&(struct compare_side){"before", estimates, RUNS / 2}, &(struct compare_side){"after", estimates + RUNS / 2, RUNS / 2}, &asked,
                     compared);
        return judged->verdict;
}

static double cpu_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(void)
{
        struct made *runs = xcalloc(RUNS, sizeof *runs);
        struct estimates *estimates = xcalloc(RUNS, sizeof *estimates);
        struct compared *compared = xnew(struct compared);
        struct verdict_judged *judged = xnew(struct verdict_judged);
        struct random random = random_seed(1);
        double least_ms = 1e9;

        for (int i = 0; i < RUNS; i++)
                make(&runs[i], &random);
        for (int round = 0; round < ROUNDS; round++) {
                double from_ms = cpu_ms();
                if (judge(runs, estimates, compared, judged) != VERDICT_PASS)
                        return fprintf(stderr, "not judged: %s\n", judged->text), 1;
                double took_ms = cpu_ms() - from_ms;
                least_ms = took_ms < least_ms ? took_ms : least_ms;
        }
        printf("cpu_ms=%.1f runs=%d points=%d word=%s better=lower\n", least_ms, RUNS, POINTS, comparison_word_name(compared->word));
        for (int i = 0; i < RUNS; i++)
                made_done(&runs[i]);
        free(runs);
        free(estimates);
        free(compared);
        free(judged);
        return 0;
}
