/* SPDX-License-Identifier: Apache-2.0 */
#include "check_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "sim.h"

#define PART "metadata.labels[\"loadstone.dev/part\"]"
#define VARIANT "metadata.labels[\"loadstone.dev/variant\"]"
#define RUN_UID "metadata.labels[\"loadstone.dev/run-uid\"]"

struct steps_seen { /* one set of objects of a run: its workload, or what a variant applies */
        int applying, undoing; /* pods at work */
        bool applied, undone;  /* a pod has begun to apply; one has taken it back since */
        bool ready;            /* the pod that applies has said that it is done */
        char variant[64];      /* whose it is; "": the workload */
};

static bool is(struct json_object *object, const char *part)
{
        return text_equal(doc_text(object, PART), part);
}

bool check_steps_concern(struct json_object *object)
{
        return is(object, "apply") || is(object, "undo");
}

/* The Job's name from "apply" or "undo" on tells the sets of a run apart. */
static const char *set_of(struct json_object *pod)
{
        const char *job = doc_text(pod, "metadata.labels[\"batch.kubernetes.io/job-name\"]");
        const char *apply = job ? strstr(job, "-apply") : NULL, *undo = job ? strstr(job, "-undo") : NULL;

        return apply ? apply + strlen("-apply") : undo ? undo + strlen("-undo") : "";
}

static struct steps_seen *seen_of(struct check_steps *steps, struct json_object *pod)
{
        auto_free char *key = xasprintf("%s%s", doc_text(pod, RUN_UID), set_of(pod));
        struct steps_seen *seen = map_find(&steps->runs, key);
        const char *variant = doc_text(pod, VARIANT);

        if (!seen) {
                seen = xnew(struct steps_seen);
                snprintf(seen->variant, sizeof seen->variant, "%s", variant ? variant : "");
                map_set(&steps->runs, key, seen);
        }
        return seen;
}

/* ---- Jobs ---- */

static bool is_released(struct json_object *job)
{
        return job && !doc_bool(job, "spec.suspend", false);
}

static bool is_named(struct json_object *run, const char *uid)
{
        struct json_object *jobs = doc_at(run, "status.jobs");

        for (size_t i = 0; i < doc_len(jobs, ""); i++)
                if (text_equal(doc_text(doc_item(jobs, i), "uid"), uid))
                        return true;
        return false;
}

bool check_steps_job(struct check_steps *steps, struct apisim *sim, struct json_object *before, struct json_object *after, char *text, size_t size)
{
        struct object *run = sim_store_by_uid(sim, doc_text(after, RUN_UID));
        const char *name = doc_text(after, "metadata.name");

        (void)steps;
        if (!is_released(after) || is_released(before))
                return false;
        bool over = !run || doc_at(run->json, "status.finishTime") || doc_at(run->json, "metadata.deletionTimestamp");
        if (is(after, "undo") && !over && !doc_text(after, VARIANT))
                return snprintf(text, size, "I19: undo %s was released and its run is under way", name) > 0;
        if (is(after, "apply") && run && !is_named(run->json, doc_text(after, "metadata.uid")))
                return snprintf(text, size, "I19: apply %s was released, and no run's status names it", name) > 0;
        return false;
}

/* A trial's load: what is in effect is what its variant applies, and nothing else. */
bool check_steps_load(const struct check_steps *steps, struct json_object *job, char *text, size_t size)
{
        const char *variant = doc_text(job, VARIANT), *uid = doc_text(job, RUN_UID), *key;
        bool applies = text_equal(variant, CHECK_STEPS_APPLIES), in_effect = false;
        size_t at = 0;
        void *value;

        while (map_next(&steps->runs, &at, &key, &value)) {
                const struct steps_seen *seen = value;
                if (!text_starts(key, uid) || !seen->variant[0] || !seen->applied || seen->undone)
                        continue;
                in_effect = in_effect || seen->ready;
                if (!text_equal(seen->variant, variant) || !seen->ready || seen->undoing)
                        return snprintf(text, size, "I20: Job %s was released while variant %s came or went", doc_text(job, "metadata.name"), seen->variant) > 0;
        }
        if (applies && !in_effect)
                return snprintf(text, size, "I20: Job %s was released, and what its variant applies is not there", doc_text(job, "metadata.name")) > 0;
        return false;
}

/* ---- pods ---- */

static bool works(struct json_object *pod)
{
        return doc_at(pod, "status.containerStatuses[0].state.running") != NULL;
}

bool check_steps_pod(struct check_steps *steps, struct json_object *before, struct json_object *after, char *text, size_t size)
{
        struct json_object *pod = after ? after : before;
        struct steps_seen *seen = seen_of(steps, pod);
        bool apply = is(pod, "apply"), began = works(after) && !works(before), ended = works(before) && !works(after);
        int *count = apply ? &seen->applying : &seen->undoing;

        *count += began - ended;
        if (!apply && text_equal(doc_text(after, "status.phase"), "Succeeded"))
                seen->undone = true;
        if (apply && began)
                seen->applied = true;
        if (apply && text_equal(doc_text(after, "status.phase"), "Succeeded"))
                seen->ready = true;
        const char *said = doc_text(after, "status.containerStatuses[0].state.terminated.message");
        if (apply && said && strstr(said, "\"touched\":false"))
                seen->applied = false;
        if (began && seen->applying && seen->undoing)
                return snprintf(text, size, "I19: %s begins while the other one works", doc_text(pod, "metadata.name")) > 0;
        if (began && apply && seen->undone)
                return snprintf(text, size, "I19: %s applies again what was taken back", doc_text(pod, "metadata.name")) > 0;
        return false;
}

/* ---- others ---- */

bool check_steps_admitted(struct apisim *sim, struct json_object *run, char *text, size_t size)
{
        const struct kind *jobs = kind_find(sim, "batch", "v1", "jobs");

        for (size_t i = 0; i < jobs->len; i++) {
                struct json_object *job = jobs->objects[i]->json;
                if (is(job, "undo") && text_equal(doc_text(job, "metadata.annotations[\"loadstone.dev/target\"]"), doc_text(run, "status.target")) &&
                    !text_equal(doc_text(job, RUN_UID), doc_text(run, "metadata.uid")))
                        return snprintf(text, size, "I19: run %s was admitted before %s has taken back what was applied", doc_text(run, "metadata.name"),
                                        doc_text(job, "metadata.name")) > 0;
        }
        return false;
}

bool check_steps_end(const struct check_steps *steps, char *text, size_t size)
{
        size_t at = 0;
        const char *uid;
        void *value;

        while (map_next(&steps->runs, &at, &uid, &value)) {
                const struct steps_seen *seen = value;
                if (seen->applied && !seen->undone)
                        return snprintf(text, size, "I19: what run %s applied was never taken back", uid) > 0;
        }
        return false;
}

void check_steps_done(struct check_steps *steps)
{
        map_done_values(&steps->runs);
}
