/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of several trials: each has its Job, once, one after the other, whatever fails in between. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/doc.h"
#include "world.h"

/* Short trials: what is explored is what lies between them. */
#define SHORT_LOAD_BY(workers) "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"2s\"}}]," \
                               "\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":" #workers "}"
#define SHORT_LOAD SHORT_LOAD_BY(1)
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

static void begin_by_two(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", SHORT_LOAD_BY(2));
        world_run_new(world, "series", "web", TRIALS("{\"min\":3}"));
}

/* One of the second trial's two workers is gone in the middle of its load, with its node: what the other says is Limited. The repeat is fine. */
static void second_is_cut_short(void *owner, struct json_object *pod, struct pod_script *script)
{
        const char *name = doc_text(pod, "metadata.name");
        bool first = text_equal(doc_text(pod, "metadata.annotations[\"batch.kubernetes.io/job-completion-index\"]"), "0");

        (void)owner;
        *script = world_pod(NULL);
        if (first || !name || !strstr(name, "-t1-"))
                return;
        script->kill_ms = 4500;
        script->kill_reason = "TerminationByKubelet";
        script->ignores_stop = true;
}

static void begin_two_stages(struct world *world)
{
        begin_with(world, TRIALS("{\"min\":3,\"max\":4}"));
}

/* Once, at the time that the workload names. */
static bool time_to_act(struct world *world)
{
        return world_due(world, 0, strtoll(world_argument(world), NULL, 10));
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

/* In the pause between two trials: the series goes on with what it froze. */
static void edit_profile(struct world *world)
{
        if (time_to_act(world))
                world_ask(world, "PATCH", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles/web",
                          "{\"spec\":{\"load\":{\"timeout\":\"2s\",\"shape\":[{\"hold\":{\"rate\":\"9/s\",\"for\":\"9s\"}}]}}}");
}

/* Each trial is invalid by itself, and so is its repeat: a series of nothing ends, and says so. */
static void all_lie(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script liar = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .lies = true};

        (void)owner;
        (void)pod;
        *script = world_pod(&liar);
}

static void all_errors(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .miss_every = 1};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
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
                .trials = 4,
                .ends = "series=Succeeded/Valid",
        },
        {
                .name = "trials_cut_short",
                .what = "the second of three trials loses one of its two workers, and is run once more",
                .begin = begin_by_two,
                .script = second_is_cut_short,
                .horizon_ms = 300000,
                .trials = 4,
                /* A fault that costs the repeat one of its workers, too, leaves two of three trials: no third try is made. */
                .ends = "series=Succeeded/Valid|Succeeded/Limited",
                .ends_vary = true,
        },
        {
                .name = "trials_invalid",
                .what = "every trial is invalid, and so is every repeat",
                .begin = begin,
                .script = all_lie,
                .horizon_ms = 300000,
                .ends = "series=Succeeded/Invalid",
        },
        {
                .name = "trials_all_errors",
                .what = "not a single request of a series succeeds",
                .begin = begin,
                .script = all_errors,
                .horizon_ms = 300000,
                .ends = "series=Succeeded/Limited|Succeeded/Valid",
        },
        {
                .name = "trials_profile_edited",
                .what = "the profile is edited between two trials",
                .argument = "7000",
                .begin = begin,
                .act = edit_profile,
                .horizon_ms = 300000,
                .ends = "series=Succeeded/Valid",
        },
        CANCELLED_AT("7000", "pause"),
        CANCELLED_AT("11500", "second"),
        DELETED_AT("7000", "pause"),
        DELETED_AT("11500", "second"),
        {0},
};
