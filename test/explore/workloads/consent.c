/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "world.h"

#define OPS "/api/v1/namespaces/ops/services"

static void server_of_ops(struct world *world, const char *name, const char *accepts)
{
        auto_free char *object = xasprintf("{\"metadata\":{\"name\":\"%s\",\"annotations\":{\"loadstone.dev/accept-load-from\":\"%s\"}},\"spec\":{"
                                           "\"clusterIP\":\"10.0.0.9\",\"selector\":{\"app\":\"a\"},\"ports\":[{\"name\":\"http\",\"port\":80}]}}",
                                           name, accepts);

        world_ask(world, "POST", OPS, object);
}

static void profile_of_ops(struct world *world, const char *name)
{
        auto_free char *body = xasprintf("{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"%s\"},"
                                         "\"spec\":{\"target\":{\"service\":{\"name\":\"%s\",\"namespace\":\"ops\",\"port\":\"http\"}},\"load\":%s,"
                                         "\"limits\":{\"readyTimeout\":\"20s\"}}}", name, name, WORLD_LOAD);

        world_ask(world, "POST", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles", body);
        world_run_new(world, name, name, "");
}

static void begin(struct world *world)
{
        world_ask(world, "POST", "/api/v1/namespaces", "{\"metadata\":{\"name\":\"ops\"}}");
        server_of_ops(world, "agrees", "other, shop");
        server_of_ops(world, "silent", "other");
        server_of_ops(world, "withdraws", "*");
        profile_of_ops(world, "agrees");
        profile_of_ops(world, "silent");
        profile_of_ops(world, "withdraws");
}

static void act(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step == 0 && world_ms(world) >= 6000) { /* in the middle of its shape, when nothing went wrong */
                world_ask(world, "PATCH", OPS "/withdraws", "{\"metadata\":{\"annotations\":{\"loadstone.dev/accept-load-from\":null}}}");
                *step = 1;
        }
        if (*step == 0)
                world_again_at(world, 6000);
}

const struct workload workload_consent[] = {
        {
                .name = "consent",
                .what = "Services of another namespace: one agrees, one does not, one withdraws",
                .begin = begin,
                .act = act,
                .ends_vary = true,
                .ends = "agrees=Succeeded silent=Failed withdraws=Failed|Succeeded",
        },
        {0},
};
