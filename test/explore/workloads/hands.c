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

/* Once, as soon as its time has come and there is a Job that was released. */
static void touch(struct world *world, const char *method, const char *body)
{
        unsigned *done = world_step_of(world);

        if (*done)
                return;
        if (world_ms(world) < TOUCHED_MS) {
                world_again_at(world, TOUCHED_MS);
                return;
        }
        struct json_object *list = world_ask(world, "GET", JOBS, NULL);
        const char *name = doc_text(list, "items[0].metadata.name");
        if (!name || doc_bool(list, "items[0].spec.suspend", false))
                return;
        auto_free char *path = xasprintf(JOBS "/%s", name);
        *done = 1;
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
        TOUCHED("job_suspended", "somebody suspends the Job under its load: its pods are lost, and others do not count in their place", suspend,
                "touched=Succeeded/Invalid|Succeeded/Valid|Failed"),
        TOUCHED("job_unlabelled", "somebody takes the Job's labels away", strip_labels, "touched=Succeeded/Valid"),
        TOUCHED("job_disowned", "somebody takes the Job's owner away", strip_owner, "touched=Succeeded/Valid"),
        {0},
};
