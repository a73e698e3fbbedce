/* SPDX-License-Identifier: Apache-2.0
 *
 * What the mesh of a run came to: for its status, its explanations and its result. */
#include "base/mem.h"
#include "data/doc.h"
#include "data/unit.h"
#include "mesh/added.h"
#include "mesh/require.h"
#include "mesh/summary.h"
#include "operator/session_mesh_parts.h"

/* Before the workers' pods were seen there is only what they were to be. */
static struct json_object *first_snapshot(const struct session *session)
{
        const struct session_mesh *mesh = session->mesh;

        return !mesh ? NULL : mesh->start ? mesh->start : mesh->before ? mesh->before : session->plan.mesh;
}

static char *unmet_in(const struct session *session, struct json_object *snapshot, const char *when)
{
        const struct profile *profile = session->profile;

        for (size_t i = 0; i < profile->requirements_len; i++) {
                const struct profile_requirement *requirement = &profile->requirements[i];
                auto_free char *instead = mesh_require_unmet(requirement->key, requirement->value, snapshot);
                if (instead)
                        return xasprintf("required %s %s was not in effect %s: %s", requirement->key, requirement->value, when, instead);
        }
        return NULL;
}

char *session_mesh_unmet(const struct session *session)
{
        char *unmet;

        if (session->profile->requirements_len == 0)
                return NULL;
        unmet = unmet_in(session, first_snapshot(session), "at the start");
        return unmet || !session->mesh || !session->mesh->now ? unmet : unmet_in(session, session->mesh->now, "at the end");
}

enum side {SIDE_CLIENT, SIDE_SERVER, SIDE_WAYPOINT};

static enum side side_of(const struct proxy *proxy)
{
        return proxy->scope.server ? SIDE_SERVER : proxy->scope.waypoint ? SIDE_WAYPOINT : SIDE_CLIENT;
}

/* Of all proxies on one side together; new. */
static struct mesh_window *window_of(const struct session_mesh *mesh, enum side side)
{
        struct mesh_window *window = xnew(struct mesh_window);

        for (size_t i = 0; i < proxy_pages_len(mesh->pages); i++) {
                const struct proxy *proxy = proxy_pages_at(mesh->pages, i);
                if (side_of(proxy) == side)
                        mesh_window_merge(window, &proxy->window);
        }
        return window;
}

static void add_part(struct json_object *object, const char *name, struct mesh_added_part part)
{
        char low[UNIT_TEXT_MAX], high[UNIT_TEXT_MAX];

        if (!part.known)
                return;
        unit_format_latency((int64_t)(part.low_us * 1000), low);
        unit_format_latency((int64_t)(part.high_us * 1000), high);
        auto_free char *text = xasprintf("%s to %s", low, high);
        doc_set_text(object, name, text);
}

static struct json_object *encode_added(const struct session_mesh *mesh, double load_us, int64_t requests)
{
        auto_free struct mesh_window *client = window_of(mesh, SIDE_CLIENT), *server = window_of(mesh, SIDE_SERVER);
        const struct mesh_added added = mesh_added_of(client, server, load_us, requests);
        auto_json struct json_object *object = doc_object();

        add_part(object, "whole", added.whole);
        add_part(object, "client", added.client);
        add_part(object, "between", added.between);
        return json_object_object_length(object) > 0 ? doc_set_text(take(object), "by", "counters") : NULL;
}

struct json_object *session_mesh_encode_status(const struct session *session, double load_us, int64_t requests)
{
        struct json_object *snapshot = first_snapshot(session);

        if (!snapshot)
                return NULL;
        struct json_object *entry = doc_set(mesh_summary_encode(snapshot), "addedLatency", encode_added(session->mesh, load_us, requests));
        session_mesh_put_use(entry, session->mesh->use);
        return entry;
}

struct json_object *session_mesh_encode_trial(const struct session *session)
{
        static const char *const facts[] = {"effective", "type", "mode", "version", "clientMeshed", "serverMeshed"};
        struct json_object *snapshot = first_snapshot(session);
        auto_json struct json_object *summary = snapshot ? mesh_summary_encode(snapshot) : NULL;

        if (!summary)
                return NULL;
        auto_free char *column = mesh_summary_column(summary);
        struct json_object *entry = doc_set_text(doc_object(), "summary", column);
        for (size_t i = 0; i < ARRAY_LEN(facts); i++)
                doc_set_text(entry, facts[i], doc_text(summary, facts[i]));
        doc_set_text(entry, "mtls", doc_text(mesh_policy(snapshot, "mtls.effective"), "value"));
        return doc_set(entry, "use", session_mesh_encode_use(session->mesh->trial_use));
}

struct json_object *session_mesh_explain(const struct session *session, const struct mesh_case *around)
{
        const struct session_mesh *mesh = session->mesh;
        struct mesh_case whole = *around;
        struct mesh_use use[2], before[2];

        if (!mesh)
                return mesh_explain(&whole);
        auto_free struct mesh_window *client = window_of(mesh, SIDE_CLIENT), *server = window_of(mesh, SIDE_SERVER);
        auto_free struct mesh_window *waypoint = window_of(mesh, SIDE_WAYPOINT);
        whole.snapshot = first_snapshot(session);
        whole.after = mesh->now;
        whole.client = client;
        whole.server = server;
        whole.waypoint = waypoint;
        session_mesh_use_of(session->profile->variants_len ? mesh->trial_use : mesh->use, use);
        session_mesh_decode_use(doc_at(session->baseline_mesh, "use"), before);
        whole.use = use;
        whole.baseline_use = before;
        return mesh_explain(&whole);
}

struct json_object *session_mesh_of_result(struct json_object *context)
{
        struct json_object *start = doc_at(context, "mesh.start"), *snapshot = start ? start : doc_at(context, "mesh.before");

        if (!snapshot)
                return NULL;
        return doc_set(doc_set(doc_object(), "snapshot", json_object_get(snapshot)), "use", json_object_get(doc_at(context, "mesh.use")));
}

/* A window that has seen nothing has no times. */
static void set_time(struct json_object *object, const char *name, int64_t wall_ms)
{
        if (wall_ms > 0)
                doc_set_time(object, name, wall_ms);
}

/* Only what rose: most of what a proxy counts stays 0. */
static struct json_object *encode_counters(const struct mesh_window *window)
{
        struct json_object *counters = doc_object();

        for (int i = 0; i < MESH_COUNTERS; i++)
                if (window->known[i] && window->increase[i] > 0)
                        doc_set_double(counters, mesh_counter_name((enum mesh_counter)i), window->increase[i], 3);
        return counters;
}

static struct json_object *encode_proxies(const struct session_mesh *mesh)
{
        static const char *const names[] = {"client", "server", "waypoint"};
        struct json_object *list = doc_array();

        for (size_t i = 0; i < proxy_pages_len(mesh->pages); i++) {
                const struct proxy *proxy = proxy_pages_at(mesh->pages, i);
                struct json_object *entry = doc_set_text(doc_object(), "pod", proxy->pod);
                doc_set_text(entry, "side", names[side_of(proxy)]);
                set_time(entry, "from", proxy->window.first_wall_ms);
                set_time(entry, "to", proxy->window.last_wall_ms);
                doc_set_int(doc_set_int(entry, "pages", proxy->window.samples), "missed", proxy->window.missed);
                doc_set_int(entry, "restarts", proxy->window.resets);
                doc_set(entry, "counters", encode_counters(&proxy->window));
                doc_push(list, doc_set_text(entry, "problem", proxy->problem[0] ? proxy->problem : NULL));
        }
        return list;
}

struct json_object *session_mesh_encode_full(const struct session *session)
{
        const struct session_mesh *mesh = session->mesh;

        if (!mesh)
                return NULL;
        struct json_object *full = doc_object();
        doc_set(full, "before", json_object_get(session->plan.mesh ? session->plan.mesh : mesh->before));
        doc_set(full, "start", json_object_get(mesh->start));
        if (mesh->now != mesh->start)
                doc_set(full, "end", json_object_get(mesh->now));
        doc_set(full, "drift", json_object_get(mesh->drift));
        return doc_set(doc_set(full, "proxies", encode_proxies(mesh)), "use", session_mesh_encode_use(mesh->use));
}
