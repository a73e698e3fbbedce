/* SPDX-License-Identifier: Apache-2.0
 *
 * What the cluster of a destination says: limits, ejection, balancing, reuse, and the client's TLS. Sources: istio.io, DestinationRule;
 * Global Mesh Options (connectTimeout, localityLbSetting, h2UpgradePolicy). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio_rules.h"

enum knob_kind {KNOB_LIMIT, KNOB_DURATION, KNOB_COUNT, KNOB_PERCENT, KNOB_FLAG};

/* A knob of a block. Limits of zero are not set, says the API; a count of zero is one. */
static const struct knob {
        const char *key, *block, *path;
        enum knob_kind kind;
        int64_t otherwise; /* -1: none */
} knobs[] = {
        {"circuit.maxConnections", "connectionPool", "tcp.maxConnections", KNOB_LIMIT, -1},
        {"circuit.maxPending", "connectionPool", "http.http1MaxPendingRequests", KNOB_LIMIT, -1},
        {"circuit.maxRequests", "connectionPool", "http.http2MaxRequests", KNOB_LIMIT, -1},
        {"circuit.maxRetries", "connectionPool", "http.maxRetries", KNOB_LIMIT, -1},
        {"http.maxRequestsPerConnection", "connectionPool", "http.maxRequestsPerConnection", KNOB_LIMIT, -1},
        {"http.maxConcurrentStreams", "connectionPool", "http.maxConcurrentStreams", KNOB_LIMIT, -1},
        {"http.useClientProtocol", "connectionPool", "http.useClientProtocol", KNOB_FLAG, 0},
        {"timeout.connectionUs", "connectionPool", "tcp.maxConnectionDuration", KNOB_DURATION, -1},
        {"outlier.intervalUs", "outlierDetection", "interval", KNOB_DURATION, 10000000},
        {"outlier.baseEjectionUs", "outlierDetection", "baseEjectionTime", KNOB_DURATION, 30000000},
        {"outlier.maxEjectionPercentE4", "outlierDetection", "maxEjectionPercent", KNOB_PERCENT, 100000},
        {"outlier.consecutive5xx", "outlierDetection", "consecutive5xxErrors", KNOB_COUNT, 5},
        {"outlier.consecutiveGateway", "outlierDetection", "consecutiveGatewayErrors", KNOB_COUNT, -1},
        {"outlier.minHealthPercentE4", "outlierDetection", "minHealthPercent", KNOB_PERCENT, 0},
        {"retries.budgetPercentE4", "retryBudget", "percent", KNOB_PERCENT, 200000},
        {"retries.budgetMinConcurrency", "retryBudget", "minRetryConcurrency", KNOB_COUNT, 3},
};

/* Keys that are not rows of the table. */
static const char *const other_keys[] = {"timeout.connectUs", "timeout.idleUs", "http.h2Upgrade", "lb.policy", "lb.locality", "lb.warmupUs",
                                         "mtls.client"};

static struct origin origin_of(const struct rule_block *block, const char *path, char field[static FIELD_MAX])
{
        snprintf(field, FIELD_MAX, "%s%s%s", block->field, path ? "." : "", path ? path : "");
        if (block->config)
                return ORIGIN_CONFIG(field);
        return (struct origin){.kind = "object", .ref = block->ref, .field = field};
}

static bool read_knob(const struct knob *knob, struct json_object *value, int64_t *ret_number)
{
        if (knob->kind == KNOB_DURATION)
                return quantity_us(value, ret_number);
        return quantity_scaled(value, knob->kind == KNOB_PERCENT ? 1e4 : 1, ret_number) && *ret_number >= 0;
}

/* Blocks that switch something on as a whole leave all their knobs empty when they are not there. */
static void set_knob(struct json_object *sheet, const struct knob *knob, const struct rule_block *block)
{
        char field[FIELD_MAX];
        struct json_object *value = doc_at(block->value, knob->path);
        int64_t number = 0;
        bool pool = strcmp(knob->block, "connectionPool") == 0;

        if (knob->kind == KNOB_FLAG) {
                sheet_set(sheet, knob->key, json_object_new_boolean(value && json_object_get_boolean(value)),
                          value ? origin_of(block, knob->path, field) : ORIGIN_DEFAULT(NULL));
                return;
        }
        if (value && !read_knob(knob, value, &number)) {
                sheet_set(sheet, knob->key, NULL, ORIGIN_UNKNOWN("not a value of this field"));
                return;
        }
        bool given = value && !(number == 0 && (knob->kind == KNOB_LIMIT || strcmp(knob->path, "maxEjectionPercent") == 0));
        if (given)
                sheet_set(sheet, knob->key, json_object_new_int64(number), origin_of(block, knob->path, field));
        else if (!pool && !block->value)
                sheet_set(sheet, knob->key, NULL, ORIGIN_DEFAULT(NULL));
        else
                sheet_set(sheet, knob->key, knob->otherwise >= 0 ? json_object_new_int64(knob->otherwise) : NULL, ORIGIN_DEFAULT(NULL));
}

/* A duration of the pool; else of the mesh config; else the code's. 'second' is another place of the pool that is asked then. */
static void set_pool_time(const struct istio *istio, struct json_object *sheet, const char *key, const struct rule_block *block,
                          const char *path, const char *second, const char *config, int64_t otherwise)
{
        char field[FIELD_MAX];
        int64_t us = 0;
        const char *at = doc_at(block->value, path) ? path : second;
        struct json_object *value = at ? doc_at(block->value, at) : NULL, *whole = config ? doc_at(istio->view->config, config) : NULL;

        if (value && quantity_us(value, &us))
                sheet_set(sheet, key, json_object_new_int64(us), origin_of(block, at, field));
        else if (value)
                sheet_set(sheet, key, NULL, ORIGIN_UNKNOWN("not a duration"));
        else if (whole && quantity_us(whole, &us))
                sheet_set(sheet, key, json_object_new_int64(us), ORIGIN_CONFIG(config));
        else if (config && !istio->view->config)
                sheet_set(sheet, key, NULL, ORIGIN_UNKNOWN("mesh config not read"));
        else
                sheet_set(sheet, key, json_object_new_int64(otherwise), ORIGIN_DEFAULT(NULL));
}

static void set_h2(const struct istio *istio, struct json_object *sheet, const struct rule_block *block)
{
        char field[FIELD_MAX];
        const char *own = doc_text(block->value, "http.h2UpgradePolicy"), *whole = doc_text(istio->view->config, "h2UpgradePolicy");
        bool said = text_equal(own, "UPGRADE") || text_equal(own, "DO_NOT_UPGRADE");
        bool is_http = !text_equal(istio->view->protocol, "sniffed") && istio->http;

        if (said)
                sheet_set(sheet, "http.h2Upgrade", json_object_new_boolean(strcmp(own, "UPGRADE") == 0),
                          origin_of(block, "http.h2UpgradePolicy", field));
        else if (!istio->view->config)
                sheet_set(sheet, "http.h2Upgrade", NULL, ORIGIN_UNKNOWN("mesh config not read"));
        else
                sheet_set(sheet, "http.h2Upgrade", json_object_new_boolean(is_http && text_equal(whole, "UPGRADE")),
                          whole ? ORIGIN_CONFIG("h2UpgradePolicy") : ORIGIN_DEFAULT(NULL));
}

static struct json_object *hash_of(struct json_object *hash)
{
        static const char *const keys[] = {"httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"};

        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                if (doc_at(hash, keys[i]))
                        return json_object_new_string(keys[i]);
        return json_object_new_string(MESH_UNKNOWN);
}

static void set_balancing(struct json_object *sheet, const struct rule_block *block)
{
        static const struct {
                const char *simple, *policy;
        } words[] = {{"LEAST_REQUEST", "least_request"}, {"LEAST_CONN", "least_request"}, {"RANDOM", "random"},
                     {"ROUND_ROBIN", "round_robin"}, {"PASSTHROUGH", "passthrough"}};
        char field[FIELD_MAX];
        const char *simple = doc_text(block->value, "simple"), *policy = NULL;
        struct json_object *hash = doc_at(block->value, "consistentHash"), *warmup = doc_at(block->value, "warmup.duration");
        int64_t us;

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (text_equal(simple, words[i].simple))
                        policy = words[i].policy;
        if (hash) {
                sheet_set(sheet, "lb.policy", json_object_new_string(doc_at(hash, "maglev") ? "maglev" : "ring_hash"),
                          origin_of(block, "consistentHash", field));
                sheet_set(sheet, "lb.hash", hash_of(hash), origin_of(block, "consistentHash", field));
        } else {
                sheet_set(sheet, "lb.policy", json_object_new_string(policy ? policy : "least_request"),
                          policy ? origin_of(block, "simple", field) : ORIGIN_DEFAULT(NULL));
                sheet_set(sheet, "lb.hash", NULL, ORIGIN_DEFAULT(NULL));
        }
        const char *path = warmup ? "warmup.duration" : "warmupDurationSecs";
        struct json_object *value = doc_at(block->value, path);
        bool given = value && quantity_us(value, &us);
        sheet_set(sheet, "lb.warmupUs", given ? json_object_new_int64(us) : NULL, given ? origin_of(block, path, field) : ORIGIN_DEFAULT(NULL));
}

/* Failover between localities needs outlier detection: without it nobody would know when to fail over. */
static void set_locality(const struct istio *istio, struct json_object *sheet, const struct rule_block *block, bool outlier)
{
        char field[FIELD_MAX];
        struct json_object *own = doc_at(block->value, "localityLbSetting"), *whole = doc_at(istio->view->config, "localityLbSetting");
        struct json_object *setting = own ? own : whole;
        struct origin origin = own ? origin_of(block, "localityLbSetting", field) : whole ? ORIGIN_CONFIG("localityLbSetting") : ORIGIN_DEFAULT(NULL);

        if (!setting && !istio->view->config) {
                sheet_set(sheet, "lb.locality", NULL, ORIGIN_UNKNOWN("mesh config not read"));
                return;
        }
        const char *word = !doc_bool(setting, "enabled", true)           ? "off"
                           : doc_len(setting, "distribute") > 0          ? "distribute"
                           : outlier                                     ? "failover"
                                                                         : "off";
        if (strcmp(word, "off") == 0 && !outlier)
                origin.reason = "failover needs outlierDetection";
        sheet_set(sheet, "lb.locality", json_object_new_string(word), origin);
}

static void set_client_tls(const struct istio *istio, struct json_object *sheet, const struct rule_block *block)
{
        char field[FIELD_MAX];
        struct json_object *automatic = doc_at(istio->view->config, "enableAutoMtls");

        if (block->value) {
                const char *mode = doc_text(block->value, "mode");
                sheet_set(sheet, "mtls.client", json_object_new_string(mode ? mode : "DISABLE"), origin_of(block, "mode", field));
        } else if (!istio->view->config) {
                sheet_set(sheet, "mtls.client", NULL, ORIGIN_UNKNOWN("mesh config not read"));
        } else {
                sheet_set(sheet, "mtls.client", json_object_new_string(automatic && !json_object_get_boolean(automatic) ? "none" : "auto"),
                          automatic ? ORIGIN_CONFIG("enableAutoMtls") : ORIGIN_DEFAULT(NULL));
        }
}

static struct json_object *sheet_of(struct istio *istio, const struct rule_set *set, const char *subset, int64_t port)
{
        struct json_object *sheet = doc_object();
        struct rule_block block, pool, outlier, balancing, tls;

        rules_block(istio, set, subset, port, "connectionPool", &pool);
        rules_block(istio, set, subset, port, "outlierDetection", &outlier);
        rules_block(istio, set, subset, port, "loadBalancer", &balancing);
        rules_block(istio, set, subset, port, "tls", &tls);
        for (size_t i = 0; i < ARRAY_LEN(knobs); i++) {
                rules_block(istio, set, subset, port, knobs[i].block, &block);
                set_knob(sheet, &knobs[i], &block);
        }
        set_pool_time(istio, sheet, "timeout.connectUs", &pool, "tcp.connectTimeout", NULL, "connectTimeout", 10000000);
        set_pool_time(istio, sheet, "timeout.idleUs", &pool, "http.idleTimeout", "tcp.idleTimeout", NULL, INT64_C(3600000000));
        set_h2(istio, sheet, &pool);
        set_balancing(sheet, &balancing);
        set_locality(istio, sheet, &balancing, outlier.value != NULL);
        set_client_tls(istio, sheet, &tls);
        return sheet;
}

static void put_all_unknown(struct istio *istio, const char *reason)
{
        for (size_t i = 0; i < ARRAY_LEN(knobs); i++)
                put_unknown(istio->view, knobs[i].key, reason);
        for (size_t i = 0; i < ARRAY_LEN(other_keys); i++)
                put_unknown(istio->view, other_keys[i], reason);
}

/* What an Envoy that nobody configured has no part in: no limits, Kubernetes' own balancing. */
static void put_bare(struct istio *istio)
{
        for (size_t i = 0; i < ARRAY_LEN(knobs); i++)
                put_policy(istio->view, knobs[i].key, NULL, ORIGIN_DEFAULT(istio->client_reason));
        for (size_t i = 0; i < ARRAY_LEN(other_keys); i++)
                put_policy(istio->view, other_keys[i], NULL, ORIGIN_DEFAULT(istio->client_reason));
        put_text(istio->view, "mtls.client", "none", ORIGIN_DEFAULT(istio->client_reason));
}

static void note_missing_subset(struct istio *istio, const char *host, const char *subset)
{
        put_finding(istio->view, "SubsetMissing", "error", NULL, "no DestinationRule has subset '%s' of %s: its requests are answered with 503",
                    subset, host);
}

static const char *sheets_of(struct istio *istio, struct json_object *sheets)
{
        size_t len = doc_len(istio->backends, "");

        for (size_t i = 0; i < len; i++) {
                struct json_object *backend = doc_item(istio->backends, i);
                const char *host = doc_text(backend, "host"), *subset = doc_text(backend, "subset");
                struct rule_set set;
                struct rule_block block;
                if (!host || (len > 1 && doc_int(backend, "weight", 0) == 0))
                        continue; /* of several destinations those without weight get nothing */
                rules_find(istio, host, i == 0, &set);
                if (set.unknown)
                        return set.unknown;
                if (subset && !rules_block(istio, &set, subset, 0, "tls", &block)) {
                        note_missing_subset(istio, host, subset);
                        continue;
                }
                for (size_t j = 0; j < set.len; j++)
                        put_inventory(istio->view, "DestinationRule", set.rules[j], "effective");
                doc_push(sheets, sheet_of(istio, &set, subset, doc_int(backend, "port", istio->view->port)));
        }
        return doc_len(sheets, "") == 0 ? "no destination" : NULL;
}

/* Policies of the Gateway API for the Service, which istiod lays under what users' rules leave out. They are not read here: what they may
 * have set is unknown. */
static void doubt_attached(struct istio *istio)
{
        static const struct {
                const char *group, *kind, *keys[2];
        } attached[] = {{"gateway.networking.k8s.io", "BackendTLSPolicy", {"mtls.client", NULL}},
                        {"gateway.networking.x-k8s.io", "XBackendTrafficPolicy", {"retries.budgetPercentE4", "retries.budgetMinConcurrency"}}};
        struct view *view = istio->view;

        for (size_t a = 0; a < ARRAY_LEN(attached); a++) {
                const char *reason = NULL;
                char ref[REF_MAX] = "", text[REF_MAX + 32];
                auto_json struct json_object *all = bag_objects(view->bag, attached[a].group, attached[a].kind, view->target_namespace);
                for (size_t i = 0; i < doc_len(all, ""); i++) {
                        struct json_object *targets = doc_at(doc_item(all, i), "spec.targetRefs");
                        for (size_t j = 0; j < doc_len(targets, ""); j++)
                                if (text_equal(doc_text(doc_item(targets, j), "kind"), "Service") &&
                                    text_equal(doc_text(doc_item(targets, j), "name"), view->service_name))
                                        ref_format(ref, attached[a].kind, doc_item(all, i));
                }
                snprintf(text, sizeof text, "%s may say it", ref);
                if (!istio_was_read(view, attached[a].kind, view->target_namespace, &reason) || *ref)
                        for (size_t k = 0; k < 2 && attached[a].keys[k]; k++) {
                                struct json_object *policy = mesh_policy(view->snapshot, attached[a].keys[k]);
                                if (!text_equal(doc_text(policy, "origin.kind"), "object"))
                                        put_unknown(view, attached[a].keys[k], reason ? reason : text);
                        }
        }
}

void istio_destination(struct istio *istio)
{
        auto_json struct json_object *sheets = doc_array();
        struct rule_set set;

        if (istio->client == ISTIO_SIDE_BARE) {
                rules_find(istio, istio->view->host, true, &set);
                for (size_t i = 0; i < set.len; i++) {
                        char ref[REF_MAX];
                        ref_format(ref, "DestinationRule", set.rules[i]);
                        put_inert(istio->view, NULL, ref, istio->client_reason);
                }
                put_bare(istio);
                return;
        }
        const char *reason = istio->client == ISTIO_SIDE_UNKNOWN ? istio->client_reason
                             : !istio->backends                  ? "the destination is not known"
                                                                 : sheets_of(istio, sheets);
        if (reason)
                put_all_unknown(istio, reason);
        else
                sheets_put(istio->view, sheets, "the destinations of the split");
        doubt_attached(istio);
}
