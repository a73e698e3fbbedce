/* SPDX-License-Identifier: Apache-2.0
 *
 * Why the variants of a run fared as they did: what each trial's own counters explain ("explanations" of result/trial.h), told of the
 * variant. The same of several trials is one, with the figures of the trial that had most of it. Pure. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include "api/profile.h"

/* [{"variant", "trials", "of", "code", "confidence", "sentence", "evidence", "object", "field"}]: in 'trials' of the 'of' trials of that
 * variant that are sound; variant by variant, and within one in the order of its trials. What is no explanation is left out. 'docs' are those
 * that stand, borrowed; caller owns. */
struct json_object *arms_explain(const struct profile *profile, struct json_object *const *docs, size_t len);
