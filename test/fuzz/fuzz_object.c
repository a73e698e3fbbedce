/* SPDX-License-Identifier: Apache-2.0
 *
 * Pods, Jobs and runs as the operator reads them: nothing is out of its bounds, and what is said about them is text that can
 * stand in a status. */
#include "api/condition.h"
#include "api/job.h"
#include "api/pod.h"
#include "api/run.h"
#include "fuzz_json.h"

static void try_diagnosis(struct diagnosis diagnosis)
{
        must(!diagnosis.reason || diagnosis.text[0]);
        fuzz_must_be_utf8(diagnosis.text);
}

static void try_pod(struct json_object *object)
{
        struct pod pod;

        pod_decode(object, &pod);
        must(pod.index >= -1 && pod.index < 100000);
        try_diagnosis(pod_diagnose(object));
        try_diagnosis(pod_diagnose_create(doc_text(object, "note")));
        try_diagnosis(pod_diagnose_event(doc_text(object, "reason"), doc_text(object, "note"), doc_text(object, "named")));
}

static void try_run(struct json_object *object)
{
        struct run run;

        run_decode(object, &run);
        must(run.start_wall_ms >= -1 && run.deadline_wall_ms >= -1 && run.finish_wall_ms >= -1);
        must(run.queue_position >= 0 && (!run.terminal || run.phase));
}

static void try_job(struct json_object *object)
{
        struct job job;

        job_decode(object, &job);
        must(job.started_wall_ms >= -1);
}

/* Conditions from a status that somebody else may have written. */
static void try_conditions(struct json_object *object)
{
        const struct condition_facts facts = {.phase = "Succeeded", .validity = "Valid", .verdict = "Pass", .reason = "Done",
                                              .message = "done", .generation = 1, .wall_ms = INT64_C(1700000000000)};
        auto_json struct json_object *once = condition_list(&facts, doc_at(object, "status.conditions"));
        auto_json struct json_object *twice = condition_list(&facts, once);

        fuzz_must_survive(once);
        must(doc_equal(once, twice) && doc_find(once, "type", "Ready"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *object = fuzz_json(data, size);

        if (!object)
                return 0;
        try_pod(object);
        try_run(object);
        try_job(object);
        try_conditions(object);
        return 0;
}
