/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "lanes");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script mute = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .no_message = true};

        (void)pod;
        *script = world_pod(text_equal(world_argument(owner), "log") ? NULL : &mute);
}

/* In the middle of the load the log cannot be read any more, nor ever again; a fault may hide the middle from everybody. */
static void act(struct world *world)
{
        if (!text_equal(world_argument(world), "message") && text_equal(world_phase(world, "lanes"), "Running"))
                world_refuse(world, "GET /log", 500);
}

#define LOST(word, lane, sentence, end) \
        {.name = word, .what = sentence, .argument = lane, .begin = begin, .act = act, .script = script, .ends_vary = true, \
         .ends = "lanes=" end}

const struct workload workload_lanes[] = {
        LOST("lost_log", "log", "a worker whose log is lost: its termination message has the results", "Succeeded/Limited|Succeeded/Valid"),
        LOST("lost_message", "message", "a worker whose termination message is lost: its log has the results", "Succeeded"),
        LOST("lost_both", "both", "a worker whose log is lost and that leaves no message: the run says so", "Failed/Unknown|Succeeded/Invalid|Succeeded/Valid"),
        {0},
};
