/* SPDX-License-Identifier: Apache-2.0
 *
 * From a profile and a URL to what the worker on this machine does. */
#pragma once

#include <json-c/json.h>

#include "api/profile.h"
#include "cli/run_args.h"
#include "cli/url.h"
#include "load/plan.h"

struct local_plan {
        struct json_object *given; /* the spec as it was written, with the URL as its target; owned */
        struct json_object *spec;  /* merged and defaulted; owned */
        struct profile *profile;   /* owned */
        struct json_object *worker; /* the plan of that one worker as it is written; owned */
        struct load_plan *load;    /* owned; one worker: its threads share the cores, and N workers are one schedule */
        struct url url;            /* owned */
        char *host;                /* Host header and TLS name, where the profile names one; owned */
};

/* Reads the profile (--file) or makes one of the flags. FAIL_INVALID, FAIL_MISSING, FAIL_IO: what cannot be done here, too, such as
 * bodies that stand in a cluster. Release with local_plan_done in either case. */
enum fail_kind local_plan_init(struct local_plan *plan, const struct run_args *args, struct fail *fail);
void local_plan_done(struct local_plan *plan);
#define auto_local_plan __attribute__((cleanup(local_plan_done)))

/* What of the profile does not count here, as a sentence for people; NULL: all of it does. */
const char *local_plan_left_out(const struct local_plan *plan);
/* The PerformanceProfile for --save, as YAML; new string. */
char *local_plan_format_profile(const struct local_plan *plan);
