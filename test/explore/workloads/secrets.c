/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

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
        world_authors(world);
}

static void act(struct world *world)
{
        if (world_due(world, 0, WORLD_AUTHORS_MS))
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
