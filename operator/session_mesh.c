/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/session_mesh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/job.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/client.h"
#include "mesh/diff.h"
#include "operator/session_mesh_parts.h"

#define SETTLE_NS (5 * NS_PER_S)   /* what has not been read by then is "unknown" */
#define FIRST_NS (8 * NS_PER_S)    /* for what has been counted before the load */
#define FIRST_AGAIN_NS (NS_PER_S / 2)
#define PAGES_EVERY_NS (5 * NS_PER_S) /* Envoy's own period of flushing */
#define CLIENTS_MAX 4              /* worker pods whose proxies are read */

/* ---- the question ---- */

int32_t session_mesh_port(const struct session *session)
{
        struct json_object *ports = doc_at(session->service, "spec.ports");

        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                struct json_object *port = doc_item(ports, i);
                auto_free char *number = xasprintf("%lld", (long long)doc_int(port, "port", 0));
                if (text_equal(doc_text(port, "name"), session->profile->port) || text_equal(number, session->profile->port))
                        return (int32_t)doc_int(port, "port", 0);
        }
        return session->profile->url ? session->profile->url_port : 0;
}

static void ask(void *owner, struct mesh_question *ret_question)
{
        struct session_mesh *mesh = owner;
        const struct session *session = mesh->session;

        json_object_put(mesh->servers);
        mesh->servers = around_pods(&session->around);
        *ret_question = (struct mesh_question){
                .client_namespace = session->namespace,
                .client = mesh->client,
                .target_namespace = session_target_namespace(session),
                .service = session->service,
                .host = session->profile->url_host,
                .port = session_mesh_port(session),
                .server_pods = mesh->servers,
                .request = mesh->request,
        };
}

/* Of a mix of requests nobody can say which route they take. */
static struct json_object *request_of(const struct profile *profile)
{
        struct json_object *requests = doc_at(profile->spec, "load.requests"), *first = doc_item(requests, 0);
        struct json_object *request = doc_object();

        if (doc_len(requests, "") != 1) {
                json_object_put(request);
                return NULL;
        }
        doc_set_text(doc_set_text(request, "method", doc_text(first, "method")), "path", doc_text(first, "path"));
        return doc_set(request, "headers", doc_copy(doc_at(first, "headers")));
}

static struct json_object *template_of(const struct session *session, const struct run *run)
{
        auto_json struct json_object *job = job_encode(run, session->profile, "", session->trial, session->arm);
        auto_json struct json_object *pod = session->plan_loaded ? json_object_get(plan_pod(&session->plan, session->arm))
                                                                 : session_mesh_encode_pod(session, session->arm);

        job_add_pod(job, pod);
        struct json_object *template = doc_copy(doc_at(job, "spec.template"));
        doc_set_text(doc_at(template, "metadata"), "namespace", session->namespace);
        return template;
}

/* ---- what arrives ---- */

static void settled(void *owner)
{
        struct session_mesh *mesh = owner;
        session_wake(mesh->session);
}

/* The object that the value comes from, else what it came from. */
static const char *object_of(const struct session_mesh *mesh, const char *key, struct json_object *before)
{
        const char *after_ref = doc_text(mesh_policy(mesh->now, key), "origin.ref");
        const char *before_ref = doc_text(mesh_policy(before, key), "origin.ref");

        return after_ref ? after_ref : before_ref ? before_ref : key;
}

static void tell_changes(struct session_mesh *mesh, struct json_object *before, int64_t wall_ms)
{
        auto_json struct json_object *diff = mesh_diff(before, mesh->now);
        struct json_object *changes = doc_at(diff, "changes");

        for (size_t i = 0; i < doc_len(changes, ""); i++) {
                struct json_object *change = doc_item(changes, i);
                if (doc_len(mesh->drift, "") < CONTEXT_STATUS_CHANGES_MAX)
                        doc_push(mesh->drift, doc_set_text(doc_set_int(doc_object(), "atMs", wall_ms), "sentence", doc_text(change, "sentence")));
                context_note(mesh->session->context, CONTEXT_MESH, object_of(mesh, doc_text(change, "path"), before), doc_text(change, "sentence"),
                             wall_ms);
        }
}

static void changed(void *owner, int64_t wall_ms)
{
        struct session_mesh *mesh = owner;

        if (!mesh->start || mesh->closed)
                return;
        auto_json struct json_object *before = mesh->now;
        mesh->now = mesh_watch_resolve(mesh->watch);
        tell_changes(mesh, before, wall_ms);
}

static bool was_waited_for(const struct session_mesh *mesh)
{
        return mesh->met_ns && loop_now_ns(mesh->session->manager->loop) - mesh->met_ns > FIRST_NS;
}

static bool all_have_told(const struct session_mesh *mesh)
{
        for (size_t i = 0; i < proxy_pages_len(mesh->pages); i++)
                if (proxy_pages_at(mesh->pages, i)->window.samples == 0)
                        return false;
        return true;
}

/* A proxy that does not answer at once is asked again at once, as long as the load waits for it. */
static void look_at_first(struct session_mesh *mesh)
{
        struct loop *loop = mesh->session->manager->loop;

        mesh->begun = all_have_told(mesh) || mesh->met_ns == 0 || was_waited_for(mesh);
        if (mesh->begun)
                session_wake(mesh->session);
        else
                loop_arm(loop, &mesh->next_page, loop_now_ns(loop) + FIRST_AGAIN_NS);
}

static void pages_read(void *owner)
{
        struct session_mesh *mesh = owner;

        if (!mesh->begun && !mesh->ending)
                look_at_first(mesh);
        if (!mesh->ending || mesh->closed)
                return;
        /* A round that had begun before the end has not seen it. */
        mesh->closed = mesh->last_round;
        mesh->last_round = true;
        if (mesh->closed)
                session_wake(mesh->session);
        else
                proxy_pages_read(mesh->pages);
}

static void read_pages(void *owner)
{
        struct session_mesh *mesh = owner;
        struct loop *loop = mesh->session->manager->loop;

        proxy_pages_read(mesh->pages);
        loop_arm(loop, &mesh->next_page, loop_now_ns(loop) + PAGES_EVERY_NS);
}

/* ---- life ---- */

void session_mesh_open(struct session *session, const struct run *run)
{
        struct session_mesh *mesh;

        if (session->mesh || !session->profile->mesh_detect)
                return;
        mesh = session->mesh = xnew(struct session_mesh);
        *mesh = (struct session_mesh){
                .session = session,
                .opened_ns = loop_now_ns(session->manager->loop),
                .request = request_of(session->profile),
                .drift = doc_array(),
        };
        if (session->profile->service)
                mesh->host = xasprintf("%s.%s.svc.cluster.local", session->profile->service, session_target_namespace(session));
        else
                mesh->host = xstrdup(session->profile->url_host);
        mesh->client = template_of(session, run);
        mesh->next_page = (struct loop_timer){.fire = read_pages, .owner = mesh};
        mesh->pages = proxy_pages_new(session->manager->loop, pages_read, mesh);
        mesh->watch = mesh_watch_new(&(struct mesh_watch_options){
                .store = session->manager->mesh,
                .ask = ask,
                .settled = settled,
                .changed = changed,
                .owner = mesh,
        });
}

struct session_mesh *session_mesh_free(struct session_mesh *mesh)
{
        if (!mesh)
                return NULL;
        mesh_watch_free(mesh->watch);
        kube_cancel(mesh->session->manager->client, mesh->client_request);
        loop_disarm(mesh->session->manager->loop, &mesh->next_page);
        proxy_pages_free(mesh->pages);
        json_object_put(mesh->client);
        json_object_put(mesh->servers);
        json_object_put(mesh->request);
        json_object_put(mesh->any);
        json_object_put(mesh->before);
        json_object_put(mesh->start);
        json_object_put(mesh->now);
        json_object_put(mesh->drift);
        free(mesh->host);
        free(mesh);
        return NULL;
}

/* ---- before ---- */

bool session_mesh_settled(const struct session *session)
{
        const struct session_mesh *mesh = session->mesh;

        bool target_known = session->service || (session->profile && session->profile->url);

        return !mesh || (target_known && mesh_watch_settled(mesh->watch)) ||
               loop_now_ns(session->manager->loop) - mesh->opened_ns > SETTLE_NS;
}

/* "enrolled" is in the target's mesh, which has to be known first: what was asked so far is for any. */
void session_mesh_mark_before(struct session *session, const struct run *run)
{
        struct session_mesh *mesh = session->mesh;

        if (!mesh || mesh->before)
                return;
        mesh->any = mesh_watch_resolve(mesh->watch);
        json_object_put(mesh->client);
        mesh->client = template_of(session, run);
        mesh->before = mesh_watch_resolve(mesh->watch);
}

struct json_object *session_mesh_before(const struct session *session)
{
        return session->mesh ? session->mesh->before : NULL;
}

struct json_object *session_mesh_encode_pod(const struct session *session, uint32_t arm)
{
        const char *wish = doc_text(profile_arm(session->profile, arm)->spec, "context.mesh.client");

        return mesh_client_encode(mesh_client_of(wish), session->mesh ? session->mesh->any : NULL);
}

void session_mesh_begin_trial(struct session *session)
{
        const struct run run = {.namespace = session->namespace, .name = session->name, .uid = session->uid,
                                .profile = doc_text(session->plan.meta, "profile.name")};
        struct session_mesh *mesh = session->mesh;

        if (!mesh)
                return;
        kube_cancel(session->manager->client, mesh->client_request);
        mesh->client_request = 0;
        loop_disarm(session->manager->loop, &mesh->next_page);
        proxy_pages_free(mesh->pages);
        mesh->pages = proxy_pages_new(session->manager->loop, pages_read, mesh);
        json_object_put(mesh->client);
        mesh->client = template_of(session, &run);
        json_object_put(take(mesh->start));
        json_object_put(take(mesh->now));
        mesh->client_is_fact = mesh->begun = mesh->ending = mesh->last_round = mesh->closed = false;
        mesh->met_ns = 0;
        mesh->clients_asked = 0;
        memset(mesh->trial_use, 0, sizeof mesh->trial_use);
}

/* ---- from when they are ready: the pods as they are ---- */

static void begin(struct session_mesh *mesh)
{
        mesh->start = mesh_watch_resolve(mesh->watch);
        mesh->now = json_object_get(mesh->start);
        mesh->closed = mesh->ending;
        for (size_t i = 0; i < doc_len(mesh->servers, ""); i++)
                session_mesh_add_pages(mesh, false, doc_item(mesh->servers, i));
        session_mesh_add_pages_between(mesh);
        if (!mesh->ending && proxy_pages_len(mesh->pages) > 0)
                read_pages(mesh);
        else
                mesh->begun = true;
        session_wake(mesh->session);
}

static void ask_client(struct session_mesh *mesh);

static void client_arrived(void *owner, struct json_object *pod, const struct fail *fail)
{
        struct session_mesh *mesh = owner;

        mesh->client_request = 0;
        mesh->clients_asked++;
        if (fail->kind == FAIL_NONE) {
                if (!mesh->client_is_fact) {
                        json_object_put(mesh->client);
                        mesh->client = json_object_get(pod);
                        mesh->client_is_fact = true;
                }
                session_mesh_add_pages(mesh, true, pod);
        }
        ask_client(mesh);
}

/* The cache of worker pods knows no containers: the first of them are read as a whole. */
static void ask_client(struct session_mesh *mesh)
{
        struct session *session = mesh->session;
        const char *name = NULL;

        while (mesh->clients_asked < session->followers_len && mesh->clients_asked < CLIENTS_MAX &&
               !(name = session->followers[mesh->clients_asked].pod))
                mesh->clients_asked++;
        if (name)
                mesh->client_request = kube_get(session->manager->client, &(struct kube_ref){&kube_pods, session->namespace, name},
                                                client_arrived, mesh);
        else
                begin(mesh);
}

/* Whoever comes to a run when its pods have ended can still see what they were, if not what their proxies counted. */
static void end(struct session_mesh *mesh, bool started)
{
        struct session *session = mesh->session;

        mesh->ending = true;
        loop_disarm(session->manager->loop, &mesh->next_page);
        if (started && !mesh->start) {
                manager_enqueue_run(session->manager, session->namespace, session->name, mesh->opened_ns + SETTLE_NS + 1);
                return;
        }
        mesh->closed = !mesh->start || proxy_pages_len(mesh->pages) == 0;
        mesh->last_round = !proxy_pages_busy(mesh->pages);
        if (!mesh->closed)
                proxy_pages_read(mesh->pages);
}

void session_mesh_look(struct session *session, bool ready, bool started, bool ended)
{
        struct session_mesh *mesh = session->mesh;

        if (!mesh)
                return;
        if (ready && mesh->met_ns == 0)
                mesh->met_ns = loop_now_ns(session->manager->loop);
        if (ended && !mesh->ending)
                end(mesh, started);
        if ((ready || started) && !mesh->start && !mesh->client_request && session_mesh_settled(session))
                ask_client(mesh);
}

bool session_mesh_begun(const struct session *session)
{
        const struct session_mesh *mesh = session->mesh;

        return !mesh || mesh->begun || was_waited_for(mesh);
}

bool session_mesh_closed(const struct session *session)
{
        return !session->mesh || !session->mesh->ending || session->mesh->closed;
}
