/* SPDX-License-Identifier: Apache-2.0
 *
 * How much a result is worth: gates that a run passes or not, each with a number. Limited: the figures stand, with a
 * caveat. Invalid: they say something about the generator or about nothing, and there is no verdict.
 *
 * | reason              | Limited when                                        | Invalid when                     |
 * | ResultsLost         |                                                     | no worker left a result          |
 * | DuplicateWorker     |                                                     | two pods ran one index           |
 * | DigestMismatch      |                                                     | the two lanes contradict         |
 * | NoRequests          |                                                     | no request was completed         |
 * | RequirementUnmet    |                                                     | context.require was not in effect|
 * | VariantReverted     |                                                     | what the variant applied did not stand to the end |
 * | VariantUnwatched    | whether what the variant applied stood is not known |                                  |
 * | PacingLate          | lateness p99 over the limit                         | over 10 times the limit          |
 * | GeneratorBusy       | busiest worker's CPU over the limit                 |                                  |
 * | GeneratorLimit      | the generator was the limit for a tenth of the time |                                  |
 * | GeneratorThrottled  | throttled time over the limit                       | over 10 times the limit          |
 * | CPUStolen           | a hypervisor took more than the limit of a worker's node | over 10 times the limit     |
 * | NodePressure        | a node of target or workers was under pressure      |                                  |
 * | WorkersLost         | covered < wanted                                    |                                  |
 * | WorkerFailed        | a worker ended by its own failure                   |                                  |
 * | ReducedPrecision    | a worker's log is incomplete, its message is there  |                                  |
 * | Partial             | cancelled or stopped before the shape ended         |                                  |
 * | TrialsLeftOut       | of several trials some are invalid, lost or cut     | no trial is left                 |
 * | PlacedElsewhere     | a trial ran on other nodes than the first           |                                  |
 * | ShortWindow         | measured window under the least                     |                                  |
 * | Unsettled           | MSER-5 would cut more than half of the window      |                                  |
 * | Unsteady            | latency drifts by more than 3 % over the window    |                                  |
 * | ClockUnsynchronised | several clocks among the workers, one undisciplined |                                  |
 * | StartSkew           | more than one worker, skew over half an interval    |                                  |
 * | ClockStepped        | a wall clock was set by over half an interval       |                                  |
 * | StartedLate         | the start came too late: requests skipped, or the load deferred |                      |
 * | ValueClamped        | a latency beyond the histogram's range (1 h)        |                                  |
 * | TargetRestarted, TargetRolledOut, TargetScaled, TargetReplaced | seen inside the window |                    |
 * | EndpointsIdle       | pods of the target joined after the last connection |                                  |
 *
 * A target that answers slowly, wrongly or not at all is no matter of validity: that is the verdict's. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/profile.h"
#include "result/fold.h"

enum validity { VALIDITY_UNKNOWN, VALIDITY_VALID, VALIDITY_LIMITED, VALIDITY_INVALID };

const char *validity_name(enum validity validity); /* "Unknown", "Valid", "Limited", "Invalid" */

enum gates_reason_kind { /* in the order in which they are listed: the gravest first */
        GATES_RESULTS_LOST,
        GATES_DUPLICATE_WORKER,
        GATES_DIGEST_MISMATCH,
        GATES_NO_REQUESTS,
        GATES_REQUIREMENT_UNMET,
        GATES_VARIANT_REVERTED,
        GATES_VARIANT_UNWATCHED,
        GATES_PACING_LATE,
        GATES_GENERATOR_BUSY,
        GATES_GENERATOR_LIMIT,
        GATES_GENERATOR_THROTTLED,
        GATES_CPU_STOLEN,
        GATES_NODE_PRESSURE,
        GATES_WORKERS_LOST,
        GATES_WORKER_FAILED,
        GATES_REDUCED_PRECISION,
        GATES_PARTIAL,
        GATES_TRIALS_LEFT_OUT,
        GATES_PLACED_ELSEWHERE,
        GATES_SHORT_WINDOW,
        GATES_UNSETTLED,
        GATES_UNSTEADY,
        GATES_CLOCK_UNSYNCHRONISED,
        GATES_START_SKEW,
        GATES_CLOCK_STEPPED,
        GATES_STARTED_LATE,
        GATES_VALUE_CLAMPED,
        GATES_TARGET_RESTARTED,
        GATES_TARGET_ROLLED_OUT,
        GATES_TARGET_SCALED,
        GATES_ENDPOINTS_IDLE,
        GATES_TARGET_REPLACED, /* pods went away or came without rollout or scaling: eviction, deletion */
        GATES_REASONS,
};

const char *gates_reason_name(enum gates_reason_kind kind); /* "PacingLate" */

#define GATES_TEXT_MAX 192

struct gates_reason {
        enum gates_reason_kind kind;
        enum validity makes;       /* VALIDITY_LIMITED or VALIDITY_INVALID */
        char text[GATES_TEXT_MAX]; /* one sentence with the number and the limit */
};

struct gates {
        enum validity validity;
        struct gates_reason reasons[GATES_REASONS];
        size_t len;
};

/* The thresholds of profile.validity. */
struct gates_limits {
        int64_t pacing_ns;      /* 1 ms */
        double cpu_ratio;       /* 0.8 */
        double throttled_ratio; /* 0.01 */
        double stolen_ratio;    /* 0.02 */
        int64_t window_ms;      /* 60 s */
        int64_t interval_ms;    /* of the worker plan */
};
#define GATES_LIMITS_DEFAULT \
        ((struct gates_limits){.pacing_ns = 1000000, .cpu_ratio = 0.8, .throttled_ratio = 0.01, .stolen_ratio = 0.02, .window_ms = 60000, .interval_ms = 1000})

/* Those of a profile, for a plan with this interval. */
struct gates_limits gates_limits_of(const struct profile *profile, int64_t interval_ms);

/* What the records cannot know. Counts are of changes of the target inside the measured window. */
struct gates_facts {
        bool cancelled; /* by the user, or stopped by deadline or brake */
        uint32_t restarts, rollouts, scales, replacements;
        uint32_t joined; /* pods that became ready */
        const char *pressure; /* "node-1: MemoryPressure", of a node of target or workers; NULL: none was seen. Borrowed */
        bool placed_elsewhere; /* a trial of several, on other nodes than the first */
        const char *drift;     /* a sentence: what the trial's variant applied and did not stand; NULL: it did. Borrowed for the call */
        const char *unwatched; /* a sentence: of what it applied that is not known; NULL: of nothing. Borrowed for the call */
        const char *unmet;     /* a sentence: what the profile requires and was not in effect; NULL: nothing. Borrowed for the call */
};

struct gates gates_judge(const struct fold *fold, const struct gates_limits *limits, const struct gates_facts *facts);

/* As status.reasons has them: [{"about":"validity","reason":"PacingLate","message":"…"}]; caller owns. */
struct json_object *gates_encode(const struct gates *gates);
