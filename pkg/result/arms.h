/* SPDX-License-Identifier: Apache-2.0
 *
 * The trials of a run with variants as one result for each, and what each variant differs by from the first (result/pairs.h). Pure: the
 * documents of trials (result/trial.h) in. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/profile.h"
#include "result/arms_added.h"
#include "result/compare.h"
#include "result/series.h"

struct arm {
        const char *name;             /* borrowed from the profile */
        struct json_object *apply;    /* what was changed for it (api/entry.h); borrowed from the profile, NULL: nothing */
        struct series_result merged;  /* of its trials that count */
        bool measured;                /* it has figures */
        struct json_object *mesh;     /* between its client and the target (result/arms_mesh.h); owned, NULL: not said */
};

struct arms {
        struct arm of[PROFILE_VARIANTS_MAX]; /* of[0] is the reference */
        size_t len;
        struct gates gates;           /* how much all of it is worth */
        struct json_object *workers;  /* status.workers of the last trial of which somebody said something; owned, NULL: none */
        struct json_object *explanations; /* why they fared so (result/arms_explain.h); owned */
        struct compared compared[PROFILE_VARIANTS_MAX]; /* compared[i]: of[i + 1] against the reference */
        struct arms_added added[PROFILE_VARIANTS_MAX];  /* the same in time */
        size_t compared_len;          /* 0: stopped early, and nothing is compared */
};

/* 'plans[i]' is what the workers of arm i did; all borrowed for the call, names for the life of the result. Large: allocate it. False: the
 * reference has no figures, and only gates, workers and what other arms have are filled. */
bool arms_merge(const struct profile *profile, struct load_plan *const *plans, struct json_object *const *docs, size_t len, bool stopped,
                struct arms *ret_arms);
void arms_done(struct arms *arms);

/* Puts what was added into status.comparison.arms, and what of it is the mesh's into status.context.mesh: "type", "mode" and "version" that all
 * arms had, "addedLatency". 'comparison' and 'context' may be NULL. */
void arms_put_added(const struct arms *arms, struct json_object *comparison, struct json_object *context);
/* status.variants: [{"name","trials","applied","validity","mesh","results"}]; caller owns. */
struct json_object *arms_encode(const struct arms *arms);
