/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define POLICIES "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
#define LATE_MS 8000 /* the policy is in force, as everybody must think by then */

static void profile_with_secret(struct world *world, const char *name)
{
        static const char load[] = "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"5s\"}}],"
                                   "\"headersFrom\":[{\"name\":\"authorization\",\"secretKeyRef\":{\"name\":\"token\",\"key\":\"value\"}}],"
                                   "\"timeout\":\"2s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\"}";

        world_profile(world, name, "web", load);
        world_run_new(world, name, name, "");
}

static void begin(struct world *world)
{
        world_server(world, "web");
        profile_with_secret(world, "early");
        world_profile(world, "plain", "web", WORLD_LOAD);
        world_run_new(world, "plain", "plain", "");
        world_ask(world, "POST", POLICIES "ies", "{\"metadata\":{\"name\":\"loadstone-authors\"},\"spec\":{}}");
        world_ask(world, "POST", POLICIES "ybindings",
                  "{\"metadata\":{\"name\":\"loadstone-authors\"},\"spec\":{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"]}}");
        world_again_at(world, LATE_MS);
}

static void act(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step > 0 || world_ms(world) < LATE_MS)
                return;
        (*step)++;
        profile_with_secret(world, "late");
}

const struct workload workload_secrets[] = {
        {
                .name = "secrets",
                .what = "a profile that names a Secret is as old as the policy on authors and never runs; a younger one does",
                .begin = begin,
                .act = act,
                .ends = "early=Failed plain=Succeeded late=Succeeded",
        },
        {0},
};
