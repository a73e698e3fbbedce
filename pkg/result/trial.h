/* SPDX-License-Identifier: Apache-2.0
 *
 * What a series of trials keeps of each: enough to merge them without loss and to judge how they differ, as one document in the
 * trial's own ConfigMap ("trial.json"). An operator that was restarted in the middle of a series has these and nothing else.
 *
 *   {"version":1,"index":2,"validity":"Valid","reasons":[{"reason","message"}],"whole":true,
 *    "estimates":{…},            result/estimate.h
 *    "row":{…},                  as status.trials shows it
 *    "workers":{…},              as status.workers shows it
 *    "nodes":["node-1"],         where its workers ran
 *    "mesh":{…},                 of a run with variants: the mesh between this trial's client and the target
 *    "explanations":[…],         of a run with variants: what mesh and machines did to this trial, the surest first (mesh/explain.h)
 *    "restCores":0.012,          of the first: CPU of one pod of the target before its load; absent: not known
 *    "observed":{…},             of the target and its proxies: result/observed.h
 *    "probe":{…},                of a search for capacity: result/probe.h
 *    "fold":{"pieces":[{"fromMs","toMs","C","hists"}],"requests":[{"C","hists"}],"C","hists" (connect, handshake),"connects",
 *            "warmup":{"ms","settled"},…}}
 *
 * "whole" false: it was cut short, lost its log or its workers; then its figures count only where no trial is whole. "pieces" hold null but for
 * the window where all would be too large. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "load/plan.h"
#include "result/estimate.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/observed.h"

#define TRIAL_BYTES_MAX (384 * 1024) /* of the document */
#define TRIAL_EXPLANATIONS_MAX 8

struct trial_input { /* all borrowed for the call */
        int index;
        const struct fold *fold;
        const struct gates *gates;
        const struct estimates *estimates;
        struct json_object *row, *workers, *nodes;
        struct json_object *mesh; /* between this trial's client and the target, as status.variants shows it; NULL: not said */
        const double *rest_cores; /* that a pod of the target used before the first trial's load; NULL: not known, or not the first */
        const struct observed *observed; /* NULL: nobody looked */
        struct json_object *explanations; /* at most TRIAL_EXPLANATIONS_MAX; NULL: nobody asked */
        struct json_object *probe; /* NULL: it is none */
};

struct json_object *trial_encode(const struct trial_input *input); /* caller owns */
/* In the place of a trial whose document is gone: nothing is known of it but that it was, and whose (variant NULL: there are none). Caller
 * owns. */
struct json_object *trial_encode_lost(int index, const char *variant);

struct trial {
        int index;
        enum validity validity;
        bool whole;
        const char *reason;      /* the gravest reason's sentence, borrowed from the document; NULL: none */
        struct estimates estimates;
        struct observed observed;
        struct json_object *doc; /* borrowed */
};
/* Never fails: what is missing or of the wrong type is unknown. */
void trial_decode(struct json_object *doc, struct trial *ret_trial);
/* Its figures can stand beside those of others: it has some, is whole and not invalid. */
bool trial_is_sound(const struct trial *trial);

/* How long the warm-up was of a trial whose workers were to find its end; -1: it had a length, or is not known. */
int64_t trial_warmup_ms(struct json_object *doc);

/* A fold of no trial yet. */
struct fold *trial_fold_new(const struct load_plan *plan);
/* Adds the figures of one trial: every bucket of every histogram. False: the document has none. */
bool trial_fold_add(struct fold *fold, struct json_object *doc);
/* After the last one. */
void trial_fold_done(struct fold *fold);
