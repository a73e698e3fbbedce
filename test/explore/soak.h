/* SPDX-License-Identifier: Apache-2.0
 *
 * A long time in one world: a run a minute, some of which fail, are cancelled or deleted, and faults by chance at one write or event
 * in twenty. Once an hour all is cleared away and everything comes to rest; what the process then holds must be no more in the last
 * quarter of the time than in the first, within 2 %, or 4 % when that was less than a day. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct soak_scope {
        unsigned hours; /* of virtual time, at least 3 */
        uint64_t seed;
        bool deaths;    /* also faults that end an operator, with two of them; else one lives through it all */
};

/* Prints one line of figures, and one for what is wrong. False: something is. */
bool soak_run(const struct soak_scope *scope);
