/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "lanes");
}

/* The argument says which lane is lost. */
static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script without_log = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .no_log = true};
        static const struct worker_script without_message = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS,
                                                             .no_message = true};
        const char *lost = world_argument(owner);

        (void)pod;
        *script = world_pod(text_equal(lost, "log") ? &without_log : &without_message);
}

/* The log is there, and the server does not give it away. */
static void begin_unreadable(struct world *world)
{
        world_one_run(world, "lanes");
        world_refuse(world, "GET /log", 500);
}

#define LOST(lane, sentence, begins, end) \
        {.name = "lost_" lane, .what = sentence, .argument = lane, .begin = begins, .script = script, .ends = "lanes=" end}

const struct workload workload_lanes[] = {
        LOST("message", "a worker whose termination message is lost: its log has the results", begin, "Succeeded"),
        LOST("both", "a worker whose log cannot be read and that leaves no message: the run says so", begin_unreadable, "Failed/Unknown"),
        {0},
};
