/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of a run: a pure function from what is seen to at most one effect. The first row that holds wins.
 * The table prints itself (loadstone-operator --print-rules) and docs/rules.md is compared with it by a test. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "operator/run_view.h"

enum run_action {
        RUN_WAIT,          /* nothing to do until something changes or wake_ns */
        RUN_FORGET,        /* drop what is held in memory for it */
        RUN_DELETE_JOB,    /* with its UID as precondition, background */
        RUN_ACCEPT,        /* first status: seen, waiting or queued, with its deadline */
        RUN_SHOW_QUEUE,    /* the position in the queue changed */
        RUN_ADMIT,         /* records startTime and the deadline: the target is ours */
        RUN_RESOLVE,       /* look at the target and its surroundings */
        RUN_LOOK,          /* asks the API server for what an operator before this one has made */
        RUN_CREATE_STEPS,  /* the immutable ConfigMap of what it brings along */
        RUN_CREATE_UNDO,   /* suspended: the Job that will take it back, before the one that applies it */
        RUN_CREATE_APPLY,  /* suspended */
        RUN_BIND_APPLY,    /* the UIDs of both into status, compare-and-swap */
        RUN_RELEASE_APPLY, /* suspend: false */
        RUN_DELETE_APPLY,  /* like RUN_DELETE_JOB */
        RUN_RELEASE_UNDO,  /* suspend: false */
        RUN_DELETE_UNDO,   /* like RUN_DELETE_JOB */
        RUN_CREATE_PLAN,   /* the immutable plan ConfigMap */
        RUN_CREATE_JOB,    /* suspended */
        RUN_BIND_JOB,      /* its UID into status, compare-and-swap */
        RUN_RELEASE_JOB,   /* suspend: false */
        RUN_START,         /* one start instant into every worker pod's annotation */
        RUN_RECORD_STOP,   /* why it ends early, before anything is stopped */
        RUN_STOP_JOB,      /* suspend: true; workers flush on SIGTERM */
        RUN_READ_APPLIED,  /* whether what the trial's variant applied still stands */
        RUN_READ_BASELINE, /* the result that this one is compared with */
        RUN_READ_TRIAL,    /* the stored result of an earlier trial */
        RUN_DELETE_LEFT,   /* the Job of an earlier trial, like RUN_DELETE_JOB */
        RUN_FOLD_SERIES,   /* merge and judge all trials; no request */
        RUN_FOLD,          /* merge and judge what the workers said; no request */
        RUN_STORE,         /* the next chunk, at last the manifest */
        RUN_FINISH,        /* terminal status, from the stored result where there is one */
        RUN_SHOW,          /* phase or progress */
};

struct run_plan {
        enum run_action action;
        const char *reason; /* CamelCase, static: log word, condition reason where the action ends the run */
};

struct run_plan run_decide(const struct run_view *view);

const char *run_action_name(enum run_action action);
/* The table as Markdown. */
void run_print_rules(FILE *out);
/* For tests that must reach every row. */
size_t run_rules_len(void);
size_t run_rule_of(const struct run_view *view);
