/* SPDX-License-Identifier: Apache-2.0
 *
 * The chapters of profile_decode. Each reads profile->spec and says what is wrong by the field's path. */
#pragma once

#include "api/profile.h"

#define PROFILE_DAY_MS 86400000.0

/* Before the shape, in whose place it stands: fills profile->capacity. */
enum fail_kind profile_decode_capacity(struct profile *profile, struct fail *fail);
/* Once everything but trials is decoded: what a search asks of the rest. */
enum fail_kind profile_check_search(const struct profile *profile, struct fail *fail);
/* Sets shape_ms, peak_rps and closed. */
enum fail_kind profile_decode_shape(struct profile *profile, struct fail *fail);
/* 'piece' is the index of a piece of the shape, or a kind of which there is exactly one. */
bool profile_knows_piece(const struct profile *profile, const char *piece);
/* A DNS label, as far as it becomes part of a path; NULL is one. */
bool profile_is_label(const char *name);
enum fail_kind profile_decode_target(struct profile *profile, struct fail *fail);
enum fail_kind profile_check_requests(const struct profile *profile, struct fail *fail);
/* 1 to PROFILE_HEADER_NAME_MAX letters, digits, -, _ and ., and none that the worker sets itself; 'where' names the field. */
enum fail_kind profile_check_header_name(const char *name, const char *where, struct fail *fail);
/* After the target: fills the descriptors of gRPC messages. */
enum fail_kind profile_decode_descriptors(struct profile *profile, struct fail *fail);
/* After these, and when profile_check_requests has found nothing: a request as a call of scheme grpc or grpcs, or as none. */
enum fail_kind profile_check_call(const struct profile *profile, struct json_object *request, const char *where, struct fail *fail);
enum fail_kind profile_check_call_header(const struct profile *profile, const char *name, const char *where, struct fail *fail);
enum fail_kind profile_decode_secrets(struct profile *profile, struct fail *fail);
/* Needs limits and variants decoded; fills profile->trials. */
enum fail_kind profile_decode_trials(struct profile *profile, struct fail *fail);
/* Fills has_workload, allow_managed, workload_ready_ms and account. */
enum fail_kind profile_decode_workload(struct profile *profile, struct fail *fail);
/* Needs shape and baseline decoded; fills profile->variants. */
enum fail_kind profile_decode_variants(struct profile *profile, struct fail *fail);
/* Needs shape and objectives decoded; fills profile->baseline. */
enum fail_kind profile_decode_baseline(struct profile *profile, struct fail *fail);
/* Needs target and mesh_detect decoded; fills profile->requirements, also and metrics. */
enum fail_kind profile_decode_context(struct profile *profile, struct fail *fail);
enum fail_kind profile_check_placement(const struct profile *profile, struct fail *fail);
/* After fields, shape and target: fills workers. */
enum fail_kind profile_decode_workers(struct profile *profile, struct fail *fail);
