/* SPDX-License-Identifier: Apache-2.0
 *
 * How many generator pods: a number, or as many as the shape's highest rate needs. A worker sends CORE_RPS with each CPU that it may use
 * (half of it over TLS) and stays well below what it could; its CPUs are the pod's limit, or one where there is none. What that comes to
 * in a given cluster, each run measures: the gates say when the generator was the limit.
 *
 * By a rule, not by a trial load: the number stands in the plan and in the Job before there is a pod, and the same profile must give the same
 * number on every node and day, or its runs would differ by more than what they measure. Nor would the floor do that a worker measures of
 * itself: one connection with one request at a time costs a request more than many do, and would call possible rates impossible. */
#include <math.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/unit.h"

#define WORKERS_MAX 64
#define CORE_RPS 20000.0
#define CORE_TLS_RPS 10000.0

static double worker_cores(const struct profile *profile)
{
        struct json_object *limit = doc_at(profile->spec, "placement.resources.limits.cpu");
        double cores = 1;

        if (limit && unit_parse_quantity(json_object_get_string(limit), &cores, NULL))
                return 1; /* is refused later, by its name */
        return cores > 0 ? cores : 1;
}

static uint32_t workers_needed(const struct profile *profile)
{
        double most = fmin(profile->connections, WORKERS_MAX);
        double needed = ceil(profile->peak_rps / (worker_cores(profile) * (profile->scheme->tls ? CORE_TLS_RPS : CORE_RPS)));

        return (uint32_t)fmax(fmin(needed, most), 1);
}

enum fail_kind profile_decode_workers(struct profile *profile, struct fail *fail)
{
        static const struct field number[] = {{"load.workers", FIELD_INT32, offsetof(struct profile, workers), 1, WORKERS_MAX}};

        if (text_equal(doc_text(profile->spec, "load.workers"), "auto")) {
                if (profile->closed)
                        return fail_set(fail, FAIL_INVALID, "spec.load.workers: auto goes by the rate, which a closed loop has not: write a number");
                profile->workers = workers_needed(profile);
                return FAIL_NONE;
        }
        if (field_decode(profile->spec, "spec.", number, ARRAY_LEN(number), profile, fail))
                return FAIL_INVALID;
        if (profile->connections < profile->workers)
                return fail_set(fail, FAIL_INVALID, "spec.load.concurrency.connections must be at least load.workers");
        return FAIL_NONE;
}
