/* SPDX-License-Identifier: Apache-2.0
 *
 * Log-linear latency histogram with the bucket layout of HdrHistogram, so that its V2 encoding is read by the
 * Java, Go, JavaScript, Python and Rust libraries (format: HdrHistogram, "V2 encoding").
 * Values are nanoseconds. One lowest value (1) and one highest (3.6e12 = 1 h) for all: merging is always exact,
 * and a 3-digit histogram coarsened to 2 digits equals one recorded at 2 digits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

#define HIST_VALUE_MAX_NS INT64_C(3600000000000)

struct hist;

/* 'digits' is 2 or 3. Memory: 37 KiB (2), 270 KiB (3). */
struct hist *hist_new(int digits);
struct hist *hist_free(struct hist *hist); /* NULL is fine; returns NULL */
void hist_reset(struct hist *hist);
int hist_digits(const struct hist *hist);

/* Counts a value. Negative counts as 0; above the range is clamped into the last bucket and counted in hist_clamped. */
void hist_record(struct hist *hist, int64_t value_ns);
void hist_record_many(struct hist *hist, int64_t value_ns, uint64_t count);
/* Adds every bucket of 'from'. 'from' may have more digits than 'into' (exact coarsening), never fewer (assert). */
void hist_add(struct hist *into, const struct hist *from);

uint64_t hist_count(const struct hist *hist);
uint64_t hist_clamped(const struct hist *hist);
/* Exact extremes and sum of what was recorded (after decode: of bucket values, unless set with hist_set_exact). 0 when empty. */
int64_t hist_min(const struct hist *hist);
int64_t hist_max(const struct hist *hist);
double hist_sum(const struct hist *hist);
double hist_mean(const struct hist *hist);
/* Sum of ln(value) over bucket values, a value below 1 ns counted as 1. */
double hist_log_sum(const struct hist *hist);
/* The V2 format does not carry exact min, max and sum; records carry them beside it, and this puts them back. */
void hist_set_exact(struct hist *hist, int64_t min_ns, int64_t max_ns, double sum_ns, uint64_t clamped);

/* The value of rank ceil(q * count) (at least 1), q in 0..1, as the highest value equivalent to its bucket, at most
 * hist_max. 0 when empty. */
int64_t hist_quantile(const struct hist *hist, double q);
/* The value of the rank-th smallest, rank in 1..count. */
int64_t hist_at_rank(const struct hist *hist, uint64_t rank);

/* Walks non-empty buckets upwards: start with *at = 0; false at the end. Highest equivalent value and its count. */
bool hist_next(const struct hist *hist, uint32_t *at, int64_t *ret_value_ns, uint64_t *ret_count);

/* Compressed V2 as base64 ("HISTFAAA…"); new string that the caller frees. */
char *hist_encode(const struct hist *hist);
/* *ret_hist is new. Bounded: inflates at most what a valid histogram of 3 digits needs. FAIL_INVALID. */
enum fail_kind hist_decode(const char *text, size_t len, struct hist **ret_hist, struct fail *fail);
