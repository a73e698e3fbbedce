/* SPDX-License-Identifier: Apache-2.0
 *
 * Kuma's policies for the pair. The defaults that its documentation names are objects like others, and may be missing: without one Envoy's own
 * values are in effect, and those are only told where Kuma leaves them alone for certain. Sources: kuma.io, MeshTimeout, MeshRetry,
 * MeshCircuitBreaker, MeshLoadBalancingStrategy, MeshRateLimit, MeshFaultInjection, Mutual TLS, MeshTLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/kuma.h"

enum knob_kind {KNOB_US, KNOB_COUNT, KNOB_PERCENT};
#define UNKNOWN_DEFAULT INT64_MIN
#define NO_DEFAULT INT64_MAX

static const struct knob {
        const char *key, *policy, *path;
        enum knob_kind kind;
        int64_t otherwise; /* without a policy; UNKNOWN_DEFAULT, or NO_DEFAULT for none */
        bool http;         /* counts only for HTTP */
        bool optional;     /* a policy that leaves it out means what no policy means */
} knobs[] = {
        {"timeout.connectUs", "MeshTimeout", "connectionTimeout", KNOB_US, UNKNOWN_DEFAULT, false},
        {"timeout.idleUs", "MeshTimeout", "idleTimeout", KNOB_US, UNKNOWN_DEFAULT, false},
        {"timeout.requestUs", "MeshTimeout", "http.requestTimeout", KNOB_US, UNKNOWN_DEFAULT, true},
        {"retries.attempts", "MeshRetry", "http.numRetries", KNOB_COUNT, 0, true},
        {"timeout.perTryUs", "MeshRetry", "http.perTryTimeout", KNOB_US, NO_DEFAULT, true, true},
        {"retries.backoffMinUs", "MeshRetry", "http.backOff.baseInterval", KNOB_US, NO_DEFAULT, true},
        {"retries.backoffMaxUs", "MeshRetry", "http.backOff.maxInterval", KNOB_US, NO_DEFAULT, true},
        {"circuit.maxConnections", "MeshCircuitBreaker", "connectionLimits.maxConnections", KNOB_COUNT, 1024, false, true},
        {"circuit.maxPending", "MeshCircuitBreaker", "connectionLimits.maxPendingRequests", KNOB_COUNT, 1024, false, true},
        {"circuit.maxRequests", "MeshCircuitBreaker", "connectionLimits.maxRequests", KNOB_COUNT, 1024, false, true},
        {"circuit.maxRetries", "MeshCircuitBreaker", "connectionLimits.maxRetries", KNOB_COUNT, 3, false, true},
        {"outlier.intervalUs", "MeshCircuitBreaker", "outlierDetection.interval", KNOB_US, NO_DEFAULT, false},
        {"outlier.baseEjectionUs", "MeshCircuitBreaker", "outlierDetection.baseEjectionTime", KNOB_US, NO_DEFAULT, false},
        {"outlier.maxEjectionPercentE4", "MeshCircuitBreaker", "outlierDetection.maxEjectionPercent", KNOB_PERCENT, NO_DEFAULT, false},
        {"outlier.consecutive5xx", "MeshCircuitBreaker", "outlierDetection.detectors.totalFailures.consecutive", KNOB_COUNT, NO_DEFAULT, false},
        {"outlier.consecutiveGateway", "MeshCircuitBreaker", "outlierDetection.detectors.gatewayFailures.consecutive", KNOB_COUNT, NO_DEFAULT, false},
};

struct kuma {
        struct view *view;
        const char *bare, *unknown; /* the client's proxy has no say because; nobody knows because */
        bool http;
};

static void put_part(struct view *view, const char *key, struct json_object *value, const struct kuma_parts *parts, const struct kuma_part *part,
                     const char *path)
{
        char ref[REF_MAX], field[FIELD_MAX];

        ref_format(ref, parts->kind, part->policy);
        snprintf(field, sizeof field, "%s.%s", part->field, path);
        put_policy(view, key, value, (struct origin){.kind = "object", .ref = ref, .field = field});
}

static bool read_knob(const struct knob *knob, struct json_object *value, int64_t *ret_number)
{
        if (knob->kind == KNOB_US)
                return quantity_us(value, ret_number);
        return quantity_scaled(value, knob->kind == KNOB_PERCENT ? 1e4 : 1, ret_number);
}

/* Ejection that is switched off leaves none of its values. */
static bool is_disabled(const struct knob *knob, const struct kuma_parts *parts, const struct kuma_part **ret_part)
{
        struct json_object *flag = text_starts(knob->key, "outlier.") ? kuma_value(parts, "outlierDetection.disabled", ret_part) : NULL;

        return flag && json_object_get_boolean(flag);
}

/* Whether any part of the kind is there at all: then what it leaves out is the policy's own default, which versions changed. */
static bool block_is_there(const struct knob *knob, const struct kuma_parts *parts)
{
        const struct kuma_part *part;
        char block[64];

        snprintf(block, sizeof block, "%.*s", (int)strcspn(knob->path, "."), knob->path);
        return strchr(knob->path, '.') && kuma_value(parts, block, &part);
}

static void put_knob(struct kuma *kuma, const struct knob *knob)
{
        struct view *view = kuma->view;
        struct kuma_parts *parts = xnew(struct kuma_parts);
        const struct kuma_part *part = NULL, *off = NULL;
        int64_t number;

        kuma_outbound(view, knob->policy, parts);
        struct json_object *value = kuma_value(parts, knob->path, &part);
        if (parts->unknown)
                put_unknown(view, knob->key, parts->unknown);
        else if (is_disabled(knob, parts, &off))
                put_part(view, knob->key, NULL, parts, off, "outlierDetection.disabled");
        else if (value && read_knob(knob, value, &number))
                put_part(view, knob->key, json_object_new_int64(number), parts, part, knob->path);
        else if (value)
                put_unknown(view, knob->key, "not a value of this field");
        else if (knob->otherwise == UNKNOWN_DEFAULT)
                put_unknown(view, knob->key, "no policy says it: Envoy's or Kuma's own default");
        else if (!knob->optional && block_is_there(knob, parts))
                put_unknown(view, knob->key, "the policy leaves it out");
        else
                put_policy(view, knob->key, knob->otherwise == NO_DEFAULT ? NULL : json_object_new_int64(knob->otherwise), ORIGIN_DEFAULT(NULL));
        free(parts);
}

static void put_retry_conditions(struct kuma *kuma)
{
        struct kuma_parts *parts = xnew(struct kuma_parts);
        const struct kuma_part *part = NULL;

        kuma_outbound(kuma->view, "MeshRetry", parts);
        bool block = kuma_value(parts, "http", &part) != NULL;
        struct json_object *value = kuma_value(parts, "http.retryOn", &part);
        if (parts->unknown)
                put_unknown(kuma->view, "retries.on", parts->unknown);
        else if (value)
                put_part(kuma->view, "retries.on", doc_copy(value), parts, part, "http.retryOn");
        else if (block)
                put_unknown(kuma->view, "retries.on", "the policy leaves it out");
        else
                put_policy(kuma->view, "retries.on", NULL, ORIGIN_DEFAULT(NULL));
        free(parts);
}

static void put_balancing(struct kuma *kuma)
{
        static const char *const words[][2] = {{"RoundRobin", "round_robin"}, {"LeastRequest", "least_request"}, {"RingHash", "ring_hash"},
                                               {"Random", "random"}, {"Maglev", "maglev"}};
        struct kuma_parts *parts = xnew(struct kuma_parts);
        const struct kuma_part *part = NULL;
        const char *policy = NULL;

        kuma_outbound(kuma->view, "MeshLoadBalancingStrategy", parts);
        struct json_object *value = kuma_value(parts, "loadBalancer.type", &part);
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (text_equal(value ? json_object_get_string(value) : NULL, words[i][0]))
                        policy = words[i][1];
        if (parts->unknown || (value && !policy))
                put_unknown(kuma->view, "lb.policy", parts->unknown ? parts->unknown : "not a kind of load balancing");
        else if (value)
                put_part(kuma->view, "lb.policy", json_object_new_string(policy), parts, part, "loadBalancer.type");
        else
                put_text(kuma->view, "lb.policy", "round_robin", ORIGIN_DEFAULT(NULL));
        free(parts);
}

static void put_outbound(struct kuma *kuma)
{
        for (size_t i = 0; i < ARRAY_LEN(knobs); i++) {
                const struct knob *knob = &knobs[i];
                const char *none = kuma->bare ? kuma->bare : knob->http && !kuma->http ? "the port is not HTTP" : NULL;
                if (kuma->unknown)
                        put_unknown(kuma->view, knob->key, kuma->unknown);
                else if (none && strcmp(knob->key, "retries.attempts") == 0)
                        put_int(kuma->view, knob->key, 0, ORIGIN_DEFAULT(none));
                else if (none)
                        put_policy(kuma->view, knob->key, NULL, ORIGIN_DEFAULT(none));
                else
                        put_knob(kuma, knob);
        }
        if (kuma->unknown || kuma->bare || !kuma->http)
                put_policy(kuma->view, "retries.on", NULL, kuma->unknown ? ORIGIN_UNKNOWN(kuma->unknown) : ORIGIN_DEFAULT(kuma->bare));
        else
                put_retry_conditions(kuma);
        if (kuma->unknown || kuma->bare)
                put_policy(kuma->view, "lb.policy", NULL, kuma->unknown ? ORIGIN_UNKNOWN(kuma->unknown) : ORIGIN_DEFAULT(kuma->bare));
        else
                put_balancing(kuma);
}

static int64_t percent_of(struct json_object *object)
{
        int64_t parts;

        return quantity_scaled(doc_at(object, "percentage"), 1e4, &parts) ? parts : 0;
}

static struct json_object *encode_fault(const char *type, const char *member, int64_t value, struct json_object *fault)
{
        struct json_object *entry = doc_set_int(doc_set_text(doc_object(), "type", type), member, value);

        return doc_set_int(entry, "percentE4", percent_of(fault));
}

/* The list of the strongest part takes the place of the others, as merging of lists goes. */
static void put_faults(struct view *view)
{
        struct kuma_parts *parts = xnew(struct kuma_parts);
        const struct kuma_part *part = NULL;

        kuma_inbound(view, "MeshFaultInjection", parts);
        struct json_object *list = kuma_value(parts, "http", &part), *faults = doc_array();
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *delay = doc_at(doc_item(list, i), "delay"), *abort = doc_at(doc_item(list, i), "abort");
                int64_t us = 0;
                if (delay && quantity_us(doc_at(delay, "value"), &us))
                        doc_push(faults, encode_fault("delay", "us", us, delay));
                if (abort)
                        doc_push(faults, encode_fault("abort", "httpStatus", doc_int(abort, "httpStatus", 0), abort));
        }
        if (parts->unknown) {
                json_object_put(faults);
                put_unknown(view, "faults", parts->unknown);
        } else if (part) {
                put_part(view, "faults", faults, parts, part, "http");
        } else {
                put_policy(view, "faults", faults, ORIGIN_DEFAULT(NULL));
        }
        free(parts);
}

static void put_limit(struct view *view)
{
        struct kuma_parts *parts = xnew(struct kuma_parts);
        const struct kuma_part *part = NULL;
        struct json_object *list = doc_array();
        char ref[REF_MAX];
        int64_t us = 0;

        kuma_inbound(view, "MeshRateLimit", parts);
        struct json_object *rate = kuma_value(parts, "local.http.requestRate", &part);
        const struct kuma_part *off = NULL;
        struct json_object *disabled = kuma_value(parts, "local.http.disabled", &off);
        if (rate && !(disabled && json_object_get_boolean(disabled))) {
                ref_format(ref, parts->kind, part->policy);
                struct json_object *entry = doc_set_int(doc_set_text(doc_object(), "ref", ref), "tokensPerFill", doc_int(rate, "num", 0));
                if (quantity_us(doc_at(rate, "interval"), &us))
                        doc_set_int(entry, "fillIntervalUs", us);
                doc_push(list, entry);
        }
        if (parts->unknown) {
                json_object_put(list);
                put_unknown(view, "rateLimit.server", parts->unknown);
        } else if (part) {
                put_part(view, "rateLimit.server", list, parts, part, "local.http.requestRate");
        } else {
                put_policy(view, "rateLimit.server", list, ORIGIN_DEFAULT(NULL));
        }
        free(parts);
}

/* 2.x: the Mesh's enabled backend and its mode, which MeshTLS overrides. From 3.0 on identities decide, which are not read here. */
static void put_server_tls(struct view *view)
{
        struct json_object *mesh = bag_object(view->bag, KUMA_GROUP, "Mesh", NULL, kuma_mesh_of(doc_item(view->question->server_pods, 0)));
        const char *enabled = doc_text(mesh, "spec.mtls.enabledBackend"), *mode = "STRICT", *version = doc_text(view->snapshot, "version");
        struct json_object *backends = doc_at(mesh, "spec.mtls.backends");
        struct kuma_parts *parts = xnew(struct kuma_parts);
        const struct kuma_part *part = NULL;
        enum mesh_miss why = MESH_NOT_READ;
        char ref[REF_MAX];

        kuma_inbound(view, "MeshTLS", parts);
        struct json_object *own = kuma_value(parts, "mode", &part);
        for (size_t i = 0; i < doc_len(backends, ""); i++)
                if (text_equal(doc_text(doc_item(backends, i), "name"), enabled) && doc_text(doc_item(backends, i), "mode"))
                        mode = doc_text(doc_item(backends, i), "mode");
        if (!version || version[0] < '1' || version[0] > '2' || version[1] != '.')
                put_unknown(view, "mtls.server", "only releases 1 and 2 are known to go by the Mesh");
        else if (!bag_was_read(view->bag, table_row(&mesh_kuma, "Mesh"), NULL, &why) || !mesh)
                put_unknown(view, "mtls.server", mesh ? mesh_miss_name(why) : "the Mesh is not known");
        else if (parts->unknown)
                put_unknown(view, "mtls.server", parts->unknown);
        else if (!enabled || !*enabled)
                put_text(view, "mtls.server", "DISABLE", ORIGIN_DEFAULT("the Mesh has no enabled backend"));
        else if (own)
                put_part(view, "mtls.server", json_object_new_string(text_equal(json_object_get_string(own), "Permissive") ? "PERMISSIVE" : "STRICT"),
                         parts, part, "mode");
        else {
                ref_format(ref, "Mesh", mesh);
                put_inventory(view, "Mesh", mesh, "effective");
                put_text(view, "mtls.server", mode, (struct origin){.kind = "object", .ref = ref, .field = "spec.mtls"});
        }
        free(parts);
}

static void put_effective_tls(struct kuma *kuma)
{
        struct view *view = kuma->view;
        struct json_object *policy = mesh_policy(view->snapshot, "mtls.server");
        const char *server = doc_text(policy, "value"), *ref = doc_text(policy, "origin.ref");
        int64_t pods = doc_int(view->snapshot, "membership.server.pods", 0), meshed = doc_int(view->snapshot, "membership.server.meshedPods", 0);

        if (kuma->unknown || !view->server_known || text_equal(server, MESH_UNKNOWN)) {
                put_unknown(view, "mtls.effective", kuma->unknown ? kuma->unknown : "a side is not known");
        } else if (meshed > 0 && meshed < pods) {
                put_text(view, "mtls.effective", "mixed", ORIGIN_DEFAULT("not all pods are in the mesh"));
        } else if (meshed == 0 || text_equal(server, "DISABLE")) {
                put_text(view, "mtls.effective", "plaintext",
                         ORIGIN_DEFAULT(meshed == 0 ? "the server is not in the mesh" : "the Mesh has no enabled backend"));
        } else if (!kuma->bare) {
                put_text(view, "mtls.effective", "mutual", ORIGIN_DEFAULT("both proxies are there"));
        } else if (text_equal(server, "PERMISSIVE")) {
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT(kuma->bare));
        } else {
                put_text(view, "mtls.effective", "refused", ORIGIN_DEFAULT(kuma->bare));
                put_finding(view, "PlaintextRefused", "error", ref,
                            "the client is not in the mesh and the server takes only mTLS (%s): connections are reset",
                            ref ? ref : server);
        }
}

static void put_inbound(struct kuma *kuma)
{
        struct view *view = kuma->view;

        if (!view->server_known || !view->server_meshed) {
                const char *reason = view->server_known ? "the server is not in the mesh" : "the target's pods are not known";
                struct origin origin = view->server_known ? ORIGIN_DEFAULT(reason) : ORIGIN_UNKNOWN(reason);
                put_policy(view, "faults", NULL, origin);
                put_policy(view, "rateLimit.server", NULL, origin);
                put_policy(view, "mtls.server", NULL, origin);
                return;
        }
        put_faults(view);
        put_limit(view);
        put_server_tls(view);
}

void kuma_resolve(struct view *view)
{
        struct kuma kuma = {.view = view};
        const char *protocol = doc_text(view_service_port(view), "appProtocol");

        view_set_protocol(view, protocol ? protocol : "tcp", protocol ? "appProtocol" : "default");
        kuma.http = text_equal(protocol, "http") || text_equal(protocol, "http2") || text_equal(protocol, "grpc");
        view_client_side(view, &kuma.bare, &kuma.unknown);
        put_outbound(&kuma);
        put_inbound(&kuma);
        put_effective_tls(&kuma);
        put_missed(view, "authz", "NotResolved");
        put_missed(view, "split", "NotResolved");
}
