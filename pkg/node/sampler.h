/* SPDX-License-Identifier: Apache-2.0
 *
 * The last seconds of one node, kept as the text in which they are told (probe/node_page.h): at most SAMPLER_SECONDS_MAX of them, and
 * as many as SAMPLER_BYTES_MAX hold (of 100 containers some forty). */
#pragma once

#include "base/clock.h"
#include "base/fail.h"
#include "probe/node_page.h"

#define SAMPLER_SECONDS_MAX 120
#define SAMPLER_BYTES_MAX (768u << 10)

struct sampler;

struct sampler_options {
        const char *node; /* its name */
        const char *cgroups, *proc; /* where they are mounted */
        const char *below; /* tree.h; NULL: all */
};

/* Strings are copied. FAIL_MISSING: no cgroups there. */
enum fail_kind sampler_new(const struct sampler_options *options, struct sampler **ret_sampler, struct fail *fail);
struct sampler *sampler_free(struct sampler *sampler); /* NULL is fine; returns NULL */

/* Reads everything once. */
void sampler_take(struct sampler *sampler, const struct clock *clock);
/* The page with the seconds that begin after 'since_wall_ms'; all that there are when that is in the future, as after a step of the clock. */
void sampler_encode(const struct sampler *sampler, int64_t since_wall_ms, struct buf *buf);
int sampler_version(const struct sampler *sampler); /* of the cgroups */
