/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operator holds in memory for one run under way, all of it rebuilt after a restart: the frozen plan, the target's
 * surroundings, and the workers' records as they arrive. Nothing here decides anything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/plan.h"
#include "api/pod.h"
#include "api/profile.h"
#include "api/run.h"
#include "api/sha.h"
#include "api/target.h"
#include "load/plan.h"
#include "operator/around.h"
#include "operator/manager_internal.h"
#include "operator/run_pause.h"
#include "operator/run_view.h"
#include "probe/context.h"
#include "probe/samples.h"
#include "result/gates.h"
#include "result/harvest.h"
#include "result/pack.h"
#include "result/probe.h"

#define SESSION_TEXT_MAX FAIL_TEXT_MAX
#define SESSION_ASKS 32

struct follower { /* one worker's log */
        struct session *session;
        uint32_t worker;
        uint64_t stream;      /* request id, 0: none */
        char *pod;            /* name; NULL while unknown */
        int tries_after_end;  /* reads begun since its container ended */
        int64_t retry_ns;     /* not before */
};

struct session {
        struct manager *manager;
        char *key, *namespace, *name, *uid;
        int64_t born_ns;               /* since then its workers could be heard */
        uint64_t request;              /* the effect in flight, 0: none */
        struct run_effect *effect;     /* what its answer will be for */
        uint64_t asks[SESSION_ASKS];   /* reads in flight beside it, the newest ones */
        size_t asks_len;
        int requests_left;             /* of an effect that is several requests */
        struct fail start_fail;        /* the last failure among them */

        struct profile *profile;
        struct json_object *profile_object; /* owned reference; NULL with a template */
        struct target *target;
        struct plan plan;
        bool plan_loaded;
        struct load_plan *load_plans[PROFILE_VARIANTS_MAX]; /* of each arm; owned */
        struct load_plan *load_plan;   /* one of them, that of this trial; NULL while it is not known whose that is */

        struct session_mesh *mesh;     /* session_mesh.h; NULL: nobody looks at it */
        struct session_samples *samples; /* session_samples.h; NULL: nobody looks yet */
        struct session_metrics *metrics; /* session_metrics.h; NULL: nothing was asked for yet */
        struct context *context;
        struct session_also *also;     /* session_also.h; NULL: nothing else is observed */
        struct around around;          /* watches on what surrounds the target */
        struct kube_cache *consent;    /* watch on a Service of another namespace, NULL when it is of the own */
        bool guard_due;                /* something changed about where the load may go */
        int64_t suspect_since_ns;      /* an address behind the Service looks wrong; 0: none does */
        struct json_object *service;   /* owned reference; NULL while unknown */
        struct json_object *selector;  /* of the target's pods; owned reference, NULL when it has none */
        char steps_digest[SHA_HEX_MAX]; /* of what it brings along; "" while unknown (run_steps.h) */
        bool service_asked, plan_asked, steps_asked;
        char plan_uid[64];             /* of the plan in the cache when it was asked for */
        int64_t around_since_ns, looked_ns;
        bool before_marked, settled;
        struct map pods_seen;          /* name -> uint64_t, a hash of what was worth a pass (job_pods.h) */
        struct json_object *generator_nodes;
        struct map nodes_asked;        /* names */
        struct kube_cache *nodes[SAMPLES_NODES_MAX]; /* watches on the first of them */
        size_t nodes_len;
        int64_t measured_from_wall_ms; /* 0: load has not begun */

        uint32_t arm;                  /* whose trial it is */
        int trial;                     /* that everything about workers and their results below belongs to */
        struct json_object *trials[PROFILE_TRIALS_MAX]; /* what earlier ones left (result/trial.h); owned references */
        size_t trials_len;
        struct run_pause pause;        /* before this trial, as far as it was seen to end */
        struct json_object *trial_nodes; /* names of nodes that ran this trial's workers; owned */

        struct harvest *harvest;
        struct follower *followers;
        uint32_t followers_len;

        bool baseline_read;            /* the baseline's result was asked for and answered */
        struct json_object *baseline;  /* its estimates, trial by trial; owned reference, NULL when there are none */
        struct json_object *baseline_mesh; /* the mesh it ran in (session_mesh_of_result); owned, NULL when it does not tell */
        char baseline_problem[SESSION_TEXT_MAX]; /* why there are none, "" when there are */

        struct json_object *final;     /* the terminal status without conditions, when folded or read back */
        struct pack pack;
        bool packed;
        size_t stored;                 /* ConfigMaps of the pack known to be there */
        char *stale_chunk;             /* UID of a ConfigMap that an earlier harvest left under the next one's name */

        char problem[SESSION_TEXT_MAX]; /* why the target cannot be resolved, "" when it can */
        char denial[SESSION_TEXT_MAX];  /* why load may not go there (any more), "" when it may */
        int set;                       /* whose Jobs the passes look at, see api/names.h */
        bool undo_looked;              /* the API server has said that nothing applies that set any more */
        bool applied_read;             /* whether what this trial's variant applied still stands was looked at (variant_look.h) */
        struct variant_watch *watch;   /* variant_watch.h; NULL: nothing is watched */
        struct json_object *look_applied; /* while it is looked at: what the journal says it was like; owned */
        size_t look_next;              /* ... and which object is read */
        char drift[GATES_TEXT_MAX], unwatched[GATES_TEXT_MAX]; /* what no longer did, and what could not be looked at; "": nothing */
        bool caught_up;                /* admitted in this life, or the API server has said what an operator before made of it */
        bool absence_checked;          /* ... also when the bound Job was not in the cache */
        bool job_made;                 /* in this life; that it is gone again has to be explained before another is made */
        bool refused;
        char refusal[SESSION_TEXT_MAX];
        struct diagnosis diagnosis;    /* the last that was seen wrong with worker pods or their creation */
        int64_t shown_ns;              /* last status write */
        int64_t asked_events_ns;
};

struct session *session_new(struct manager *manager, const char *key, const struct run *run);
struct session *session_free(struct session *session);

/* Reads or builds plan, profile, target and surroundings, as far as they are not there yet; the pass is run again when something
 * arrived, and after a second when something is missing. */
void session_resolve(struct session *session, const struct run *run, const struct run_view *view);
/* Another trial begins: forgets the workers of the one before and what was made of their records. Nothing happens when it is this one. */
void session_begin_trial(struct session *session, int trial);
/* How long the warm-up of this trial is: what its workers said, else that of the trials before, else the plan's. 0 without a plan. */
int64_t session_warmup_ms(const struct session *session);
/* What an earlier trial of the series found, as far as the arm of this one goes; -1: none did, or the arm's warm-up is fixed. */
int64_t session_shared_warmup_ms(const struct session *session);
/* Whose trial the next one is, from what is known of those before; needs the profile. */
uint32_t session_arm_of_next(const struct session *session);
/* With capacity: where the search stands after the probes whose documents are in memory; needs the profile. */
struct probe_search session_search(const struct session *session);
/* Once there are plan and profile, and with variants what the trials before this one left: takes the plan of its arm and begins to listen to its
 * workers. */
void session_enter_trial(struct session *session);
void session_forget_load_plans(struct session *session);
/* The profile as the arm of this trial has it; needs the profile. Borrowed. */
const struct profile *session_arm(const struct session *session);
/* Forgets what was read about the target: it was read for an admission that did not come about. */
void session_forget_target(struct session *session);
/* Takes over a plan ConfigMap, and the profile when none is loaded. FAIL_INVALID: not one that this version reads. */
enum fail_kind session_load_plan(struct session *session, struct json_object *configmap, struct fail *fail);
/* Loads and merges the profile, once. FAIL_MISSING: there is none yet. FAIL_INVALID: it can never run. */
enum fail_kind session_load_profile(struct session *session, const struct run *run, struct fail *fail);
/* A run that waits takes its profile as it stands when it looks again; until then it would only be in memory, with thousands of others. */
void session_forget_profile(struct session *session);
/* Key of the target that a run would load which status does not name yet; NULL when it cannot be known. The caller frees it. */
char *session_target_wanted(struct manager *manager, const struct run *run);
/* Looks at where the load may go when something about that changed: fills session->denial. False while something has to be known
 * first; it is then to be called again. */
bool session_guard(struct session *session);
/* The rules about addresses for the worker's plan; *ret_guard is new. FAIL_DENIED: they cannot be written. */
enum fail_kind session_encode_guard(const struct session *session, struct json_object **ret_guard, struct fail *fail);
/* Namespace of the target's Service. */
const char *session_target_namespace(const struct session *session);
/* The EndpointSlices of the target as the cache has them now; the caller owns the array. */
struct json_object *session_slices(const struct session *session);
/* All first lists of the surroundings are here, or were waited for long enough: what is missing then is unknown. */
bool session_around_settled(const struct session *session);
/* Plan (or profile and target) and surroundings are complete. */
bool session_ready(const struct session *session);
/* Once after the first lists: what the plan knew and the lists do not show is gone. */
void session_settle(struct session *session);
/* Once loaded, starts collecting from the worker pods that there are now. */
void session_follow(struct session *session);
/* Looks at one worker pod as it is now (gone: as it was last). */
void session_see_pod(struct session *session, struct json_object *pod, bool gone);
/* Asks (at most every 5 s) for the events of a Job of which no pod appears, or of a pod that does not start. */
void session_ask_events(struct session *session, const char *name);
/* Remembers a read, so that it is cancelled with the session. */
void session_asked(struct session *session, uint64_t request);
/* Looks at a node, as long as the target is known: the first SAMPLES_NODES_MAX are watched, others read once. */
void session_ask_node(struct session *session, const char *node);
void session_forget_nodes(struct session *session);
/* Runs the pass of this run again now. */
void session_wake(struct session *session);
