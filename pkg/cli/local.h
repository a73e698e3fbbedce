/* SPDX-License-Identifier: Apache-2.0
 *
 * A load worker on one's own machine: the same engine as in a pod, in a child process, its records read through a pipe as
 * the operator reads a pod's log. */
#pragma once

#include <stdbool.h>

#include "load/plan.h"
#include "result/harvest.h"

/* Called about once a second while it runs, and once at its end. */
typedef void local_look_fn(void *owner, const struct harvest *harvest);

struct local_spec { /* borrowed for the call */
        const struct load_plan *plan; /* of one worker */
        local_look_fn *look;
        void *owner;
};

/* Runs to the end. SIGINT and SIGTERM end it early with what was measured ('interrupted'), a second one at once.
 * *ret_harvest is new. FAIL_IO: no child could be made. */
enum fail_kind local_run(const struct local_spec *spec, struct harvest **ret_harvest, bool *ret_interrupted, struct fail *fail);
