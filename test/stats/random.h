/* SPDX-License-Identifier: Apache-2.0
 *
 * Repeatable noise: xoshiro256** (Blackman & Vigna 2018), seeded by SplitMix64, and what trials look like. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
        uint64_t state[4];
        double spare; /* second half of a pair of normal values */
        bool has_spare;
};

struct random random_seed(uint64_t seed);
uint64_t random_bits(struct random *random);
double random_unit(struct random *random);            /* open 0..1 */
uint32_t random_below(struct random *random, uint32_t end); /* 0..end-1 */
double random_exponential(struct random *random);     /* mean 1 */
double random_normal(struct random *random);

/* Noise of trials, each with mean 0 and standard deviation 1. */
enum noise {
        NOISE_NORMAL,
        NOISE_HEAVY,    /* Student's t with 3 degrees of freedom */
        NOISE_OUTLIERS, /* one trial in ten has five times the spread */
        NOISE_SKEWED,   /* log-normal, 0.5 */
};
double random_noise(struct random *random, enum noise noise);

/* Drift of the machine over a series of trials, in units of their noise. */
enum drift {
        DRIFT_NONE,
        DRIFT_LINEAR, /* 0.3 per trial */
        DRIFT_WALK,   /* random walk with steps of 0.5 */
        DRIFT_AR,     /* AR(1), 0.9, standard deviation 2 */
};
void random_drift(struct random *random, enum drift drift, double *ret_drift, size_t len);
