/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/variant_look.h"

#include <stdio.h>
#include <string.h>

#include "api/journal.h"
#include "api/manifest.h"
#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

static struct json_object *manifests(const struct session *session)
{
        return doc_at(session->plan.steps[session->arm], "manifests");
}

bool variant_look_due(const struct session *session)
{
        return session->plan_loaded && !session->applied_read && manifests(session);
}

/* The first of several says enough. */
static void note_drift(struct session *session, const char *object, const char *what)
{
        if (!session->drift[0])
                snprintf(session->drift, sizeof session->drift, "variant %.32s was undone during the trial: %.60s: %.80s",
                         profile_arm_name(session->profile, session->arm), object, what);
}

static void note_unwatched(struct session *session, const char *object, const char *why)
{
        if (!session->unwatched[0])
                snprintf(session->unwatched, sizeof session->unwatched, "whether variant %.32s stood to the end is not known: %.60s: %.60s",
                         profile_arm_name(session->profile, session->arm), object, why);
}

/* The look is over; with a failure that may pass it is begun anew. */
static void end(struct session *session, const struct fail *fail)
{
        json_object_put(take(session->look_applied));
        session->request = 0;
        session->applied_read = !fail;
        if (fail)
                manager_pass_failed(session->manager, session->key, fail);
        else
                manager_pass_done(session->manager, session->key, loop_now_ns(session->manager->loop));
}

static bool is_settled(enum fail_kind kind)
{
        return kind == FAIL_NONE || kind == FAIL_MISSING || kind == FAIL_DENIED || kind == FAIL_INVALID || kind == FAIL_TOO_LARGE;
}

static void read_next(struct session *session);

static void object_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;
        char name[MANIFEST_NAME_MAX], field[MANIFEST_FIELD_MAX];

        if (!is_settled(fail->kind)) {
                end(session, fail);
                return;
        }
        manifest_name(doc_item(manifests(session), session->look_next), name);
        if (fail->kind == FAIL_MISSING)
                note_drift(session, name, "it is gone");
        else if (fail->kind)
                note_unwatched(session, name, fail->text);
        else if (manifest_drifted(doc_at(doc_item(session->look_applied, session->look_next), "part"), object, field))
                note_drift(session, name, field);
        session->look_next++;
        read_next(session);
}

/* The account that applies writes the journal: of it only the word for a kind is used, under the names that were frozen with the plan. */
static bool is_plural(const char *word)
{
        return word && *word && strlen(word) <= 63 && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(word);
}

static void read_next(struct session *session)
{
        struct json_object *manifest = doc_item(manifests(session), session->look_next);
        const char *plural = doc_text(doc_item(session->look_applied, session->look_next), "plural");

        if (!manifest) {
                end(session, NULL);
                return;
        }
        if (!is_plural(plural)) {
                static const struct fail unsaid = {.kind = FAIL_INVALID, .text = "nobody says what it was like"};
                object_arrived(session, NULL, &unsaid);
                return;
        }
        const char *version = doc_text(manifest, "apiVersion"), *slash = strchr(version, '/');
        auto_free char *group = slash ? xstrndup(version, (size_t)(slash - version)) : xstrdup("");
        const struct kube_kind kind = {.group = group, .version = slash ? slash + 1 : version, .plural = plural, .name = doc_text(manifest, "kind"),
                                       .namespaced = true};
        const struct kube_ref ref = {&kind, session->namespace, doc_text(manifest, "metadata.name")};
        session->request = kube_get(session->manager->client, &ref, object_arrived, session);
}

static void journal_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct session *session = owner;

        if (!is_settled(fail->kind)) {
                end(session, fail);
                return;
        }
        session->look_applied = fail->kind ? NULL : journal_applied(configmap);
        read_next(session);
}

bool variant_look(struct session *session, const struct run_sight *sight)
{
        char name[NAME_MAX_LEN];

        session->look_next = 0;
        session->drift[0] = session->unwatched[0] = '\0';
        name_undo(session->name, session->uid, sight->set, name);
        session->request = kube_get(session->manager->client, &(struct kube_ref){&kube_configmaps, session->namespace, name}, journal_arrived, session);
        return true;
}
