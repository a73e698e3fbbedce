/* SPDX-License-Identifier: Apache-2.0
 *
 * What the caches hold, and what of their changes calls for a pass. */
#include <stdlib.h>

#include "api/job.h"
#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/authors.h"
#include "operator/job_pods.h"
#include "operator/manager_internal.h"
#include "operator/profile_index.h"
#include "operator/profile_pass.h"
#include "operator/run_effect.h"
#include "operator/run_queue.h"
#include "operator/session.h"
#include "operator/step_jobs.h"

#define GATHER_NS (1 * NS_PER_S)

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
        const char *name = doc_text(object, "metadata.name");
        const struct session *session = manager_session(manager, namespace_of(object), name);
        if (!after || !session || !run_effect_echoes(session->effect, &kind_runs, name))
                manager_enqueue_run(manager, namespace_of(object), name, loop_now_ns(manager->loop));
        const char *profile = doc_text(object, "spec.profile");
        if (profile && (!after || doc_at(after, "status.finishTime")))
                manager_enqueue_profile(manager, namespace_of(object), profile);
        if (!after || doc_at(after, "status.finishTime"))
                manager_wake_all_of(manager, &manager->short_of_room);
}

static void profile_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct manager *manager = owner;
        struct json_object *object = after ? after : before;

        bool status_alone = before && after && doc_int(before, "metadata.generation", 0) == doc_int(after, "metadata.generation", -1);
        if (!status_alone || !profile_pass_writes(manager, namespace_of(object), doc_text(object, "metadata.name")))
                manager_enqueue_profile(manager, namespace_of(object), doc_text(object, "metadata.name"));
        /* Its status changes with the end of each of its runs. */
        if (status_alone)
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

/* Does a change of a Job call for a pass of its run? */
static bool job_calls(const struct manager *manager, const char *namespace, const char *run, struct json_object *before, struct json_object *after)
{
        const struct session *session = manager_session(manager, namespace, run);
        struct job was, is;

        if (!before || !after || !session)
                return true;
        job_decode(before, &was);
        job_decode(after, &is);
        return job_is_news(&was, &is) && !run_effect_echoes(session->effect, &kube_jobs, is.name);
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
        if (run && job_calls(manager, namespace_of(object), run, before, after))
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
                manager_enqueue(manager, key, loop_now_ns(manager->loop) + GATHER_NS);
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
                manager_enqueue(manager, key, loop_now_ns(manager->loop));
        }
}

static void authors_changed(void *owner)
{
        struct manager *manager = owner;

        manager_wake_all_of(manager, &manager->waiting);
}

/* Runs that wait to know where they may go; there are few. Of those that wait for their turn nobody has looked at the target. */
static void survey_arrived(void *owner)
{
        struct manager *manager = owner;
        size_t at = 0;
        const char *key;
        void *session;

        while (map_next(&manager->sessions, &at, &key, &session))
                if (((struct session *)session)->guard_due && ((struct session *)session)->context)
                        manager_enqueue(manager, key, loop_now_ns(manager->loop));
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

void manager_open_caches(struct manager *manager)
{
        manager->runs = open_cache(manager, &kind_runs, NULL, run_changed, NULL, told_of_runs);
        manager->profiles = open_cache(manager, &kind_profiles, NULL, profile_changed, NULL, told_of_profiles);
        manager->jobs = open_cache(manager, &kube_jobs, MANAGED_SELECTOR, job_changed, kept_of_jobs, NULL);
        manager->pods = open_cache(manager, &kube_pods, MANAGED_SELECTOR, pod_changed, kept_of_pods, told_of_pods);
        manager->configmaps = open_cache(manager, &kube_configmaps, MANAGED_SELECTOR, configmap_changed, kept_of_configmaps, told_of_configmaps);
        manager->authors = authors_new(manager->client, authors_changed, manager);
        manager->forbidden = forbidden_new(manager->client, survey_arrived, manager);
        manager->settings = settings_new(manager->client, manager->events, manager->options->own_namespace, settings_changed, manager);
}

void manager_close_caches(struct manager *manager)
{
        size_t at = 0;
        const char *key;
        void *active;

        while (map_next(&manager->active, &at, &key, &active))
                active_free(active);
        map_done(&manager->active);
        kube_cache_free(manager->runs);
        kube_cache_free(manager->profiles);
        kube_cache_free(manager->jobs);
        kube_cache_free(manager->pods);
        kube_cache_free(manager->configmaps);
        settings_free(manager->settings);
        authors_free(manager->authors);
        forbidden_free(manager->forbidden);
}
