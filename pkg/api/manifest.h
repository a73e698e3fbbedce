/* SPDX-License-Identifier: Apache-2.0
 *
 * An object that a profile brings along: whether it may be applied, and what takes an object of the cluster back to what it was. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "base/fail.h"

#define MANIFESTS_MAX 16
#define MANIFESTS_BYTES_MAX 65536 /* all of a profile together, as JSON */
#define MANIFEST_NAME_MAX 320
#define ANNOTATION_APPLIED_BY "loadstone.dev/applied-by" /* UID of the run that applied the object */

/* The workload.manifests of a spec: every one names apiVersion, kind and metadata.name, none leaves 'namespace' (NULL: any is fine), none
 * stands there twice, and all together are within their bounds. FAIL_INVALID names the field; 'list' may be NULL. */
enum fail_kind manifest_check_list(struct json_object *list, const char *namespace, struct fail *fail);

/* "Deployment web", for people. */
void manifest_name(struct json_object *object, char name[static MANIFEST_NAME_MAX]);

/* Who else keeps this object as it is ("Argo CD", "Flux"), by its tracking labels and annotations; NULL: nobody who says so. */
const char *manifest_keeper(struct json_object *object);

/* What is sent to the API server: the manifest in that namespace, marked as applied by the run. New. */
struct json_object *manifest_marked(struct json_object *manifest, const char *namespace, const char *run_uid);
/* Did this run apply the object? */
bool manifest_is_marked(struct json_object *object, const char *run_uid);

/* What is kept of an object before it is changed: without status and bookkeeping of the API server. New; 'object' is borrowed. */
struct json_object *manifest_previous(struct json_object *object);

#define MANIFEST_FIELD_MAX 160
/* Of an object that is there the part that 'manifest' names, with the mark; what is absent is null. New. */
struct json_object *manifest_part(struct json_object *manifest, struct json_object *there);
/* Is some of that part no longer so? 'field' is the path of the first that is not, "spec.replicas". */
bool manifest_drifted(struct json_object *part, struct json_object *there, char field[static MANIFEST_FIELD_MAX]);

/* The merge patch (RFC 7386) that takes back what 'manifest' has changed of an object that was 'previous', and nothing else; lists that
 * the manifest has a part in are restored whole. New. */
struct json_object *manifest_restoring(struct json_object *manifest, struct json_object *previous);
