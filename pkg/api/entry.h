/* SPDX-License-Identifier: Apache-2.0
 *
 * What a variant applies before its trials, variants[].apply: whole or partial objects, {"manifest":{…}}, and merge patches (RFC 7386) of
 * objects that have to be there, {"patch":{"target":{"apiVersion","kind","name"},"type":"merge","value":{…}}}. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "api/manifest.h"
#include "base/fail.h"

#define ENTRY_LIST_TEXT_MAX 256

/* At least one, within the bounds of manifest_check_list, each one thing and no object twice. FAIL_INVALID names the field, "[1].patch …". */
enum fail_kind entry_check_list(struct json_object *list, struct fail *fail);

bool entry_is_patch(struct json_object *entry);
/* What the entry says about its object, as a manifest has it: of a patch its value under the target's name. New; the entry was checked. */
struct json_object *entry_manifest(struct json_object *entry);
/* Those of all entries, in order. New. */
struct json_object *entry_manifests(struct json_object *list);

/* "Deployment web (patched), ConfigMap limits", for people; cut with "…" where there are more. */
void entry_list_text(struct json_object *list, char text[static ENTRY_LIST_TEXT_MAX]);
