/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

#define NODE "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"node-1\"},\"status\":{\"conditions\":[{\"type\":\"MemoryPressure\",\"status\":\"False\"}]}}"
#define LOAD "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"5/s\",\"for\":\"30s\"}}]," \
             "\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":1}"

static void begin(struct world *world)
{
        world_ask(world, "POST", "/api/v1/nodes", NODE);
        world_server(world, "web");
        world_profile(world, "web", "web", LOAD);
        world_run_new(world, "pressed", "web", "");
}

static void act(struct world *world)
{
        unsigned *done = world_step_of(world);

        if (*done || !text_equal(world_phase(world, "pressed"), "Running"))
                return;
        world_ask(world, "PATCH", "/api/v1/nodes/node-1/status", "{\"status\":{\"conditions\":[{\"type\":\"MemoryPressure\",\"status\":\"True\"}]}}");
        *done = 1;
}

static void watch_only(struct world *world)
{
        (void)world;
}

const struct workload workload_pressure[] = {
        {
                .name = "pressure",
                .what = "the node runs short of memory while load is sent",
                .begin = begin,
                .act = act,
                .horizon_ms = 300000,
                .ends_vary = true, /* Valid: an operator that came when the load was over had not looked at the node yet */
                .ends = "pressed=Succeeded/Limited|Succeeded/Valid",
        },
        {
                .name = "pressure_none",
                .what = "the node has enough of everything",
                .begin = begin,
                .act = watch_only,
                .horizon_ms = 300000,
                .ends = "pressed=Succeeded/Valid",
        },
        {0},
};
