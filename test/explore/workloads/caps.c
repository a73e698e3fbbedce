/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* Two targets, so that only the sum holds the second back. */
static void begin(struct world *world)
{
        world_server(world, "web");
        world_server(world, "shop");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_profile(world, "shop", "shop", WORLD_LOAD);
        world_ask(world, "POST", "/api/v1/namespaces/loadstone-system/configmaps",
                  "{\"metadata\":{\"name\":\"loadstone-config\"},\"data\":{\"config.yaml\":\"caps: {run: {connections: 3}, cluster: {rate: 60/s}}\"}}");
        world_run_new(world, "first", "web", "");
        world_run_new(world, "second", "shop", "");
        world_run_new(world, "greedy", "shop", ",\"overrides\":{\"load\":{\"concurrency\":{\"connections\":4}}}");
}

const struct workload workload_caps[] = {
        {
                .name = "caps",
                .what = "a sum that has room for one run at a time, and a run beyond a cap",
                .begin = begin,
                .horizon_ms = 300000,
                .ends = "first=Succeeded second=Succeeded greedy=Failed",
        },
        {0},
};
