/* SPDX-License-Identifier: Apache-2.0
 *
 * A profile that requires something of the mesh, in a cluster without one: a result only counts where it was in effect. */
#include "base/mem.h"
#include "world.h"

static void run_that_requires(struct world *world, const char *name, const char *require)
{
        auto_free char *body = xasprintf("{\"spec\":{\"context\":{\"require\":[%s]}}}", require);

        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_ask(world, "PATCH", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web", body);
        world_run_new(world, name, "web", "");
}

static void begin_in_effect(struct world *world)
{
        run_that_requires(world, "asked", "{\"clientMeshed\":false}");
}

static void begin_not_in_effect(struct world *world)
{
        run_that_requires(world, "asked", "{\"clientMeshed\":false},{\"mesh.mtls\":\"strict\"}");
}

const struct workload workload_require[] = {
        {
                .name = "require",
                .what = "what the profile requires of the mesh is in effect",
                .begin = begin_in_effect,
                .ends = "asked=Succeeded/Valid",
        },
        {
                .name = "require_unmet",
                .what = "what the profile requires of the mesh is not in effect: the result is not valid",
                .begin = begin_not_in_effect,
                .ends = "asked=Succeeded/Invalid",
        },
        {0},
};
