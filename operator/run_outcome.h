/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run says at its end: verdict, terminal status and the ConfigMaps to store, from figures that are merged already. No requests. */
#pragma once

#include "operator/run_fill.h"
#include "result/arms.h"
#include "result/estimate.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/probe.h"

/* Everything that a run says at its end is made from this. */
struct outcome {
        const struct fold *fold;
        const struct gates *gates;
        const struct estimates *estimates; /* of the whole */
        const struct observed *observed;   /* beside it */
        const struct estimates *trials;    /* of each trial that counts */
        size_t trials_len;
        const struct arms *arms;           /* 'fold' and 'estimates' are of its first; NULL: there are no variants */
        const struct probe_search *search; /* of whose end the rest speaks; NULL: it was none */
        struct json_object *rows, *workers; /* borrowed */
        int number;                        /* of the trial in the names of what is stored */
};

/* Judges, fills session->final and session->pack. */
void outcome_conclude(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct outcome *outcome);
/* The same where no trial has figures. */
void outcome_conclude_empty(struct session *session, const struct run_sight *sight, const struct gates *gates, struct json_object *rows);

/* Does this reason to end early cut short what was measured? */
bool outcome_cuts_short(const char *stop);
