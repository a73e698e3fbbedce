/* SPDX-License-Identifier: Apache-2.0
 *
 * One request under way: what it names, and how it is answered. */
#pragma once

#include "sim.h"

#define QUERY_MAX 24

struct call {
        struct apisim *sim;
        const struct apisim_request *request;
        struct apisim_answer *answer;
        char *path;                     /* decoded segments below point into it */
        struct { char *name, *value; } query[QUERY_MAX];
        size_t query_len;
        char *query_text;
        struct kind *kind;              /* of the path; NULL for documents */
        const char *namespace, *name, *subresource; /* NULL where the path has none */
        const char *body_name;          /* of an object that is created: names it in answers */
        bool dry_run;
};

/* NULL when it was not given. */
const char *call_query(const struct call *call, const char *name);
bool call_query_true(const struct call *call, const char *name);
/* 'otherwise' when absent; false (answered with 400) when it is no number. */
bool call_query_int(struct call *call, const char *name, int64_t otherwise, int64_t *ret_value);

/* ---- answer.c: each of these ends the call ---- */
void answer_json(struct call *call, int status, struct json_object *body); /* takes body */
void answer_text(struct call *call, int status, const char *text);
/* As the kind shows it. */
void answer_object(struct call *call, int status, struct json_object *json); /* borrowed */
/* 'details' (taken) and 'reason' may be NULL. */
void refuse(struct call *call, int status, const char *reason, struct json_object *details, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
void refuse_bad_request(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void refuse_not_found(struct call *call, const struct kind *kind, const char *name);
void refuse_conflict(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 'causes' (taken) of cause_add. */
void refuse_invalid(struct call *call, struct json_object *causes);
/* The same about something that is no object of a served kind: "ListOptions.meta.k8s.io". */
void refuse_options(struct call *call, const char *kind, struct json_object *causes);
void refuse_method(struct call *call);
/* Not an answer of a real server: counted, so that a test can say it never happens. */
void refuse_unmodelled(struct call *call, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* {"name", "group", "kind"} as errors of the store have them. */
struct json_object *details_of(const struct kind *kind, const char *name);

enum cause { CAUSE_INVALID, CAUSE_REQUIRED, CAUSE_FORBIDDEN, CAUSE_UNSUPPORTED, CAUSE_TYPE, CAUSE_DUPLICATE, CAUSE_TOO_LONG, CAUSE_TOO_MANY };
void cause_add(struct json_object *causes, enum cause cause, const char *field, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* A Status as it stands in an ERROR event. New reference. */
struct json_object *status_expired(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- the verbs ---- */
void verb_get(struct call *call);
void verb_list(struct call *call);
void verb_watch(struct call *call);
void verb_create(struct call *call);
void verb_update(struct call *call);
void verb_patch(struct call *call);
void verb_delete(struct call *call);
void verb_log(struct call *call);
void verb_review(struct call *call, const char *plural);
/* True when the path is one of the documents: versions, groups, resources, health, openapi. */
bool document_get(struct call *call);
