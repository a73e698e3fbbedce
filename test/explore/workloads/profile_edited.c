/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

#define PROFILE "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web"

static void begin(struct world *world)
{
        world_one_run(world, "edited");
}

/* Once the run has begun its profile is changed, then deleted: the run goes on with what it froze. */
static void act(struct world *world)
{
        unsigned *step = world_step_of(world);
        const char *phase = world_phase(world, "edited");

        if (*step == 0 && (text_equal(phase, "Warming") || text_equal(phase, "Running"))) {
                world_ask(world, "PATCH", PROFILE, "{\"spec\":{\"load\":{\"timeout\":\"1s\",\"warmup\":\"9s\"}}}");
                world_again_at(world, world_ms(world) + 1500);
                *step = 1;
        } else if (*step == 1) {
                world_ask(world, "DELETE", PROFILE, NULL);
                *step = 2;
        }
}

const struct workload workload_profile_edited[] = {
        {
                .name = "profile_edited",
                .what = "the profile is edited and deleted while its run is under way",
                .begin = begin,
                .act = act,
                .ends = "edited=Succeeded",
        },
        {0},
};
