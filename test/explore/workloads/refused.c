/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define LIFTED_MS 12000

/* The administrator takes a right away, and gives it back. */
static void begin(struct world *world)
{
        world_one_run(world, "refused");
        world_refuse(world, world_argument(world), 403);
        world_again_at(world, LIFTED_MS);
}

static void act(struct world *world)
{
        if (world_ms(world) >= LIFTED_MS)
                world_refuse(world, NULL, 0);
        else
                world_again_at(world, LIFTED_MS);
}

#define REFUSED(word, request, end) \
        {.name = word, .what = "the operator may not " request " for twelve seconds", .argument = request, .begin = begin, .act = act, \
         .ends_vary = true, .ends = "refused=" end}

const struct workload workload_refused[] = {
        REFUSED("refused_status", "PATCH /status", "Succeeded"),
        REFUSED("refused_plan", "POST /configmaps", "Succeeded|Failed"),
        REFUSED("refused_job", "POST /jobs", "Succeeded|Failed"),
        REFUSED("refused_release", "PATCH /jobs/", "Succeeded"),
        REFUSED("refused_start", "PATCH /pods/", "Succeeded"),
        REFUSED("refused_log", "GET /log", "Succeeded|Failed"),
        REFUSED("refused_pods", "GET /pods?", "Succeeded|Failed"),
        REFUSED("refused_service", "GET /services/", "Succeeded|Failed"),
        REFUSED("refused_runs", "GET /benchmarkruns?", "Succeeded"),
        {0},
};
