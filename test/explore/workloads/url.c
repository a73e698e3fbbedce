/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "world.h"

static void url(struct world *world, const char *name, const char *to)
{
        auto_free char *body = xasprintf("{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"%s\"},"
                                         "\"spec\":{\"target\":{\"url\":\"%s\"},\"load\":%s,\"limits\":{\"readyTimeout\":\"20s\"}}}", name, to, WORLD_LOAD);

        world_ask(world, "POST", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles", body);
        world_run_new(world, name, name, "");
}

static void begin(struct world *world)
{
        world_ask(world, "POST", "/api/v1/nodes",
                  "{\"metadata\":{\"name\":\"node-9\"},\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.9.0.9\"}]}}");
        world_ask(world, "POST", "/api/v1/namespaces/loadstone-system/configmaps",
                  "{\"metadata\":{\"name\":\"loadstone-config\"},\"data\":{\"config.yaml\":\"targets: {allow: [{host: shop.example.com, ports: [80]}, "
                  "{cidr: 10.9.0.0/16, ports: [80]}, {cidr: 169.254.0.0/16, ports: [80]}]}\"}}");
        url(world, "allowed", "http://shop.example.com/");
        url(world, "elsewhere", "http://other.example.com:81/");
        url(world, "node", "http://10.9.0.9/");
        url(world, "metadata", "http://169.254.169.254/");
}

const struct workload workload_url[] = {
        {
                .name = "url",
                .what = "URLs: one that is allowed, one that is not, and two that never are",
                .begin = begin,
                .ends = "allowed=Succeeded elsewhere=Failed node=Failed metadata=Failed",
        },
        {0},
};
