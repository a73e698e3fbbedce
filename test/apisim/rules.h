/* SPDX-License-Identifier: Apache-2.0
 *
 * What a write must obey: metadata, built-in kinds, schemas. Pure: trees in, trees and causes out. */
#pragma once

#include "call.h"

/* ---- meta.c ---- */
/* {kind, apiVersion, metadata, the rest}: metadata with known members only, in their order. Takes and returns. */
struct json_object *meta_normal(const struct kind *kind, struct json_object *json);
/* Of a new object: uid, times, generation; generates the name. */
void meta_create(struct apisim *sim, const struct kind *kind, const char *namespace, struct json_object *json);
/* Of a changed one: what only the server sets is taken over from 'old'. */
void meta_update(struct json_object *old, struct json_object *json);
void meta_check(const struct kind *kind, struct json_object *old, struct json_object *json, struct json_object *causes);
/* Whether anything but metadata and status differs. */
bool meta_spec_differs(struct json_object *old, struct json_object *json);

/* ---- shape.c ---- */
/* Whether members are of the types that their names promise. False when it was answered. Drops members that are null. */
bool shape_fits(struct call *call, struct json_object *json);

/* ---- builtin.c ---- */
void builtin_default(struct apisim *sim, const struct kind *kind, struct json_object *json);
void builtin_status(const struct kind *kind, struct json_object *json); /* as it begins */
/* 'old' NULL: a create. */
void builtin_check(const struct kind *kind, struct json_object *old, struct json_object *json, struct json_object *causes);
/* Says of what a Job asks for, if it is not modelled; NULL when all is. Static. */
const char *builtin_unmodelled(const struct kind *kind, struct json_object *json);

/* ---- schema.c ---- */
/* Removes what the schema does not know; their paths are pushed to 'unknown'. */
void schema_prune(struct json_object *schema, struct json_object *json, struct json_object *unknown);
void schema_default(struct json_object *schema, struct json_object *json);
void schema_check(struct json_object *schema, struct json_object *json, struct json_object *causes);

/* ---- patch.c: new documents; FAIL_INVALID: the patch cannot be applied ---- */
enum fail_kind patch_json(struct json_object *target, struct json_object *patch, struct json_object **ret_json, struct fail *fail);
enum fail_kind patch_strategic(struct json_object *target, struct json_object *patch, struct json_object **ret_json, struct fail *fail);
