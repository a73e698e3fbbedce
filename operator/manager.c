/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "api/names.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/authors.h"
#include "operator/job_pods.h"
#include "operator/manager_internal.h"
#include "operator/node_pages.h"
#include "operator/probe_pages.h"
#include "operator/profile_index.h"
#include "operator/profile_pass.h"
#include "operator/run_pass.h"
#include "operator/run_queue.h"
#include "operator/step_jobs.h"

#define PASSES_PER_STEP 32
#define STEP_NS (20 * NS_PER_MS) /* no pass begins later: the Lease and the probes are waiting too */
#define TICK_NS (1 * NS_PER_S)
#define GATHER_NS (1 * NS_PER_S)
#define STOP_WAIT_NS (5 * NS_PER_S)

const struct kube_kind kind_runs = {"loadstone.dev", "v1alpha1", "benchmarkruns", "BenchmarkRun", true};
const struct kube_kind kind_profiles = {"loadstone.dev", "v1alpha1", "performanceprofiles", "PerformanceProfile", true};

bool manager_may_act(const struct manager *manager)
{
        return manager->leading && !manager->stopping && lease_holds(manager->lease);
}

uint64_t manager_random(struct manager *manager)
{
        uint64_t x = manager->random; /* xorshift64: jitter needs no more */

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return manager->random = x;
}

/* ---- the queue ---- */

static void enqueue(struct manager *manager, const char *key, int64_t due_ns)
{
        queue_add(manager->queue, key, due_ns);
        int64_t next_ns = queue_next_ns(manager->queue);
        if (next_ns != INT64_MAX && (!manager->work.armed || next_ns < manager->work.at_ns))
                loop_arm(manager->loop, &manager->work, next_ns);
}

void manager_enqueue_run(struct manager *manager, const char *namespace, const char *name, int64_t due_ns)
{
        auto_free char *key = xasprintf("r:%s/%s", namespace, name);
        enqueue(manager, key, due_ns);
}

struct session *manager_session(const struct manager *manager, const char *namespace, const char *name)
{
        auto_free char *key = xasprintf("r:%s/%s", namespace, name);
        return map_find(&manager->sessions, key);
}

void manager_enqueue_profile(struct manager *manager, const char *namespace, const char *name)
{
        auto_free char *key = xasprintf("p:%s/%s", namespace, name);
        enqueue(manager, key, loop_now_ns(manager->loop));
}

static void wake_all_of(struct manager *manager, const struct map *keys)
{
        size_t at = 0;
        const char *key;
        void *unused;

        while (map_next(keys, &at, &key, &unused))
                enqueue(manager, key, loop_now_ns(manager->loop));
}

static void end_pass(struct manager *manager, const char *key, enum pass_result result)
{
        int64_t now_ns = loop_now_ns(manager->loop), taken_ns = queue_taken_ns(manager->queue, key);

        metrics_pass(&manager->metrics, key, result, taken_ns == INT64_MAX ? 0 : now_ns - taken_ns);
}

void manager_pass_done(struct manager *manager, const char *key, int64_t due_ns)
{
        auto_free char *name = xstrdup(key); /* the queue may drop its own copy */

        end_pass(manager, name, due_ns == INT64_MAX ? PASS_SUCCESS : due_ns > loop_now_ns(manager->loop) ? PASS_REQUEUE_AFTER : PASS_REQUEUE);
        queue_succeeded(manager->queue, name);
        queue_finish(manager->queue, name, loop_now_ns(manager->loop));
        if (due_ns != INT64_MAX)
                enqueue(manager, name, due_ns);
        else if (queue_next_ns(manager->queue) != INT64_MAX)
                loop_arm(manager->loop, &manager->work, queue_next_ns(manager->queue));
}

void manager_pass_failed(struct manager *manager, const char *key, const struct fail *fail)
{
        auto_free char *name = xstrdup(key);

        end_pass(manager, name, PASS_ERROR);
        log_line("pass failed", "key", name, "kind", fail_kind_name(fail->kind), "error", fail->text, NULL);
        queue_retry(manager->queue, name, loop_now_ns(manager->loop), manager_random(manager));
        queue_finish(manager->queue, name, loop_now_ns(manager->loop));
        enqueue(manager, name, queue_next_ns(manager->queue));
}

static bool all_synced(const struct manager *manager)
{
        return kube_cache_synced(manager->runs) && kube_cache_synced(manager->profiles) &&
               kube_cache_synced(manager->jobs) && kube_cache_synced(manager->pods) &&
               kube_cache_synced(manager->configmaps) && settings_synced(manager->settings);
}

static void work(void *owner)
{
        struct manager *manager = owner;
        const char *key;

        if (!manager_may_act(manager) || !all_synced(manager))
                return; /* the tick looks again */
        int64_t begin_ns = loop_now_ns(manager->loop);
        for (int passes = 0; passes < PASSES_PER_STEP && loop_now_ns(manager->loop) - begin_ns < STEP_NS; passes++) {
                key = queue_take(manager->queue, loop_now_ns(manager->loop));
                if (!key)
                        break;
                if (text_starts(key, "r:"))
                        run_pass(manager, key);
                else
                        profile_pass(manager, key);
        }
        if (queue_next_ns(manager->queue) != INT64_MAX)
                loop_arm(manager->loop, &manager->work, queue_next_ns(manager->queue));
}

/* ---- what the caches say ---- */

static const char *namespace_of(struct json_object *object)
{
        const char *namespace = doc_text(object, "metadata.namespace");
        return namespace ? namespace : "";
}

static void active_free(struct active_run *run)
{
        if (run) {
                free(run->profile);
                free(run->target);
                free(run->wanted);
        }
        free(run);
}

static void note_active(struct manager *manager, struct json_object *run, bool active)
{
        auto_free char *key = xasprintf("%s/%s", namespace_of(run), doc_text(run, "metadata.name"));
        const char *target = doc_text(run, "status.target"), *profile = doc_text(run, "spec.profile");
        struct active_run *old = map_remove(&manager->active, key);
        const char *was = old && old->target ? old->target : old ? old->wanted : NULL;

        if (active) {
                struct active_run *entry = xnew(struct active_run);
                *entry = (struct active_run){.profile = profile ? xstrdup(profile) : NULL,
                                             .target = target ? xstrdup(target) : NULL,
                                             .created_wall_ms = clock_parse(doc_text(run, "metadata.creationTimestamp")),
                                             .loads = doc_at(run, "status.startTime") != NULL};
                map_set(&manager->active, key, entry);
        }
        if (was && (!active || !text_equal(was, target)))
                run_queue_left(manager, was);
        active_free(old);
}

static void run_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct manager *manager = owner;
        struct json_object *object = after ? after : before;

        profile_index_run(&manager->of_profiles, before, after);
        note_active(manager, object, after && !doc_at(after, "status.finishTime"));
        manager_enqueue_run(manager, namespace_of(object), doc_text(object, "metadata.name"),
                            loop_now_ns(manager->loop));
        const char *profile = doc_text(object, "spec.profile");
        if (profile && (!after || doc_at(after, "status.finishTime")))
                manager_enqueue_profile(manager, namespace_of(object), profile);
        if (!after || doc_at(after, "status.finishTime"))
                wake_all_of(manager, &manager->short_of_room);
}

static void profile_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct manager *manager = owner;
        struct json_object *object = after ? after : before;

        manager_enqueue_profile(manager, namespace_of(object), doc_text(object, "metadata.name"));
        /* Its status changes with the end of each of its runs. */
        if (before && after && doc_int(before, "metadata.generation", 0) == doc_int(after, "metadata.generation", -1))
                return;
        manager->profiles_round++;
        run_queue_profile(manager, namespace_of(object), doc_text(object, "metadata.name"));
}

/* The BenchmarkRun that controls this object, NULL when none does. */
static const char *owner_name(struct json_object *object)
{
        struct json_object *owners = doc_at(object, "metadata.ownerReferences");

        for (size_t i = 0; i < doc_len(owners, ""); i++) {
                struct json_object *owner = doc_item(owners, i);
                if (text_equal(doc_text(owner, "kind"), kind_runs.name))
                        return doc_text(owner, "name");
        }
        return NULL;
}

static void job_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct manager *manager = owner;
        struct json_object *object = after ? after : before;
        const char *owned_by = owner_name(object), *run = owned_by ? owned_by : doc_text(object, "metadata.annotations[\"" ANNOTATION_RUN "\"]");
        struct step_job_seen *gone = step_jobs_changed(&manager->step_jobs, before, after);

        if (gone && gone->target)
                run_queue_left(manager, gone->target);
        step_job_seen_free(gone);
        if (run)
                manager_enqueue_run(manager, namespace_of(object), run, loop_now_ns(manager->loop));
}

static void pod_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct manager *manager = owner;

        job_pods_changed(manager, after ? after : before, !after);
}

static void configmap_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct manager *manager = owner;
        struct json_object *object = after ? after : before;
        const char *run = doc_text(object, "metadata.annotations[\"loadstone.dev/run\"]");
        const char *profile = doc_text(object, "metadata.labels[\"" LABEL_PROFILE "\"]");
        auto_free char *name = xasprintf("%s/%s", namespace_of(object), run ? run : "");

        profile_index_configmap(&manager->of_profiles, before, after);
        if (run)
                manager_enqueue_run(manager, namespace_of(object), run, loop_now_ns(manager->loop));
        /* The end of its run counts it; of one that has ended already nobody else will tell the profile. Many may go at once. */
        if (profile && !map_find(&manager->active, name)) {
                auto_free char *key = xasprintf("p:%s/%s", namespace_of(object), profile);
                enqueue(manager, key, loop_now_ns(manager->loop) + GATHER_NS);
        }
}

/* What is looked at of them, here and in the decoders of pkg/api. The rest of an object of a large cluster would only be parsed and
 * held; a ConfigMap's data above all: results are read live, and only when needed. */
#define OWNER(field) "metadata.ownerReferences." field
#define LABEL(key) "metadata.labels[\"" key "\"]"
#define ANNOTATION(key) "metadata.annotations[\"" key "\"]"
#define CONDITION(field) "status.conditions." field

static const char *const kept_of_jobs[] = {
        LABEL(LABEL_RUN_UID), LABEL(LABEL_PART),   ANNOTATION(ANNOTATION_RUN), ANNOTATION(ANNOTATION_TARGET), "status.completionTime",
        OWNER("kind"),        OWNER("name"),       OWNER("uid"),        "metadata.deletionTimestamp", "spec.suspend",
        "status.startTime",   "status.active",     "status.terminating", CONDITION("type"),           CONDITION("status"),
        CONDITION("reason"),  CONDITION("message"), "metadata.generation", NULL};
static const char *const kept_of_pods[] = {
        LABEL(LABEL_RUN_UID), ANNOTATION(ANNOTATION_RUN), ANNOTATION(ANNOTATION_START), ANNOTATION("batch.kubernetes.io/job-completion-index"),
        OWNER("name"),        "metadata.deletionTimestamp", "spec.nodeName",            "status.phase",
        "status.reason",      "status.message",   CONDITION("type"),                    CONDITION("status"),
        CONDITION("reason"),  CONDITION("message"), "status.containerStatuses.name",    "status.containerStatuses.state",
        NULL};
static const char *const kept_of_configmaps[] = {
        ANNOTATION(ANNOTATION_RUN), LABEL(LABEL_RUN_UID), LABEL(LABEL_PROFILE), LABEL(LABEL_PART), "metadata.creationTimestamp", NULL};

/* ... and what the callbacks above look at of what is there: after a list that is all of it at once. */
static const char *const told_of_runs[] = {"metadata.creationTimestamp", "spec.profile", "status.target", "status.startTime", "status.finishTime", NULL};
static const char *const told_of_profiles[] = {"metadata.generation", NULL};
static const char *const told_of_pods[] = {LABEL(LABEL_RUN_UID), ANNOTATION(ANNOTATION_RUN), OWNER("name"), NULL};
static const char *const told_of_configmaps[] = {ANNOTATION(ANNOTATION_RUN), LABEL(LABEL_PROFILE), NULL};

/* Whoever waits may begin or never may, whoever runs may have to stop. */
static void settings_changed(void *owner)
{
        struct manager *manager = owner;
        size_t at = 0;
        const char *name;
        void *unused;

        while (map_next(&manager->active, &at, &name, &unused)) {
                auto_free char *key = xasprintf("r:%s", name);
                struct session *session = map_find(&manager->sessions, key);
                if (session)
                        session->guard_due = true;
                enqueue(manager, key, loop_now_ns(manager->loop));
        }
}

static void authors_changed(void *owner)
{
        struct manager *manager = owner;

        wake_all_of(manager, &manager->waiting);
}

/* Runs that wait to know where they may go; there are few. */
static void survey_arrived(void *owner)
{
        struct manager *manager = owner;
        size_t at = 0;
        const char *key;
        void *session;

        while (map_next(&manager->sessions, &at, &key, &session))
                if (((struct session *)session)->guard_due)
                        enqueue(manager, key, loop_now_ns(manager->loop));
}

static struct kube_cache *open_cache(struct manager *manager, const struct kube_kind *kind, const char *selector,
                                     kube_changed_fn *changed, const char *const *keep, const char *const *told)
{
        const struct kube_cache_options options = {
                .kind = kind,
                .namespace = manager->options->namespace,
                .label_selector = selector,
                .keep = keep,
                .told = told,
                .changed = changed,
                .owner = manager,
        };
        return kube_cache_new(manager->client, &options);
}

/* ---- life ---- */

static void lead_changed(void *owner, bool leading)
{
        struct manager *manager = owner;

        manager->leading = leading;
        log_line(leading ? "leading" : "not leading", "identity", manager->identity, NULL);
        if (!leading)
                return;
        manager->was_leading = true;
        manager->blind_since_wall_ms = lease_other_wall_ms(manager->lease);
        loop_arm(manager->loop, &manager->work, loop_now_ns(manager->loop));
}

/* Nobody sees these in an object: the log is the only place that can explain a pause of the operator. */
static void log_silence(struct manager *manager)
{
        uint64_t silent = kube_client_stats(manager->client).silent;

        if (silent != manager->counters.silent_logged)
                log_line("the API server did not answer in time", NULL);
        manager->counters.silent_logged = silent;
}

struct watch_state {
        const char *name, *problem;
        bool synced;
};

static void look_at_watches(const struct manager *manager, struct watch_state states[static WATCHES])
{
        const struct { const char *name; const struct kube_cache *cache; } caches[WATCHES - 1] = {
                {"benchmarkruns", manager->runs}, {"performanceprofiles", manager->profiles}, {"jobs", manager->jobs},
                {"pods", manager->pods},          {"configmaps", manager->configmaps},
        };

        for (size_t i = 0; i < WATCHES - 1; i++)
                states[i] = (struct watch_state){caches[i].name, kube_cache_problem(caches[i].cache), kube_cache_synced(caches[i].cache)};
        states[WATCHES - 1] = (struct watch_state){"configuration", settings_problem(manager->settings), settings_synced(manager->settings)};
}

/* What keeps a watch from working is for the log: /readyz answers anybody. Said once, until it is another. */
static void log_problems(struct manager *manager)
{
        struct watch_state states[WATCHES];

        look_at_watches(manager, states);
        for (size_t i = 0; i < WATCHES; i++) {
                uint64_t said = text_hash(states[i].problem, strlen(states[i].problem));
                if (states[i].problem[0] && said != manager->problems_logged[i])
                        log_line("a watch does not work", "kind", states[i].name, "error", states[i].problem, NULL);
                manager->problems_logged[i] = said;
        }
}

static void tick(void *owner)
{
        struct manager *manager = owner;

        log_silence(manager);
        log_problems(manager);
        manager->ticked_ns = loop_now_ns(manager->loop);
        loop_arm(manager->loop, &manager->tick, manager->ticked_ns + TICK_NS);
        if (!manager->work.armed && queue_next_ns(manager->queue) <= manager->ticked_ns)
                loop_arm(manager->loop, &manager->work, manager->ticked_ns);
}

static char *make_identity(const struct options *options)
{
        char host[128] = "unknown";
        uint32_t unique = 0;

        gethostname(host, sizeof host - 1);
        if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique)
                unique = (uint32_t)getpid();
        return xasprintf("%s_%08x", options->identity ? options->identity : host, unique);
}

/* Whatever was decided before the Lease was lost is not sent after. Questions about rights and Events are everybody's. */
static bool may_write(void *owner, const char *path)
{
        static const char *const free_for_all[] = {"/apis/authentication.k8s.io/", "/apis/authorization.k8s.io/", "/apis/events.k8s.io/"};
        const struct manager *manager = owner;

        for (size_t i = 0; i < ARRAY_LEN(free_for_all); i++)
                if (text_starts(path, free_for_all[i]))
                        return true;
        return lease_holds(manager->lease);
}

static void give_up_waiting(void *owner)
{
        struct manager *manager = owner;
        manager->released = true;
}

struct manager *manager_new(struct loop *loop, struct kube_client *client, const struct options *options)
{
        struct manager *manager = xnew(struct manager);

        *manager = (struct manager){.loop = loop, .client = client, .options = options, .queue = queue_new()};
        manager->work = (struct loop_timer){.fire = work, .owner = manager};
        manager->tick = (struct loop_timer){.fire = tick, .owner = manager};
        manager->give_up = (struct loop_timer){.fire = give_up_waiting, .owner = manager};
        manager->identity = make_identity(options);
        manager->random = text_hash(manager->identity, strlen(manager->identity)) | 1;
        metrics_init(&manager->metrics, clock_wall_ms(loop_clock(loop)));
        manager->events = event_sink_new(client, "loadstone.dev/operator", manager->identity);
        manager->runs = open_cache(manager, &kind_runs, NULL, run_changed, NULL, told_of_runs);
        manager->profiles = open_cache(manager, &kind_profiles, NULL, profile_changed, NULL, told_of_profiles);
        manager->jobs = open_cache(manager, &kube_jobs, MANAGED_SELECTOR, job_changed, kept_of_jobs, NULL);
        manager->pods = open_cache(manager, &kube_pods, MANAGED_SELECTOR, pod_changed, kept_of_pods, told_of_pods);
        manager->configmaps = open_cache(manager, &kube_configmaps, MANAGED_SELECTOR, configmap_changed, kept_of_configmaps, told_of_configmaps);
        manager->authors = authors_new(client, authors_changed, manager);
        manager->forbidden = forbidden_new(client, survey_arrived, manager);
        manager->mesh = mesh_store_new(client, loop);
        manager->node_pages = node_pages_new(loop, client);
        if (options->probe_namespace && !options->namespace)
                manager->probe_pages = probe_pages_new(loop, client, &(struct probe_pages_options){options->probe_namespace, options->probe_token, options->probe_ca});
        manager->settings = settings_new(client, manager->events, options->own_namespace, settings_changed, manager);
        const struct lease_options election = {
                .namespace = options->own_namespace,
                .name = options->lease_name,
                .identity = manager->identity,
                .duration_s = 15,
                .renew_s = 10,
                .retry_s = 2,
                .changed = lead_changed,
                .owner = manager,
        };
        manager->lease = lease_new(client, &election);
        kube_client_fence(client, may_write, manager);
        tick(manager);
        return manager;
}

struct manager *manager_free(struct manager *manager)
{
        size_t at = 0;
        const char *key;
        void *session;

        if (!manager)
                return NULL;
        while (map_next(&manager->sessions, &at, &key, &session))
                session_free(session);
        map_done(&manager->sessions);
        map_done(&manager->waiting);
        map_done(&manager->short_of_room);
        at = 0;
        void *active;
        while (map_next(&manager->active, &at, &key, &active))
                active_free(active);
        map_done(&manager->active);
        step_jobs_done(&manager->step_jobs);
        map_done(&manager->admitting);
        profile_index_done(&manager->of_profiles);
        job_pods_done(manager);
        profile_effects_done(manager);
        kube_client_fence(manager->client, NULL, NULL);
        lease_free(manager->lease);
        kube_cache_free(manager->runs);
        kube_cache_free(manager->profiles);
        kube_cache_free(manager->jobs);
        kube_cache_free(manager->pods);
        kube_cache_free(manager->configmaps);
        mesh_store_free(manager->mesh);
        node_pages_free(manager->node_pages);
        probe_pages_free(manager->probe_pages);
        settings_free(manager->settings);
        authors_free(manager->authors);
        forbidden_free(manager->forbidden);
        event_sink_free(manager->events);
        queue_free(manager->queue);
        loop_disarm(manager->loop, &manager->work);
        loop_disarm(manager->loop, &manager->tick);
        loop_disarm(manager->loop, &manager->give_up);
        free(manager->identity);
        free(manager);
        return NULL;
}

static void lease_released(void *owner)
{
        struct manager *manager = owner;
        manager->released = true;
}

void manager_stop(struct manager *manager)
{
        if (manager->stopping)
                return;
        manager->stopping = true;
        loop_arm(manager->loop, &manager->give_up, loop_now_ns(manager->loop) + STOP_WAIT_NS);
        /* Effects in flight carry UID and resourceVersion: whoever leads next is not misled if one still lands. */
        lease_release(manager->lease, lease_released, manager);
}

bool manager_stopped(const struct manager *manager)
{
        return manager->stopping && manager->released;
}

bool manager_deposed(const struct manager *manager)
{
        return manager->was_leading && !manager->stopping && !manager->leading;
}

/* ---- probes and metrics ---- */

static int answer_health(const struct manager *manager, struct buf *body)
{
        int64_t age_ns = loop_now_ns(manager->loop) - manager->ticked_ns;
        bool fine = age_ns < 20 * NS_PER_S && (!manager->leading || lease_age_ns(manager->lease) < 35 * NS_PER_S);

        buf_text(body, fine ? "ok\n" : "stuck\n");
        return fine ? 200 : 503;
}

static int answer_ready(const struct manager *manager, struct buf *body)
{
        struct watch_state states[WATCHES];
        bool ready = !manager->stopping;

        look_at_watches(manager, states);
        for (size_t i = 0; i < WATCHES; i++) {
                buf_format(body, "%s %s\n", states[i].synced ? "ok     " : "waiting", states[i].name);
                ready = ready && states[i].synced;
        }
        return ready ? 200 : 503;
}

int manager_answer(void *owner, const char *path, struct buf *body)
{
        const struct manager *manager = owner;

        if (text_equal(path, "/healthz"))
                return answer_health(manager, body);
        if (text_equal(path, "/readyz"))
                return answer_ready(manager, body);
        if (text_equal(path, "/metrics")) {
                metrics_print(manager, body);
                return 200;
        }
        buf_text(body, "not found: /healthz, /readyz and /metrics are here\n");
        return 404;
}
