/* SPDX-License-Identifier: Apache-2.0
 *
 * Source: gateway-api.sigs.k8s.io, HTTPRoute and GRPCRoute (parentRefs, matches and their precedence, status), GEP-1324 and GEP-1426
 * (mesh). */
#include "mesh/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

enum fit {FIT_NO, FIT_MAYBE, FIT_YES};

static enum fit least(enum fit a, enum fit b)
{
        return a < b ? a : b;
}

/* A parent without a group is a Gateway: a Service says "", which Linkerd also writes as "core". */
static bool is_parent(const struct view *view, struct json_object *parent, const char *own_namespace)
{
        const char *group = doc_text(parent, "group"), *namespace = doc_text(parent, "namespace");
        int64_t port = doc_int(parent, "port", view->port);

        return group && (!*group || strcmp(group, "core") == 0) && text_equal(doc_text(parent, "kind"), "Service") &&
               text_equal(doc_text(parent, "name"), view->service_name) &&
               text_equal(namespace ? namespace : own_namespace, view->target_namespace) && port == view->port;
}

bool gateway_is_attached(const struct view *view, struct json_object *route)
{
        struct json_object *parents = doc_at(route, "spec.parentRefs");

        for (size_t i = 0; i < doc_len(parents, ""); i++)
                if (is_parent(view, doc_item(parents, i), doc_text(route, "metadata.namespace")))
                        return true;
        return false;
}

static bool is_accepted(const struct view *view, struct json_object *route, const char *controller)
{
        struct json_object *parents = doc_at(route, "status.parents");

        for (size_t i = 0; i < doc_len(parents, ""); i++) {
                struct json_object *parent = doc_item(parents, i), *accepted = doc_find(doc_at(parent, "conditions"), "type", "Accepted");
                if (!text_equal(doc_text(parent, "controllerName"), controller) ||
                    !is_parent(view, doc_at(parent, "parentRef"), doc_text(route, "metadata.namespace")))
                        continue;
                if (accepted)
                        return text_equal(doc_text(accepted, "status"), "True");
        }
        return false;
}

/* Prefixes count by whole elements of the path. */
static bool path_begins(const char *path, const char *prefix)
{
        size_t len = strlen(prefix);

        while (len > 0 && prefix[len - 1] == '/')
                len--;
        return strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static enum fit path_fits(struct json_object *request, struct json_object *path)
{
        const char *type = doc_text(path, "type"), *value = doc_text(path, "value"), *own = doc_text(request, "path");
        char bare[2048];

        value = value ? value : "/";
        if (!path || ((!type || strcmp(type, "PathPrefix") == 0) && strcmp(value, "/") == 0))
                return FIT_YES;
        if (!own || strlen(own) >= sizeof bare || text_equal(type, "RegularExpression"))
                return FIT_MAYBE;
        strcpy(bare, own);
        bare[strcspn(bare, "?")] = '\0';
        bool fits = text_equal(type, "Exact") ? strcmp(bare, value) == 0 : path_begins(bare, value);
        return fits ? FIT_YES : FIT_NO;
}

static enum fit header_fits(struct json_object *request, struct json_object *match)
{
        struct json_object *headers = doc_at(request, "headers");
        const char *name = doc_text(match, "name"), *value = doc_text(match, "value");

        if (!request || !name || text_equal(doc_text(match, "type"), "RegularExpression"))
                return FIT_MAYBE;
        if (!json_object_is_type(headers, json_type_object))
                return FIT_NO;
        json_object_object_foreach(headers, key, own) {
                if (strcasecmp(key, name) == 0)
                        return text_equal(json_object_get_string(own), value) ? FIT_YES : FIT_NO;
        }
        return FIT_NO;
}

/* A call of gRPC has the path "/service/method". */
static enum fit call_fits(struct json_object *request, struct json_object *method)
{
        const char *path = doc_text(request, "path"), *service = doc_text(method, "service"), *call = doc_text(method, "method");
        const char *slash = path && *path == '/' ? strchr(path + 1, '/') : NULL;

        if (!service && !call)
                return FIT_YES;
        if (!slash || text_equal(doc_text(method, "type"), "RegularExpression"))
                return FIT_MAYBE;
        bool fits = !service || (strlen(service) == (size_t)(slash - path - 1) && strncmp(path + 1, service, strlen(service)) == 0);
        return fits && (!call || strcmp(slash + 1, call) == 0) ? FIT_YES : FIT_NO;
}

static enum fit match_fits(const struct view *view, struct json_object *match)
{
        struct json_object *request = view->question->request, *headers = doc_at(match, "headers"), *called = doc_at(match, "method");
        const char *method = doc_text(match, "method"), *own = doc_text(request, "method");
        enum fit fit = path_fits(request, doc_at(match, "path"));

        if (json_object_is_type(called, json_type_object))
                fit = least(fit, call_fits(request, called));
        if (method)
                fit = least(fit, !own ? FIT_MAYBE : strcmp(own, method) == 0 ? FIT_YES : FIT_NO);
        for (size_t i = 0; i < doc_len(headers, ""); i++)
                fit = least(fit, header_fits(request, doc_item(headers, i)));
        return doc_len(match, "queryParams") > 0 ? least(fit, FIT_MAYBE) : fit;
}

/* A match of a rule, with all that its place in the order depends on. */
struct entry {
        struct json_object *route, *rule, *match;
        size_t rule_index, order;
        enum fit fit;
};

static int64_t path_rank(struct json_object *match)
{
        const char *type = doc_text(match, "path.type"), *value = doc_text(match, "path.value");

        return (text_equal(type, "Exact") ? 100000 : 0) + (int64_t)strlen(value ? value : "/");
}

static int64_t length_at(struct json_object *match, const char *path)
{
        const char *text = doc_text(match, path);

        return text ? (int64_t)strlen(text) : 0;
}

/* Exact path, longest path, method, most headers, most parameters; of calls the longest service, then method; then the oldest route, and the
 * first rule. */
static int better_first(const void *a, const void *b)
{
        const struct entry *left = a, *right = b;
        const int64_t ranks[][2] = {
                {path_rank(left->match), path_rank(right->match)},
                {length_at(left->match, "method.service"), length_at(right->match, "method.service")},
                {length_at(left->match, "method.method"), length_at(right->match, "method.method")},
                {doc_text(left->match, "method") != NULL, doc_text(right->match, "method") != NULL},
                {(int64_t)doc_len(left->match, "headers"), (int64_t)doc_len(right->match, "headers")},
                {(int64_t)doc_len(left->match, "queryParams"), (int64_t)doc_len(right->match, "queryParams")},
        };
        static const char *const ages[] = {"metadata.creationTimestamp", "metadata.namespace", "metadata.name"};

        for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
                if (ranks[i][0] != ranks[i][1])
                        return ranks[i][0] > ranks[i][1] ? -1 : 1;
        for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
                const char *l = doc_text(left->route, ages[i]), *r = doc_text(right->route, ages[i]);
                int order = strcmp(l ? l : "", r ? r : "");
                if (order)
                        return order;
        }
        return left->order < right->order ? -1 : left->order > right->order;
}

#define ENTRIES_MAX 512

struct entries {
        struct entry list[ENTRIES_MAX];
        size_t len, seen;
        bool overflowed; /* more than the list holds: what is hit is not certain */
};

static void add_entries(const struct view *view, struct entries *entries, struct json_object *route)
{
        struct json_object *rules = doc_at(route, "spec.rules");

        for (size_t i = 0; i < doc_len(rules, ""); i++) {
                struct json_object *rule = doc_item(rules, i), *matches = doc_at(rule, "matches");
                size_t len = doc_len(matches, "");
                for (size_t j = 0; j < (len ? len : 1); j++) {
                        struct json_object *match = doc_item(matches, j);
                        struct entry entry = {route, rule, match, i, entries->seen++, match_fits(view, match)};
                        if (entry.fit != FIT_NO && entries->len < ENTRIES_MAX)
                                entries->list[entries->len++] = entry;
                        else
                                entries->overflowed = entries->overflowed || entry.fit != FIT_NO;
                }
        }
}

static void add_routes(struct view *view, const struct gateway_query *query, struct entries *entries, const char *group, const char *namespace,
                       struct gateway_hits *hits)
{
        auto_json struct json_object *all = bag_objects(view->bag, group, query->kind, namespace);

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *route = doc_item(all, i);
                char ref[REF_MAX];
                if (!gateway_is_attached(view, route))
                        continue;
                ref_format(ref, query->kind, route);
                if (!is_accepted(view, route, query->controller)) {
                        put_inert(view, NULL, ref, "not accepted by the mesh");
                        continue;
                }
                hits->attached = true;
                put_inventory(view, query->kind, route, "matched");
                add_entries(view, entries, route);
        }
}

static void take_hits(struct view *view, const struct gateway_query *query, struct entries *entries, struct gateway_hits *hits)
{
        for (size_t i = 0; i < entries->len && !hits->certain && hits->len < GATEWAY_HITS_MAX; i++) {
                struct entry *entry = &entries->list[i];
                struct gateway_hit *hit = &hits->hits[hits->len++];
                *hit = (struct gateway_hit){.route = entry->route, .rule = entry->rule, .index = entry->rule_index};
                ref_format(hit->ref, query->kind, entry->route);
                put_inventory(view, query->kind, entry->route, "effective");
                hits->certain = entry->fit == FIT_YES && !entries->overflowed;
        }
}

void gateway_find(struct view *view, const struct gateway_query *query, struct gateway_hits *hits)
{
        struct entries *entries = xnew(struct entries);
        bool same = strcmp(query->other, view->target_namespace) == 0;

        *hits = (struct gateway_hits){0};
        for (size_t i = 0; i < query->groups_len && !same; i++)
                add_routes(view, query, entries, query->groups[i], query->other, hits);
        bool done = query->replaces && hits->attached;
        for (size_t i = 0; i < query->groups_len && !done; i++)
                add_routes(view, query, entries, query->groups[i], view->target_namespace, hits);
        qsort(entries->list, entries->len, sizeof entries->list[0], better_first);
        take_hits(view, query, entries, hits);
        free(entries);
}
