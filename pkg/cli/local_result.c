/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/local_result.h"

#include "data/doc.h"
#include "result/pack.h"
#include "result/status.h"

static struct json_object *encode_status(const struct local_result *made)
{
        struct json_object *truncated = doc_array(), *workers = status_encode_workers(made->harvest, made->fold);
        const struct status_end end = {.fold = made->fold, .gates = made->gates, .judged = made->judged, .estimates = made->estimates};
        struct json_object *status = status_encode_end(&end, truncated);

        doc_set_text(status, "phase", made->interrupted ? "Cancelled" : "Succeeded");
        if (doc_len(truncated, "") > 0)
                doc_set(status, "truncated", json_object_get(truncated));
        json_object_put(truncated);
        if (made->fold->start_wall_ms > 0) {
                doc_set_time(status, "startTime", made->fold->start_wall_ms);
                doc_set_time(workers, "startAt", made->fold->start_wall_ms);
        }
        doc_set_time(status, "finishTime", made->finish_wall_ms);
        return doc_set(status, "workers", workers);
}

static struct json_object *encode_provenance(const struct local_result *made)
{
        struct json_object *provenance = doc_set_text(doc_object(), "program", LOADSTONE_VERSION);

        return doc_set(provenance, "worker", json_object_get(made->plan->worker));
}

/* What does not fit is left out, and then there is no resultRef: the figures stand in the status all the same. */
static void add_maps(const struct local_result *made, struct json_object *result, struct json_object *status)
{
        struct json_object *maps = doc_array();
        auto_json struct json_object *provenance = encode_provenance(made);
        auto_json struct json_object *summary = doc_set(doc_object(), "status", doc_copy(status));
        const struct pack_input input = {
                .namespace = "local",
                .run_name = "local",
                .run_uid = made->plan->load->run_uid,
                .fold = made->fold,
                .interval_ms = made->plan->load->interval_ms,
                .summary = doc_set(summary, "full", json_object_get(doc_at(result, "full"))),
                .provenance = provenance,
        };
        struct pack pack = {0};

        if (!pack_write(&input, &pack, NULL)) {
                doc_set(status, "resultRef", pack_encode_ref(&pack));
                for (size_t i = 0; i < pack.len; i++)
                        doc_push(maps, json_object_get(pack.maps[i]));
                pack_done(&pack);
        }
        doc_set(result, "configMaps", maps);
}

struct json_object *local_result_encode(const struct local_result *made)
{
        struct json_object *result = doc_object(), *status = encode_status(made);

        doc_set_text(doc_set_text(result, "apiVersion", "loadstone.dev/v1alpha1"), "kind", "BenchmarkRun");
        doc_set(result, "metadata", doc_set_text(doc_object(), "name", "local"));
        doc_set(result, "spec", doc_set(doc_object(), "template", json_object_get(made->plan->spec)));
        doc_set(doc_set(result, "status", status), "full", status_encode_full(made->fold));
        add_maps(made, result, status);
        return result;
}
