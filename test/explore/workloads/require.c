/* SPDX-License-Identifier: Apache-2.0
 *
 * A profile that requires something of the mesh, in a cluster without one: a result only counts where it was in effect. */
#include "base/mem.h"
#include "world.h"

static void begin(struct world *world)
{
        auto_free char *body = xasprintf("{\"spec\":{\"context\":{\"require\":[%s]}}}", world_argument(world));

        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_ask(world, "PATCH", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web", body);
        world_run_new(world, "asked", "web", "");
}

const struct workload workload_require[] = {
        {
                .name = "require",
                .what = "what the profile requires of the mesh is in effect",
                .argument = "{\"clientMeshed\":false}",
                .begin = begin,
                .ends = "asked=Succeeded/Valid",
        },
        {
                .name = "require_unmet",
                .what = "what the profile requires of the mesh is not in effect: the result is not valid",
                .argument = "{\"clientMeshed\":false},{\"mesh.mtls\":\"strict\"}",
                .begin = begin,
                .ends = "asked=Succeeded/Invalid",
        },
        {0},
};
