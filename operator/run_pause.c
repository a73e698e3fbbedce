/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_pause.h"

#include <stdio.h>

#include "data/doc.h"

#define SPREAD 1.25     /* what a target at rest uses is never the same twice, */
#define SPREAD_CORES 0.01 /* and next to nothing is often twice as much */

static enum run_pause_end judge(const struct run_pause_facts *facts)
{
        double most_cores = facts->rest_cores * SPREAD;

        if (facts->passed_ms < facts->least_ms)
                return RUN_PAUSE_GOES_ON;
        if (facts->rest_cores < 0)
                return RUN_PAUSE_UNMEASURED;
        if (facts->cores >= 0 && (facts->cores <= most_cores || facts->cores <= facts->rest_cores + SPREAD_CORES))
                return RUN_PAUSE_IDLE;
        if (facts->passed_ms < facts->most_ms)
                return RUN_PAUSE_GOES_ON;
        return facts->cores < 0 ? RUN_PAUSE_UNMEASURED : RUN_PAUSE_LIMIT;
}

struct run_pause run_pause_judge(const struct run_pause_facts *facts)
{
        return (struct run_pause){.end = judge(facts), .passed_ms = facts->passed_ms};
}

void run_pause_encode(const struct run_pause *pause, struct json_object *row)
{
        static const char *const names[] = {[RUN_PAUSE_IDLE] = "Idle", [RUN_PAUSE_LIMIT] = "LimitReached", [RUN_PAUSE_UNMEASURED] = "Unmeasured"};
        char passed[32];

        if (pause->end == RUN_PAUSE_GOES_ON || pause->passed_ms == INT64_MAX)
                return;
        snprintf(passed, sizeof passed, "%.1fs", (double)pause->passed_ms / 1e3);
        doc_set_text(doc_set_text(row, "pause", passed), "pauseEnd", names[pause->end]);
}
