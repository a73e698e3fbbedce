/* SPDX-License-Identifier: Apache-2.0
 *
 * The page of figures for Prometheus (text format 0.0.4): under the names of controller-runtime, client-go and the process
 * collector where they mean the same here, so that dashboards and alerts made for those work, and under loadstone_ where
 * they are our own. What has not happened yet stands there as 0. */
#pragma once

#include <stdint.h>

#include "base/buckets.h"
#include "base/buf.h"

struct manager;

enum pass_result { PASS_SUCCESS, PASS_ERROR, PASS_REQUEUE, PASS_REQUEUE_AFTER, PASS_RESULTS };
enum controller { CONTROLLER_RUN, CONTROLLER_PROFILE, CONTROLLERS };

struct metrics {
        uint64_t passes[CONTROLLERS][PASS_RESULTS];
        struct buckets pass_durations[CONTROLLERS]; /* from the beginning of a pass to the answer to its effect */
        int64_t started_wall_ms;
};

void metrics_init(struct metrics *metrics, int64_t wall_ms);
/* A pass over 'key' (its first letter tells the controller) is over. */
void metrics_pass(struct metrics *metrics, const char *key, enum pass_result result, int64_t duration_ns);

/* The whole page. */
void metrics_print(const struct manager *manager, struct buf *body);

/* The parts of a page. Every sample follows the head of its family; 'labels' is what stands between the braces, NULL: none. */
void metrics_family(struct buf *body, const char *name, const char *type, const char *help);
void metrics_sample(struct buf *body, const char *name, const char *labels, double value);
void metrics_histogram(struct buf *body, const char *name, const char *labels, const struct buckets *buckets);
/* process_…: what the kernel knows of this process. */
void metrics_process(struct buf *body, int64_t started_wall_ms);
