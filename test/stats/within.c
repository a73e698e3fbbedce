/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of 300 s at 200 requests a second: does its interval hold the true percentile?
 *
 * The rivals are judged without building their intervals. An interval of a percentile, whatever it is made of, holds the truth exactly
 * when the number of values under the truth lies between two limits; so it is enough to know, second by second, how many there are. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "claims.h"
#include "stat/dist.h"
#include "stat/section.h"

enum { SECONDS = 300, RATE = 200, QUANTILES = 4, RESAMPLES = 400 };

static const double quantiles[QUANTILES] = {0.5, 0.9, 0.99, 0.999};

struct run {
        struct hist *sections[SECTION_LEN], *whole;
        double truth_ms[QUANTILES];
        uint32_t count[SECONDS], under[QUANTILES][SECONDS]; /* all values, and those up to the truth */
};

static struct run *run_start(void)
{
        static struct run run; /* one program, one thread: kept for the memory of its histograms */

        if (!run.whole)
                run.whole = hist_new(3);
        hist_reset(run.whole);
        for (int i = 0; i < SECTION_LEN; i++) {
                if (!run.sections[i])
                        run.sections[i] = hist_new(3);
                hist_reset(run.sections[i]);
        }
        memset(run.count, 0, sizeof run.count);
        memset(run.under, 0, sizeof run.under);
        return &run;
}

static void run_add(struct run *run, int second, double value_ms)
{
        hist_record(run->sections[second * SECTION_LEN / SECONDS], (int64_t)(value_ms * 1e6));
        run->count[second]++;
        for (int q = 0; q < QUANTILES; q++)
                run->under[q][second] += value_ms <= run->truth_ms[q];
}

static void run_end(struct run *run)
{
        for (int i = 0; i < SECTION_LEN; i++)
                hist_add(run->whole, run->sections[i]);
}

/* ---- intervals ---- */

static bool holds(const struct run *run, int q, bool by_tail)
{
        struct section_value value;
        enum stat_kind kind = (by_tail ? section_tail : section_quantile)(run->whole, (const struct hist *const *)run->sections, SECTION_LEN,
                                                                          quantiles[q], 0.95, &value);
        double truth_ns = run->truth_ms[q] * 1e6;

        /* A histogram answers with the highest value of a bucket: what it says holds to a bucket. */
        return kind == STAT_OK && value.low_ns <= truth_ns * 1.001 && (value.high_open || truth_ns <= value.high_ns);
}

/* Rival: every request an independent value, order statistics by the binomial distribution. */
static bool holds_if_independent(const struct run *run, int q)
{
        double count = 0, under = 0, p = quantiles[q];

        for (int s = 0; s < SECONDS; s++) {
                count += run->count[s];
                under += run->under[q][s];
        }
        return fabs(under - p * count) <= 1.959964 * sqrt(p * (1 - p) * count);
}

/* Rival: percentile bootstrap of blocks of a fixed length, 2 T^(1/3) seconds. A resample's percentile is under the truth when p of its values are. */
static bool holds_by_blocks(struct random *random, const struct run *run, int q)
{
        enum { BLOCK = 13, BLOCKS = SECONDS / BLOCK + 1 };
        double sums[SECONDS];
        int above = 0;

        for (int s = 0; s < SECONDS; s++) {
                sums[s] = 0;
                for (int k = 0; k < BLOCK; k++) {
                        int at = (s + k) % SECONDS;
                        sums[s] += run->under[q][at] - quantiles[q] * run->count[at];
                }
        }
        for (int i = 0; i < RESAMPLES; i++) {
                double sum = 0;
                for (int b = 0; b < BLOCKS; b++)
                        sum += sums[random_below(random, SECONDS)];
                above += sum < 0;
        }
        return above > 0.025 * RESAMPLES && above < 0.975 * RESAMPLES;
}

/* ---- M/M/1 ---- */

/* Poisson arrivals, exponential service, one server at 'load'; times in the system by Lindley's recursion from a stationary start. They are
 * exponential themselves, with rate (1 - load) of the server's: the truth is known. */
static struct run *queue_run(struct random *random, double load)
{
        struct run *run = run_start();
        double service_ms = 1000.0 * load / RATE, mean_ms = service_ms / (1 - load);
        double wait_ms = random_unit(random) < load ? mean_ms * random_exponential(random) : 0, at_s = 0;

        for (int q = 0; q < QUANTILES; q++)
                run->truth_ms[q] = -mean_ms * log1p(-quantiles[q]);
        for (;;) {
                double gap_s = random_exponential(random) / RATE, served_ms = service_ms * random_exponential(random);
                at_s += gap_s;
                if (at_s >= SECONDS)
                        break;
                wait_ms = fmax(0, wait_ms - gap_s * 1000);
                run_add(run, (int)at_s, wait_ms + served_ms);
                wait_ms += served_ms;
        }
        run_end(run);
        return run;
}

static void play_queue(struct random *random, const void *of, struct hit *hits)
{
        struct run *run = queue_run(random, *(const double *)of);

        for (int q = 0; q < 3; q++)
                hits[q] = (struct hit){holds(run, q, false), holds_if_independent(run, q)};
        for (int q = 2; q < 4; q++)
                hits[q + 1] = (struct hit){holds(run, q, true), holds_if_independent(run, q)};
}

/* ---- modulated log-normal ---- */

/* 5 ms; a level and a share of slow answers (1 %, six times as long) that wander from second to second, AR(1) with 'memory'. Seen over all time,
 * a value is log-normal with probability 99 %, and six times that with 1 %. */
static double mixture_tail(double log_ms)
{
        double sd = sqrt(0.08 * 0.08 + 0.4 * 0.4), z = (log_ms - log(5)) / sd;

        return 0.99 * dist_normal_tail(z) + 0.01 * dist_normal_tail(z - log(6) / sd);
}

static double mixture_quantile_ms(double q)
{
        double low = -10, high = 20;

        for (int i = 0; i < 100; i++) {
                double middle = (low + high) / 2;
                *(mixture_tail(middle) > 1 - q ? &low : &high) = middle;
        }
        return exp(low);
}

static void play_modulated(struct random *random, const void *of, struct hit *hits)
{
        static double truth_ms[QUANTILES];
        double memory = *(const double *)of, step = sqrt(1 - memory * memory);
        double level = random_normal(random), slow = random_normal(random);
        struct run *run = run_start();

        for (int q = 0; q < QUANTILES; q++) {
                if (truth_ms[q] == 0)
                        truth_ms[q] = mixture_quantile_ms(quantiles[q]);
                run->truth_ms[q] = truth_ms[q];
        }
        for (int s = 0; s < SECONDS; s++) {
                double slow_share = 0.01 * exp(0.6 * slow - 0.18);
                for (int i = 0; i < RATE; i++) {
                        double log_ms = log(5) + 0.08 * level + 0.4 * random_normal(random);
                        run_add(run, s, exp(log_ms) * (random_unit(random) < slow_share ? 6 : 1));
                }
                level = memory * level + step * random_normal(random);
                slow = memory * slow + step * random_normal(random);
        }
        run_end(run);
        for (int q = 0; q < 3; q++)
                hits[q] = (struct hit){holds(run, q, false), holds_by_blocks(random, run, q)};
        hits[3] = (struct hit){holds(run, 2, true), hits[2].rival};
        hits[4] = (struct hit){holds(run, 3, true), holds_if_independent(run, 3)};
}

/* ---- one run against one ---- */

/* Two runs of the same M/M/1 at half load, whose machines differ by 3 % (standard deviation). */
static void play_two_runs(struct random *random, const void *of, struct hit *hits)
{
        double spread = *(const double *)of;
        struct section_value values[2];

        for (int i = 0; i < 2; i++) {
                struct run *run = queue_run(random, 0.5);
                double factor = exp(spread * random_normal(random));
                if (section_quantile(run->whole, (const struct hist *const *)run->sections, SECTION_LEN, 0.5, 0.95, &values[i]))
                        return;
                values[i].value_ns *= factor;
        }
        struct shift shift = section_shift(&values[0], &values[1]);
        hits[0].ours = 2 * fmin(shift_p_above(&shift, 0), shift_p_below(&shift, 0)) < 0.05;
}

static const double half = 0.5, busy = 0.8, very_busy = 0.9, short_memory = 0.8, long_memory = 0.95, alike = 0, apart = 0.03;

#define INDEPENDENT "requests taken for independent"
#define BLOCKS_FIXED "fixed-block bootstrap"

/* Which of the five are promised, and the rival of all but the last. */
#define ROWS(p50, p90, p99, p99_tail, p999_tail, rival_name) \
        { \
                {"p50 by sections holds the truth", 0.90, 1, rival_name, p50}, \
                {"p90 by sections holds the truth", 0.90, 1, rival_name, p90}, \
                {"p99 by sections holds the truth", 0.90, 1, rival_name, p99}, \
                {"p99 by exceedances holds the truth", 0.90, 1, rival_name, p99_tail}, \
                {"p99.9 by exceedances holds the truth", 0.90, 1, INDEPENDENT, p999_tail}, \
        }

const struct experiment within_experiments[] = {
        {"M/M/1, 50 % load, 300 s at 200/s", PLAY_WITHIN, play_queue, &half, 5, ROWS(true, true, true, true, true, INDEPENDENT)},
        {"M/M/1, 80 % load, 300 s at 200/s", PLAY_WITHIN, play_queue, &busy, 5, ROWS(true, true, false, true, false, INDEPENDENT)},
        {"level and slow share AR(0.8) per second, 300 s at 200/s", PLAY_WITHIN, play_modulated, &short_memory, 5,
         ROWS(true, true, false, true, true, BLOCKS_FIXED)},
        {"M/M/1, 90 % load, 300 s at 200/s", PLAY_WITHIN, play_queue, &very_busy, 5, ROWS(false, false, false, false, false, INDEPENDENT)},
        {"level and slow share AR(0.95) per second, 300 s at 200/s", PLAY_WITHIN, play_modulated, &long_memory, 5,
         ROWS(false, false, false, false, false, BLOCKS_FIXED)},
        {"one run against one of the same, M/M/1, 50 % load, machines alike", PLAY_WITHIN, play_two_runs, &alike, 1,
         {{"p50 called different at 5 %", 0, 0.06, NULL, false}}},
        {"one run against one of the same, M/M/1, 50 % load, machines differ by 3 %", PLAY_WITHIN, play_two_runs, &apart, 1,
         {{"p50 called different at 5 %", 0, 0.06, NULL, false}}},
};
const size_t within_len = ARRAY_LEN(within_experiments);
