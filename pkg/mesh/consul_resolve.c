/* SPDX-License-Identifier: Apache-2.0
 *
 * Consul's configuration entries for the pair: the chain router, splitter, resolver of the target, the upstream settings of the client, and
 * the target's own. Entries that were written to Consul itself have no object here, so that a default is only "no object says otherwise".
 * Sources: developer.hashicorp.com, Configuration entries (service-router, -splitter, -resolver, -defaults, proxy-defaults, mesh);
 * consul-k8s, status condition Synced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/consul.h"

#define GROUP "consul.hashicorp.com"

/* The name that a pod has in Consul, where it says one. */
static const char *service_of(struct json_object *pod)
{
        return select_annotation(pod, "consul.hashicorp.com/connect-service");
}

/* Only what the control plane could write to Consul is in effect. */
static bool is_synced(struct json_object *entry)
{
        return text_equal(doc_text(doc_find(doc_at(entry, "status.conditions"), "type", "Synced"), "status"), "True");
}

static struct json_object *entry_of(struct view *view, const char *kind, const char *name)
{
        struct json_object *entry = name ? bag_object(view->bag, GROUP, kind, NULL, name) : NULL;
        char ref[REF_MAX];

        if (!entry)
                return NULL;
        ref_format(ref, kind, entry);
        if (!is_synced(entry)) {
                put_inert(view, NULL, ref, "not synced to Consul");
                return NULL;
        }
        put_inventory(view, kind, entry, "effective");
        return entry;
}

static const char *const kinds[] = {"ProxyDefaults", "Mesh", "ServiceDefaults", "ServiceRouter", "ServiceSplitter", "ServiceResolver"};

static const char *unread(const struct view *view)
{
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                enum mesh_miss why = MESH_NOT_READ;
                if (!bag_was_read(view->bag, table_row(&mesh_consul, kinds[i]), NULL, &why))
                        return mesh_miss_name(why);
        }
        return NULL;
}

/* The client's settings for this upstream: an override by name before the defaults. *ret_field says which. */
static struct json_object *upstream_value(const struct consul *consul, const char *path, char field[static FIELD_MAX])
{
        struct json_object *overrides = doc_at(consul->own, "spec.upstreamConfig.overrides"), *value;
        char full[128];

        for (size_t i = 0; i < doc_len(overrides, ""); i++) {
                value = doc_at(doc_item(overrides, i), path);
                if (!value || !text_equal(doc_text(doc_item(overrides, i), "name"), consul->view->service_name))
                        continue;
                snprintf(field, FIELD_MAX, "spec.upstreamConfig.overrides[%zu].%s", i, path);
                return value;
        }
        snprintf(full, sizeof full, "spec.upstreamConfig.defaults.%s", path);
        snprintf(field, FIELD_MAX, "%s", full);
        return doc_at(consul->own, full);
}

static const struct knob {
        const char *key, *path;
        int64_t otherwise; /* -1: Envoy's or Consul's own, which is not told */
        double scale;      /* 0: a duration */
} knobs[] = {
        {"circuit.maxConnections", "limits.maxConnections", 1024, 1},
        {"circuit.maxPending", "limits.maxPendingRequests", 1024, 1},
        {"circuit.maxRequests", "limits.maxConcurrentRequests", 1024, 1},
        {"outlier.intervalUs", "passiveHealthCheck.interval", -1, 0},
        {"outlier.baseEjectionUs", "passiveHealthCheck.baseEjectionTime", -1, 0},
        {"outlier.consecutive5xx", "passiveHealthCheck.maxFailures", -1, 1},
        {"outlier.maxEjectionPercentE4", "passiveHealthCheck.maxEjectionPercent", -1, 1e4},
};

/* Without the client's name in Consul any ServiceDefaults with upstream settings may be its own. */
static bool may_have_upstreams(const struct consul *consul)
{
        auto_json struct json_object *all = bag_objects(consul->view->bag, GROUP, "ServiceDefaults", NULL);

        for (size_t i = 0; !service_of(consul->view->question->client) && i < doc_len(all, ""); i++)
                if (doc_at(doc_item(all, i), "spec.upstreamConfig"))
                        return true;
        return false;
}

static void put_upstream(struct consul *consul)
{
        struct view *view = consul->view;
        char field[FIELD_MAX], ref[REF_MAX];
        int64_t number;

        for (size_t i = 0; i < ARRAY_LEN(knobs); i++) {
                struct json_object *value = upstream_value(consul, knobs[i].path, field);
                bool read = value && (knobs[i].scale > 0 ? quantity_scaled(value, knobs[i].scale, &number) : quantity_us(value, &number));
                if (read)
                        put_int(view, knobs[i].key, number, consul_origin(ref, "ServiceDefaults", consul->own, field));
                else if (value || may_have_upstreams(consul))
                        put_unknown(view, knobs[i].key, value ? "not a value of this field" : "the client's name in Consul is not known");
                else if (knobs[i].otherwise < 0)
                        put_unknown(view, knobs[i].key, "no object says it: Envoy's or Consul's own default");
                else
                        put_int(view, knobs[i].key, knobs[i].otherwise, ORIGIN_DEFAULT(NO_OBJECT));
        }
}

#define CONNECT_US 5000000

static void put_connect_timeout(struct consul *consul)
{
        char field[FIELD_MAX], ref[REF_MAX];
        struct json_object *upstream = upstream_value(consul, "connectTimeoutMs", field), *resolver = doc_at(consul->resolver, "spec.connectTimeout");
        int64_t us;

        if (upstream && resolver)
                put_unknown(consul->view, "timeout.connectUs", "the upstream and the resolver both say one");
        else if (upstream && quantity_us(upstream, &us))
                put_int(consul->view, "timeout.connectUs", us, consul_origin(ref, "ServiceDefaults", consul->own, field));
        else if (resolver && quantity_us(resolver, &us))
                put_int(consul->view, "timeout.connectUs", us, consul_origin(ref, "ServiceResolver", consul->resolver, "spec.connectTimeout"));
        else if (upstream || resolver)
                put_unknown(consul->view, "timeout.connectUs", "not a duration");
        else if (may_have_upstreams(consul))
                put_unknown(consul->view, "timeout.connectUs", "the client's name in Consul is not known");
        else
                put_int(consul->view, "timeout.connectUs", CONNECT_US, ORIGIN_DEFAULT(NO_OBJECT));
}

static void put_balancing(struct consul *consul)
{
        const char *policy = doc_text(consul->resolver, "spec.loadBalancer.policy");
        char ref[REF_MAX];

        if (policy && *policy)
                put_text(consul->view, "lb.policy", policy, consul_origin(ref, "ServiceResolver", consul->resolver, "spec.loadBalancer.policy"));
        else
                put_text(consul->view, "lb.policy", "round_robin", ORIGIN_DEFAULT(NO_OBJECT));
}

static void put_split(struct consul *consul)
{
        struct json_object *splits = doc_at(consul->splitter, "spec.splits"), *list = doc_array();
        char ref[REF_MAX];

        for (size_t i = 0; i < doc_len(splits, ""); i++) {
                struct json_object *split = doc_item(splits, i), *entry = doc_object();
                const char *service = doc_text(split, "service"), *subset = doc_text(split, "serviceSubset");
                int64_t weight = 0;
                quantity_scaled(doc_at(split, "weight"), 1e4, &weight);
                doc_set_text(doc_set_text(entry, "host", service && *service ? service : consul->view->service_name), "subset", subset);
                doc_push(list, doc_set_int(entry, "percentE4", weight));
        }
        if (doc_len(list, "") == 0)
                doc_push(list, doc_set_int(doc_set_text(doc_object(), "host", consul->view->service_name), "percentE4", 1000000));
        put_policy(consul->view, "split", list,
                   consul->splitter ? consul_origin(ref, "ServiceSplitter", consul->splitter, "spec.splits") : ORIGIN_DEFAULT(NO_OBJECT));
}

static const char *const client_keys[] = {"timeout.requestUs", "retries.attempts", "retries.on", "timeout.connectUs", "lb.policy", "split"};

static void put_client(struct consul *consul)
{
        struct view *view = consul->view;

        if (!consul->unknown && !consul->bare) {
                if (consul->http)
                        consul_routes(consul);
                for (size_t i = 0; !consul->http && i < 3; i++)
                        put_policy(view, client_keys[i], i == 1 ? json_object_new_int64(0) : NULL, ORIGIN_DEFAULT("the protocol is tcp"));
                put_upstream(consul);
                put_connect_timeout(consul);
                put_balancing(consul);
                put_split(consul);
                return;
        }
        struct origin origin = consul->unknown ? ORIGIN_UNKNOWN(consul->unknown) : ORIGIN_DEFAULT(consul->bare);
        for (size_t i = 0; i < ARRAY_LEN(client_keys); i++)
                put_policy(view, client_keys[i], NULL, origin);
        for (size_t i = 0; i < ARRAY_LEN(knobs); i++)
                put_policy(view, knobs[i].key, NULL, origin);
        if (!consul->unknown)
                put_int(view, "retries.attempts", 0, origin);
}

static void put_limit(struct consul *consul)
{
        struct json_object *level = doc_at(consul->target, "spec.rateLimits.instanceLevel"), *list = doc_array();
        char ref[REF_MAX];

        if (doc_at(level, "requestsPerSecond")) {
                ref_format(ref, "ServiceDefaults", consul->target);
                struct json_object *entry = doc_set_text(doc_object(), "ref", ref);
                doc_set_int(entry, "tokensPerFill", doc_int(level, "requestsPerSecond", 0));
                doc_set_int(entry, "fillIntervalUs", 1000000);
                if (doc_at(level, "requestsMaxBurst"))
                        doc_set_int(entry, "maxTokens", doc_int(level, "requestsMaxBurst", 0));
                doc_push(list, entry);
        }
        put_policy(consul->view, "rateLimit.server", list,
                   doc_len(list, "") > 0 ? consul_origin(ref, "ServiceDefaults", consul->target, "spec.rateLimits.instanceLevel")
                                          : ORIGIN_DEFAULT(NO_OBJECT));
}

/* The target's word before the global one; permissive only where the Mesh allows it. */
static void put_server_tls(struct consul *consul)
{
        const char *own = doc_text(consul->target, "spec.mutualTLSMode"), *whole = doc_text(consul->proxy, "spec.mutualTLSMode");
        bool allowed = doc_bool(consul->mesh, "spec.allowEnablingPermissiveMutualTLS", false);
        char ref[REF_MAX];
        const char *mode = own && *own ? own : whole && *whole ? whole : NULL;
        bool permissive = text_equal(mode, "permissive");
        struct origin origin = own && *own ? consul_origin(ref, "ServiceDefaults", consul->target, "spec.mutualTLSMode")
                               : mode      ? consul_origin(ref, "ProxyDefaults", consul->proxy, "spec.mutualTLSMode")
                                           : ORIGIN_DEFAULT(NO_OBJECT);

        if (permissive && !allowed)
                put_unknown(consul->view, "mtls.server", "permissive, and the Mesh does not allow it");
        else
                put_text(consul->view, "mtls.server", permissive ? "PERMISSIVE" : "STRICT", origin);
}

static void put_effective_tls(struct consul *consul)
{
        struct view *view = consul->view;
        struct json_object *policy = mesh_policy(view->snapshot, "mtls.server");
        const char *server = doc_text(policy, "value"), *ref = doc_text(policy, "origin.ref");
        int64_t pods = doc_int(view->snapshot, "membership.server.pods", 0), meshed = doc_int(view->snapshot, "membership.server.meshedPods", 0);
        struct json_object *pod = doc_item(view->question->server_pods, 0);
        bool captured = text_equal(select_annotation(pod, "consul.hashicorp.com/transparent-proxy-status"), "enabled");

        if (consul->unknown || !view->server_known || (meshed > 0 && text_equal(server, MESH_UNKNOWN)))
                put_unknown(view, "mtls.effective", consul->unknown ? consul->unknown : "a side is not known");
        else if (meshed > 0 && meshed < pods)
                put_text(view, "mtls.effective", "mixed", ORIGIN_DEFAULT("not all pods are in the mesh"));
        else if (meshed == 0)
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT("the server is not in the mesh"));
        else if (!consul->bare)
                put_text(view, "mtls.effective", "mutual", ORIGIN_DEFAULT("both proxies are there"));
        else if (!captured || text_equal(server, "PERMISSIVE"))
                put_text(view, "mtls.effective", "plaintext",
                         ORIGIN_DEFAULT(captured ? consul->bare : "the server's ports are not captured by its proxy"));
        else {
                put_text(view, "mtls.effective", "refused", ORIGIN_DEFAULT(consul->bare));
                put_finding(view, "PlaintextRefused", "error", ref,
                            "the client is not in the mesh and the server takes only mTLS: connections are reset");
        }
}

static void put_logs(struct consul *consul)
{
        char ref[REF_MAX];
        bool on = doc_bool(consul->proxy, "spec.accessLogs.enabled", false);
        struct origin origin = consul->proxy ? consul_origin(ref, "ProxyDefaults", consul->proxy, "spec.accessLogs.enabled")
                                             : ORIGIN_DEFAULT(NO_OBJECT);

        put_bool(consul->view, "telemetry.accessLog.client", on && !consul->bare, origin);
        put_bool(consul->view, "telemetry.accessLog.server", on && consul->view->server_meshed, origin);
}

static void find_entries(struct consul *consul)
{
        struct view *view = consul->view;
        const char *named = service_of(doc_item(view->question->server_pods, 0)), *service = named ? named : view->service_name;

        consul->proxy = entry_of(view, "ProxyDefaults", "global");
        consul->mesh = entry_of(view, "Mesh", "mesh");
        consul->target = entry_of(view, "ServiceDefaults", service);
        consul->own = entry_of(view, "ServiceDefaults", service_of(view->question->client));
        consul->router = entry_of(view, "ServiceRouter", service);
        consul->splitter = entry_of(view, "ServiceSplitter", service);
        consul->resolver = entry_of(view, "ServiceResolver", service);
}

static void decide_protocol(struct consul *consul)
{
        const char *own = doc_text(consul->target, "spec.protocol"), *whole = doc_text(consul->proxy, "spec.config.protocol");
        const char *protocol = own && *own ? own : whole && *whole ? whole : "tcp";

        view_set_protocol(consul->view, protocol, own && *own ? "ServiceDefaults" : whole && *whole ? "ProxyDefaults" : "default");
        consul->http = text_equal(protocol, "http") || text_equal(protocol, "http2") || text_equal(protocol, "grpc");
}

void consul_resolve(struct view *view)
{
        struct consul consul = {.view = view};
        const char *reason = unread(view);

        find_entries(&consul);
        decide_protocol(&consul);
        view_client_side(view, &consul.bare, &consul.unknown);
        consul.unknown = reason ? reason : consul.unknown;
        put_missed(view, "authz", "NotResolved");
        put_client(&consul);
        if (reason) {
                put_unknown(view, "mtls.server", reason);
                put_unknown(view, "rateLimit.server", reason);
        } else {
                put_limit(&consul);
                put_server_tls(&consul);
                put_logs(&consul);
        }
        put_effective_tls(&consul);
}
