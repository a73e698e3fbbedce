/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/session_also.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/diff.h"
#include "mesh/summary.h"
#include "operator/mesh_watch.h"

struct dependency {
        struct session *session;
        const char *service; /* borrowed from the profile */
        struct context *context; /* borrowed from the session's */
        struct around around;
        uint64_t request;
        struct json_object *object; /* the Service; owned */
        struct mesh_watch *watch;   /* NULL: nobody looks at the mesh */
        struct json_object *clients, *servers; /* of the last question */
        struct json_object *first, *now; /* snapshots; owned */
        bool answered;
        char problem[160];
};

struct session_also {
        struct dependency list[CONTEXT_ALSO_MAX];
        size_t len;
};

void session_also_new(struct session *session)
{
        const struct profile *profile = session->profile;

        if (profile->also_len == 0)
                return;
        session->also = xnew(struct session_also);
        for (size_t i = 0; i < profile->also_len; i++)
                session->also->list[session->also->len++] = (struct dependency){
                        .session = session,
                        .service = profile->also[i],
                        .context = context_also(session->context, profile->also[i]),
                };
}

struct session_also *session_also_free(struct session_also *also)
{
        for (size_t i = 0; also && i < also->len; i++) {
                struct dependency *one = &also->list[i];
                kube_cancel(one->session->manager->client, one->request);
                mesh_watch_free(one->watch);
                around_done(&one->around);
                json_object_put(one->object);
                json_object_put(one->clients);
                json_object_put(one->servers);
                json_object_put(one->first);
                json_object_put(one->now);
        }
        free(also);
        return NULL;
}

/* ---- the mesh between the target and it ---- */

static void ask(void *owner, struct mesh_question *ret_question)
{
        struct dependency *one = owner;
        const struct session *session = one->session;

        json_object_put(one->clients);
        json_object_put(one->servers);
        one->clients = around_pods(&session->around);
        one->servers = around_pods(&one->around);
        *ret_question = (struct mesh_question){
                .client_namespace = session_target_namespace(session),
                .client = doc_item(one->clients, 0),
                .target_namespace = session->namespace,
                .service = one->object,
                .port = (int32_t)doc_int(one->object, "spec.ports[0].port", 0),
                .server_pods = one->servers,
        };
}

static void mesh_changed(void *owner, int64_t wall_ms)
{
        struct dependency *one = owner;
        struct json_object *before = one->now;

        if (!before)
                return;
        one->now = mesh_watch_resolve(one->watch);
        auto_json struct json_object *diff = mesh_diff(before, one->now);
        struct json_object *changes = doc_at(diff, "changes");
        for (size_t i = 0; i < doc_len(changes, ""); i++)
                context_note(one->context, CONTEXT_MESH, "mesh", doc_text(doc_item(changes, i), "sentence"), wall_ms);
        json_object_put(before);
}

static void mesh_settled(void *owner)
{
        const struct dependency *one = owner;

        session_wake(one->session);
}

void session_also_mark(struct session *session)
{
        for (size_t i = 0; session->also && i < session->also->len; i++) {
                struct dependency *one = &session->also->list[i];
                if (!one->watch || one->now)
                        continue;
                one->first = mesh_watch_resolve(one->watch);
                one->now = json_object_get(one->first);
        }
}

static void open_mesh(struct dependency *one)
{
        if (!one->session->profile->mesh_detect)
                return;
        one->watch = mesh_watch_new(&(struct mesh_watch_options){
                .store = one->session->manager->mesh,
                .ask = ask,
                .settled = mesh_settled,
                .changed = mesh_changed,
                .owner = one,
        });
}

/* ---- its objects ---- */

static void changed(void *owner, enum context_kind kind, struct json_object *before, struct json_object *after)
{
        struct dependency *one = owner;
        const struct session *session = one->session;

        if (!session->before_marked)
                context_add(one->context, kind, after ? after : before);
        else
                context_observe(one->context, kind, before, after, clock_wall_ms(loop_clock(session->manager->loop)));
}

static void listed(void *owner)
{
        const struct dependency *one = owner;

        session_wake(one->session);
}

static void service_arrived(void *owner, struct json_object *service, const struct fail *fail)
{
        struct dependency *one = owner;
        const struct session *session = one->session;

        one->request = 0;
        one->answered = true;
        snprintf(one->problem, sizeof one->problem, "%.159s", fail->kind ? fail->text : "");
        text_scrub(one->problem);
        if (fail->kind == FAIL_NONE) {
                one->object = json_object_get(service);
                around_open(&one->around, &(struct around_options){
                        .client = session->manager->client,
                        .namespace = session->namespace,
                        .service = one->service,
                        .selector = doc_at(service, "spec.selector"),
                        .changed = changed,
                        .listed = listed,
                        .owner = one,
                });
                open_mesh(one);
        }
        session_wake(one->session);
}

void session_also_open(struct session *session)
{
        for (size_t i = 0; session->also && i < session->also->len; i++) {
                struct dependency *one = &session->also->list[i];
                if (!one->answered && !one->request)
                        one->request = kube_get(session->manager->client, &(struct kube_ref){&kube_services, session->namespace, one->service},
                                                service_arrived, one);
        }
}

bool session_also_settled(const struct session *session)
{
        for (size_t i = 0; session->also && i < session->also->len; i++) {
                const struct dependency *one = &session->also->list[i];
                if (!one->answered || !around_synced(&one->around) || (one->watch && !mesh_watch_settled(one->watch)))
                        return false;
        }
        return true;
}

/* ---- what became of it ---- */

static struct json_object *encode_one(const struct dependency *one, struct json_object *truncated)
{
        struct json_object *entry = context_encode_target(one->context, truncated);

        doc_set_text(entry, "service", one->service);
        if (one->now) {
                auto_json struct json_object *summary = mesh_summary_encode(one->now);
                auto_free char *column = mesh_summary_column(summary);
                doc_set_text(entry, "mesh", column);
        }
        return doc_set_text(entry, "problem", one->problem[0] ? one->problem : NULL);
}

void session_also_put(const struct session *session, struct json_object *context, struct json_object *truncated)
{
        struct json_object *list = session->also && context ? doc_array() : NULL;

        for (size_t i = 0; list && i < session->also->len; i++)
                doc_push(list, encode_one(&session->also->list[i], truncated));
        if (list)
                doc_set(context, "also", list);
}

void session_also_put_full(const struct session *session, struct json_object *context)
{
        struct json_object *list = session->also && context ? doc_array() : NULL;

        for (size_t i = 0; list && i < session->also->len; i++) {
                const struct dependency *one = &session->also->list[i];
                struct json_object *entry = context_encode_full(one->context, NULL);
                doc_set(doc_set_text(entry, "service", one->service), "mesh", json_object_get(one->first));
                if (one->now != one->first)
                        doc_set(entry, "meshAtEnd", json_object_get(one->now));
                doc_push(list, entry);
        }
        if (list)
                doc_set(context, "also", list);
}
