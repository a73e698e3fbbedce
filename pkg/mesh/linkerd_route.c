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

static const char *const route_keys[] = {"timeout.requestUs", "timeout.responseUs", "timeout.idleUs", "timeout.perTryUs", "retries.attempts",
                                         "retries.on", "retries.budgetPercentE4", "retries.budgetMinPerSecond", "split"};
static const char *const accrual_keys[] = {"outlier.consecutive5xx", "outlier.baseEjectionUs", "outlier.maxEjectionUs"};

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
                        if (i == 0)
                                snprintf(ref, REF_MAX, "%s", hit->ref);
                        else
                                ref_format(ref, "Service", owners[i]);
                        return owners[i];
                }
        }
        return NULL;
}

static void set_time(struct json_object *sheet, const char *key, struct json_object *owner, const char *ref, const char *annotation)
{
        const char *text = owner ? select_annotation(owner, annotation) : NULL;
        int64_t us;

        if (!text)
                sheet_set(sheet, key, NULL, ORIGIN_DEFAULT(NULL));
        else if (quantity_text_us(text, &us))
                sheet_set(sheet, key, json_object_new_int64(us), linkerd_origin(ref, annotation));
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
                          limit ? linkerd_origin(ref, "retry.linkerd.io/limit") : ORIGIN_DEFAULT(NULL));
        sheet_set(sheet, "retries.on", on, linkerd_origin(ref, http ? "retry.linkerd.io/http" : "retry.linkerd.io/grpc"));
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
        sheet_set(sheet, "split", list, doc_len(backends, "") > 0 ? linkerd_origin(hit->ref, field) : ORIGIN_DEFAULT(NULL));
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
                sheet_set(sheet, "timeout.requestUs", us > 0 ? json_object_new_int64(us) : NULL, linkerd_origin(hit->ref, field));
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
                  given ? linkerd_origin(ref, "spec.retryBudget.retryRatio") : ORIGIN_DEFAULT(NULL));
        given = doc_at(budget, "minRetriesPerSecond") && quantity_scaled(doc_at(budget, "minRetriesPerSecond"), 1, &least);
        sheet_set(sheet, "retries.budgetMinPerSecond", json_object_new_int64(least),
                  given ? linkerd_origin(ref, "spec.retryBudget.minRetriesPerSecond") : ORIGIN_DEFAULT(NULL));
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
                sheet_set(sheet, "timeout.requestUs", route ? json_object_new_int64(us) : NULL,
                          timeout ? linkerd_origin(ref, field) : ORIGIN_DEFAULT(NULL));
        sheet_set(sheet, "timeout.responseUs", NULL, ORIGIN_DEFAULT("a ServiceProfile has none"));
        sheet_set(sheet, "timeout.idleUs", NULL, ORIGIN_DEFAULT("a ServiceProfile has none"));
        sheet_set(sheet, "timeout.perTryUs", NULL, ORIGIN_DEFAULT("a ServiceProfile has none"));
        snprintf(field, sizeof field, "spec.routes[%zu].isRetryable", index);
        sheet_set(sheet, "retries.attempts", retryable ? NULL : json_object_new_int64(0),
                  retryable ? linkerd_origin(ref, field) : ORIGIN_DEFAULT(NULL));
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
        put_policy(view, "split", list, doc_len(overrides, "") > 0 ? linkerd_origin(ref, "spec.dstOverrides") : ORIGIN_DEFAULT(NULL));
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
        static const char *const groups[] = {"gateway.networking.k8s.io", "policy.linkerd.io"}, *const kinds[] = {"GRPCRoute", "HTTPRoute"};
        struct view *view = linkerd->view;
        struct gateway_hits *hits = xnew(struct gateway_hits);
        auto_json struct json_object *sheets = doc_array();

        /* Where there are both, those of calls count. */
        for (size_t i = 0; i < ARRAY_LEN(kinds) && !hits->attached; i++)
                gateway_find(view, &(struct gateway_query){kinds[i], groups, ARRAY_LEN(groups), CONTROLLER, view->client_namespace, false}, hits);
        for (size_t i = 0; i < hits->len; i++)
                doc_push(sheets, sheet_of_route(view, &hits->hits[i]));
        if (!hits->attached)
                doc_push(sheets, sheet_of_route(view, NULL));
        else if (!hits->certain)
                put_finding(view, "NoRoute", hits->len == 0 ? "error" : "warn", NULL,
                            "requests that fit no route of the Service are answered with 404");
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
                int64_t number = knobs[i].otherwise;
                if (mode && strcmp(mode, "consecutive") != 0)
                        put_unknown(view, knobs[i].key, "another kind of failure accrual");
                else if (text && !(knobs[i].time ? quantity_text_us(text, &number) : quantity_text_scaled(text, 1, &number)))
                        put_unknown(view, knobs[i].key, "not a value of this annotation");
                else
                        put_policy(view, knobs[i].key, mode ? json_object_new_int64(number) : NULL,
                                   text   ? linkerd_origin(ref, knobs[i].annotation)
                                   : mode ? linkerd_origin(ref, "balancer.linkerd.io/failure-accrual")
                                          : ORIGIN_DEFAULT(off));
        }
}

void linkerd_routes(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *reason = linkerd->unknown, *none = linkerd->bare ? linkerd->bare : linkerd->opaque ? "the port is opaque" : NULL;
        static const char *const kinds[] = {"ServiceProfile", "HTTPRoute", "GRPCRoute"};
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
