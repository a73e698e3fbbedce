/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a pod is in a mesh: by what it is (containers, marks of the injector), never by what its labels ask for. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

static struct json_object *container_named(struct json_object *list, const char *name)
{
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "name"), name))
                        return doc_item(list, i);
        return NULL;
}

/* Native sidecars stand among the init containers and restart (KEP-753); the older way is an ordinary container. */
struct json_object *member_proxy(const struct proxy_row *row, struct json_object *pod, bool *ret_native)
{
        struct json_object *native = container_named(doc_at(pod, "spec.initContainers"), row->container);

        *ret_native = native && text_equal(doc_text(native, "restartPolicy"), "Always");
        return *ret_native ? native : container_named(doc_at(pod, "spec.containers"), row->container);
}

static bool row_fits(const struct proxy_row *row, struct json_object *pod)
{
        bool native;
        const char *not_label = row->not_label ? select_label(pod, row->not_label) : NULL;
        const char *annotation = row->annotation ? select_annotation(pod, row->annotation) : NULL;

        if (not_label && (!row->not_value || text_equal(not_label, row->not_value)))
                return false;
        struct json_object *proxy = row->container ? member_proxy(row, pod, &native) : NULL;
        const char *image = doc_text(proxy, "image");

        if ((row->container && !proxy) || (row->image && !(image && strstr(image, row->image))))
                return false;
        if (row->annotation && (!annotation || (row->value && !text_equal(annotation, row->value))))
                return false;
        return !row->label || select_label(pod, row->label);
}

const struct proxy_row *member_row(const struct mesh_table *table, struct json_object *pod)
{
        for (const struct proxy_row *row = table->proxies; row && row->mode; row++)
                if (row_fits(row, pod))
                        return row;
        return NULL;
}

/* The first mesh that the pod is in. */
static const struct mesh_table *table_of_pod(struct json_object *pod, const struct proxy_row **ret_row)
{
        for (enum mesh_type i = 0; i < MESH_TYPES; i++) {
                const struct mesh_table *table = mesh_table_of(i);
                *ret_row = table ? member_row(table, pod) : NULL;
                if (*ret_row)
                        return table;
        }
        return NULL;
}

void member_threads(struct json_object *proxy, const char *asked)
{
        int64_t threads;

        if (asked && quantity_text_scaled(asked, 1, &threads))
                doc_set_int(proxy, "concurrency", threads);
        else
                doc_set_text(proxy, "concurrency", MESH_UNKNOWN);
}

static struct json_object *proxy_facts(const struct mesh_table *table, const struct proxy_row *row, struct json_object *container,
                                       struct json_object *pod)
{
        struct json_object *proxy = doc_object();
        char version[128];
        int64_t amount;
        const char *told = row->version ? select_annotation(pod, row->version) : NULL;

        detect_version(doc_text(container, "image"), NULL, version, sizeof version);
        doc_set_text(proxy, "container", row->container);
        doc_set_text(proxy, "image", doc_text(container, "image"));
        doc_set_text(proxy, "version", told ? told : *version ? version : MESH_UNKNOWN);
        if (quantity_milli(doc_text(container, "resources.requests.cpu"), &amount))
                doc_set_int(proxy, "cpuRequestMilli", amount);
        if (quantity_milli(doc_text(container, "resources.limits.cpu"), &amount))
                doc_set_int(proxy, "cpuLimitMilli", amount);
        if (quantity_bytes(doc_text(container, "resources.requests.memory"), &amount))
                doc_set_int(proxy, "memRequestBytes", amount);
        if (quantity_bytes(doc_text(container, "resources.limits.memory"), &amount))
                doc_set_int(proxy, "memLimitBytes", amount);
        if (table->threads_annotation)
                member_threads(proxy, select_annotation(pod, table->threads_annotation));
        if (table->threads)
                table->threads(proxy, container);
        return proxy;
}

/* "mesh", "mode", "native", "revision", "proxy" of a pod that is in a mesh. */
static void set_facts(struct json_object *member, const struct mesh_table *table, const struct proxy_row *row, struct json_object *pod)
{
        bool native = false;
        struct json_object *container = row->container ? member_proxy(row, pod, &native) : NULL;

        doc_set_text(member, "mesh", table->name);
        doc_set_text(member, "mode", row->mode);
        doc_set_text(member, "revision", row->revision ? select_annotation(pod, row->revision) : NULL);
        if (container) {
                doc_set_bool(member, "native", native);
                doc_set(member, "proxy", proxy_facts(table, row, container, pod));
        }
}

static void set_intent(struct json_object *member, const struct view *view, struct json_object *pod, const char *namespace)
{
        struct json_object *object = bag_object(view->bag, "", "Namespace", NULL, namespace);
        enum intent sum = INTENT_NO;

        for (enum mesh_type i = 0; i < MESH_TYPES; i++) {
                const struct mesh_table *table = mesh_table_of(i);
                if (!table || !table->intent || !(table_serves(view->bag, table) || detect_control(view->bag, table, NULL)))
                        continue;
                enum intent one = table->intent(view, pod, object);
                if (one == INTENT_YES)
                        doc_set_text(member, "intentMesh", table->name);
                sum = one == INTENT_YES || sum == INTENT_YES ? INTENT_YES : one == INTENT_UNKNOWN ? one : sum;
        }
        if (sum == INTENT_UNKNOWN)
                doc_set_text(member, "intent", MESH_UNKNOWN);
        else
                doc_set_bool(member, "intent", sum == INTENT_YES);
}

void member_client(struct view *view)
{
        struct json_object *member = doc_object(), *pod = view->question->client;
        const struct proxy_row *row = NULL;
        const struct mesh_table *table = pod ? table_of_pod(pod, &row) : NULL;

        doc_set(doc_at(view->snapshot, "membership"), "client", member);
        view->client_known = doc_text(pod, "metadata.uid") != NULL || table;
        view->client_meshed = table != NULL;
        if (view->client_known)
                doc_set_bool(member, "meshed", view->client_meshed);
        else
                doc_set_text(member, "meshed", MESH_UNKNOWN);
        if (!view->client_known)
                put_missed(view, "membership.client", pod ? "NotCreated" : "NotRead");
        if (pod)
                set_intent(member, view, pod, view->client_namespace);
        else
                doc_set_text(member, "intent", MESH_UNKNOWN);
        if (table)
                set_facts(member, table, row, pod);
        if (view->client_known && json_object_is_type(doc_at(member, "intent"), json_type_boolean) &&
            doc_bool(member, "intent", false) != view->client_meshed)
                put_finding(view, "MembershipDiffers", "warn", NULL,
                            "the client's labels ask for %s, and the pod %s: labels only count when a pod is created",
                            view->client_meshed ? "no mesh" : "the mesh", view->client_meshed ? "is in it" : "is not in it");
}

/* Counts a word in {"word": n}. */
static void count(struct json_object *counts, const char *word)
{
        const char *key = word ? word : MESH_UNKNOWN;
        struct json_object *old = NULL;

        json_object_object_get_ex(counts, key, &old);
        doc_set_int(counts, key, (old ? json_object_get_int64(old) : 0) + 1);
}

static void count_pods(struct view *view, struct json_object *server, struct json_object *pods)
{
        struct json_object *modes = doc_object(), *versions = doc_object(), *revisions = doc_object();
        int64_t meshed = 0;

        for (size_t i = 0; i < doc_len(pods, ""); i++) {
                const struct proxy_row *row = NULL;
                struct json_object *pod = doc_item(pods, i), *member = NULL;
                const struct mesh_table *table = table_of_pod(pod, &row);
                count(modes, table ? row->mode : "none");
                if (!table)
                        continue;
                member = doc_object();
                set_facts(member, table, row, pod);
                count(revisions, doc_text(member, "revision"));
                if (doc_at(member, "proxy"))
                        count(versions, doc_text(member, "proxy.version"));
                if (meshed++ == 0)
                        doc_set(server, "pod", take(member));
                json_object_put(member);
        }
        view->server_known = doc_len(pods, "") > 0;
        view->server_meshed = meshed > 0;
        doc_set_int(server, "pods", (int64_t)doc_len(pods, ""));
        doc_set_int(server, "meshedPods", meshed);
        doc_set(doc_set(doc_set(server, "modes", modes), "proxyVersions", versions), "revisions", revisions);
        if (meshed > 0 && meshed < (int64_t)doc_len(pods, ""))
                put_finding(view, "PartlyMeshed", "warn", NULL, "%lld of %zu pods of the target are in the mesh", (long long)meshed,
                            doc_len(pods, ""));
        if (select_count(versions) > 1)
                put_finding(view, "ProxySkew", "info", NULL, "the target's proxies have %d versions", select_count(versions));
}

void member_server(struct view *view)
{
        struct json_object *server = doc_object();

        doc_set(doc_at(view->snapshot, "membership"), "server", server);
        if (doc_len(view->question->server_pods, "") > 0) {
                count_pods(view, server, view->question->server_pods);
                return;
        }
        doc_set_text(server, "pods", MESH_UNKNOWN);
        put_missed(view, "membership.server", view->question->server_pods ? "NoPods" : "NotRead");
}
