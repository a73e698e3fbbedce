/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of the page's document (report/run_report.h); each returns a new object or array, or NULL when there is nothing to say. */
#pragma once

#include <json-c/json.h>

#include "result/unpack.h"

/* 'spec' is the merged spec of the profile. */
struct json_object *parts_load(struct json_object *spec);
struct json_object *parts_curve(const struct unpack *unpack);
struct json_object *parts_histogram(const struct unpack *unpack);
struct json_object *parts_series(const struct unpack *unpack);
/* Adds what the target used to the columns of parts_series (may be NULL), as far as it was sampled. */
void parts_add_samples(const struct unpack *unpack, struct json_object *series);
/* What was sampled of pods and nodes, as it was stored. */
struct json_object *parts_samples(const struct unpack *unpack);
/* Series of the administrator's sources: [{"name","source","unit","labels","from","step","values"}]. */
struct json_object *parts_metrics(const struct unpack *unpack);
/* The mean of its values at instants from..to (without the end); NaN: there is none. */
double parts_metric_between(struct json_object *metric, int64_t from_ms, int64_t to_ms);
struct json_object *parts_tail(const struct unpack *unpack);
/* 'context' is a status's or the full one; 'shape_wall_ms' when the shape began, -1 not known. */
struct json_object *parts_changes(struct json_object *context, int64_t shape_wall_ms);
struct json_object *parts_gaps(struct json_object *context, int64_t shape_wall_ms);
