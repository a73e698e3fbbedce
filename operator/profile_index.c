/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/profile_index.h"

#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "base/clock.h"
#include "base/mem.h"
#include "data/doc.h"

struct ended {
        int64_t wall_ms;
};

static char *key_of(const char *namespace, const char *profile)
{
        return xasprintf("%s/%s", namespace ? namespace : "", profile);
}

static struct profile_members *members_of(struct map *index, const char *key)
{
        struct profile_members *members = map_find(index, key);

        if (members)
                return members;
        members = xnew(struct profile_members);
        map_set(index, key, members);
        return members;
}

static void forget_if_empty(struct map *index, const char *key, struct profile_members *members)
{
        if (members->configmaps.len || members->ended.len)
                return;
        map_remove(index, key);
        map_done(&members->configmaps);
        map_done(&members->ended);
        free(members);
}

static void set_run(struct map *index, struct json_object *run, bool there)
{
        const char *name = doc_text(run, "metadata.name"), *profile = doc_text(run, "spec.profile");
        int64_t wall_ms = clock_parse(doc_text(run, "status.finishTime"));

        if (!name || !profile || wall_ms < 0)
                return;
        auto_free char *key = key_of(doc_text(run, "metadata.namespace"), profile);
        struct profile_members *members = members_of(index, key);
        if (there) {
                struct ended *ended = xnew(struct ended);
                ended->wall_ms = wall_ms;
                free(map_set(&members->ended, name, ended));
        } else {
                free(map_remove(&members->ended, name));
        }
        forget_if_empty(index, key, members);
}

void profile_index_run(struct map *index, struct json_object *before, struct json_object *after)
{
        set_run(index, before, false);
        set_run(index, after, true);
}

static void set_configmap(struct map *index, struct json_object *configmap, bool there)
{
        const char *name = doc_text(configmap, "metadata.name"), *profile = doc_text(configmap, "metadata.labels[\"" LABEL_PROFILE "\"]");

        if (!name || !profile)
                return;
        auto_free char *key = key_of(doc_text(configmap, "metadata.namespace"), profile);
        struct profile_members *members = members_of(index, key);
        if (there)
                map_set(&members->configmaps, name, members);
        else
                map_remove(&members->configmaps, name);
        forget_if_empty(index, key, members);
}

void profile_index_configmap(struct map *index, struct json_object *before, struct json_object *after)
{
        set_configmap(index, before, false);
        set_configmap(index, after, true);
}

void profile_index_done(struct map *index)
{
        size_t at = 0, of_run = 0;
        const char *key;
        void *value, *ended;

        while (map_next(index, &at, &key, &value)) {
                struct profile_members *members = value;
                for (of_run = 0; map_next(&members->ended, &of_run, &key, &ended);)
                        free(ended);
                map_done(&members->configmaps);
                map_done(&members->ended);
                free(members);
        }
        map_done(index);
}

const struct profile_members *profile_index_find(const struct map *index, const char *namespace, const char *profile)
{
        auto_free char *key = key_of(namespace, profile);
        return map_find(index, key);
}

const char *profile_last(const struct profile_members *members)
{
        const char *name, *last = NULL;
        int64_t last_wall_ms = -1;
        size_t at = 0;
        void *value;

        while (members && map_next(&members->ended, &at, &name, &value)) {
                const struct ended *ended = value;
                bool later = ended->wall_ms > last_wall_ms || (ended->wall_ms == last_wall_ms && strcmp(name, last) > 0);
                if (!later)
                        continue;
                last = name;
                last_wall_ms = ended->wall_ms;
        }
        return last;
}
