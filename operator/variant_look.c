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
#include "operator/variant_object.h"

bool variant_look_due(const struct session *session)
{
        return !session->applied_read && variant_manifests(session);
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
        struct json_object *manifest = doc_item(variant_manifests(session), session->look_next);
        char name[MANIFEST_NAME_MAX];

        if (!is_settled(fail->kind)) {
                end(session, fail);
                return;
        }
        manifest_name(manifest, name);
        if (fail->kind && fail->kind != FAIL_MISSING)
                note_unwatched(session, name, fail->text);
        else
                variant_object_compare(session, manifest, doc_item(session->look_applied, session->look_next), fail->kind ? NULL : object);
        session->look_next++;
        read_next(session);
}

static void read_next(struct session *session)
{
        struct json_object *manifest = doc_item(variant_manifests(session), session->look_next);
        auto_variant_object struct variant_object found = {0};

        if (!manifest) {
                end(session, NULL);
                return;
        }
        if (!variant_object_of(manifest, doc_item(session->look_applied, session->look_next), &found)) {
                static const struct fail unsaid = {.kind = FAIL_INVALID, .text = "nobody says what it was like"};
                object_arrived(session, NULL, &unsaid);
                return;
        }
        session->request = kube_get(session->manager->client, &(struct kube_ref){&found.kind, session->namespace, found.name}, object_arrived, session);
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
        session->unwatched[0] = '\0';
        name_undo(session->name, session->uid, sight->set, name);
        session->request = kube_get(session->manager->client, &(struct kube_ref){&kube_configmaps, session->namespace, name}, journal_arrived, session);
        return true;
}
