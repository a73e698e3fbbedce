/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripted load worker: reads the plan that the operator wrote, walks its schedule without sending anything, and says
 * what a real worker would say (pkg/load/record.h), with the real encoders. Requests count in the interval in which they
 * were due. */
#include "worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubelet.h"

#define PLAN_VOLUME "plan"
#define START_ANNOTATION "metadata.annotations[\"loadstone.dev/start-at\"]"
#define INDEX_ANNOTATION "metadata.annotations[\"batch.kubernetes.io/job-completion-index\"]"

/* ---- The plan, as it is mounted ---- */

static struct load_plan *read_plan(struct apisim *sim, struct json_object *pod)
{
        struct json_object *volumes = doc_at(pod, "spec.volumes"), *doc = NULL;
        struct load_plan *plan = NULL;
        const char *name = NULL, *key = NULL;

        for (size_t i = 0; i < doc_len(volumes, "") && !name; i++)
                if (text_equal(doc_text(doc_item(volumes, i), "name"), PLAN_VOLUME)) {
                        name = doc_text(doc_item(volumes, i), "configMap.name");
                        key = doc_text(doc_item(volumes, i), "configMap.items[0].key");
                }
        struct object *map = name ? sim_store_find(kind_core(sim, "configmaps"), doc_text(pod, "metadata.namespace"), name) : NULL;
        auto_free char *path = xasprintf("data[\"%s\"]", key ? key : "worker.json");
        const char *text = map ? doc_text(map->json, path) : NULL;
        if (text && !doc_parse(text, strlen(text), &doc, NULL))
                load_plan_decode(doc, &plan, NULL);
        json_object_put(doc);
        return plan;
}

/* "500:30000" */
static void read_hold(struct load_plan *plan, const char *text)
{
        char *end;
        double rate_rps = strtod(text, &end);
        long long ms = *end == ':' ? strtoll(end + 1, NULL, 10) : 0;

        if (rate_rps > 0 && ms > 0)
                load_plan_set_hold(plan, rate_rps, ms);
}

/* What the Job says beside the plan. */
static void read_options(struct load_plan *plan, struct json_object *pod)
{
        struct json_object *words = doc_at(pod, "spec.containers[0].command");

        for (size_t i = 0; i + 1 < doc_len(words, ""); i++) {
                const char *word = json_object_get_string(doc_item(words, i)), *value = json_object_get_string(doc_item(words, i + 1));
                if (text_equal(word, "--warmup-ms"))
                        load_plan_set_warmup(plan, strtoll(value, NULL, 10));
                else if (text_equal(word, "--hold"))
                        read_hold(plan, value);
        }
}

struct sim_worker *sim_worker_new(struct apisim *sim, struct json_object *pod, const struct worker_script *script, int64_t started_ns)
{
        const char *index = doc_text(pod, INDEX_ANNOTATION);
        struct load_plan *plan = index ? read_plan(sim, pod) : NULL;
        struct sim_worker *worker;

        if (!plan)
                return NULL;
        read_options(plan, pod);
        worker = xnew(struct sim_worker);
        worker->sim = sim;
        worker->settles = plan->warmup_least_ms > 0;
        if (worker->settles && plan->workers == 1 && script->settled_ms > 0 && script->settled_ms < plan->warmup_ms) {
                worker->settled = true;
                plan->warmup_ms = script->settled_ms;
        }
        worker->script = *script;
        worker->plan = plan;
        worker->index = (uint32_t)strtoul(index, NULL, 10);
        worker->pod = xstrdup(doc_text(pod, "metadata.uid"));
        worker->started_ns = started_ns;
        worker->wake_ns = started_ns;
        worker->random = sim_random(sim);
        worker->sha = EVP_MD_CTX_new();
        EVP_DigestInit_ex(worker->sha, EVP_sha256(), NULL);
        sim_worker_tally_init(worker);
        return worker;
}

struct sim_worker *sim_worker_free(struct sim_worker *worker)
{
        if (!worker)
                return NULL;
        sim_worker_tally_done(worker);
        EVP_MD_CTX_free(worker->sha);
        load_plan_free(worker->plan);
        free(worker->pod);
        free(worker);
        return NULL;
}

int64_t sim_worker_wake_ns(const struct sim_worker *worker)
{
        return worker->wake_ns;
}

/* ---- What it says ---- */

static void say_hello(struct sim_worker *worker, struct buf *log)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "hello");

        sim_worker_identity(worker, record);
        doc_set_text(record, "program", "loadstone-load/" LOADSTONE_VERSION);
        doc_set_int(record, "wallMs", sim_wall_ms(worker->sim));
        doc_set_double(doc_set_int(record, "startupMicros", 8000), "cores", 2, 2);
        doc_set_text(doc_set_int(record, "threads", 1), "pacing", worker->plan->precise ? "precise" : "coarse");
        doc_set_int(record, "intervalMs", worker->plan->interval_ms);
        sim_worker_write(worker, record, log);
}

static void say_ready(struct sim_worker *worker, struct buf *log)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "ready");

        doc_set_int(record, "wallMs", sim_wall_ms(worker->sim));
        doc_set_int(record, "connections", worker->plan->connections / worker->plan->workers);
        doc_set_int(doc_set_int(record, "connectErrors", 0), "addresses", (int64_t)worker->plan->addresses_len);
        doc_set_int(doc_set_int(record, "clockErrorMicros", 150), "readyMicros", worker->script.ready_ms * 1000);
        sim_worker_write(worker, record, log);
}

static void say_start(struct sim_worker *worker, struct buf *log)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "start");

        doc_set_int(doc_set_int(record, "startWallMs", worker->start_wall_ms), "deferredMs", worker->deferred_ms);
        doc_set_int(doc_set_int(record, "wakeMicros", WORKER_WAKE_MICROS), "clockErrorMicros", 150);
        sim_worker_write(worker, doc_set_bool(record, "late", worker->deferred_ms > 0), log);
}

/* ---- Life ---- */

static int64_t load_ends_ns(const struct sim_worker *worker)
{
        return worker->load_ns + (worker->plan->warmup_ms + worker->plan->shape_ms) * NS_PER_MS;
}

static void move_on(struct sim_worker *worker, enum worker_stage stage, int64_t wake_ns)
{
        worker->stage = stage;
        worker->wake_ns = wake_ns;
}

/* The annotation reaches the file a little after it was written. */
static void wait_for_start(struct sim_worker *worker, struct json_object *pod, int64_t now_ns)
{
        const char *text = doc_text(pod, START_ANNOTATION);

        if (!text || !text[0])
                return;
        if (!worker->noticed_ns)
                worker->noticed_ns = now_ns + worker->script.notice_ms * NS_PER_MS;
        worker->wake_ns = worker->noticed_ns;
        if (now_ns < worker->noticed_ns)
                return;
        worker->start_wall_ms = strtoll(text, NULL, 10);
        /* One that is alone defers what it learns too late. */
        if (worker->plan->workers == 1 && worker->start_wall_ms < sim_wall_ms(worker->sim))
                worker->deferred_ms = sim_wall_ms(worker->sim) - worker->start_wall_ms;
        worker->start_wall_ms += worker->deferred_ms;
        worker->load_ns = now_ns + (worker->start_wall_ms - sim_wall_ms(worker->sim)) * NS_PER_MS;
        move_on(worker, WORKER_ANNOUNCED, worker->load_ns);
}

/* True when the load is over. */
static bool run_load(struct sim_worker *worker, int64_t now_ns, struct buf *log)
{
        int64_t interval_ns = worker->plan->interval_ms * NS_PER_MS;
        int64_t end_ns = load_ends_ns(worker) + NS_PER_MS;

        while (sim_worker_interval_ends_ns(worker) <= now_ns && sim_worker_interval_ends_ns(worker) < end_ns + interval_ns) {
                sim_worker_say_interval(worker, log);
                if (worker->script.break_line && worker->intervals == 2) {
                        buf_text(log, worker->script.break_line);
                        buf_text(log, "\n");
                }
                if (worker->shape_at_ms >= worker->plan->shape_ms)
                        break;
        }
        worker->wake_ns = sim_worker_interval_ends_ns(worker);
        return worker->shape_at_ms >= worker->plan->shape_ms && now_ns >= load_ends_ns(worker);
}

static void finish(struct sim_worker *worker, const char *reason, struct life_end *ret_end, struct buf *log)
{
        char *message = sim_worker_say_end(worker, reason, log);

        if (worker->script.no_message)
                free(take(message));
        ret_end->owned_message = message;
        ret_end->message = message;
        move_on(worker, WORKER_OVER, INT64_MAX);
}

static bool overdue(const struct sim_worker *worker, int64_t now_ns)
{
        return now_ns >= worker->started_ns + worker->plan->ready_timeout_ms * NS_PER_MS;
}

bool sim_worker_run(struct sim_worker *worker, struct json_object *pod, int64_t now_ns, struct buf *log, struct life_end *ret_end)
{
        auto_buf struct buf unheard = {0};
        struct buf *out = worker->script.no_log ? &unheard : log;

        if (worker->stage == WORKER_BORN && now_ns >= worker->wake_ns) {
                say_hello(worker, out);
                bool never = worker->script.ready_ms < 0;
                move_on(worker, WORKER_CONNECTING, never ? INT64_MAX : worker->started_ns + worker->script.ready_ms * NS_PER_MS);
        }
        if (worker->stage == WORKER_CONNECTING && now_ns >= worker->wake_ns) {
                say_ready(worker, out);
                move_on(worker, WORKER_WAITING, INT64_MAX);
        }
        if (worker->stage == WORKER_WAITING)
                wait_for_start(worker, pod, now_ns);
        if (worker->stage < WORKER_ANNOUNCED && overdue(worker, now_ns)) {
                finish(worker, "failed", ret_end, out);
                ret_end->exit_code = 1;
                return true;
        }
        if (worker->stage < WORKER_ANNOUNCED && worker->wake_ns == INT64_MAX)
                worker->wake_ns = worker->started_ns + worker->plan->ready_timeout_ms * NS_PER_MS;
        if (worker->stage == WORKER_ANNOUNCED && worker->script.hangs)
                move_on(worker, WORKER_OVER, INT64_MAX);
        if (worker->stage == WORKER_ANNOUNCED && now_ns >= worker->wake_ns) {
                say_start(worker, out);
                move_on(worker, WORKER_LOADING, sim_worker_interval_ends_ns(worker));
        }
        if (worker->stage == WORKER_LOADING && run_load(worker, now_ns, out)) {
                finish(worker, "finished", ret_end, out);
                return true;
        }
        return false;
}

char *sim_worker_stop(struct sim_worker *worker, int64_t now_ns, struct buf *log)
{
        auto_buf struct buf unheard = {0};
        struct buf *out = worker->script.no_log ? &unheard : log;

        if (worker->stage == WORKER_LOADING)
                run_load(worker, now_ns, out);
        char *message = sim_worker_say_end(worker, "terminated", out);
        move_on(worker, WORKER_OVER, INT64_MAX);
        if (worker->script.no_message)
                free(take(message));
        return message;
}
