/* SPDX-License-Identifier: Apache-2.0
 *
 * How a run stands, as the conditions that kubectl wait, kstatus (sigs.k8s.io/cli-utils) and Argo CD read. The table:
 *
 *   end                                  Ready   Stalled        Passed
 *   Succeeded, verdict Pass or None      True    -              True / Unknown
 *   Succeeded, Inconclusive              True    -              Unknown
 *   the same, onInconclusive: fail       False   True           Unknown
 *   Succeeded, Fail                      False   True           False
 *   Succeeded, validity Invalid          False   True/Invalid   Unknown
 *   Failed                               False   True/reason    Unknown
 *   Cancelled                            False   True/Cancelled Unknown
 *
 * While active Reconciling is True and Ready False. Reconciling and Stalled are absent when they are not True. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct condition_facts {
        const char *phase;    /* as in status */
        const char *validity; /* Unknown | Valid | Limited | Invalid */
        const char *verdict;  /* None | Pass | Fail | Inconclusive */
        const char *reason, *message; /* of what is under way, or of the end; reason CamelCase */
        const char *valid_message, *passed_message; /* why validity and verdict are what they are; NULL: nothing to say */
        bool inconclusive_fails; /* baseline.onInconclusive: fail */
        int64_t generation, wall_ms;
};

/* The new list; caller owns. 'previous' may be NULL: a condition keeps its lastTransitionTime while its status is the same. */
struct json_object *condition_list(const struct condition_facts *facts, struct json_object *previous);
/* Appends one condition by the rule above; 'status' NULL leaves it out. */
void condition_add(struct json_object *list, struct json_object *previous, const struct condition_facts *facts,
                   const char *type, const char *status, const char *reason, const char *message);
