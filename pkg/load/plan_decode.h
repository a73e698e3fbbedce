/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of the plan share; for nobody else. */
#pragma once

#include "load/plan.h"

struct plan_int {
        const char *path;
        int64_t least, most, otherwise;
};

/* *ret_value is the integer at want->path, or want->otherwise when absent. FAIL_INVALID names the path. */
enum fail_kind plan_want_int(struct json_object *doc, const struct plan_int *want, int64_t *ret_value,
                             struct fail *fail);
/* *ret_text is a new string, untouched when absent. */
enum fail_kind plan_want_text(struct json_object *doc, const char *path, size_t size_max, char **ret_text,
                              struct fail *fail);

/* Fills the guard from doc's "guard"; what was filled before a failure is freed with the plan. */
enum fail_kind plan_decode_guard(struct json_object *doc, struct load_guard *guard, struct fail *fail);
void plan_free_guard(struct load_guard *guard);

/* Fills plan->requests from doc's "requests"; what was filled before a failure is freed with the plan. */
enum fail_kind plan_decode_requests(struct json_object *doc, struct load_plan *plan, struct fail *fail);
/* After the requests: fills plan->secret_headers from doc's "headersFrom"; freed by plan_free_requests too. */
enum fail_kind plan_decode_secret_headers(struct json_object *doc, struct load_plan *plan, struct fail *fail);
void plan_free_requests(struct load_plan *plan);

/* A request of scheme grpc or grpcs, whose other members are decoded: checks it and fills its statuses. */
enum fail_kind plan_decode_call(struct json_object *doc, struct load_request *request, struct fail *fail);
/* The header is one that the worker sets on every call. */
bool plan_is_of_grpc(const char *header);

/* Fills plan->shape, closed and shape_ms from doc's "shape". */
enum fail_kind plan_decode_shape(struct json_object *doc, struct load_plan *plan, struct fail *fail);
