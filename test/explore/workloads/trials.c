/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of several trials: each has its Job, once, one after the other, whatever fails in between. */
#include <stdlib.h>
#include <string.h>

#include "data/doc.h"
#include "world.h"

/* Short trials: what is explored is what lies between them. */
#define SHORT_LOAD "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"2s\"}}]," \
                   "\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":1}"
#define SETTLING_LOAD "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"5/s\",\"for\":\"40s\"}}]," \
                      "\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},\"warmup\":\"auto\",\"cooldown\":\"0s\",\"workers\":1}"
#define TRIALS(repeats) ",\"overrides\":{\"trials\":{\"repeats\":" repeats ",\"pause\":\"2s\"}}"

static void begin_with(struct world *world, const char *overrides)
{
        world_server(world, "web");
        world_profile(world, "web", "web", SHORT_LOAD);
        world_run_new(world, "series", "web", overrides);
}

static void begin(struct world *world)
{
        begin_with(world, TRIALS("{\"min\":3}"));
}

/* Workers find that 16 s are enough, once: the later trials have to be told. */
static void settling(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .settled_ms = 16000};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
}

static void begin_settling(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", SETTLING_LOAD);
        world_run_new(world, "series", "web", TRIALS("{\"min\":3}"));
}

/* What the second trial's worker says contradicts itself; its repeat is fine. */
static void second_lies(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script honest = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS};
        static const struct worker_script liar = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .lies = true};
        const char *name = doc_text(pod, "metadata.name");

        (void)owner;
        *script = world_pod(name && strstr(name, "-t1-") ? &liar : &honest);
}

static void begin_two_stages(struct world *world)
{
        begin_with(world, TRIALS("{\"min\":3,\"max\":4}"));
}

/* Once, at the time that the workload names. */
static bool time_to_act(struct world *world)
{
        unsigned *done = world_step_of(world);
        int64_t at_ms = strtoll(world_argument(world), NULL, 10);

        if (*done)
                return false;
        if (world_ms(world) < at_ms) {
                world_again_at(world, at_ms);
                return false;
        }
        *done = 1;
        return true;
}

static void cancel(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "series", "PATCH", "{\"spec\":{\"cancel\":true}}");
}

static void delete_it(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "series", "DELETE", NULL);
}

#define CANCELLED_AT(ms, place)                                                                                              \
        {.name = "trials_cancelled_" place, .what = "cancelled in the middle of a series", .argument = ms, .begin = begin,  \
         .act = cancel, .horizon_ms = 300000, .ends_vary = true, .ends = "series=Cancelled|Succeeded"}
#define DELETED_AT(ms, place)                                                                                                \
        {.name = "trials_deleted_" place, .what = "deleted in the middle of a series", .argument = ms, .begin = begin,      \
         .act = delete_it, .horizon_ms = 300000, .ends = "series=-"}

const struct workload workload_trials[] = {
        {
                .name = "trials",
                .what = "three trials, one after the other",
                .begin = begin,
                .horizon_ms = 300000,
                .ends = "series=Succeeded",
        },
        {
                .name = "trials_two_stages",
                .what = "three trials, and what they say about how many are needed",
                .begin = begin_two_stages,
                .horizon_ms = 300000,
                .ends = "series=Succeeded",
        },
        {
                .name = "trials_settling",
                .what = "three trials with the warm-up that the first one found",
                .begin = begin_settling,
                .script = settling,
                .horizon_ms = 600000,
                .ends = "series=Succeeded",
        },
        {
                .name = "trials_repeated",
                .what = "the second of three trials is invalid, and run once more",
                .begin = begin,
                .script = second_lies,
                .horizon_ms = 300000,
                .ends = "series=Succeeded/Valid",
        },
        CANCELLED_AT("7000", "pause"),
        CANCELLED_AT("11500", "second"),
        DELETED_AT("7000", "pause"),
        DELETED_AT("11500", "second"),
        {0},
};
