/* SPDX-License-Identifier: Apache-2.0
 *
 * What "loadstone apply" and "loadstone undo" share: the steps, the API server, where each object is found there, and the summary that
 * the operator reads from the pod. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "api/journal.h"
#include "api/manifest.h"
#include "api/steps.h"
#include "cli/ask.h"
#include "cli/command.h"

#define OBJECTS_AT_ONCE MANIFESTS_MAX

struct object_at { /* one of steps.manifests */
        struct json_object *manifest; /* borrowed */
        char name[MANIFEST_NAME_MAX]; /* for people */
        struct kube_kind kind;        /* texts owned */
        struct kube_ref ref;
        char problem[160];            /* why it cannot be here, "" when it can; then there is no ref */
};

struct objects {
        struct steps steps;
        struct ask ask;
        struct object_at at[OBJECTS_AT_ONCE];
        size_t len;
        const char *message_file; /* where the summary is left; NULL: nowhere */
        bool touched;             /* something of the cluster may have been changed */
};

/* What a command does; *ret_did counts the objects that it has done, after a failure too. */
typedef enum fail_kind objects_fn(struct objects *objects, size_t *ret_did, struct fail *fail);

/* A whole command, argv as it gets it: reads the steps, does 'action', prints how it ended and leaves the summary:
 * {"did": N, "touched": …, "failed": "…"}, see api/step_job.h. */
enum cli_exit objects_main(int argc, char **argv, objects_fn *action);

/* Finds out where each is served; of a kind that is not there, or that belongs to no namespace, 'problem' says so. */
enum fail_kind objects_resolve(struct objects *objects, struct fail *fail);

/* The journal's ConfigMap; FAIL_MISSING. */
enum fail_kind objects_get_journal(struct objects *objects, struct json_object **ret_configmap, struct fail *fail);
enum fail_kind objects_create_journal(struct objects *objects, struct json_object *configmap, struct fail *fail);
/* FAIL_CONFLICT: it is no longer as 'configmap' says. */
/* 'applied' as journal_move has it. */
enum fail_kind objects_move_journal(struct objects *objects, struct json_object *configmap, enum journal_state state, struct json_object *applied,
                                    struct fail *fail);

/* Waits until all that are there are ready, at most the steps' ready_timeout_ms. FAIL_TIMEOUT, FAIL_INVALID (it never will be). */
enum fail_kind objects_await(struct objects *objects, struct fail *fail);
