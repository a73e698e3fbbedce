/* SPDX-License-Identifier: Apache-2.0
 *
 * What was put into the proxies by hand: EnvoyFilter patches, Wasm and Lua, in the order in which they take effect. Their meaning cannot be
 * told in general; what kind of filter it is, whom it hits, and which of the values above it may change can. Sources: istio.io,
 * EnvoyFilter (priority, order), WasmPlugin (phase, priority), TrafficExtension. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/sha.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define PATCHES_MAX 256 /* of one proxy; with more the list is unknown */

struct side {
        const char *key, *limits_key, *context, *mode; /* "extensions.client", "rateLimit.client", "SIDECAR_OUTBOUND", "CLIENT" */
        const char *namespace;
        struct json_object *pods; /* array */
};

/* What a filter's type or name contains, and what it is then called. More special words first. */
static const char *const filter_words[][2] = {
        {"local_ratelimit", "local-rate-limit"}, {"localratelimit", "local-rate-limit"}, {"ratelimit", "rate-limit"}, {"ext_authz", "ext-authz"},
        {"ext_proc", "ext-proc"}, {"lua", "lua"}, {"wasm", "wasm"}, {"fault", "fault"}, {"compressor", "compressor"},
        {"buffer", "buffer"}, {"adaptive_concurrency", "adaptive-concurrency"}, {"admission_control", "admission-control"},
        {"grpc_stats", "stats"}, {"tap", "tap"}, {"bandwidth_limit", "bandwidth-limit"},
};

static bool contains(const char *text, const char *word)
{
        return text && strcasestr(text, word);
}

static const char *filter_of(struct json_object *patch)
{
        const char *texts[] = {doc_text(patch, "value.typed_config.type_url"), doc_text(patch, "value.typed_config[\"@type\"]"),
                               doc_text(patch, "value.name"),
                               doc_text(patch, "value.typedConfig[\"@type\"]")};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                for (size_t j = 0; j < ARRAY_LEN(filter_words); j++)
                        if (contains(texts[i], filter_words[j][0]))
                                return filter_words[j][1];
        return NULL;
}

static void hash_into(struct json_object *entry, struct json_object *value)
{
        auto_free char *text = doc_canonical(value);
        char hex[SHA_HEX_MAX], full[SHA_HEX_MAX + 8];

        sha256_hex(text, strlen(text), hex);
        snprintf(full, sizeof full, "sha256:%s", hex);
        doc_set_text(entry, "hash", full);
}

/* Whether a patch is for this proxy's direction and for this target; what it does not name it does not limit. */
static bool patch_hits(const struct view *view, const struct side *side, struct json_object *config)
{
        const char *context = doc_text(config, "match.context"), *service = doc_text(config, "match.cluster.service");
        int64_t port = doc_int(config, "match.listener.portNumber", 0);

        if (context && strcmp(context, "ANY") != 0 && !text_equal(context, side->context))
                return false;
        if (service && strcmp(service, view->host) != 0)
                return false;
        return !port || port == (strcmp(side->mode, "CLIENT") == 0 ? view->port : view->target_port);
}

/* A local limit's bucket, where its configuration is written plainly. */
static void add_limit(struct json_object *limits, struct json_object *patch, const char *ref, const char *filter)
{
        struct json_object *bucket = doc_at(patch, "value.typed_config.value.token_bucket");
        struct json_object *entry = doc_set_text(doc_object(), "ref", ref);
        int64_t number;

        bucket = bucket ? bucket : doc_at(patch, "value.typed_config.token_bucket");
        doc_set_text(entry, "type", filter);
        if (quantity_scaled(doc_at(bucket, "max_tokens"), 1, &number))
                doc_set_int(entry, "maxTokens", number);
        if (quantity_scaled(doc_at(bucket, "tokens_per_fill"), 1, &number))
                doc_set_int(entry, "tokensPerFill", number);
        if (quantity_us(doc_at(bucket, "fill_interval"), &number))
                doc_set_int(entry, "fillIntervalUs", number);
        doc_push(limits, entry);
}

/* Values that a patch of the client's clusters or routes may have changed after istiod made them. */
static const struct {
        const char *apply_to, *prefix;
} touched[] = {{"CLUSTER", "circuit."},       {"CLUSTER", "outlier."},       {"CLUSTER", "timeout.connectUs"}, {"CLUSTER", "timeout.idleUs"},
               {"CLUSTER", "lb."},            {"CLUSTER", "http."},          {"CLUSTER", "mtls."},          {"CLUSTER", "retries.budget"},
               {"HTTP_ROUTE", "timeout.requestUs"}, {"HTTP_ROUTE", "timeout.perTryUs"}, {"HTTP_ROUTE", "retries.attempts"},
               {"HTTP_ROUTE", "retries.on"},
               {"HTTP_ROUTE", "retries.backoff"}, {"HTTP_ROUTE", "split"}, {"HTTP_ROUTE", "mirror"}, {"HTTP_ROUTE", "route."}};

static void doubt_values(struct view *view, struct json_object *config, const char *ref)
{
        const char *apply_to = doc_text(config, "applyTo");
        struct json_object *policies = doc_at(view->snapshot, "policies");
        char reason[REF_MAX + 64];

        if (text_equal(apply_to, "VIRTUAL_HOST") || text_equal(apply_to, "ROUTE_CONFIGURATION"))
                apply_to = "HTTP_ROUTE";
        snprintf(reason, sizeof reason, "%s patches %s", ref, doc_text(config, "applyTo"));
        for (size_t i = 0; apply_to && i < ARRAY_LEN(touched); i++)
                for (size_t j = 0; strcmp(apply_to, touched[i].apply_to) == 0 && j < doc_len(policies, ""); j++) {
                        const char *key = doc_text(doc_item(policies, j), "key");
                        if (text_starts(key, touched[i].prefix) && strcmp(key, "mtls.server") != 0)
                                put_unknown(view, key, reason);
                }
}

struct found {
        struct view *view;
        const struct side *side;
        struct json_object *list, *limits;
        size_t len; /* that there are, also beyond the list */
        bool some;  /* an object is for some of the pods only */
};

static void add_patch(struct found *found, struct json_object *filter, struct json_object *config, const char *ref)
{
        struct json_object *patch = doc_at(config, "patch"), *entry = doc_set_text(doc_object(), "kind", "EnvoyFilter");
        const char *type = filter_of(patch);

        doc_set_text(entry, "ref", ref);
        doc_set_int(entry, "priority", doc_int(filter, "spec.priority", 0));
        doc_set_text(entry, "applyTo", doc_text(config, "applyTo"));
        doc_set_text(entry, "operation", doc_text(patch, "operation"));
        doc_set_text(entry, "filter", type ? type : "other");
        hash_into(entry, doc_at(patch, "value"));
        if (type && strstr(type, "rate-limit"))
                add_limit(found->limits, patch, ref, type);
        doc_push(found->list, entry);
        if (strcmp(found->side->mode, "CLIENT") == 0)
                doubt_values(found->view, config, ref);
}

static int64_t priority_of(struct json_object *object)
{
        return doc_int(object, "spec.priority", 0);
}

/* Priority upwards; the root namespace first; then as they came, oldest first (the sort is stable by that order). */
static void order_filters(struct json_object *list, const char *root)
{
        size_t len = doc_len(list, "");

        for (size_t i = 1; i < len; i++) {
                struct json_object *one = json_object_get(doc_item(list, i));
                size_t j = i;
                for (; j > 0; j--) {
                        struct json_object *before = doc_item(list, j - 1);
                        bool root_one = text_equal(doc_text(one, "metadata.namespace"), root);
                        bool root_before = text_equal(doc_text(before, "metadata.namespace"), root);
                        if (priority_of(before) < priority_of(one) || (priority_of(before) == priority_of(one) && (root_before || !root_one)))
                                break;
                        json_object_array_put_idx(list, j, json_object_get(before));
                }
                json_object_array_put_idx(list, j, one);
        }
}

/* Those of both namespaces that select the proxy. New array. */
static struct json_object *selected(struct found *found, const char *group, const char *kind, const char *selector)
{
        const struct view *view = found->view;
        const struct side *side = found->side;
        const char *namespaces[] = {view->root_namespace, side->namespace};
        struct json_object *list = doc_array();
        bool same = strcmp(namespaces[0], namespaces[1]) == 0;

        for (size_t n = same ? 1 : 0; n < 2; n++) {
                auto_json struct json_object *all = bag_objects(view->bag, group, kind, namespaces[n]);
                for (size_t i = 0; i < doc_len(all, ""); i++) {
                        int fits = doc_at(doc_item(all, i), "spec.targetRefs") ? 0 : select_pods(doc_at(doc_item(all, i), selector), side->pods);
                        found->some = found->some || fits < 0;
                        if (fits)
                                doc_push(list, json_object_get(doc_item(all, i)));
                }
        }
        return list;
}

static void add_filters(struct found *found)
{
        struct view *view = found->view;
        auto_json struct json_object *filters = selected(found, ISTIO_NETWORKING, "EnvoyFilter", "spec.workloadSelector.labels");

        order_filters(filters, view->root_namespace);
        for (size_t i = 0; i < doc_len(filters, ""); i++) {
                struct json_object *filter = doc_item(filters, i), *configs = doc_at(filter, "spec.configPatches");
                char ref[REF_MAX];
                bool hits = false;
                ref_format(ref, "EnvoyFilter", filter);
                for (size_t j = 0; j < doc_len(configs, ""); j++) {
                        struct json_object *config = doc_item(configs, j);
                        if (!patch_hits(view, found->side, config))
                                continue;
                        hits = true;
                        if (found->len++ < PATCHES_MAX)
                                add_patch(found, filter, config, ref);
                }
                put_inventory(view, "EnvoyFilter", filter, hits ? "effective" : "namespace");
        }
}

static bool plugin_is_for(struct json_object *plugin, const char *mode)
{
        struct json_object *list = doc_at(plugin, "spec.match");

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *own = doc_text(doc_item(list, i), "mode");
                if (!own || text_equal(own, mode) || text_equal(own, "CLIENT_AND_SERVER") || text_equal(own, "UNDEFINED"))
                        return true;
        }
        return doc_len(list, "") == 0;
}

static int phase_of(struct json_object *plugin)
{
        static const char *const phases[] = {"AUTHN", "AUTHZ", "STATS"};
        const char *phase = doc_text(plugin, "spec.phase");

        for (int i = 0; i < (int)ARRAY_LEN(phases); i++)
                if (text_equal(phase, phases[i]))
                        return i;
        return (int)ARRAY_LEN(phases); /* unspecified: at the end of the chain, before the router */
}

/* By phase; within one the higher priority first; then older first, which the list already is. */
static int by_phase(const void *a, const void *b)
{
        struct json_object *const *left = a, *const *right = b;

        if (phase_of(*left) != phase_of(*right))
                return phase_of(*left) - phase_of(*right);
        int64_t l = priority_of(*left), r = priority_of(*right);
        if (l != r)
                return l > r ? -1 : 1;
        const char *lt = doc_text(*left, "metadata.creationTimestamp"), *rt = doc_text(*right, "metadata.creationTimestamp");
        int order = strcmp(lt ? lt : "", rt ? rt : "");
        return order ? order : strcmp(doc_text(*left, "metadata.name"), doc_text(*right, "metadata.name"));
}

static void add_plugins(struct found *found, const char *kind)
{
        auto_json struct json_object *plugins = selected(found, ISTIO_EXTENSIONS, kind, "spec.selector.matchLabels");

        json_object_array_sort(plugins, by_phase);
        for (size_t i = 0; i < doc_len(plugins, ""); i++) {
                struct json_object *plugin = doc_item(plugins, i), *entry = doc_set_text(doc_object(), "kind", kind);
                const char *phase = doc_text(plugin, "spec.phase");
                char ref[REF_MAX];
                if (!plugin_is_for(plugin, found->side->mode) || found->len++ >= PATCHES_MAX) {
                        json_object_put(entry);
                        continue;
                }
                ref_format(ref, kind, plugin);
                put_inventory(found->view, kind, plugin, "effective");
                doc_set_text(doc_set_text(entry, "ref", ref), "phase", phase ? phase : "UNSPECIFIED_PHASE");
                doc_set_int(entry, "priority", priority_of(plugin));
                doc_set_text(entry, "filter", doc_at(plugin, "spec.lua") ? "lua" : "wasm");
                hash_into(entry, doc_at(plugin, "spec"));
                doc_push(found->list, entry);
        }
}

static const char *const kinds[] = {"EnvoyFilter", "WasmPlugin", "TrafficExtension"};

static void put_side(struct view *view, const struct side *side, bool known, const char *none)
{
        struct found found = {.view = view, .side = side};
        const char *reason = known ? NULL : none;

        if (known && none) {
                put_policy(view, side->key, NULL, ORIGIN_DEFAULT(none));
                put_policy(view, side->limits_key, NULL, ORIGIN_DEFAULT(none));
                return;
        }
        for (size_t i = 0; known && i < ARRAY_LEN(kinds) && !reason; i++)
                if (istio_was_read(view, kinds[i], side->namespace, &reason) && istio_was_read(view, kinds[i], view->root_namespace, &reason))
                        reason = NULL;
        if (reason) {
                put_unknown(view, side->key, reason);
                put_unknown(view, side->limits_key, reason);
                return;
        }
        found.list = doc_array();
        found.limits = doc_array();
        add_filters(&found);
        add_plugins(&found, "WasmPlugin");
        add_plugins(&found, "TrafficExtension");
        if (found.len > PATCHES_MAX || found.some) {
                put_unknown(view, side->key, found.some ? ISTIO_SOME_PODS : "TooMany");
                put_unknown(view, side->limits_key, found.some ? ISTIO_SOME_PODS : "TooMany");
                json_object_put(found.list);
                json_object_put(found.limits);
                return;
        }
        const char *ref = doc_text(found.list, "[0].ref"), *limit = doc_text(found.limits, "[0].ref");
        char own[REF_MAX] = "", limiting[REF_MAX] = "";
        snprintf(own, sizeof own, "%s", ref ? ref : "");
        snprintf(limiting, sizeof limiting, "%s", limit ? limit : "");
        put_policy(view, side->key, found.list, ref ? (struct origin){.kind = "object", .ref = own, .field = "spec"} : ORIGIN_DEFAULT(NULL));
        put_policy(view, side->limits_key, found.limits,
                   limit ? (struct origin){.kind = "object", .ref = limiting, .field = "spec.configPatches"} : ORIGIN_DEFAULT(NULL));
}

void istio_extensions(struct istio *istio)
{
        struct view *view = istio->view;
        auto_json struct json_object *clients = doc_push(doc_array(), json_object_get(view->question->client));
        const struct side client = {"extensions.client", "rateLimit.client", "SIDECAR_OUTBOUND", "CLIENT", view->client_namespace, clients};
        const struct side server = {"extensions.server", "rateLimit.server", "SIDECAR_INBOUND", "SERVER", view->target_namespace,
                                    view->question->server_pods};
        bool known;
        const char *server_reason = istio_server_reason(istio, &known);

        if (istio_gate_of(view) == ISTIO_GATE_ZTUNNEL && !istio->waypoint) {
                server_reason = "ztunnel takes no filters";
                known = true;
        }
        put_side(view, &client, istio->ambient || istio->client != ISTIO_SIDE_UNKNOWN, istio_client_reason(istio));
        put_side(view, &server, known, server_reason);
}
