/* SPDX-License-Identifier: Apache-2.0
 *
 * A search for a target's capacity: each probe has its Job, once, with the rate that the probes before it lead to, whatever fails in between. */
#include <stdlib.h>
#include <string.h>

#include "data/doc.h"
#include "world.h"

#define MIDDLE_MS 12000
/* Closes spec.load, and goes on with what else a spec has. */
#define SEARCH(from, limit)                                                                                                      \
        "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},"       \
        "\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":1},\"objectives\":[{\"metric\":\"latency.p50\",\"max\":\"10ms\"}]," \
        "\"capacity\":{\"from\":\"" from "\",\"limit\":\"" limit "\",\"precision\":\"25%\",\"probe\":\"2s\"}"

/* Carries 100/s, and not more. */
static void carrying(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .carries_rps = 100};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
}

/* What the second probe's worker says contradicts itself; its repeat is fine. */
static void second_lies(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script honest = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .carries_rps = 100};
        static const struct worker_script liar = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .lies = true};
        const char *name = doc_text(pod, "metadata.name");

        (void)owner;
        *script = world_pod(name && strstr(name, "-t1-") ? &liar : &honest);
}

static void all_lie(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script liar = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .lies = true};

        (void)owner;
        (void)pod;
        *script = world_pod(&liar);
}

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", SEARCH("40/s", "400/s"));
        world_run_new(world, "search", "web", "");
}

static void begin_low(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", SEARCH("40/s", "60/s"));
        world_run_new(world, "search", "web", "");
}

/* After the first probe: the search goes on with what it froze. */
static void edit(struct world *world)
{
        unsigned *done = world_step_of(world);
        struct json_object *run = *done ? NULL : world_ask(world, "GET", "/apis/loadstone.dev/v1alpha1/namespaces/shop/benchmarkruns/search", NULL);

        if (!run || !doc_text(run, "status.trials[0].outcome"))
                return;
        *done = 1;
        world_ask(world, "PATCH", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web",
                  "{\"spec\":{\"capacity\":{\"from\":\"1/s\",\"probe\":\"9s\"}}}");
}

static void cancel(struct world *world)
{
        if (world_due(world, 0, MIDDLE_MS))
                world_run_change(world, "search", "PATCH", "{\"spec\":{\"cancel\":true}}");
}

const struct workload workload_capacity[] = {
        {
                .name = "capacity",
                .what = "a search for a capacity that is there",
                .begin = begin,
                .script = carrying,
                .horizon_ms = 600000,
                .ends = "search=Succeeded/Valid",
        },
        {
                .name = "capacity_limit",
                .what = "a search that comes to its limit",
                .begin = begin_low,
                .script = carrying,
                .horizon_ms = 600000,
                .ends = "search=Succeeded/Valid",
        },
        {
                .name = "capacity_repeated",
                .what = "the second probe of a search is invalid, and run once more",
                .begin = begin,
                .script = second_lies,
                .horizon_ms = 600000,
                .ends = "search=Succeeded/Valid",
        },
        {
                .name = "capacity_invalid",
                .what = "every probe of a search is invalid",
                .begin = begin,
                .script = all_lie,
                .horizon_ms = 600000,
                .ends = "search=Succeeded/Invalid",
        },
        {
                .name = "capacity_edited",
                .what = "the profile is edited in the middle of a search",
                .begin = begin_low,
                .act = edit,
                .script = carrying,
                .horizon_ms = 600000,
                .ends = "search=Succeeded/Valid",
        },
        {
                .name = "capacity_cancelled",
                .what = "cancelled in the middle of a search",
                .begin = begin_low,
                .act = cancel,
                .script = carrying,
                .horizon_ms = 600000,
                .ends_vary = true,
                .ends = "search=Cancelled|Succeeded",
        },
        {0},
};
