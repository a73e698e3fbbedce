/* SPDX-License-Identifier: Apache-2.0
 *
 * What belongs to each profile: its runs that have ended and the ConfigMaps of its history, kept from what the caches tell, so that
 * a pass over one profile looks at nothing of the others. */
#pragma once

#include <json-c/json.h>

#include "base/map.h"

struct profile_members {
        struct map configmaps; /* names; the values say nothing */
        struct map ended;      /* names of runs -> when they ended, for profile_last() */
};

/* 'index' is a map, zeroed before its first use. The objects are as kube_changed_fn gets them. */
void profile_index_run(struct map *index, struct json_object *before, struct json_object *after);
void profile_index_configmap(struct map *index, struct json_object *before, struct json_object *after);
void profile_index_done(struct map *index);

/* NULL when nothing belongs to it. Borrowed until the next change. */
const struct profile_members *profile_index_find(const struct map *index, const char *namespace, const char *profile);
/* Name of the run that ended last, NULL when none has. Borrowed as the members; they may be NULL. */
const char *profile_last(const struct profile_members *members);
