/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "pulling");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        (void)owner;
        (void)pod;
        *script = (struct pod_script){.node = "node-1", .schedule_ms = 10, .pull_ms = 500, .pull_error = "no such image"};
}

const struct workload workload_image_never[] = {
        {
                .name = "image_never",
                .what = "the image of the workers cannot be pulled",
                .begin = begin,
                .script = script,
                .ends = "pulling=Failed",
        },
        {0},
};
