/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/variant_watch.h"

#include <stdlib.h>

#include "api/journal.h"
#include "api/manifest.h"
#include "api/names.h"
#include "base/mem.h"
#include "data/doc.h"
#include "operator/variant_look.h"
#include "operator/variant_object.h"

struct watched {
        struct session *session;
        struct json_object *manifest; /* owned reference */
        struct json_object *applied;  /* borrowed from the journal */
        struct variant_object object;
        struct kube_cache *cache;
};

struct variant_watch {
        struct session *session;
        uint64_t request;             /* for the journal, 0: answered */
        struct json_object *applied;  /* owned; NULL: the journal does not say it */
        struct watched of[MANIFESTS_MAX];
        size_t len;
};

static void object_changed(void *owner, struct json_object *before, struct json_object *after)
{
        const struct watched *watched = owner;

        (void)before;
        variant_object_compare(watched->session, watched->manifest, watched->applied, after);
}

static void watch_object(struct variant_watch *watch, struct json_object *manifest, struct json_object *applied)
{
        struct watched *watched = &watch->of[watch->len];

        if (!variant_object_of(manifest, applied, &watched->object))
                return;
        watch->len++;
        watched->session = watch->session;
        watched->manifest = json_object_get(manifest);
        watched->applied = applied;
        watched->cache = kube_cache_new(watch->session->manager->client, &(struct kube_cache_options){
                .kind = &watched->object.kind,
                .namespace = watch->session->namespace,
                .name = watched->object.name,
                .changed = object_changed,
                .owner = watched,
        });
}

/* Begun anew in a later pass. */
static void try_again(struct session *session)
{
        session->watch = variant_watch_free(session->watch);
        manager_enqueue_run(session->manager, session->namespace, session->name, loop_now_ns(session->manager->loop) + NS_PER_S);
}

/* Without a journal there is nothing to compare with, which the look at the end says. */
static void journal_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct variant_watch *watch = owner;
        struct json_object *manifests = variant_manifests(watch->session);

        watch->request = 0;
        if (fail->kind && fail->kind != FAIL_MISSING) {
                try_again(watch->session);
                return;
        }
        watch->applied = fail->kind ? NULL : journal_applied(configmap);
        for (size_t i = 0; i < doc_len(watch->applied, "") && i < MANIFESTS_MAX; i++)
                watch_object(watch, doc_item(manifests, i), doc_item(watch->applied, i));
}

static struct variant_watch *watch_new(struct session *session)
{
        struct variant_watch *watch = xnew(struct variant_watch);
        char name[NAME_MAX_LEN];

        watch->session = session;
        name_undo(session->name, session->uid, session->set, name);
        watch->request = kube_get(session->manager->client, &(struct kube_ref){&kube_configmaps, session->namespace, name}, journal_arrived, watch);
        return watch;
}

void variant_watch_see(struct session *session, const struct run_view *view)
{
        bool whose = session->load_plan != NULL; /* after a restart it is not known at once */
        bool wanted = whose && view->bound && view->variant && variant_look_due(session);

        if (wanted && !session->watch)
                session->watch = watch_new(session);
        else if (!wanted)
                session->watch = variant_watch_free(session->watch);
}

struct variant_watch *variant_watch_free(struct variant_watch *watch)
{
        if (!watch)
                return NULL;
        kube_cancel(watch->session->manager->client, watch->request);
        for (size_t i = 0; i < watch->len; i++) {
                kube_cache_free(watch->of[i].cache);
                json_object_put(watch->of[i].manifest);
                variant_object_done(&watch->of[i].object);
        }
        json_object_put(watch->applied);
        free(watch);
        return NULL;
}
