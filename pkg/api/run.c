/* SPDX-License-Identifier: Apache-2.0 */
#include "api/run.h"

#include "base/clock.h"
#include "base/text.h"
#include "data/doc.h"

static int64_t time_at(struct json_object *doc, const char *path)
{
        return clock_parse(doc_text(doc, path));
}

const char *run_job_uid(const struct run *run, const char *name)
{
        return doc_text(doc_find(doc_at(run->status, "jobs"), "name", name), "uid");
}

static void decode_status(struct json_object *status, struct run *run)
{
        run->status = status;
        run->observed_generation = doc_int(status, "observedGeneration", -1);
        run->phase = doc_text(status, "phase");
        run->target = doc_text(status, "target");
        run->stop_reason = doc_text(status, "stop.reason");
        run->stop_message = doc_text(status, "stop.message");
        struct json_object *trials = doc_at(status, "trials"), *last = NULL;
        run->trials_bound = (int)doc_len(trials, "");
        last = run->trials_bound > 0 ? doc_item(trials, (size_t)run->trials_bound - 1) : NULL;
        run->job_uid = doc_text(last, "job.uid");
        run->job_name = doc_text(last, "job.name");
        run->trial_start_wall_ms = time_at(last, "startTime");
        run->trial_pause = doc_text(last, "pause");
        run->trial_pause_end = doc_text(last, "pauseEnd");
        run->start_wall_ms = time_at(status, "startTime");
        run->deadline_wall_ms = time_at(status, "deadline");
        run->finish_wall_ms = time_at(status, "finishTime");
        run->start_at_wall_ms = time_at(status, "workers.startAt");
        run->queue_position = (int)doc_int(status, "queue.position", 0);
        run->queue_reason = doc_text(status, "queue.reason");
        run->terminal = text_equal(run->phase, "Succeeded") || text_equal(run->phase, "Failed") ||
                        text_equal(run->phase, "Cancelled");
}

void run_decode(struct json_object *object, struct run *ret_run)
{
        *ret_run = (struct run){
                .object = object,
                .namespace = doc_text(object, "metadata.namespace"),
                .name = doc_text(object, "metadata.name"),
                .uid = doc_text(object, "metadata.uid"),
                .version = doc_text(object, "metadata.resourceVersion"),
                .generation = doc_int(object, "metadata.generation", 0),
                .created_wall_ms = time_at(object, "metadata.creationTimestamp"),
                .deleting = doc_at(object, "metadata.deletionTimestamp") != NULL,
                .cancel = doc_bool(object, "spec.cancel", false),
                .profile = doc_text(object, "spec.profile"),
                .template = doc_at(object, "spec.template"),
                .overrides = doc_at(object, "spec.overrides"),
                .labels = doc_at(object, "spec.labels"),
                .baseline = doc_text(object, "spec.baseline.run"),
        };
        decode_status(doc_at(object, "status"), ret_run);
}
