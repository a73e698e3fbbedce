/* SPDX-License-Identifier: Apache-2.0
 *
 * What surrounded a run: the target's pods, images, restarts and nodes before, during and after it, and a timeline of
 * changes. Fed with Kubernetes objects as they are; what is not given (no rights, no such kind) is "unknown", never
 * guessed. A stretch of time nobody watched is a gap, marked as such.
 *
 * Which objects belong to the target is for the caller to say: it feeds only those. Objects are told apart by kind and uid; a
 * new uid under an old name is a new object. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTEXT_CHANGES_MAX 512     /* kept; further ones are only counted */
#define CONTEXT_STATUS_CHANGES_MAX 32
#define CONTEXT_STATUS_NODES_MAX 16
#define CONTEXT_STATUS_IMAGES_MAX 16
#define CONTEXT_ALSO_MAX 4
#define CONTEXT_GAPS_MAX 32
#define CONTEXT_OBJECTS_MAX 8192 /* known at once; further ones are not observed */
#define CONTEXT_STATE_OBJECTS_MAX 384 /* written in a state; "dropped" counts the rest */

enum context_kind {
        CONTEXT_SERVICE,
        CONTEXT_ENDPOINT_SLICE,
        CONTEXT_POD,
        CONTEXT_NODE,
        CONTEXT_DEPLOYMENT,
        CONTEXT_REPLICA_SET,
        CONTEXT_STATEFUL_SET,
        CONTEXT_AUTOSCALER,
        CONTEXT_KINDS,
};

/* CONTEXT_KINDS for a kind that is none of these ("Pod", "HorizontalPodAutoscaler", …). */
enum context_kind context_kind_of(const char *kind);

enum context_change_kind {
        CONTEXT_SCALE,     /* wanted replicas changed */
        CONTEXT_ROLLOUT,   /* pod template changed, a rollout finished or stalled */
        CONTEXT_RESTART,   /* a container was restarted, with the cause */
        CONTEXT_EVICTION,  /* a pod was evicted, preempted, drained */
        CONTEXT_POD_JOIN,  /* a pod became ready */
        CONTEXT_POD_LEAVE, /* a pod stopped being ready, or went away */
        CONTEXT_ENDPOINT,  /* an endpoint joined or left */
        CONTEXT_IMAGE,     /* the running image of a container changed */
        CONTEXT_NODE_STATE,/* a node condition, taint or cordon changed */
        CONTEXT_SERVICE_EDIT, /* ports or selector of the service changed */
        CONTEXT_AUTOSCALE, /* an autoscaler's bounds or wish changed; the scaling itself is CONTEXT_SCALE */
        CONTEXT_RESIZE,    /* what a container may use changed while it ran */
        CONTEXT_MESH,      /* a policy of the mesh took another value */
        CONTEXT_CHANGE_KINDS,
};

const char *context_change_name(enum context_change_kind kind); /* "scale", "rollout", "restart", … */

struct context;

struct context *context_new(void);
/* What the target depends on, observed like it: a context of its own that is fed the same way. Its changes are told in the timeline of
 * 'context' by this name ("carts: Pod/carts-0"), and are not counted as the target's. It is marked, settled, stored and freed with
 * 'context'; add it before context_restore(). NULL: there are CONTEXT_ALSO_MAX already. */
struct context *context_also(struct context *context, const char *name);
struct context *context_free(struct context *context); /* NULL is fine; returns NULL */

/* The node rights are missing (namespace install): nodes are told by the pods' names for them, facts are "unknown". */
void context_nodes_unknown(struct context *context);

/* An object of the state before the run: no change is recorded for it. */
void context_add(struct context *context, enum context_kind kind, struct json_object *object);

/* One watch change: 'before' NULL for a new object, 'after' NULL for a deleted one (both: nothing happens). The objects are
 * borrowed for the call. Telling the same change twice records it once, because state is compared with what is known here:
 * 'before' only matters for an object not known yet. Changes seen by several objects at once (a pod that leaves also leaves its
 * endpoint slice) stay separate entries. */
void context_observe(struct context *context, enum context_kind kind, struct json_object *before,
                     struct json_object *after, int64_t wall_ms);

/* A change that was found elsewhere: 'object' as people name it, 'text' the sentence. Both are copied. */
void context_note(struct context *context, enum context_change_kind kind, const char *object, const char *text, int64_t wall_ms);

/* After context_restore, once all first lists are in: what was known before and not seen since is gone. */
void context_settle(struct context *context, int64_t wall_ms);

/* Nobody watched in this time. Overlapping and touching gaps are joined; beyond CONTEXT_GAPS_MAX the last one grows. */
void context_gap(struct context *context, int64_t from_wall_ms, int64_t to_wall_ms);

/* Takes a snapshot of the current state as "before" or "after" (called once each; later calls replace it). */
void context_mark_before(struct context *context, int64_t wall_ms);
void context_mark_after(struct context *context, int64_t wall_ms);

/* How often the kind of change was seen from..to (wall time, inclusive); of a container that was restarted several times at once each counts. */
uint32_t context_count(const struct context *context, enum context_change_kind kind, int64_t from_wall_ms,
                       int64_t to_wall_ms);
/* Whether that says something of restarts: false when no pod was ever seen; not *ret_whole when somebody may have looked away, and there
 * may have been more. */
bool context_counts_restarts(const struct context *context, int64_t from_wall_ms, int64_t to_wall_ms, bool *ret_whole);

/* A node that was under memory, disk or PID pressure from..to (wall time, inclusive), as far as it was looked at: its name and the condition,
 * in 'text'. False: none was seen to be. */
#define CONTEXT_PRESSURE_TEXT 320
bool context_pressure(const struct context *context, int64_t from_wall_ms, int64_t to_wall_ms, char text[static CONTEXT_PRESSURE_TEXT]);

/* status.context: {"target":{"pods":{"min","max"},"images":[…],"restarts"},"nodes":[{"name","role","kernel","kubelet","instanceType"}],
 * "changes":[{"at","kind","object","text"}],"gaps":[{"from","to"}]}. Numbers nobody could count are "unknown". 'generator_nodes' (array
 * of names, may be NULL) decides the nodes' role: "target", "generator" or "both". Adds what was cut ("context.changes", …) to the array
 * 'truncated' (may be NULL); of too many changes the first are shown. Caller owns. */
struct json_object *context_encode_status(const struct context *context, struct json_object *generator_nodes,
                                          struct json_object *truncated);
/* Only its "target": of one that came from context_also() those of that. Caller owns. */
struct json_object *context_encode_target(const struct context *context, struct json_object *truncated);
/* The changes for who looks for causes: [{"atMs","sentence"}], the sentence with its object, in the order they were seen. Caller owns. */
struct json_object *context_encode_sentences(const struct context *context);
/* Everything, for the result ConfigMap: the same uncut, plus "before" and "after" as states, and "changesDropped". Caller owns. */
struct json_object *context_encode_full(const struct context *context, struct json_object *generator_nodes);
/* The current state alone, for the "before" part of the plan: {"version":1,"objects":[facts],"dropped"}, sorted by kind and name.
 * Facts of a pod: {"kind","name","uid","node","ready","restarts","containers":[{"name","image","imageID","restarts"}]}; of the other
 * kinds see probe/facts.h. "also": {name: state} of what came from context_also(). Caller owns. */
struct json_object *context_encode_state(const struct context *context);
/* Restores the before-state and the known objects from context_encode_state (what is malformed is left out), such that the
 * changes since then are found by context_observe and context_settle. Only in a new context. */
void context_restore(struct context *context, struct json_object *state, int64_t wall_ms);
