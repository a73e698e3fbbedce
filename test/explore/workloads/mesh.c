/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs between pods of an ambient Istio: its objects are read before, while and after, and what changes in them meanwhile is told. */
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

#define PEERS "/apis/security.istio.io/v1/namespaces/shop/peerauthentications"
#define TWO_TRIALS ",\"overrides\":{\"trials\":{\"repeats\":{\"min\":2},\"pause\":\"2s\"}}"
#define ARMS                                                                                                                      \
        ",\"trials\":{\"repeats\":{\"min\":2},\"pause\":\"1s\"},\"variants\":["                                                      \
        "{\"name\":\"out\",\"overrides\":{\"context\":{\"mesh\":{\"client\":\"excluded\"}}}},"                                        \
        "{\"name\":\"in\",\"overrides\":{\"context\":{\"mesh\":{\"client\":\"enrolled\"}}}}]"
#define DRIFT_MS 6000 /* in the middle of the load, when nothing went wrong */

static void install(struct world *world)
{
        world_ask(world, "POST", "/api/v1/namespaces", "{\"metadata\":{\"name\":\"istio-system\"}}");
        world_ask(world, "POST", "/apis/apps/v1/namespaces/istio-system/deployments",
                  "{\"metadata\":{\"name\":\"istiod\",\"labels\":{\"app\":\"istiod\",\"istio.io/rev\":\"default\"}},\"spec\":{\"template\":{\"spec\":{"
                  "\"containers\":[{\"name\":\"discovery\",\"image\":\"docker.io/istio/pilot:1.24.0\"}]}}},\"status\":{\"readyReplicas\":1}}");
        world_ask(world, "POST", "/apis/apps/v1/namespaces/istio-system/daemonsets",
                  "{\"metadata\":{\"name\":\"ztunnel\",\"labels\":{\"app\":\"ztunnel\"}},\"spec\":{\"template\":{\"spec\":{"
                  "\"containers\":[{\"name\":\"istio-proxy\",\"image\":\"docker.io/istio/ztunnel:1.24.0\"}]}}}}");
        world_ask(world, "POST", "/api/v1/namespaces/istio-system/configmaps", "{\"metadata\":{\"name\":\"istio\"},\"data\":{\"mesh\":\"{}\"}}");
}

/* 'load' closes spec.load. */
static void begin_with(struct world *world, const char *load, const char *run)
{
        install(world);
        world_ask(world, "PATCH", "/api/v1/namespaces/shop", "{\"metadata\":{\"labels\":{\"istio.io/dataplane-mode\":\"ambient\"}}}");
        world_server(world, "web");
        world_ask(world, "POST", "/api/v1/namespaces/shop/pods",
                  "{\"metadata\":{\"name\":\"web-1\",\"labels\":{\"app\":\"web\"},\"annotations\":{\"ambient.istio.io/redirection\":\"enabled\"}},"
                  "\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"web:1\"}]}}");
        world_ask(world, "POST", PEERS, "{\"apiVersion\":\"security.istio.io/v1\",\"kind\":\"PeerAuthentication\",\"metadata\":{\"name\":\"web\"},"
                                        "\"spec\":{\"mtls\":{\"mode\":\"STRICT\"}}}");
        world_profile(world, "web", "web", load);
        world_run_new(world, "meshed", "web", run);
}

static void begin(struct world *world)
{
        begin_with(world, WORLD_LOAD, world_argument(world) ? world_argument(world) : "");
}

static void begin_arms(struct world *world)
{
        begin_with(world, WORLD_LOAD ARMS, "");
}

/* The server's pod stays as it is; generators do their work. */
static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        (void)owner;
        *script = world_pod(NULL);
        if (!text_equal(doc_text(pod, "metadata.labels.app"), "web"))
                return;
        script->worker = NULL;
}

/* Somebody changes the mesh while it is measured. */
static void drift(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step == 0 && world_ms(world) >= DRIFT_MS) {
                world_ask(world, "PATCH", PEERS "/web", "{\"spec\":{\"mtls\":{\"mode\":\"PERMISSIVE\"}}}");
                *step = 1;
        }
        if (*step == 0)
                world_again_at(world, DRIFT_MS);
}

static void begin_refused(struct world *world)
{
        begin(world);
        world_refuse(world, "GET /peerauthentications", 403);
}

#define IN_ISTIO .script = script, .crds = SOURCE_DIR "/test/explore/crds", .horizon_ms = 300000

const struct workload workload_mesh[] = {
        {
                .name = "mesh",
                .what = "a run in a mesh",
                .begin = begin,
                .ends = "meshed=Succeeded",
                IN_ISTIO,
        },
        {
                .name = "mesh_drift",
                .what = "the mesh is changed under a run",
                .begin = begin,
                .act = drift,
                .ends = "meshed=Succeeded",
                IN_ISTIO,
        },
        {
                .name = "mesh_trials",
                .what = "two trials in a mesh that is changed meanwhile",
                .argument = TWO_TRIALS,
                .begin = begin,
                .act = drift,
                .ends = "meshed=Succeeded",
                IN_ISTIO,
        },
        {
                .name = "mesh_arms",
                .what = "clients in the mesh and out of it, in turn, while it is changed",
                .begin = begin_arms,
                .act = drift,
                .ends = "meshed=Succeeded",
                IN_ISTIO,
        },
        {
                .name = "mesh_unread",
                .what = "the mesh's objects may not be read: unknown, and no reason to wait",
                .begin = begin_refused,
                .ends = "meshed=Succeeded",
                IN_ISTIO,
        },
        {0},
};
