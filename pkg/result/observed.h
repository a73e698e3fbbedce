/* SPDX-License-Identifier: Apache-2.0
 *
 * What the cluster told of the target while the load was on it, as far as objectives ask for it (api/metric.h, METRIC_OBSERVED and after):
 * one figure a metric, of one trial or of several. What nobody told is unknown, and what was told of a part of the window says so. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/metric.h"

#define OBSERVED_COVERED_MIN 0.8 /* share of the window from which on a mean stands for all of it */

struct observed_figure {
        bool known;
        double number;  /* in the metric's own unit */
        double covered; /* share of the window that it is of; of several trials that of the one with the least */
};

struct observed {
        int64_t window_ms; /* of all trials together */
        struct observed_figure of[METRIC_FAMILIES - METRIC_OBSERVED];
};

/* The one of this family, which is an observed one. */
struct observed_figure *observed_figure(struct observed *observed, enum metric_family family);
const struct observed_figure *observed_find(const struct observed *observed, enum metric_family family);

/* A mean is one of time, and says nothing of a window that it does not cover; a most and a count are at least what was seen. */
bool observed_is_mean(enum metric_family family);

/* Another trial of the same: means weigh by time, the most counts, restarts add up. */
void observed_add(struct observed *observed, const struct observed *other);

/* {"windowMs":60000,"figures":{"target.cpu":{"value":0.412,"covered":1}}}; what is unknown is not there. Caller owns. */
struct json_object *observed_encode(const struct observed *observed);
/* Never fails: what is missing or of the wrong type is unknown. */
void observed_decode(struct json_object *doc, struct observed *ret_observed);
