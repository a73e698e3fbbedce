/* SPDX-License-Identifier: Apache-2.0
 *
 * Two variants in turn, A B B A: each trial has its Job, once, with the plan of its variant, whatever fails in between. */
#include <stdlib.h>
#include <string.h>

#include "data/doc.h"
#include "world.h"

#define PROFILE "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web"
/* Closes spec.load, and goes on with what else a spec has. */
#define PAIRS(repeats)                                                                                                           \
        "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"2s\"}}],"       \
        "\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":1},"    \
        "\"trials\":{\"repeats\":" repeats ",\"pause\":\"2s\"},\"variants\":[{\"name\":\"few\"},{\"name\":\"many\","       \
        "\"overrides\":{\"load\":{\"shape\":[{\"hold\":{\"rate\":\"100/s\",\"for\":\"2s\"}}]}}}]"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", PAIRS("{\"min\":2}"));
        world_run_new(world, "pairs", "web", "");
}

/* In the pause after the first trial: neither the other variant nor the number of pairs is what it was, and the run does not care. */
static void edit(struct world *world)
{
        unsigned *step = world_step_of(world);
        struct json_object *run = *step == 0 ? world_ask(world, "GET", "/apis/loadstone.dev/v1alpha1/namespaces/shop/benchmarkruns/pairs", NULL) : NULL;

        if (!run || !doc_text(run, "status.trials[0].p50"))
                return;
        world_ask(world, "PATCH", PROFILE,
                  "{\"spec\":{\"trials\":{\"repeats\":{\"min\":5}},\"variants\":[{\"name\":\"other\"},{\"name\":\"few\"}]}}");
        *step = 1;
}

static void cancel(struct world *world)
{
        if (world_due(world, 0, strtoll(world_argument(world), NULL, 10)))
                world_run_change(world, "pairs", "PATCH", "{\"spec\":{\"cancel\":true}}");
}

/* What the second trial's worker says contradicts itself: the pair is run once more, whole. */
static void second_lies(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script honest = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS};
        static const struct worker_script liar = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .lies = true};
        const char *name = doc_text(pod, "metadata.name");

        (void)owner;
        *script = world_pod(name && strstr(name, "-t1-") ? &liar : &honest);
}

const struct workload workload_variants[] = {
        {
                .name = "variants",
                .what = "two pairs of two variants, A B B A",
                .begin = begin,
                .horizon_ms = 300000,
                .ends = "pairs=Succeeded",
        },
        {
                .name = "variants_edited",
                .what = "the profile gets other variants in the middle of a series",
                .begin = begin,
                .act = edit,
                .horizon_ms = 300000,
                .ends = "pairs=Succeeded",
        },
        {
                .name = "variants_repeated",
                .what = "a trial of the first pair is invalid, and the pair run once more",
                .begin = begin,
                .script = second_lies,
                .horizon_ms = 300000,
                .ends = "pairs=Succeeded/Valid",
        },
        {
                .name = "variants_cancelled",
                .what = "cancelled in the second pair",
                .argument = "17000",
                .begin = begin,
                .act = cancel,
                .horizon_ms = 300000,
                .ends_vary = true,
                .ends = "pairs=Cancelled|Succeeded",
        },
        {0},
};
