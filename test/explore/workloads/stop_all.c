/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define MAPS "/api/v1/namespaces/loadstone-system/configmaps"

static void begin(struct world *world)
{
        world_one_run(world, "first");
        world_run_new(world, "second", "web", "");
        world_ask(world, "POST", MAPS, "{\"metadata\":{\"name\":\"loadstone-config\"},\"data\":{\"config.yaml\":\"stopAll: false\"}}");
}

/* The switch is on for a while, with a mistake written over it that must not lift it. */
static void act(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step == 0 && world_ms(world) >= 6000) { /* in the middle of its shape, when nothing went wrong */
                world_ask(world, "PATCH", MAPS "/loadstone-config", "{\"data\":{\"config.yaml\":\"stopAll: true\"}}");
                *step = 1;
        } else if (*step == 1 && world_ms(world) >= 20000) {
                world_ask(world, "PATCH", MAPS "/loadstone-config", "{\"data\":{\"config.yaml\":\"stopAll: maybe\"}}");
                *step = 2;
        } else if (*step == 2 && world_ms(world) >= 30000) {
                world_ask(world, "PATCH", MAPS "/loadstone-config", "{\"data\":{\"config.yaml\":\"stopAll: false\"}}");
                *step = 3;
        }
        if (*step < 3)
                world_again_at(world, *step == 0 ? 6000 : *step == 1 ? 20000 : 30000);
}

const struct workload workload_stop_all[] = {
        {
                .name = "stop_all",
                .what = "the administrator stops everything, and allows it again",
                .begin = begin,
                .act = act,
                .ends_vary = true,
                .horizon_ms = 300000,
                .ends = "first=Failed|Succeeded second=Succeeded|Failed",
        },
        {0},
};
