/* SPDX-License-Identifier: Apache-2.0
 *
 * People and other controllers who lay hands on the Job of a run that is under way. */
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

#define JOBS "/apis/batch/v1/namespaces/shop/jobs"
#define TOUCHED_MS 4000 /* in the middle of the load, when nothing went wrong */

static void begin(struct world *world)
{
        world_one_run(world, "touched");
}

/* The path of the Job, once: as soon as its time has come and there is one that was released. Otherwise NULL; new. */
static char *job_to_touch(struct world *world)
{
        unsigned *done = world_step_of(world);

        if (*done)
                return NULL;
        if (world_ms(world) < TOUCHED_MS) {
                world_again_at(world, TOUCHED_MS);
                return NULL;
        }
        struct json_object *list = world_ask(world, "GET", JOBS, NULL);
        const char *name = doc_text(list, "items[0].metadata.name");
        if (!name || doc_bool(list, "items[0].spec.suspend", false))
                return NULL;
        *done = 1;
        return xasprintf(JOBS "/%s", name);
}

static void touch(struct world *world, const char *method, const char *body)
{
        auto_free char *path = job_to_touch(world);

        if (path)
                world_ask(world, method, path, body);
}

static void delete_job(struct world *world)
{
        touch(world, "DELETE", "{\"propagationPolicy\":\"Background\"}");
}

static void suspend(struct world *world)
{
        touch(world, "PATCH", "{\"spec\":{\"suspend\":true}}");
}

/* As the Job controller of Kubernetes 1.36 leaves it. */
static void suspend_without_start(struct world *world)
{
        auto_free char *path = job_to_touch(world);

        if (!path)
                return;
        auto_free char *status = xasprintf("%s/status", path);
        world_ask(world, "PATCH", path, "{\"spec\":{\"suspend\":true}}");
        world_ask(world, "PATCH", status, "{\"status\":{\"startTime\":null}}");
}

static void strip_labels(struct world *world)
{
        touch(world, "PATCH", "{\"metadata\":{\"labels\":null}}");
}

static void strip_owner(struct world *world)
{
        touch(world, "PATCH", "{\"metadata\":{\"ownerReferences\":null}}");
}

#define TOUCHED(name_, what_, act_, ends_) \
        {.name = name_, .what = what_, .begin = begin, .act = act_, .horizon_ms = 900000, .ends_vary = true, .ends = ends_}

const struct workload workload_hands[] = {
        TOUCHED("job_deleted", "somebody deletes the Job under its load", delete_job, "touched=Succeeded/Invalid|Succeeded/Valid|Failed"),
        TOUCHED("job_suspended", "somebody suspends the Job under its load: its pods are lost, and no others take their place", suspend,
                "touched=Failed|Succeeded/Invalid"),
        TOUCHED("job_suspended_since", "the same, and the Job does not say any more that it had begun", suspend_without_start,
                "touched=Failed|Succeeded/Invalid|Succeeded/Valid"), /* Valid: nobody had told the workers to begin, and others were */
        TOUCHED("job_unlabelled", "somebody takes the Job's labels away", strip_labels, "touched=Succeeded/Valid"),
        TOUCHED("job_disowned", "somebody takes the Job's owner away", strip_owner, "touched=Succeeded/Valid"),
        {0},
};
