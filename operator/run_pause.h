/* SPDX-License-Identifier: Apache-2.0
 *
 * The pause between two trials: spec.trials.pause at least, and then until the target's CPU is what it was before the first trial. What the load
 * itself has under way is none of it: a trial is over when its workers have ended. Pure.
 *
 * | first row that holds                                          | the pause           |
 * | less than the least has passed                                | goes on             |
 * | nobody knows what the target used before the first trial      | ends, Unmeasured    |
 * | it uses no more now (by a quarter, or ten millicores)         | ends, Idle          |
 * | less than the most has passed                                 | goes on             |
 * | nobody knows what it uses now                                 | ends, Unmeasured    |
 * | otherwise                                                     | ends, LimitReached  | */
#pragma once

#include <json-c/json.h>
#include <stdint.h>

enum run_pause_end { RUN_PAUSE_GOES_ON, RUN_PAUSE_IDLE, RUN_PAUSE_LIMIT, RUN_PAUSE_UNMEASURED };

struct run_pause {
        enum run_pause_end end;
        int64_t passed_ms; /* unless it goes on */
};

struct run_pause_facts {
        int64_t passed_ms, least_ms, most_ms; /* passed: INT64_MAX, nobody knows since when */
        double rest_cores, cores;             /* of one pod of the target, before the first trial and now; below 0: not known */
};

struct run_pause run_pause_judge(const struct run_pause_facts *facts);
/* Sets "pause" and "pauseEnd" of a row of status.trials, of one that has ended. */
void run_pause_encode(const struct run_pause *pause, struct json_object *row);
