/* SPDX-License-Identifier: Apache-2.0
 *
 * What pkg/stat promises, as experiments: a way to make data of which the truth is known, repeated from a fixed seed, and the
 * share of repetitions in which a method was right (or wrong). Each promise stands beside a weaker method that people use; it
 * must break the promise on the same data, or the experiment would show nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

#define ROWS_MAX 8

struct hit {
        bool ours, rival;
};

struct row {
        const char *what;  /* what is counted: "p99 by sections holds the truth" */
        double low, high;  /* the promise: the share lies in low..high; 0 and 1 are no limit */
        const char *rival; /* NULL only for what is not promised */
        bool promised;
};

/* What is repeated: the longer one repetition is, the fewer there are. */
enum play { PLAY_TRIALS, PLAY_WITHIN, PLAY_SEARCH, PLAY_KINDS };

struct experiment {
        const char *what; /* data and conditions */
        enum play kind;   /* between trials, within one run, a whole search */
        void (*play)(struct random *random, const void *of, struct hit *hits); /* one repetition; hits[i] for rows[i], cleared before */
        const void *of;
        size_t len;
        struct row rows[ROWS_MAX];
};

extern const struct experiment within_experiments[], trial_experiments[], series_experiments[], capacity_experiments[], variant_experiments[];
extern const size_t within_len, trial_len, series_len, capacity_len, variant_len;
