/* SPDX-License-Identifier: Apache-2.0
 *
 * Objectives against the measured window, and the verdict. Where no interval exists the value itself decides, with
 * reason PointEstimate: a one-minute run still gets a verdict and says how much it is worth.
 *
 * | first row that holds                          | verdict      | reason              |
 * | validity Invalid or Unknown                   | None         | NotValid            |
 * | requests were done and not one succeeded      | Fail         | NothingSucceeded    |
 * | an objective missed                           | Fail         | ObjectiveMissed     |
 * | an objective unresolved                       | Inconclusive | ObjectiveUnresolved |
 * | nothing to judge                              | None         | NothingToJudge      |
 * | otherwise                                     | Pass         | ObjectivesMet       | */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/fold.h"
#include "result/gates.h"

enum verdict { VERDICT_NONE, VERDICT_PASS, VERDICT_FAIL, VERDICT_INCONCLUSIVE };

const char *verdict_name(enum verdict verdict); /* "None", "Pass", "Fail", "Inconclusive" */

enum objective_state { OBJECTIVE_MET, OBJECTIVE_MISSED, OBJECTIVE_UNRESOLVED };

/* One objective as the profile writes it: a metric with labels, and limits as text with their unit ("250ms", "0.1%",
 * "500/s"; a ratio of the offered rate for rate.achieved: "99%"). 'min' or 'max' may be NULL, not both. */
struct objective {
        const char *metric, *min, *max; /* borrowed for the call */
};

#define OBJECTIVE_TEXT_MAX 160

struct objective_judged {
        enum objective_state state;
        char metric[OBJECTIVE_TEXT_MAX];
        char limit[64]; /* "<= 250ms", ">= 99%", ">= 1ms, <= 5ms" */
        char value[FOLD_TEXT_MAX]; /* "11.203ms", "> 5s", "0.02%", "998.7/s"; "-" when unresolved without a value */
        /* PointEstimate; unresolved: TooFewSamples, NoHoldPiece, NoSuchPiece, AmbiguousPiece, NoSuchRequest, NotMeasured,
         * ReducedPrecision, Malformed */
        const char *reason;
        char text[OBJECTIVE_TEXT_MAX]; /* one sentence */
};

#define OBJECTIVES_MAX 64

struct verdict_judged {
        enum verdict verdict;
        const char *reason; /* from the table above */
        char text[256];     /* one sentence, names what decided */
        struct objective_judged objectives[OBJECTIVES_MAX];
        size_t len;
};

/* 'len' at most OBJECTIVES_MAX. Metrics: latency|service|ttfb|connect|handshake .min|mean|p50…p9999|max, errors.ratio{class},
 * status.ratio{code}, rate.offered, rate.achieved; labels piece (index, or a kind that occurs once) and request.
 * A request's own figures cover the whole shape: piece and request together are NotMeasured.
 * ret_judged is large: allocate or reuse it. */
void verdict_judge(const struct fold *fold, const struct gates *gates, const struct objective *objectives, size_t len,
                   struct verdict_judged *ret_judged);

/* The objectives array of status: [{"metric","limit","value","met":"True"|"False"|"Unknown","reason","message"}]; caller owns. */
struct json_object *verdict_encode_objectives(const struct verdict_judged *judged);
