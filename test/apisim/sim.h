/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of apisim share. Stored objects are never changed in place: a change is a new tree, and the history
 * holds references to old ones. */
#pragma once

#include <json-c/json.h>

#include "apisim.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define SIM_KINDS_MAX 40
#define SIM_FIRST_VERSION 1000 /* so that there are versions that are too old from the beginning */
#define SIM_TEXT_MAX 512

struct object {
        struct kind *kind;
        char *key;                /* "namespace/name", or "name"; sorts like the keys of the real store */
        struct json_object *json, *owners; /* owners: of metadata, as they are indexed; or NULL */
        uint64_t version;
};

struct owned { /* objects that name one owner, by kind and key */
        struct object **objects;
        size_t len;
};

struct kind {
        const char *group, *version, *plural, *name; /* static, or borrowed from a definition */
        const char *short_name;       /* or NULL */
        bool namespaced, status, generation;
        bool by_version_only;         /* an update must name the resourceVersion */
        bool create_on_update;
        bool in_all;                  /* "kubectl get all" shows it */
        struct json_object *schema, *names; /* of a custom resource: spec.names; else NULL */
        struct kind *storage;         /* itself, or the kind whose objects these are under another name */
        struct object **objects;      /* sorted by key */
        size_t len, capacity;
};

enum change_type { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };

struct change {
        struct kind *kind;
        uint64_t version;
        struct json_object *before, *after; /* NULL: was not there, is not there */
};

struct apisim {
        const struct clock *clock;
        struct apisim_options options;
        uint64_t random;
        struct json_object *definitions;    /* array: owns the schemas */
        struct kind kinds[SIM_KINDS_MAX];
        size_t kinds_len;
        struct map by_uid;                  /* uid -> struct object */
        struct map owned;                   /* uid of an owner, there or not -> struct owned */
        uint64_t version, compacted;        /* changes up to 'compacted' are forgotten */
        struct change *history;
        size_t history_len, history_capacity;
        struct map pods, jobs;              /* uid -> what the controllers remember */
        uint64_t collected_version, jobs_version, pods_version; /* of the last round of each controller */
        int64_t jobs_wake_ns, pods_wake_ns; /* nothing of that kind becomes due before */
        unsigned unmodelled;
        char unmodelled_text[SIM_TEXT_MAX];
};

/* ---- sim.c ---- */
uint64_t sim_random(struct apisim *sim);
char *sim_uuid(struct apisim *sim);
/* "abcde": as generated names end. */
void sim_suffix(struct apisim *sim, char text[static 6]);
int64_t sim_now_ns(const struct apisim *sim);
int64_t sim_wall_ms(const struct apisim *sim);
struct json_object *sim_time(const struct apisim *sim);
/* Frees what a controller remembers (a map by uid) of objects that are no longer there. */
void sim_forget_gone(struct apisim *sim, struct map *memories, void (*free_one)(void *memory));

/* ---- kinds.c ---- */
enum fail_kind kinds_init(struct apisim *sim, const char *const crds[static APISIM_CRDS_MAX], struct fail *fail);
struct kind *kind_find(struct apisim *sim, const char *group, const char *version, const char *plural);
bool kind_is(const struct kind *kind, const char *group, const char *plural);
struct kind *kind_core(struct apisim *sim, const char *plural);
char *kind_api_version(const struct kind *kind);
/* "jobs.batch", "Job.batch", "pods", "Pod". */
char *kind_qualified(const struct kind *kind, const char *word);

/* ---- store.c ---- */
struct object *sim_store_find(const struct kind *kind, const char *namespace, const char *name);
/* Takes 'json'; gives it the next resourceVersion and records the change. */
struct object *sim_store_put(struct apisim *sim, struct kind *kind, struct json_object *json);
void sim_store_remove(struct apisim *sim, struct object *object);
void sim_store_done(struct apisim *sim);
/* A changed copy of an object's tree, to be handed to sim_store_put. */
struct json_object *sim_store_copy(const struct object *object);
/* Objects of 'kind' as they were at 'version', by key: an array of borrowed trees that the caller frees. */
struct json_object **sim_store_at(const struct apisim *sim, const struct kind *kind, uint64_t version, size_t *ret_len);
char *sim_store_key(struct json_object *json);
/* Whether the uid belongs to an object that is there. */
struct object *sim_store_by_uid(const struct apisim *sim, const char *uid);

/* ---- owned.c ---- */
/* 'owners': metadata.ownerReferences, NULL: none. Borrowed. */
void sim_owners_set(struct apisim *sim, struct object *object, struct json_object *owners);
/* Borrowed, until anything changes. */
struct owned sim_owned(const struct apisim *sim, const char *uid);
void sim_owned_done(struct apisim *sim);

/* ---- events.c ---- */
/* As the kind shows it: a new reference. Only events.k8s.io differs from what is stored. */
struct json_object *event_shown(const struct kind *kind, struct json_object *json);
struct json_object *event_stored(const struct kind *kind, struct json_object *json); /* takes and returns */
