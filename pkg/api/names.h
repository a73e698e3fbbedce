/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of everything a run makes: fixed functions of the run's name and UID, so that making it twice is "exists already".
 * Also the label and annotation keys by which it is found. */
#pragma once

#include <stddef.h>

#define LABEL_MANAGED "app.kubernetes.io/managed-by"
#define LABEL_MANAGED_VALUE "loadstone"
#define LABEL_RUN_UID "loadstone.dev/run-uid"
#define LABEL_PROFILE "loadstone.dev/profile"
#define LABEL_PART "loadstone.dev/part"        /* plan | result | trial | series | worker | workload | apply | undo */
#define LABEL_VARIANT "loadstone.dev/variant"  /* of Jobs and pods of a run with variants */
#define ANNOTATION_RUN "loadstone.dev/run"     /* name of the BenchmarkRun */
#define ANNOTATION_ACCEPT "loadstone.dev/accept-load-from" /* of a Service: namespaces whose runs may load it */
#define ANNOTATION_START "loadstone.dev/start-at"
#define ANNOTATION_TARGET "loadstone.dev/target" /* of an undo Job: what nobody else may load until it is done */

#define NAME_MAX_LEN 64 /* with the terminating NUL */

/* "<run cut to 40>-<8 hex of the UID>", which every name below begins with: a run of the same name made again has another UID. */
void name_base(const char *run, const char *uid, char name[static NAME_MAX_LEN]);
/* The base and -plan | -result | -r<trial> | -s<n> | -t<trial> | -workload | -apply[-<set>] | -undo[-<set>]; at most 61 characters, as the pods of an Indexed Job need it. */
void name_plan(const char *run, const char *uid, char name[static NAME_MAX_LEN]);
void name_result(const char *run, const char *uid, char name[static NAME_MAX_LEN]);
/* Of one trial of several: what -result keeps of it is made from this. */
void name_trial(const char *run, const char *uid, int trial, char name[static NAME_MAX_LEN]);
void name_series(const char *run, const char *uid, size_t index, char name[static NAME_MAX_LEN]);
void name_job(const char *run, const char *uid, int trial, char name[static NAME_MAX_LEN]);
/* The ConfigMap of the workload that is applied before the load. */
void name_workload(const char *run, const char *uid, char name[static NAME_MAX_LEN]);
/* The Job that applies a set of objects, and the Job that takes it back with the ConfigMap of the same name that says what was there before.
 * Set 0 is the workload; set n > 0 is what the variant of trial n - 1 applies, for that trial and those of the same variant right after it. */
void name_apply(const char *run, const char *uid, int set, char name[static NAME_MAX_LEN]);
void name_undo(const char *run, const char *uid, int set, char name[static NAME_MAX_LEN]);
