/* SPDX-License-Identifier: Apache-2.0
 *
 * What kept a worker from more in one interval: itself, its target, or nothing. Pure.
 *
 * | limit  | open loop                                                   | closed loop                             |
 * | client | over a tenth of what was sent left more than 2 ms late, or  | the threads used over 90 % of a core    |
 * |        | the worker was throttled for over 1 % of the time           | each, or were throttled as on the left  |
 * | server | at the end more requests waited than were on their way, or  | otherwise: it sends as answers come     |
 * |        | over 1 % of what was due was shed                           |                                         |
 * | none   | otherwise                                                   |                                         |
 *
 * The first row that holds. Lateness is the generator's own (load/record.h), so a slow target never makes it; polling before a send
 * uses a core without being short of one, so an open loop's CPU says nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum load_limit { LOAD_LIMIT_NONE, LOAD_LIMIT_CLIENT, LOAD_LIMIT_SERVER, LOAD_LIMITS };
extern const char *const load_limit_names[LOAD_LIMITS]; /* "none", "client", "server" */

struct load_sight {
        bool closed;
        int64_t span_us, cpu_us, throttled_us;
        uint32_t threads;
        int64_t pacing_p90_ns;       /* of what was sent; 0 when nothing was */
        uint64_t offered, shed;      /* in the interval */
        uint64_t in_flight, backlog; /* at its end */
};

enum load_limit load_limit_of(const struct load_sight *sight);
/* LOAD_LIMIT_NONE for what is no name. */
enum load_limit load_limit_named(const char *name);
