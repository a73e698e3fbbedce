/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs that bring a workload along: applied once, before the load, and taken back whatever becomes of the run. The pods do nothing
 * here; what is explored is that they come, in order, and never both. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

#define PROFILES "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles"
#define LOAD "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"2s\"}}]," \
             "\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":1}"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_authors(world);
}

static void bring_along(struct world *world)
{
        world_ask(world, "POST", PROFILES,
                  "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
                  "\"target\":{\"service\":{\"name\":\"web\",\"port\":\"http\"}},\"load\":" LOAD ",\"validity\":{\"minWindow\":\"1s\"},"
                  "\"limits\":{\"readyTimeout\":\"20s\"},\"serviceAccountName\":\"deployer\",\"workload\":{\"readyTimeout\":\"5s\",\"manifests\":"
                  "[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"extra\"}}]}}}");
        world_run_new(world, "brings", "web", "");
}

/* True once, when the run is there and the time has come that the workload names. */
static bool time_to_act(struct world *world)
{
        if (world_due(world, 0, WORLD_AUTHORS_MS))
                bring_along(world);
        return world_argument(world) && world_due(world, 1, strtoll(world_argument(world), NULL, 10));
}

static void act(struct world *world)
{
        (void)time_to_act(world);
}

static void cancel(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "brings", "PATCH", "{\"spec\":{\"cancel\":true}}");
}

static void delete_it(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "brings", "DELETE", NULL);
}

/* The next in its queue, and one of the same name after the first is gone. */
static void follow(struct world *world)
{
        if (!time_to_act(world))
                return;
        world_run_new(world, "follows", "web", "");
        world_run_change(world, "brings", "DELETE", NULL);
        world_run_new(world, "brings", "web", "");
}

/* ---- how the pods live ---- */

static bool is(struct json_object *pod, const char *part)
{
        return text_equal(doc_text(pod, "metadata.labels[\"loadstone.dev/part\"]"), part);
}

static struct pod_script step_pod(int64_t run_ms, int exit_code, const char *message)
{
        struct pod_script script = world_pod(NULL);

        script.worker = NULL;
        script.run_ms = run_ms;
        script.exit_code = exit_code;
        script.message = message;
        return script;
}

static void applies(void *owner, struct json_object *pod, struct pod_script *script)
{
        (void)owner;
        *script = is(pod, "apply") || is(pod, "undo") ? step_pod(1500, 0, "{\"did\":1}") : world_pod(NULL);
}

static void is_refused(void *owner, struct json_object *pod, struct pod_script *script)
{
        applies(owner, pod, script);
        if (is(pod, "apply"))
                *script = step_pod(300, 1, "{\"did\":0,\"failed\":\"ConfigMap extra: no right to get configmaps in namespace shop\"}");
}

/* Before it changed anything; the undo would fail for the same right. */
static void is_refused_at_once(void *owner, struct json_object *pod, struct pod_script *script)
{
        applies(owner, pod, script);
        if (is(pod, "apply"))
                *script = step_pod(300, 1, "{\"did\":0,\"touched\":false,\"failed\":\"no right to get configmaps in namespace shop\"}");
        if (is(pod, "undo"))
                *script = step_pod(300, 1, "{\"did\":0,\"touched\":true,\"failed\":\"no right to get configmaps in namespace shop\"}");
}

static void hangs(void *owner, struct json_object *pod, struct pod_script *script)
{
        applies(owner, pod, script);
        if (is(pod, "apply"))
                *script = step_pod(-1, 0, NULL);
}

/* SIGTERM does not end it: the undo has to wait for it. */
static void lingers(void *owner, struct json_object *pod, struct pod_script *script)
{
        hangs(owner, pod, script);
        script->ignores_stop = is(pod, "apply");
}

#define CANCELLED_AT(ms, place, how)                                                                                     \
        {.name = "workload_cancelled_" place, .what = "cancelled while a workload comes or goes", .argument = ms, .begin = begin, .act = cancel, \
         .script = how, .horizon_ms = 300000, .ends_vary = true, .ends = "brings=Cancelled|Succeeded"}
#define DELETED_AT(ms, place, how)                                                                                       \
        {.name = "workload_deleted_" place, .what = "deleted while a workload comes or goes", .argument = ms, .begin = begin, .act = delete_it, \
         .script = how, .horizon_ms = 300000, .ends = "brings=-"}

const struct workload workload_workload[] = {
        {
                .name = "workload",
                .what = "a workload is applied, loaded and taken back",
                .begin = begin,
                .act = act,
                .script = applies,
                .horizon_ms = 300000,
                .ends = "brings=Succeeded",
        },
        {
                .name = "workload_refused",
                .what = "the account may not apply it: the run fails, and what there may be of it is taken back",
                .begin = begin,
                .act = act,
                .script = is_refused,
                .horizon_ms = 300000,
                .ends = "brings=Failed",
        },
        {
                .name = "workload_untouched",
                .what = "the account may do nothing at all, and nothing is to be taken back",
                .begin = begin,
                .act = act,
                .script = is_refused_at_once,
                .horizon_ms = 300000,
                .ends = "brings=Failed",
        },
        {
                .name = "workload_hangs",
                .what = "it is never ready, and the program that applies it never says so",
                .begin = begin,
                .act = act,
                .script = hangs,
                .horizon_ms = 300000,
                .ends = "brings=Failed",
        },
        {
                .name = "workload_queue",
                .what = "whoever is next, or has the same name, waits until what was applied is taken back",
                .argument = "9500",
                .begin = begin,
                .act = follow,
                .script = applies,
                .horizon_ms = 300000,
                .ends = "brings=Succeeded follows=Succeeded",
        },
        CANCELLED_AT("9000", "applying", applies),
        CANCELLED_AT("12000", "loading", applies),
        CANCELLED_AT("9500", "lingering", lingers),
        DELETED_AT("8100", "beginning", applies),
        DELETED_AT("9000", "applying", applies),
        DELETED_AT("9500", "lingering", lingers),
        DELETED_AT("12000", "loading", applies),
        DELETED_AT("15500", "undoing", applies),
        {0},
};
