/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole cluster with its operators in one process and in virtual time: the server and the worker pods are apisim, the
 * operators are the real code on the loop's clock, and between them lies a wire that can fail. Deterministic: the same
 * workload with the same plan does the same, write by write. */
#pragma once

#include <json-c/json.h>

#include "apisim.h"
#include "pod_script.h"
#include "fault.h"

#define OPERATORS_MAX 2

struct world;

/* One scenario. A file in workloads/ has a table of them that ends with one without a name; the build finds it. */
struct workload {
        const char *name, *what;
        const char *argument;      /* what makes it differ from others of its table */
        /* Objects that are there before the operator. */
        void (*begin)(struct world *world);
        /* What people and the cluster do meanwhile; called whenever something has happened. 'act_ns' of the world is the time
         * at which it wants to be called next for time's sake. May be NULL. */
        void (*act)(struct world *world);
        /* How pods live; NULL: workers that do their work. */
        apisim_script_fn *script;
        int operators;             /* 0: one */
        const char *crds;          /* a directory of more definitions, NULL: only our own */
        int64_t horizon_ms;        /* everything has to be over by then, faults apart; 0: two minutes */
        const char *ends;          /* allowed ends of each run, "name=Phase name=Phase|Phase/Validity"; gone: "name=-" */
        unsigned passes_max;       /* without faults, as long as the runs last; 0: any number */
        const char *undisturbed;   /* name of a run, and of a workload in which it is alone: here it ends at most a second later */
        size_t trials;             /* of the first of them, run once more ones included, when nothing goes wrong; 0: not looked at */
        bool ends_vary;            /* under faults a run may end in another of those ways: its end depends on when things happen */
};

extern const struct workload *const workload_tables[];
extern const size_t workload_tables_len;
/* NULL at the end. */
const struct workload *workload_at(size_t index);

/* 'faults': the list and the chooser are taken over; NULL: nothing goes wrong. */
struct world *world_new(const struct workload *workload, const struct faults *faults);
struct world *world_free(struct world *world);
/* Runs to the end. False: something is wrong, and *ret_problem (owned by the world) says what. */
bool world_run(struct world *world, const char **ret_problem);

/* The same step by step, for worlds that go on: until that time; two minutes in which nothing may be written, and a pass over
 * everything that may ask nothing. */
bool world_until(struct world *world, int64_t ms);
bool world_rest(struct world *world);

unsigned world_lives(const struct world *world); /* of operators, those that ended included */
unsigned world_writes(const struct world *world); /* counted by the faults */
unsigned world_events(const struct world *world);
unsigned world_passes(const struct world *world); /* until all was over; of the operators that were alive then */
/* When the run of that name ended, since the beginning; -1: it did not. */
int64_t world_ended_ms(const struct world *world, const char *run);
/* How many trials the run has in its status. */
size_t world_trials(const struct world *world, const char *run);
/* How each run ended. Owned by the world. */
const char *world_end(const struct world *world);
/* ---- for workloads ---- */

int64_t world_ms(const struct world *world); /* since the beginning */
void world_again_at(struct world *world, int64_t ms); /* act() is called then */
const char *world_argument(const struct world *world); /* the workload's */
unsigned *world_step_of(struct world *world); /* a counter of the workload's own: which of its steps comes next */
/* True once: when the counter stands at 'step' and that time has come; it stands one further then. Until then act() is called at that time. */
bool world_due(struct world *world, unsigned step, int64_t at_ms);
void world_profile(struct world *world, const char *name, const char *service, const char *load); /* JSON of spec.load */
void world_run_new(struct world *world, const char *name, const char *profile, const char *more); /* ",\"cancel\":true" or "" */
void world_server(struct world *world, const char *service); /* a Service, and an EndpointSlice with one endpoint of it */
/* The policy on authors, which is in force, as everybody must think, from WORLD_AUTHORS_MS on; act() is called then. */
#define WORLD_AUTHORS_MS 8000
void world_authors(struct world *world);
/* All three, with WORLD_LOAD: the run of that name loads the service "web" by the profile "web". */
void world_one_run(struct world *world, const char *name);
/* A pod that starts without trouble; worker NULL: one that does its work. */
struct pod_script world_pod(const struct worker_script *worker);
/* PATCH (a merge) or DELETE of a run. */
void world_run_change(struct world *world, const char *name, const char *method, const char *body);
/* A request as a person makes it; the answer's object is owned by the world until the next call. */
struct json_object *world_ask(struct world *world, const char *method, const char *path, const char *body);
const char *world_phase(struct world *world, const char *run); /* "" when there is none */
/* From now on the server answers the operator's requests of that method and with that in their path, "PATCH /status", with
 * 'status'. Borrowed. NULL: none any more. */
void world_refuse(struct world *world, const char *what, int status);
void world_cut(struct world *world, int which, bool cut);
void world_cut_lease(struct world *world, int which, bool cut); /* only what concerns the Lease */

#define WORLD_LOAD_BY(workers) "{\"requests\":[{\"name\":\"get\",\"path\":\"/\"}],\"shape\":[{\"hold\":{\"rate\":\"50/s\",\"for\":\"5s\"}}]," \
                               "\"timeout\":\"2s\",\"concurrency\":{\"connections\":2},\"warmup\":\"1s\",\"cooldown\":\"0s\",\"workers\":" #workers "}"
#define WORLD_LOAD WORLD_LOAD_BY(1)
