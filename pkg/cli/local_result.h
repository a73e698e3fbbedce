/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run on this machine leaves: one document that holds the BenchmarkRun as a cluster would have it, and the ConfigMaps that
 * would stand beside it. So everything that reads stored runs reads local ones, too. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/local_plan.h"
#include "result/estimate.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/harvest.h"
#include "result/verdict.h"

struct local_result { /* borrowed for the call */
        const struct local_plan *plan;
        const struct harvest *harvest;
        const struct fold *fold;
        const struct gates *gates;
        const struct verdict_judged *judged;
        const struct estimates *estimates;
        bool interrupted;
        int64_t finish_wall_ms;
};

/* The same as "kubectl get benchmarkrun -o json", with what a status has no room for as "full", and "configMaps": an array of
 * them, for which status.resultRef vouches. Caller owns. */
struct json_object *local_result_encode(const struct local_result *made);
