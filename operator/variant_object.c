/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/variant_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/manifest.h"
#include "base/mem.h"
#include "data/doc.h"

struct json_object *variant_manifests(const struct session *session)
{
        return session->plan_loaded ? doc_at(session->plan.steps[session->arm], "manifests") : NULL;
}

/* The account that applies writes the journal: of it only the word for a kind is used, under the names that were frozen with the plan. */
static bool is_plural(const char *word)
{
        return word && *word && strlen(word) <= 63 && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(word);
}

bool variant_object_of(struct json_object *manifest, struct json_object *applied, struct variant_object *ret_object)
{
        const char *version = doc_text(manifest, "apiVersion"), *plural = doc_text(applied, "plural");
        const char *slash = version ? strchr(version, '/') : NULL;

        if (!version || !is_plural(plural))
                return false;
        char *group = slash ? xstrndup(version, (size_t)(slash - version)) : xstrdup("");
        *ret_object = (struct variant_object){
                .group = group,
                .kind = {.group = group, .version = slash ? slash + 1 : version, .plural = plural, .name = doc_text(manifest, "kind"), .namespaced = true},
                .name = doc_text(manifest, "metadata.name"),
        };
        return true;
}

void variant_object_done(struct variant_object *object)
{
        free(take(object->group));
}

static void note_drift(struct session *session, const char *object, const char *what)
{
        if (!session->drift[0])
                snprintf(session->drift, sizeof session->drift, "variant %.32s was undone during the trial: %.60s: %.80s",
                         profile_arm_name(session->profile, session->arm), object, what);
}

void variant_object_compare(struct session *session, struct json_object *manifest, struct json_object *applied, struct json_object *there)
{
        char name[MANIFEST_NAME_MAX], field[MANIFEST_FIELD_MAX];

        manifest_name(manifest, name);
        if (!there)
                note_drift(session, name, "it is gone");
        else if (manifest_drifted(doc_at(applied, "part"), there, field))
                note_drift(session, name, field);
}
