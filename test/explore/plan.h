/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan: a workload and what goes wrong in it. As text "pass", "pass:kill-sent@3", "pass:kill-sent@3+busy@7". */
#pragma once

#include "world.h"

#define PLAN_TEXT_MAX 128

struct plan {
        const struct workload *workload;
        struct fault faults[FAULTS_MAX];
        unsigned len;
};

struct outcome {
        struct world *world;
        bool fine;
        unsigned writes, events;
        char end[512];      /* how each run ended */
        char problem[1024];
};

void plan_format(const struct plan *plan, char text[static PLAN_TEXT_MAX]);
/* False: it is none. */
bool plan_parse(const char *text, struct plan *ret_plan);

/* Runs a world to its end; the caller frees it. 'reference': how the runs have to end, NULL: as the workload says. 'choose': of struct faults. */
void plan_run(const struct plan *plan, const char *reference, enum fault_kind (*choose)(void *chooser, bool event, unsigned count),
              void *chooser, struct outcome *ret_outcome);
