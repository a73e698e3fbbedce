/* SPDX-License-Identifier: Apache-2.0
 *
 * A run that is compared with another: the other's result is read when its own is there. */
#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, "first", "web", "");
        world_run_new(world, "second", "web", ",\"baseline\":{\"run\":\"first\"}");
}

#define PROFILE "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"web\"},\"spec\":{" \
                "\"target\":{\"service\":{\"name\":\"web\",\"port\":\"http\"}},\"load\":" WORLD_LOAD ",\"validity\":{\"minWindow\":\"1s\"}," \
                "\"limits\":{\"readyTimeout\":\"20s\"},\"baseline\":%s}}"

/* The profile says with what its runs are compared. */
static void begin_by_profile(struct world *world)
{
        auto_free char *body = xasprintf(PROFILE, world_argument(world));

        world_server(world, "web");
        world_ask(world, "POST", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles", body);
        world_run_new(world, "first", "web", "");
        world_run_new(world, "second", "web", "");
}

/* Once, and only after the second run has a plan, which names its baseline. A fault may hide any phase from everybody. */
static bool time_to_act(struct world *world)
{
        unsigned *done = world_step_of(world);
        const char *phase = world_phase(world, "second");

        if (*done || !*phase || text_equal(phase, "Pending") || text_equal(phase, "Queued") || text_equal(phase, "Preparing"))
                return false;
        *done = 1;
        return true;
}

/* Somebody tidies up while the second run is under way: that is a sentence in its status, not its end. */
static void delete_result(struct world *world)
{
        if (!time_to_act(world))
                return;
        struct json_object *list = world_ask(world, "GET", "/api/v1/namespaces/shop/configmaps", NULL), *items = doc_at(list, "items");
        auto_free char *path = NULL;
        for (size_t i = 0; i < doc_len(items, "") && !path; i++)
                if (text_equal(doc_text(doc_item(items, i), "metadata.labels[\"" LABEL_PART "\"]"), "result"))
                        path = xasprintf("/api/v1/namespaces/shop/configmaps/%s", doc_text(doc_item(items, i), "metadata.name"));
        if (path)
                world_ask(world, "DELETE", path, NULL);
}

static void delete_first(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "first", "DELETE", NULL);
}

const struct workload workload_baseline[] = {
        {
                .name = "baseline",
                .what = "a run is compared with the one before it",
                .begin = begin,
                .horizon_ms = 300000,
                .ends = "first=Succeeded second=Succeeded",
        },
        {
                .name = "baseline_result_gone",
                .what = "the baseline's result is deleted while it is needed",
                .begin = begin,
                .act = delete_result,
                .horizon_ms = 300000,
                .ends = "first=Succeeded second=Succeeded",
        },
        {
                .name = "baseline_run_gone",
                .what = "the baseline itself is deleted; its result stays",
                .begin = begin,
                .act = delete_first,
                .horizon_ms = 300000,
                .ends = "second=Succeeded",
        },
        {
                .name = "baseline_previous",
                .what = "each run is compared with the last of its profile, and that one's result is deleted while it is needed",
                .argument = "{\"from\":\"previous\"}",
                .begin = begin_by_profile,
                .act = delete_result,
                .horizon_ms = 300000,
                .ends = "first=Succeeded second=Succeeded",
        },
        {
                .name = "baseline_pinned",
                .what = "each run is compared with the first of its profile, which is deleted meanwhile",
                .argument = "{\"from\":\"pinned\",\"run\":\"first\"}",
                .begin = begin_by_profile,
                .act = delete_first,
                .horizon_ms = 300000,
                .ends = "second=Succeeded",
        },
        {0},
};
