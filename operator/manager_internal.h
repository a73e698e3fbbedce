/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of the manager share: the caches, the queue and the sessions. */
#pragma once

#include "base/loop.h"
#include "base/map.h"
#include "kube/cache.h"
#include "kube/client.h"
#include "kube/event.h"
#include "kube/lease.h"
#include "kube/queue.h"
#include "operator/forbidden.h"
#include "operator/mesh_store.h"
#include "operator/metrics.h"
#include "operator/options.h"
#include "operator/settings.h"

struct session;
struct authors;
struct node_pages;
struct probe_pages;

/* What the cache shows of a run that has not ended, so that looking for those at one target parses none of the others. */
struct active_run {
        char *profile; /* spec.profile; NULL: it has a template */
        char *target; /* status.target; NULL: nobody has looked at it yet */
        char *wanted; /* what it would load, found out when somebody asked in 'wanted_round'; NULL: nobody has */
        uint64_t wanted_round;
        int64_t created_wall_ms;
        bool loads;   /* admitted */
};

#define WATCHES 6 /* five caches and the configuration */

struct manager_counters {
        uint64_t effects, runs_finished, silent_logged;
};

struct manager {
        struct loop *loop;
        struct kube_client *client;
        const struct options *options;
        struct kube_cache *runs, *profiles, *jobs, *pods, *configmaps;
        struct settings *settings;
        struct mesh_store *mesh;   /* what the sessions want to know of meshes */
        struct node_pages *node_pages; /* what the sessions sample of nodes */
        struct probe_pages *probe_pages; /* the same from probes; NULL: there are none */
        struct authors *authors;
        struct forbidden *forbidden;
        struct lease *lease;
        struct event_sink *events;
        struct queue *queue;       /* "r:namespace/name" for runs, "p:namespace/name" for profiles */
        struct map sessions;       /* run key -> struct session */
        struct map active;         /* "namespace/name" of runs that have not ended -> struct active_run */
        struct map profile_effects; /* "p:namespace/name" -> the write under way for it (profile_pass.c) */
        struct map admitting;      /* the same names, while the write that admits them is under way */
        struct map step_jobs;      /* step_jobs.h */
        struct map job_pods;       /* "namespace/job" -> struct map of pod names */
        struct map of_profiles;    /* what belongs to each profile: profile_index.h */
        uint64_t profiles_round;   /* changes of profiles so far: what a run would load may be something else after each */
        struct map waiting;        /* run keys that wait for a target, a profile or a resumption */
        struct map short_of_room;  /* those of them that wait for room in the administrator's sums */
        struct loop_timer work, tick, give_up;
        char *identity;
        bool leading, was_leading, stopping, released;
        int64_t ticked_ns;
        int64_t blind_since_wall_ms; /* when a leader before us was last seen alive; 0: there was none */
        uint64_t random;
        struct manager_counters counters;
        struct metrics metrics;
        uint64_t problems_logged[WATCHES]; /* hashes of what the log has said about each watch */
};

/* The fixed words by which objects of ours are found. */
#define MANAGED_SELECTOR "app.kubernetes.io/managed-by=loadstone"

extern const struct kube_kind kind_runs, kind_profiles;

/* What is in memory of the run of that name, NULL when nothing is. */
struct session *manager_session(const struct manager *manager, const char *namespace, const char *name);
/* Marks a run or profile for a pass. */
void manager_enqueue_run(struct manager *manager, const char *namespace, const char *name, int64_t due_ns);
void manager_enqueue_profile(struct manager *manager, const char *namespace, const char *name);
/* A pass over 'key' is over; 'due_ns' INT64_MAX: nothing more to do by itself. */
void manager_pass_done(struct manager *manager, const char *key, int64_t due_ns);
void manager_pass_failed(struct manager *manager, const char *key, const struct fail *fail);
/* True while effects are allowed: the Lease is held and nobody asked us to stop. */
bool manager_may_act(const struct manager *manager);
/* A number for jitter. */
uint64_t manager_random(struct manager *manager);

/* ---- between the chapters ---- */

/* Marks "r:namespace/name" or "p:namespace/name" for a pass. */
void manager_enqueue(struct manager *manager, const char *key, int64_t due_ns);
/* The same for all keys of a map, at once. */
void manager_wake_all_of(struct manager *manager, const struct map *keys);
/* Makes the passes that are due, or some of them (a loop_timer's fire). */
void manager_work(void *manager);
/* Everything by which the manager hears of changes; needs manager->events. */
void manager_open_caches(struct manager *manager);
void manager_close_caches(struct manager *manager);
/* Nobody sees these in an object: the log is the only place that can explain a pause of the operator. Each is said once. */
void manager_log_troubles(struct manager *manager);
