/* SPDX-License-Identifier: Apache-2.0
 *
 * All plans of a workload. They share what goes before their faults: one process runs without any, and forks at each write
 * and each event once for each fault that may meet it; the child goes on to the end and says how that was. For a second fault
 * a child forks again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

struct branch_scope {
        unsigned at_most; /* plans with one fault, spread evenly; 0: all */
        unsigned pairs;   /* plans with two faults, about, by chance */
        uint64_t seed;    /* of that chance */
};

/* Prints one line, before it one for each of the first plans that failed, and adds to *plans. False: something failed. */
bool branch_explore(const struct workload *workload, const struct branch_scope *scope, unsigned *plans);
