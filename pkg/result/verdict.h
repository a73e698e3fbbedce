/* SPDX-License-Identifier: Apache-2.0
 *
 * Objectives against the measured window, the comparison with the baseline, and the verdict. An objective is met or missed when its
 * 95 % interval lies on one side of the limit. Where no interval exists the value itself decides, with reason PointEstimate: a
 * one-minute run still gets a verdict and says how much it is worth. So does a limit in percent of the offered rate, one that
 * names a piece or a request, and one of what was observed; what nobody sampled is unresolved.
 *
 * | first row that holds                                               | verdict      | reason                 |
 * | validity Invalid or Unknown                                        | None         | NotValid               |
 * | a worker's brake was pulled (load/brake.h)                         | Fail         | Brake                  |
 * | requests (of some variant) were done and not one succeeded         | Fail         | NothingSucceeded       |
 * | an objective missed                                                | Fail         | ObjectiveMissed        |
 * | worse than the baseline, replicated or confirmed, onRegression: fail | Fail       | Regression             |
 * | an objective unresolved                                            | Inconclusive | ObjectiveUnresolved    |
 * | worse than the baseline, only indicative, onRegression: fail       | Inconclusive | RegressionUnconfirmed  |
 * | the comparison inconclusive, or impossible                         | Inconclusive | ComparisonInconclusive |
 * | neither objectives nor a comparison                                | None         | NothingToJudge         |
 * | worse than the baseline, onRegression: warn                        | Pass         | RegressionTolerated    |
 * | no objectives                                                      | Pass         | NoRegression           |
 * | otherwise                                                          | Pass         | ObjectivesMet          | */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/profile.h"
#include "result/compare.h"
#include "result/estimate.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/observed.h"

enum verdict { VERDICT_NONE, VERDICT_PASS, VERDICT_FAIL, VERDICT_INCONCLUSIVE };

const char *verdict_name(enum verdict verdict); /* "None", "Pass", "Fail", "Inconclusive" */

enum objective_state { OBJECTIVE_MET, OBJECTIVE_MISSED, OBJECTIVE_UNRESOLVED };

#define OBJECTIVE_TEXT_MAX 160

struct objective_judged {
        enum objective_state state;
        char metric[OBJECTIVE_TEXT_MAX];
        char limit[64]; /* "<= 250ms", ">= 99%", ">= 1ms, <= 5ms" */
        char value[FOLD_TEXT_MAX]; /* "11.203ms", "> 5s", "0.02%", "998.7/s"; "-" when unresolved without a value */
        /* Interval, PointEstimate; unresolved: AcrossLimit (the limit lies inside the interval), TooFewSamples, NoHoldPiece, NoSuchPiece, AmbiguousPiece, NoSuchRequest, NotMeasured, Censored,
         * ReducedPrecision, NotSampled, SampledInParts, Malformed */
        const char *reason;
        char text[OBJECTIVE_TEXT_MAX]; /* one sentence */
};

struct verdict_judged {
        enum verdict verdict;
        const char *reason; /* from the table above */
        char text[256];     /* one sentence, names what decided */
        struct objective_judged objectives[PROFILE_OBJECTIVES_MAX];
        size_t len;
};

struct verdict_arm { /* one of several variants */
        const char *name;
        const struct fold *fold;
        const struct estimates *estimates;
        const struct observed *observed;
};

struct verdict_case { /* all borrowed for the call */
        const struct fold *fold;           /* with variants: of the reference */
        const struct gates *gates;
        const struct profile_objective *objectives;
        size_t len;                        /* at most PROFILE_OBJECTIVES_MAX */
        const struct estimates *estimates; /* of the same fold; NULL: no intervals */
        const struct observed *observed;   /* beside it; NULL: nobody looked */
        const struct verdict_arm *arms;    /* objectives are judged in each, and the worst counts; NULL: there are no variants */
        size_t arms_len;
        const struct compared *compared;   /* of several the gravest; NULL: with nothing */
        bool warn_only;                    /* onRegression: warn */
};

/* Metrics as result/measure.h reads them. errors.ratio{class} and status.ratio{code} are shares of all requests done. A rate limit
 * in percent is of the rate that was offered in the same span.
 * *ret_judged is large: allocate it. */
void verdict_judge(const struct verdict_case *case_of, struct verdict_judged *ret_judged);

/* The objectives array of status: [{"metric","limit","value","met":"True"|"False"|"Unknown","reason","message"}]; caller owns. */
struct json_object *verdict_encode_objectives(const struct verdict_judged *judged);
/* The one entry of status.reasons: {"about":"verdict","reason","message"}; caller owns. */
struct json_object *verdict_encode_reason(const struct verdict_judged *judged);
