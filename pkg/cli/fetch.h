/* SPDX-License-Identifier: Apache-2.0
 *
 * A finished run out of a cluster, with the rights of who asks. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "base/fail.h"

struct fetch_spec { /* borrowed for the call */
        const char *kubeconfig, *context; /* NULL: as kubectl finds them */
        const char *namespace;            /* NULL: the context's */
        const char *run;
};

/* *ret_run is the BenchmarkRun, *ret_maps an array of its ConfigMaps (plan, result, series); both new. A run that is gone is made of the
 * result that it left (result/restore.h), the newest where several runs had the name; then *ret_gone. FAIL_MISSING: there is neither, or no
 * kubeconfig. Needs get on benchmarkruns and list on configmaps in the namespace. */
enum fail_kind fetch_run(const struct fetch_spec *spec, struct json_object **ret_run, struct json_object **ret_maps, bool *ret_gone,
                         struct fail *fail);
