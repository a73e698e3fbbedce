/* SPDX-License-Identifier: Apache-2.0
 *
 * What the target depends on is looked at beside it. What happens to it is told, and is not the target's. */
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

#define PODS "/api/v1/namespaces/shop/pods"
#define RESTARTED                                                                                                        \
        "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],\"containerStatuses\":[{\"name\":\"carts\"," \
        "\"restartCount\":%d}]}}"

static void begin(struct world *world)
{
        auto_free char *body = xasprintf("{\"spec\":{\"context\":{\"also\":[{\"service\":{\"name\":\"%s\"}}]}}}", world_argument(world));

        world_server(world, "web");
        world_server(world, "carts");
        world_ask(world, "POST", PODS, "{\"metadata\":{\"name\":\"carts-1\",\"labels\":{\"app\":\"carts\"}},\"spec\":{\"containers\":[{"
                                       "\"name\":\"carts\",\"image\":\"carts:1\"}]}}");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_ask(world, "PATCH", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web", body);
        world_run_new(world, "asked", "web", "");
}

/* A pod that was ready restarts while load is sent elsewhere. */
static void act(struct world *world)
{
        auto_free char *body = xasprintf(RESTARTED, (int)*world_step_of(world));

        if (*world_step_of(world) < 2 && text_equal(world_phase(world, "asked"), *world_step_of(world) ? "Running" : "Preparing")) {
                world_ask(world, "PATCH", PODS "/carts-1/status", body);
                (*world_step_of(world))++;
        }
}

/* The dependency's pod stays as it is; generators do their work. */
static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        (void)owner;
        *script = world_pod(NULL);
        if (text_equal(doc_text(pod, "metadata.labels.app"), "carts"))
                script->worker = NULL;
}

const struct workload workload_also[] = {
        {
                .name = "also",
                .what = "what the target depends on restarts: the result stays valid",
                .argument = "carts",
                .begin = begin,
                .act = act,
                .script = script,
                .ends = "asked=Succeeded/Valid",
        },
        {
                .name = "also_missing",
                .what = "what the target depends on is not there: the run goes on",
                .argument = "nobody",
                .begin = begin,
                .act = act,
                .script = script,
                .ends = "asked=Succeeded/Valid",
        },
        {0},
};
