/* SPDX-License-Identifier: Apache-2.0
 *
 * Linkerd's policies for the pair. A ServiceProfile switches off everything newer: routes, annotations, failure accrual. Sources:
 * linkerd.io, Retries; Timeouts; Circuit Breaking; Service Profiles; Protocol Detection; Automatic mTLS; Authorization Policy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/gateway.h"
#include "mesh/istio.h"
#include "mesh/linkerd.h"

#define CONTROLLER "linkerd.io/policy-controller"

struct linkerd {
        struct view *view;
        struct json_object *client_space, *server_space; /* Namespace objects, may be NULL */
        bool meshed;          /* the client's side, by fact or intent */
        const char *bare;     /* why nothing of the mesh counts for the client's requests; NULL: it does */
        const char *unknown;  /* why nobody knows; NULL: known */
        bool opaque;
};

static const char *const route_keys[] = {"timeout.requestUs", "timeout.responseUs", "timeout.idleUs", "timeout.perTryUs", "retries.attempts",
                                         "retries.on", "retries.budgetPercentE4", "retries.budgetMinPerSecond", "split"};
static const char *const accrual_keys[] = {"outlier.consecutive5xx", "outlier.baseEjectionUs", "outlier.maxEjectionUs"};

static struct origin object_origin(const char *ref, const char *field)
{
        return (struct origin){.kind = "object", .ref = ref, .field = field};
}

/* The annotations of a family ("retry.linkerd.io/…", "timeout.linkerd.io/…"): the route's if it has any of them, else the Service's. */
static struct json_object *family_of(struct view *view, const struct gateway_hit *hit, const char *prefix, char ref[static REF_MAX])
{
        struct json_object *owners[] = {hit ? hit->route : NULL, view->question->service};

        for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
                struct json_object *annotations = doc_at(owners[i], "metadata.annotations");
                if (select_count(annotations) == 0)
                        continue;
                json_object_object_foreach(annotations, key, value) {
                        (void)value;
                        if (!text_starts(key, prefix))
                                continue;
                        ref_format(ref, i == 0 ? "HTTPRoute" : "Service", owners[i]);
                        return owners[i];
                }
        }
        return NULL;
}

static void set_time(struct json_object *sheet, const char *key, struct json_object *owner, const char *ref, const char *annotation)
{
        const char *text = owner ? select_annotation(owner, annotation) : NULL;
        auto_json struct json_object *value = text ? json_object_new_string(text) : NULL;
        int64_t us;

        if (!value)
                sheet_set(sheet, key, NULL, ORIGIN_DEFAULT(NULL));
        else if (quantity_us(value, &us))
                sheet_set(sheet, key, json_object_new_int64(us), object_origin(ref, annotation));
        else
                sheet_set(sheet, key, NULL, ORIGIN_UNKNOWN("not a duration"));
}

/* Retries happen once a condition is set; the limit is one then, if nothing else is said. */
static void set_retries(struct json_object *sheet, struct json_object *owner, const char *ref)
{
        const char *http = owner ? select_annotation(owner, "retry.linkerd.io/http") : NULL;
        const char *grpc = owner ? select_annotation(owner, "retry.linkerd.io/grpc") : NULL;
        const char *limit = owner ? select_annotation(owner, "retry.linkerd.io/limit") : NULL;
        struct json_object *on = doc_array();

        if (http)
                doc_push_text(on, http);
        if (grpc)
                doc_push_text(on, grpc);
        if (!http && !grpc) {
                sheet_set(sheet, "retries.attempts", json_object_new_int64(0), ORIGIN_DEFAULT(NULL));
                sheet_set(sheet, "retries.on", NULL, ORIGIN_DEFAULT(NULL));
                sheet_set(sheet, "timeout.perTryUs", NULL, ORIGIN_DEFAULT(NULL));
                json_object_put(on);
                return;
        }
        auto_json struct json_object *text = limit ? json_object_new_string(limit) : NULL;
        int64_t number = 1;
        if (text && !quantity_scaled(text, 1, &number))
                sheet_set(sheet, "retries.attempts", NULL, ORIGIN_UNKNOWN("not a number"));
        else
                sheet_set(sheet, "retries.attempts", json_object_new_int64(number),
                          limit ? object_origin(ref, "retry.linkerd.io/limit") : ORIGIN_DEFAULT(NULL));
        sheet_set(sheet, "retries.on", on, object_origin(ref, http ? "retry.linkerd.io/http" : "retry.linkerd.io/grpc"));
        set_time(sheet, "timeout.perTryUs", owner, ref, "retry.linkerd.io/timeout");
}

static void set_split(const struct view *view, struct json_object *sheet, const struct gateway_hit *hit)
{
        struct json_object *list = doc_array(), *backends = hit ? doc_at(hit->rule, "backendRefs") : NULL;
        char field[FIELD_MAX];

        for (size_t i = 0; i < doc_len(backends, ""); i++) {
                struct json_object *backend = doc_item(backends, i), *entry = doc_object();
                const char *namespace = doc_text(backend, "namespace");
                char host[HOST_MAX];
                snprintf(host, sizeof host, "%.253s.%.63s", doc_text(backend, "name") ? doc_text(backend, "name") : "",
                         namespace ? namespace : doc_text(hit->route, "metadata.namespace"));
                doc_set_int(doc_set_text(entry, "host", host), "weight", doc_int(backend, "weight", 1));
                doc_push(list, entry);
        }
        if (doc_len(backends, "") == 0)
                doc_push(list, doc_set_int(doc_set_text(doc_object(), "host", view->host), "weight", 1));
        snprintf(field, sizeof field, "spec.rules[%zu].backendRefs", hit ? hit->index : 0);
        sheet_set(sheet, "split", list, doc_len(backends, "") > 0 ? object_origin(hit->ref, field) : ORIGIN_DEFAULT(NULL));
}

/* The annotation goes before the route's own timeout; backendRequest is not read. */
static void set_request_timeout(struct json_object *sheet, struct json_object *owner, const char *ref, const struct gateway_hit *hit)
{
        struct json_object *own = hit ? doc_at(hit->rule, "timeouts.request") : NULL;
        char field[FIELD_MAX];
        int64_t us;

        set_time(sheet, "timeout.requestUs", owner, ref, "timeout.linkerd.io/request");
        if (!own || (owner && select_annotation(owner, "timeout.linkerd.io/request")))
                return;
        snprintf(field, sizeof field, "spec.rules[%zu].timeouts.request", hit->index);
        if (quantity_us(own, &us))
                sheet_set(sheet, "timeout.requestUs", us > 0 ? json_object_new_int64(us) : NULL, object_origin(hit->ref, field));
        else
                sheet_set(sheet, "timeout.requestUs", NULL, ORIGIN_UNKNOWN("not a duration"));
}

static struct json_object *sheet_of_route(struct view *view, const struct gateway_hit *hit)
{
        struct json_object *sheet = doc_object();
        char retry_ref[REF_MAX], timeout_ref[REF_MAX];
        struct json_object *retry = family_of(view, hit, "retry.linkerd.io/", retry_ref);
        struct json_object *timeout = family_of(view, hit, "timeout.linkerd.io/", timeout_ref);

        set_request_timeout(sheet, timeout, timeout_ref, hit);
        set_time(sheet, "timeout.responseUs", timeout, timeout_ref, "timeout.linkerd.io/response");
        set_time(sheet, "timeout.idleUs", timeout, timeout_ref, "timeout.linkerd.io/idle");
        set_retries(sheet, retry, retry_ref);
        sheet_set(sheet, "retries.budgetPercentE4", NULL, ORIGIN_DEFAULT(NULL));
        sheet_set(sheet, "retries.budgetMinPerSecond", NULL, ORIGIN_DEFAULT(NULL));
        set_split(view, sheet, hit);
        return sheet;
}

/* Named after the whole Service; the client's namespace is asked first. */
static struct json_object *profile_of(struct view *view, char ref[static REF_MAX])
{
        const char *places[] = {view->client_namespace, view->target_namespace};

        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
                struct json_object *profile = bag_object(view->bag, "linkerd.io", "ServiceProfile", places[i], view->host);
                if (!profile)
                        continue;
                ref_format(ref, "ServiceProfile", profile);
                put_inventory(view, "ServiceProfile", profile, "effective");
                return profile;
        }
        return NULL;
}

static void set_budget(struct json_object *sheet, struct json_object *profile, const char *ref, bool retryable)
{
        struct json_object *budget = doc_at(profile, "spec.retryBudget");
        int64_t ratio = 200000, least = 10;

        if (!retryable) {
                sheet_set(sheet, "retries.budgetPercentE4", NULL, ORIGIN_DEFAULT(NULL));
                sheet_set(sheet, "retries.budgetMinPerSecond", NULL, ORIGIN_DEFAULT(NULL));
                return;
        }
        bool given = doc_at(budget, "retryRatio") && quantity_scaled(doc_at(budget, "retryRatio"), 1e6, &ratio);
        sheet_set(sheet, "retries.budgetPercentE4", json_object_new_int64(ratio),
                  given ? object_origin(ref, "spec.retryBudget.retryRatio") : ORIGIN_DEFAULT(NULL));
        given = doc_at(budget, "minRetriesPerSecond") && quantity_scaled(doc_at(budget, "minRetriesPerSecond"), 1, &least);
        sheet_set(sheet, "retries.budgetMinPerSecond", json_object_new_int64(least),
                  given ? object_origin(ref, "spec.retryBudget.minRetriesPerSecond") : ORIGIN_DEFAULT(NULL));
}

#define PROFILE_TIMEOUT_US 10000000

/* A route of the profile (NULL: none fits). Retries have no number, only a budget; a route's timeout is ten seconds if it says nothing. */
static struct json_object *sheet_of_profile(struct json_object *profile, const char *ref, struct json_object *route, size_t index)
{
        struct json_object *sheet = doc_object(), *timeout = doc_at(route, "timeout");
        bool retryable = doc_bool(route, "isRetryable", false);
        char field[FIELD_MAX];
        int64_t us = PROFILE_TIMEOUT_US;

        snprintf(field, sizeof field, "spec.routes[%zu].timeout", index);
        if (timeout && !quantity_us(timeout, &us))
                sheet_set(sheet, "timeout.requestUs", NULL, ORIGIN_UNKNOWN("not a duration"));
        else
                sheet_set(sheet, "timeout.requestUs", route ? json_object_new_int64(us) : NULL, timeout ? object_origin(ref, field) : ORIGIN_DEFAULT(NULL));
        sheet_set(sheet, "timeout.responseUs", NULL, ORIGIN_DEFAULT("a ServiceProfile has none"));
        sheet_set(sheet, "timeout.idleUs", NULL, ORIGIN_DEFAULT("a ServiceProfile has none"));
        sheet_set(sheet, "timeout.perTryUs", NULL, ORIGIN_DEFAULT("a ServiceProfile has none"));
        snprintf(field, sizeof field, "spec.routes[%zu].isRetryable", index);
        sheet_set(sheet, "retries.attempts", retryable ? NULL : json_object_new_int64(0), retryable ? object_origin(ref, field) : ORIGIN_DEFAULT(NULL));
        sheet_set(sheet, "retries.on", NULL, ORIGIN_DEFAULT(NULL));
        set_budget(sheet, profile, ref, retryable);
        return sheet;
}

/* Conditions are regular expressions of another language: only method and plain paths can be told. */
static enum istio_fit condition_fits(const struct view *view, struct json_object *condition)
{
        const char *regex = doc_text(condition, "pathRegex"), *method = doc_text(condition, "method");
        const char *own_path = doc_text(view->question->request, "path"), *own_method = doc_text(view->question->request, "method");
        enum istio_fit fit = ISTIO_FIT_YES;
        char bare[2048];

        if (doc_at(condition, "all") || doc_at(condition, "any") || doc_at(condition, "not") || (!regex && !method))
                return ISTIO_FIT_MAYBE;
        if (method)
                fit = !own_method ? ISTIO_FIT_MAYBE : strcmp(method, own_method) == 0 ? ISTIO_FIT_YES : ISTIO_FIT_NO;
        if (!regex || fit == ISTIO_FIT_NO)
                return fit;
        if (!own_path || strlen(own_path) >= sizeof bare || strpbrk(regex, "\\^$.|?*+()[]{}"))
                return ISTIO_FIT_MAYBE;
        strcpy(bare, own_path);
        bare[strcspn(bare, "?")] = '\0';
        return strcmp(bare, regex) == 0 ? fit : ISTIO_FIT_NO;
}

static void put_profile(struct linkerd *linkerd, struct json_object *profile, const char *ref)
{
        struct view *view = linkerd->view;
        auto_json struct json_object *sheets = doc_array();
        struct json_object *routes = doc_at(profile, "spec.routes");
        enum istio_fit fit = ISTIO_FIT_NO;

        for (size_t i = 0; i < doc_len(routes, "") && fit != ISTIO_FIT_YES; i++) {
                fit = condition_fits(view, doc_at(doc_item(routes, i), "condition"));
                if (fit != ISTIO_FIT_NO)
                        doc_push(sheets, sheet_of_profile(profile, ref, doc_item(routes, i), i));
        }
        if (fit != ISTIO_FIT_YES)
                doc_push(sheets, sheet_of_profile(profile, ref, NULL, 0));
        sheets_put(view, sheets, "the routes that the load may take");
        struct json_object *overrides = doc_at(profile, "spec.dstOverrides"), *list = doc_array();
        for (size_t i = 0; i < doc_len(overrides, ""); i++) {
                const char *weight = doc_text(doc_item(overrides, i), "weight");
                int64_t milli = doc_int(doc_item(overrides, i), "weight", 0) * 1000;
                if (weight)
                        quantity_milli(weight, &milli);
                doc_push(list, doc_set_int(doc_set_text(doc_object(), "host", doc_text(doc_item(overrides, i), "authority")), "weightMilli", milli));
        }
        if (doc_len(list, "") == 0)
                doc_push(list, doc_set_int(doc_set_text(doc_object(), "host", view->host), "weight", 1));
        put_policy(view, "split", list, doc_len(overrides, "") > 0 ? object_origin(ref, "spec.dstOverrides") : ORIGIN_DEFAULT(NULL));
}

/* What the profile keeps from having an effect. */
static void note_switched_off(struct linkerd *linkerd, const char *profile_ref)
{
        static const char *const prefixes[] = {"retry.linkerd.io/", "timeout.linkerd.io/", "balancer.linkerd.io/"};
        struct view *view = linkerd->view;
        char ref[REF_MAX], reason[REF_MAX + 64];

        snprintf(reason, sizeof reason, "%s switches annotations off", profile_ref);
        for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
                if (family_of(view, NULL, prefixes[i], ref))
                        put_inert(view, NULL, ref, reason);
}

static void put_routes(struct linkerd *linkerd)
{
        static const char *const groups[] = {"gateway.networking.k8s.io", "policy.linkerd.io"};
        struct view *view = linkerd->view;
        struct gateway_hits *hits = xnew(struct gateway_hits);
        auto_json struct json_object *sheets = doc_array();

        const struct gateway_query query = {groups, ARRAY_LEN(groups), CONTROLLER, false};
        gateway_find(view, &query, hits);
        for (size_t i = 0; i < hits->len; i++)
                doc_push(sheets, sheet_of_route(view, &hits->hits[i]));
        if (!hits->attached)
                doc_push(sheets, sheet_of_route(view, NULL));
        else if (!hits->certain)
                put_finding(view, "NoRoute", hits->len == 0 ? "error" : "warn", NULL, "requests that fit no HTTPRoute of the Service are answered with 404");
        for (size_t i = 0; doc_len(sheets, "") == 0 && i < ARRAY_LEN(route_keys); i++)
                put_unknown(view, route_keys[i], "no route fits");
        sheets_put(view, sheets, "the routes that the load may take");
        free(hits);
}

/* Consecutive failures take an endpoint out, for longer each time. */
static void put_accrual(struct linkerd *linkerd, const char *off)
{
        static const struct {
                const char *key, *annotation;
                int64_t otherwise;
                bool time;
        } knobs[] = {{"outlier.consecutive5xx", "balancer.linkerd.io/failure-accrual-consecutive-max-failures", 7, false},
                     {"outlier.baseEjectionUs", "balancer.linkerd.io/failure-accrual-consecutive-min-penalty", 1000000, true},
                     {"outlier.maxEjectionUs", "balancer.linkerd.io/failure-accrual-consecutive-max-penalty", 60000000, true}};
        struct view *view = linkerd->view;
        struct json_object *service = view->question->service;
        const char *mode = off ? NULL : select_annotation(service, "balancer.linkerd.io/failure-accrual");
        char ref[REF_MAX];

        ref_format(ref, "Service", service);
        for (size_t i = 0; i < ARRAY_LEN(knobs); i++) {
                const char *text = mode ? select_annotation(service, knobs[i].annotation) : NULL;
                auto_json struct json_object *value = text ? json_object_new_string(text) : NULL;
                int64_t number = knobs[i].otherwise;
                if (mode && strcmp(mode, "consecutive") != 0)
                        put_unknown(view, knobs[i].key, "another kind of failure accrual");
                else if (value && !(knobs[i].time ? quantity_us(value, &number) : quantity_scaled(value, 1, &number)))
                        put_unknown(view, knobs[i].key, "not a value of this annotation");
                else
                        put_policy(view, knobs[i].key, mode ? json_object_new_int64(number) : NULL,
                                   value  ? object_origin(ref, knobs[i].annotation)
                                   : mode ? object_origin(ref, "balancer.linkerd.io/failure-accrual")
                                          : ORIGIN_DEFAULT(off));
        }
}

static bool lists_port(const char *list, int32_t port)
{
        while (list && *list) {
                char *end;
                long from = strtol(list, &end, 10), to = from;
                if (*end == '-')
                        to = strtol(end + 1, &end, 10);
                if (port >= from && port <= to)
                        return true;
                list = end + strcspn(end, ",");
                list += *list == ',';
        }
        return false;
}

#define OPAQUE_PORTS "25,587,3306,4444,5432,6379,9300,11211" /* the chart's list */

/* Opaque ports are carried as bytes. Who says so: the Service's port, its annotation, the server's pod or namespace, the installation. */
static void decide_protocol(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *application = doc_text(view_service_port(view), "appProtocol");
        const char *own = select_annotation(view->question->service, "config.linkerd.io/opaque-ports");
        const char *pod = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, "config.linkerd.io/opaque-ports");
        const char *whole = doc_text(view->config, "proxy.opaquePorts");

        linkerd->opaque = text_equal(application, "linkerd.io/tcp") || text_equal(application, "linkerd.io/opaque");
        if (linkerd->opaque) {
                view_set_protocol(view, "opaque", "appProtocol");
                return;
        }
        if (own || pod || whole) {
                linkerd->opaque = own ? lists_port(own, view->port) : pod ? lists_port(pod, view->target_port) : lists_port(whole, view->target_port);
                view_set_protocol(view, linkerd->opaque ? "opaque" : "detected", own ? "Service annotation" : pod ? "pod or namespace annotation" : "linkerd-config");
                return;
        }
        linkerd->opaque = lists_port(OPAQUE_PORTS, view->target_port);
        view_set_protocol(view, linkerd->opaque ? "opaque" : "detected", "default");
}

static void decide_client(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        struct json_object *member = doc_at(view->snapshot, "membership.client");
        bool intent_known = json_object_is_type(doc_at(member, "intent"), json_type_boolean);
        const char *skipped = linkerd_annotation(view->question->client, linkerd->client_space, "config.linkerd.io/skip-outbound-ports");

        linkerd->meshed = view->client_known ? view->client_meshed : doc_bool(member, "intent", false);
        if (!view->client_known && !intent_known)
                linkerd->unknown = "nobody knows whether the client is in the mesh";
        else if (!linkerd->meshed)
                linkerd->bare = "the client is not in the mesh";
        else if (lists_port(skipped, view->port))
                linkerd->bare = "the client keeps the port from its proxy (skip-outbound-ports)";
        else if (!view->question->service)
                linkerd->unknown = "the target is not a Service";
}

static void put_routing(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *reason = linkerd->unknown, *none = linkerd->bare ? linkerd->bare : linkerd->opaque ? "the port is opaque" : NULL;
        static const char *const kinds[] = {"ServiceProfile", "HTTPRoute"};
        char ref[REF_MAX];

        for (size_t i = 0; !reason && !none && i < ARRAY_LEN(kinds); i++)
                for (size_t n = 0; !reason && n < 2; n++) {
                        enum mesh_miss why = MESH_NOT_READ;
                        for (size_t r = 0; r < mesh_linkerd.resources_len; r++)
                                if (strcmp(mesh_linkerd.resources[r].kind, kinds[i]) == 0 &&
                                    !bag_was_read(view->bag, &mesh_linkerd.resources[r], n ? view->client_namespace : view->target_namespace, &why))
                                        reason = mesh_miss_name(why);
                }
        if (reason || none) {
                for (size_t i = 0; i < ARRAY_LEN(route_keys) + ARRAY_LEN(accrual_keys); i++) {
                        const char *key = i < ARRAY_LEN(route_keys) ? route_keys[i] : accrual_keys[i - ARRAY_LEN(route_keys)];
                        put_policy(view, key, NULL, reason ? ORIGIN_UNKNOWN(reason) : ORIGIN_DEFAULT(none));
                }
                if (none && !reason)
                        put_int(view, "retries.attempts", 0, ORIGIN_DEFAULT(none));
                return;
        }
        struct json_object *profile = profile_of(view, ref);
        if (profile) {
                put_profile(linkerd, profile, ref);
                note_switched_off(linkerd, ref);
                put_accrual(linkerd, "a ServiceProfile switches it off");
                return;
        }
        put_routes(linkerd);
        put_accrual(linkerd, NULL);
}

#define CONNECT_US 1000000

static void put_proxy_knobs(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        static const char *const connect = "config.linkerd.io/proxy-outbound-connect-timeout", *const log = "config.linkerd.io/access-log";
        const char *text = linkerd_annotation(view->question->client, linkerd->client_space, connect);
        auto_json struct json_object *value = text ? json_object_new_string(text) : NULL;
        int64_t us = CONNECT_US;

        if (linkerd->unknown)
                put_unknown(view, "timeout.connectUs", linkerd->unknown);
        else if (linkerd->bare)
                put_policy(view, "timeout.connectUs", NULL, ORIGIN_DEFAULT(linkerd->bare));
        else if (value && !quantity_us(value, &us))
                put_unknown(view, "timeout.connectUs", "not a duration");
        else
                put_int(view, "timeout.connectUs", us, value ? (struct origin){.kind = "proxyConfig", .field = connect} : ORIGIN_DEFAULT(NULL));
        put_text(view, "lb.policy", linkerd->bare || linkerd->unknown ? NULL : linkerd->opaque ? "connection" : "peak_ewma",
                 linkerd->unknown ? ORIGIN_UNKNOWN(linkerd->unknown) : ORIGIN_DEFAULT(linkerd->bare));
        const char *client = linkerd_annotation(view->question->client, linkerd->client_space, log);
        const char *server = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, log);
        put_bool(view, "telemetry.accessLog.client", client && *client && view->client_meshed, client ? (struct origin){.kind = "proxyConfig", .field = log} : ORIGIN_DEFAULT(NULL));
        put_bool(view, "telemetry.accessLog.server", server && *server && view->server_meshed, server ? (struct origin){.kind = "proxyConfig", .field = log} : ORIGIN_DEFAULT(NULL));
}

/* Servers for the port take the place of the default policy. Returns their number; 0 with *ret_reason if nobody can tell. */
static size_t servers_for(struct view *view, char ref[static REF_MAX], const char **ret_access, const char **ret_reason)
{
        auto_json struct json_object *all = bag_objects(view->bag, "policy.linkerd.io", "Server", view->target_namespace);
        enum mesh_miss why = MESH_NOT_READ;
        size_t len = 0;

        *ret_reason = NULL;
        if (!bag_was_read(view->bag, table_row(&mesh_linkerd, "Server"), view->target_namespace, &why)) {
                *ret_reason = mesh_miss_name(why);
                return 0;
        }
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *server = doc_item(all, i);
                const char *named = doc_text(server, "spec.port");
                if (!doc_at(server, "spec.podSelector") || !select_matches(doc_at(server, "spec.podSelector"), view->server_labels) ||
                    (!named && doc_int(server, "spec.port", 0) != view->target_port))
                        continue;
                if (named && !text_equal(named, doc_text(view_service_port(view), "targetPort")))
                        continue;
                const char *access = doc_text(server, "spec.accessPolicy");
                *ret_access = access ? access : "deny";
                ref_format(ref, "Server", server);
                put_inventory(view, "Server", server, "effective");
                len++;
        }
        return len;
}

static void put_inbound(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        static const char *const key = "config.linkerd.io/default-inbound-policy";
        const char *reason, *access = NULL, *own = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, key);
        const char *whole = doc_text(view->config, "proxy.defaultInboundPolicy");
        char ref[REF_MAX];

        if (!view->server_known || !view->server_meshed) {
                reason = view->server_known ? NULL : "the target's pods are not known";
                put_policy(view, "authz.default", NULL, reason ? ORIGIN_UNKNOWN(reason) : ORIGIN_DEFAULT("the server is not in the mesh"));
                return;
        }
        size_t servers = servers_for(view, ref, &access, &reason);
        if (reason)
                put_unknown(view, "authz.default", reason);
        else if (servers > 0)
                put_text(view, "authz.default", access, object_origin(ref, "spec.accessPolicy"));
        else if (own)
                put_text(view, "authz.default", own, (struct origin){.kind = "proxyConfig", .field = key});
        else if (whole)
                put_text(view, "authz.default", whole, ORIGIN_CONFIG("proxy.defaultInboundPolicy"));
        else if (view->config)
                put_text(view, "authz.default", "all-unauthenticated", ORIGIN_DEFAULT(NULL));
        else
                put_unknown(view, "authz.default", "linkerd-config not read");
}

/* mTLS needs both proxies and a port that neither skips; it has no switch. Who demands it is an inbound policy. */
static void put_mtls(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *inbound = doc_text(mesh_policy(view->snapshot, "authz.default"), "value");
        const char *skipped = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, "config.linkerd.io/skip-inbound-ports");
        int64_t pods = doc_int(view->snapshot, "membership.server.pods", 0), meshed = doc_int(view->snapshot, "membership.server.meshedPods", 0);
        bool demands = inbound && (strcmp(inbound, "all-authenticated") == 0 || strcmp(inbound, "cluster-authenticated") == 0);

        if (linkerd->unknown || !view->server_known) {
                put_unknown(view, "mtls.effective", linkerd->unknown ? linkerd->unknown : "the target's pods are not known");
        } else if (meshed > 0 && lists_port(skipped, view->target_port)) {
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT("the server keeps the port from its proxy (skip-inbound-ports)"));
        } else if (!linkerd->bare) {
                put_text(view, "mtls.effective", meshed == pods ? "mutual" : meshed > 0 ? "mixed" : "plaintext", ORIGIN_DEFAULT("both proxies are there, or not"));
        } else if (meshed == 0) {
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT(linkerd->bare));
        } else if (!inbound || strcmp(inbound, MESH_UNKNOWN) == 0 || (!demands && strcmp(inbound, "all-unauthenticated") != 0 && strcmp(inbound, "cluster-unauthenticated") != 0)) {
                put_unknown(view, "mtls.effective", "policies of the server decide whether it takes plaintext");
        } else {
                put_text(view, "mtls.effective", demands ? "refused" : "plaintext", ORIGIN_DEFAULT(linkerd->bare));
                if (demands)
                        put_finding(view, "PlaintextRefused", "error", NULL, "the client is not in the mesh and the server takes only mTLS (%s): requests are refused", inbound);
        }
}

static void put_limits(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        auto_json struct json_object *all = bag_objects(view->bag, "policy.linkerd.io", "HTTPLocalRateLimitPolicy", view->target_namespace);
        struct json_object *list = doc_array();
        char ref[REF_MAX], first[REF_MAX] = "";
        const char *server = doc_text(mesh_policy(view->snapshot, "authz.default"), "origin.ref"), *slash = server ? strchr(server, '/') : NULL;
        enum mesh_miss why = MESH_NOT_READ;

        if (!bag_was_read(view->bag, table_row(&mesh_linkerd, "HTTPLocalRateLimitPolicy"), view->target_namespace, &why)) {
                json_object_put(list);
                put_unknown(view, "rateLimit.server", mesh_miss_name(why));
                return;
        }
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *policy = doc_item(all, i), *entry;
                ref_format(ref, "HTTPLocalRateLimitPolicy", policy);
                /* Only of the Server that is in effect for the port. */
                if (!slash || !text_equal(doc_text(policy, "spec.targetRef.name"), slash + 1))
                        continue;
                put_inventory(view, "HTTPLocalRateLimitPolicy", policy, "effective");
                entry = doc_set_text(doc_object(), "ref", ref);
                if (doc_at(policy, "spec.total.requestsPerSecond"))
                        doc_set_int(entry, "totalPerSecond", doc_int(policy, "spec.total.requestsPerSecond", 0));
                if (doc_at(policy, "spec.identity.requestsPerSecond"))
                        doc_set_int(entry, "identityPerSecond", doc_int(policy, "spec.identity.requestsPerSecond", 0));
                doc_push(list, entry);
                if (!*first)
                        memcpy(first, ref, sizeof first);
        }
        put_policy(view, "rateLimit.server", list, *first ? object_origin(first, "spec") : ORIGIN_DEFAULT(NULL));
}

void linkerd_resolve(struct view *view)
{
        struct linkerd linkerd = {.view = view,
                                  .client_space = bag_object(view->bag, "", "Namespace", NULL, view->client_namespace),
                                  .server_space = bag_object(view->bag, "", "Namespace", NULL, view->target_namespace)};

        decide_protocol(&linkerd);
        decide_client(&linkerd);
        put_routing(&linkerd);
        put_proxy_knobs(&linkerd);
        put_inbound(&linkerd);
        put_limits(&linkerd);
        put_mtls(&linkerd);
}
