/* SPDX-License-Identifier: Apache-2.0
 *
 * Two variants in turn, of which the second applies a patch: it is there for its trials, in one piece, and for no other; whatever fails in
 * between, no trial is run twice and everything applied is taken back. The pods that apply it do nothing here; what they would write into
 * their journal is written for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

#define PROFILES "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles"
#define RUN "/apis/loadstone.dev/v1alpha1/namespaces/shop/benchmarkruns/pairs"
#define SERVICE "/api/v1/namespaces/shop/services/web"
#define SPEC                                                                                                                     \
        "{\"target\":{\"service\":{\"name\":\"web\",\"port\":\"http\"}},\"load\":{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],"   \
        "\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"2s\"}}],\"timeout\":\"1s\",\"concurrency\":{\"connections\":2},"              \
        "\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":1},\"validity\":{\"minWindow\":\"1s\"},\"limits\":{\"readyTimeout\":\"20s\"},"      \
        "\"trials\":{\"repeats\":{\"min\":2},\"pause\":\"1s\"},\"serviceAccountName\":\"deployer\",\"variants\":[{\"name\":\"plain\"},"       \
        "{\"name\":\"patched\",\"apply\":[{\"patch\":{\"target\":{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"name\":\"web\"},"       \
        "\"value\":{\"spec\":{\"sessionAffinity\":\"None\"}}}}]}]}"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_authors(world);
}

static void begin_pairs(struct world *world)
{
        if (!world_due(world, 0, WORLD_AUTHORS_MS))
                return;
        world_ask(world, "POST", PROFILES, "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"web\"},\"spec\":" SPEC "}");
        world_run_new(world, "pairs", "web", "");
}

/* The journal of the set that status names last, as "loadstone apply" leaves it; with another part where somebody undoes the patch. */
static void keep_journal(struct world *world, const char *undone)
{
        struct json_object *run = world_ask(world, "GET", RUN, NULL), *jobs = doc_at(run, "status.jobs");
        const char *journal = doc_len(jobs, "") > 0 ? doc_text(doc_item(jobs, doc_len(jobs, "") - 1), "name") : NULL;
        const char *set = journal ? strrchr(journal, '-') + 1 : NULL;
        unsigned *step = world_step_of(world), number = set ? (unsigned)strtoul(set, NULL, 10) : 0;

        if (number < *step)
                return;
        *step = number + 1;
        auto_free char *body = xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"},\"data\":{\"applied.json\":"
                                         "\"[{\\\"plural\\\":\\\"services\\\",\\\"part\\\":{\\\"metadata\\\":{\\\"name\\\":\\\"%s\\\",\\\"labels\\\":null}}}]\"}}",
                                         journal, text_equal(undone, set) ? "other" : "web");
        world_ask(world, "POST", "/api/v1/namespaces/shop/configmaps", body);
}

static void act(struct world *world)
{
        begin_pairs(world);
        if (*world_step_of(world) > 0)
                keep_journal(world, world_argument(world));
}

/* While the second trial, which has the patch, is loaded the Service is changed, and changed back at once: none of it is seen afterwards. */
static void revert_for_a_moment(struct world *world)
{
        act(world);
        struct json_object *run = world_ask(world, "GET", RUN, NULL);
        bool second = text_equal(doc_text(run, "status.phase"), "Warming") && doc_len(run, "status.trials") == 2;
        if (!second || doc_text(world_ask(world, "GET", SERVICE, NULL), "metadata.annotations.changed"))
                return;
        world_ask(world, "PATCH", SERVICE, "{\"metadata\":{\"annotations\":{\"changed\":\"yes\"},\"labels\":{\"mode\":\"old\"}}}");
        world_ask(world, "PATCH", SERVICE, "{\"metadata\":{\"labels\":null}}");
}

/* True once, when the run is there and the time has come that the workload names. */
static bool time_to_act(struct world *world)
{
        begin_pairs(world);
        return world_due(world, 1, strtoll(world_argument(world), NULL, 10));
}

static void cancel(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "pairs", "PATCH", "{\"spec\":{\"cancel\":true}}");
}

static void delete_it(struct world *world)
{
        if (time_to_act(world))
                world_run_change(world, "pairs", "DELETE", NULL);
}

/* ---- how the pods live ---- */

static bool is(struct json_object *pod, const char *part)
{
        return text_equal(doc_text(pod, "metadata.labels[\"loadstone.dev/part\"]"), part);
}

static void applies(void *owner, struct json_object *pod, struct pod_script *script)
{
        (void)owner;
        *script = world_pod(NULL);
        if (!is(pod, "apply") && !is(pod, "undo"))
                return;
        script->worker = NULL;
        script->run_ms = 1200;
        script->message = "{\"did\":1,\"touched\":true}";
}

static void is_refused(void *owner, struct json_object *pod, struct pod_script *script)
{
        applies(owner, pod, script);
        if (!is(pod, "apply"))
                return;
        script->exit_code = 1;
        script->message = "{\"did\":0,\"touched\":false,\"failed\":\"Service web: Argo CD keeps it as it is\"}";
}

static void hangs(void *owner, struct json_object *pod, struct pod_script *script)
{
        applies(owner, pod, script);
        if (is(pod, "apply"))
                script->run_ms = -1;
}

#define CUT_AT(ms, place, how, acts, end)                                                                                      \
        {.name = "patches_" how "_" place, .what = how " while a variant comes, is there, or goes", .argument = ms, .begin = begin, .act = acts, \
         .script = applies, .horizon_ms = 300000, .ends_vary = true, .ends = "pairs=" end}

const struct workload workload_patches[] = {
        {
                .name = "patches",
                .what = "two pairs, A B B A, of which B applies a patch",
                .begin = begin,
                .act = act,
                .script = applies,
                .horizon_ms = 300000,
                .ends = "pairs=Succeeded/Valid",
        },
        {
                .name = "patches_reverted",
                .what = "somebody undoes the patch in the second trial: that one is invalid, and the pair run once more with the patch applied anew",
                .argument = "2",
                .begin = begin,
                .act = act,
                .script = applies,
                .horizon_ms = 300000,
                .trials = 6,
                .ends = "pairs=Succeeded/Valid",
        },
        {
                .name = "patches_reverted_for_a_moment",
                .what = "somebody undoes the patch in the second trial and puts it back at once: the pair is run once more all the same",
                .begin = begin,
                .act = revert_for_a_moment,
                .script = applies,
                .horizon_ms = 300000,
                .trials = 6,
                .ends = "pairs=Succeeded/Valid",
                .ends_vary = true, /* an operator that is down at that moment does not see it */
        },
        {
                .name = "patches_refused",
                .what = "the patch is refused: the run fails with what it has",
                .begin = begin,
                .act = act,
                .script = is_refused,
                .horizon_ms = 300000,
                .ends = "pairs=Failed",
        },
        {
                .name = "patches_hangs",
                .what = "what is patched is never ready",
                .begin = begin,
                .act = act,
                .script = hangs,
                .horizon_ms = 300000,
                .ends = "pairs=Failed",
        },
        CUT_AT("13500", "coming", "cancelled", cancel, "Cancelled|Succeeded"),
        CUT_AT("17000", "there", "cancelled", cancel, "Cancelled|Succeeded"),
        CUT_AT("26000", "going", "cancelled", cancel, "Cancelled|Succeeded"),
        {.name = "patches_deleted_coming", .what = "deleted while a variant comes", .argument = "13500", .begin = begin, .act = delete_it, .script = applies,
         .horizon_ms = 300000, .ends = "pairs=-"},
        {.name = "patches_deleted_there", .what = "deleted while a variant is there", .argument = "17000", .begin = begin, .act = delete_it, .script = applies,
         .horizon_ms = 300000, .ends = "pairs=-"},
        {0},
};
