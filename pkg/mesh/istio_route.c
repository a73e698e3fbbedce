/* SPDX-License-Identifier: Apache-2.0
 *
 * What the route of a request says: timeouts, retries, faults, mirrors, split. Sources: istio.io, VirtualService (HTTPRoute, HTTPRetry,
 * HTTPFaultInjection), Global Mesh Options (defaultHttpRetryPolicy). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio_virtual.h"

static const char *const keys[] = {"route.action",     "timeout.requestUs", "timeout.perTryUs", "retries.attempts", "retries.on",
                                   "retries.backoffMinUs", "faults",        "mirror",           "split"};

static struct origin object_origin(const char *ref, const char *field)
{
        return (struct origin){.kind = "object", .ref = ref, .field = field};
}

/* A duration of the route; not there or zero: none. */
static void set_timeout(struct json_object *sheet, const struct virtual_route *route)
{
        const char *ref;
        char field[FIELD_MAX];
        int64_t us = 0;
        struct json_object *value = route ? virtual_member(route, "timeout", &ref, field) : NULL;

        if (!value)
                sheet_set(sheet, "timeout.requestUs", NULL, ORIGIN_DEFAULT("no timeout unless a VirtualService sets one"));
        else if (!quantity_us(value, &us))
                sheet_set(sheet, "timeout.requestUs", NULL, ORIGIN_UNKNOWN("not a duration"));
        else
                sheet_set(sheet, "timeout.requestUs", us > 0 ? json_object_new_int64(us) : NULL, object_origin(ref, field));
}

static int by_text(const void *a, const void *b)
{
        return strcmp(json_object_get_string(*(struct json_object *const *)a), json_object_get_string(*(struct json_object *const *)b));
}

/* Conditions as a sorted set. Status codes among them need "retriable-status-codes", which istiod adds. */
static struct json_object *conditions_of(const char *text)
{
        struct json_object *list = doc_array();
        auto_free char *copy = xstrdup(text);
        char *at = NULL;
        bool codes = false, named = false;

        for (char *word = strtok_r(copy, ", ", &at); word; word = strtok_r(NULL, ", ", &at)) {
                codes = codes || strspn(word, "0123456789") == strlen(word);
                named = named || strcmp(word, "retriable-status-codes") == 0;
                doc_push_text(list, word);
        }
        if (codes && !named)
                doc_push_text(list, "retriable-status-codes");
        json_object_array_sort(list, by_text);
        return list;
}

#define DEFAULT_ON "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"

/* Until 1.23 the default also repeated answers of 503. */
static void set_default_conditions(const struct istio *istio, struct json_object *sheet)
{
        if (istio->minor == 0)
                sheet_set(sheet, "retries.on", NULL, ORIGIN_UNKNOWN("the default depends on the version"));
        else
                sheet_set(sheet, "retries.on", conditions_of(istio->minor < 24 ? DEFAULT_ON ",503" : DEFAULT_ON), ORIGIN_DEFAULT(NULL));
}

static void set_no_retries(struct json_object *sheet, struct origin origin)
{
        static const char *const none[] = {"timeout.perTryUs", "retries.on", "retries.backoffMinUs"};

        sheet_set(sheet, "retries.attempts", json_object_new_int64(0), origin);
        for (size_t i = 0; i < ARRAY_LEN(none); i++)
                sheet_set(sheet, none[i], NULL, origin);
}

#define BACKOFF_US 25000 /* Envoy's base interval */

/* One member of a retry policy, or its default. */
static void set_retry_time(struct json_object *sheet, const char *key, struct json_object *policy, const char *member, struct origin origin,
                           int64_t default_us)
{
        char field[FIELD_MAX + 32];
        struct json_object *value = doc_at(policy, member);
        int64_t us = 0;

        snprintf(field, sizeof field, "%s.%s", origin.field, member);
        origin.field = field;
        if (value && quantity_us(value, &us))
                sheet_set(sheet, key, json_object_new_int64(us), origin);
        else if (value)
                sheet_set(sheet, key, NULL, ORIGIN_UNKNOWN("not a duration"));
        else
                sheet_set(sheet, key, default_us > 0 ? json_object_new_int64(default_us) : NULL, ORIGIN_DEFAULT(NULL));
}

/* "retries" of a route or of the mesh config: given without attempts it switches retries off. */
static void set_retry_policy(const struct istio *istio, struct json_object *sheet, struct json_object *policy, struct origin origin)
{
        char field[FIELD_MAX + 32];
        const char *on = doc_text(policy, "retryOn");
        int64_t attempts = doc_int(policy, "attempts", 0);
        struct origin at = origin;

        snprintf(field, sizeof field, "%s.attempts", origin.field);
        at.field = field;
        if (attempts <= 0) {
                set_no_retries(sheet, at);
                return;
        }
        sheet_set(sheet, "retries.attempts", json_object_new_int64(attempts), at);
        snprintf(field, sizeof field, "%s.retryOn", origin.field);
        if (on && *on)
                sheet_set(sheet, "retries.on", conditions_of(on), at);
        else
                set_default_conditions(istio, sheet);
        set_retry_time(sheet, "timeout.perTryUs", policy, "perTryTimeout", origin, 0);
        set_retry_time(sheet, "retries.backoffMinUs", policy, "backoff", origin, BACKOFF_US);
}

static void set_retries(const struct istio *istio, struct json_object *sheet, const struct virtual_route *route)
{
        const char *ref;
        char field[FIELD_MAX];
        struct json_object *own = route ? virtual_member(route, "retries", &ref, field) : NULL;
        struct json_object *whole = doc_at(istio->view->config, "defaultHttpRetryPolicy");

        if (own) {
                set_retry_policy(istio, sheet, own, object_origin(ref, field));
        } else if (whole) {
                set_retry_policy(istio, sheet, whole, ORIGIN_CONFIG("defaultHttpRetryPolicy"));
        } else if (!istio->view->config) {
                for (size_t i = 2; i < 6; i++)
                        sheet_set(sheet, keys[i], NULL, ORIGIN_UNKNOWN("mesh config not read"));
        } else {
                sheet_set(sheet, "retries.attempts", json_object_new_int64(2), ORIGIN_DEFAULT(NULL));
                set_default_conditions(istio, sheet);
                sheet_set(sheet, "timeout.perTryUs", NULL, ORIGIN_DEFAULT(NULL));
                sheet_set(sheet, "retries.backoffMinUs", json_object_new_int64(BACKOFF_US), ORIGIN_DEFAULT(NULL));
        }
}

/* Without a percentage a fault hits nobody. */
static int64_t percent_e4(struct json_object *object, const char *path, const char *old_path, int64_t otherwise)
{
        struct json_object *value = doc_at(object, path);
        int64_t parts;

        if (!value && doc_at(object, "percentage"))
                return 0; /* {} is a percentage of zero */
        value = value ? value : old_path ? doc_at(object, old_path) : NULL;
        return value && quantity_scaled(value, 1e4, &parts) ? parts : otherwise;
}

static void set_faults(struct json_object *sheet, const struct virtual_route *route)
{
        const char *ref;
        char field[FIELD_MAX];
        struct json_object *fault = route ? virtual_member(route, "fault", &ref, field) : NULL, *list = doc_array();
        struct json_object *delay = doc_at(fault, "delay"), *abort = doc_at(fault, "abort");
        int64_t us = 0;

        if (delay && quantity_us(doc_at(delay, "fixedDelay"), &us)) {
                struct json_object *entry = doc_set_int(doc_set_text(doc_object(), "type", "delay"), "us", us);
                doc_push(list, doc_set_int(entry, "percentE4", percent_e4(delay, "percentage.value", "percent", 0)));
        }
        if (abort) {
                struct json_object *entry = doc_set_text(doc_object(), "type", "abort");
                if (doc_at(abort, "httpStatus"))
                        doc_set_int(entry, "httpStatus", doc_int(abort, "httpStatus", 0));
                doc_set_text(entry, "grpcStatus", doc_text(abort, "grpcStatus"));
                doc_push(list, doc_set_int(entry, "percentE4", percent_e4(abort, "percentage.value", NULL, 0)));
        }
        sheet_set(sheet, "faults", list, fault ? object_origin(ref, field) : ORIGIN_DEFAULT(NULL));
}

static struct json_object *destination_of(const struct view *view, struct json_object *destination, const char *namespace)
{
        char full[HOST_MAX];
        const char *host = doc_text(destination, "host");
        struct json_object *entry = doc_object();

        istio_host_full(view, host ? host : "", namespace, full);
        doc_set_text(entry, "host", full);
        doc_set_text(entry, "subset", doc_text(destination, "subset"));
        if (doc_at(destination, "port.number"))
                doc_set_int(entry, "port", doc_int(destination, "port.number", 0));
        return entry;
}

/* The namespace in a ref "VirtualService ns/name": short destinations are completed with it. */
static void namespace_of_ref(const char *ref, char namespace[static MESH_NAME_MAX])
{
        const char *space = strchr(ref, ' '), *slash = space ? strchr(space, '/') : NULL;

        snprintf(namespace, MESH_NAME_MAX, "%.*s", slash ? (int)(slash - space - 1) : 0, slash ? space + 1 : "");
}

static void set_mirror(const struct view *view, struct json_object *sheet, const struct virtual_route *route)
{
        const char *ref = NULL, *unused;
        char field[FIELD_MAX], other[FIELD_MAX], namespace[MESH_NAME_MAX];
        struct json_object *list = doc_array();
        struct json_object *one = route ? virtual_member(route, "mirror", &ref, field) : NULL;

        if (one) {
                namespace_of_ref(ref, namespace);
                struct json_object *percent = virtual_member(route, "mirrorPercentage", &unused, other);
                struct json_object *entry = destination_of(view, one, namespace);
                auto_json struct json_object *wrapped = doc_object();
                if (percent)
                        doc_set(wrapped, "percentage", json_object_get(percent));
                doc_push(list, doc_set_int(entry, "percentE4", percent_e4(wrapped, "percentage.value", NULL, 1000000)));
        }
        struct json_object *many = route && !one ? virtual_member(route, "mirrors", &ref, field) : NULL;
        for (size_t i = 0; i < doc_len(many, ""); i++) {
                struct json_object *mirror = doc_item(many, i);
                namespace_of_ref(ref, namespace);
                doc_push(list, doc_set_int(destination_of(view, doc_at(mirror, "destination"), namespace), "percentE4",
                                           percent_e4(mirror, "percentage.value", NULL, 1000000)));
        }
        sheet_set(sheet, "mirror", list, one || many ? object_origin(ref, field) : ORIGIN_DEFAULT(NULL));
}

static void set_split(const struct view *view, struct json_object *sheet, const struct virtual_route *route)
{
        char field[FIELD_MAX], namespace[MESH_NAME_MAX];
        struct json_object *list = doc_array(), *routes = route ? doc_at(route->own, "route") : NULL;
        size_t len = doc_len(routes, "");

        if (!routes) {
                if (!route)
                        doc_push(list, doc_set_int(doc_set_text(doc_object(), "host", view->host), "weight", 100));
                sheet_set(sheet, "split", list, ORIGIN_DEFAULT(NULL));
                return;
        }
        namespace_of_ref(route->ref, namespace);
        for (size_t i = 0; i < len; i++) {
                struct json_object *entry = destination_of(view, doc_at(doc_item(routes, i), "destination"), namespace);
                doc_push(list, doc_set_int(entry, "weight", len == 1 ? 100 : doc_int(doc_item(routes, i), "weight", 0)));
        }
        snprintf(field, sizeof field, route->converted ? "spec.rules[%zu].backendRefs" : "spec.http[%zu].route", route->index);
        sheet_set(sheet, "split", list, object_origin(route->ref, field));
}

static void set_action(struct json_object *sheet, const struct virtual_route *route)
{
        const char *ref;
        char field[FIELD_MAX];

        for (size_t i = 0; route && i < 2; i++) {
                const char *action = i == 0 ? "redirect" : "directResponse";
                if (virtual_member(route, action, &ref, field)) {
                        sheet_set(sheet, "route.action", json_object_new_string(action), object_origin(ref, field));
                        return;
                }
        }
        sheet_set(sheet, "route.action", json_object_new_string("forward"), ORIGIN_DEFAULT(NULL));
}

static struct json_object *sheet_of(struct istio *istio, const struct virtual_route *route)
{
        struct json_object *sheet = doc_object();

        set_action(sheet, route);
        set_timeout(sheet, route);
        set_retries(istio, sheet, route);
        set_faults(sheet, route);
        set_mirror(istio->view, sheet, route);
        set_split(istio->view, sheet, route);
        return sheet;
}

/* Remembers where requests go; a split that is not known leaves the destination's policies unknown. */
static void remember_backends(struct istio *istio)
{
        struct json_object *split = doc_at(mesh_policy(istio->view->snapshot, "split"), "value");

        if (json_object_is_type(split, json_type_array))
                istio->backends = doc_copy(split);
}

static void put_none(struct istio *istio, const char *reason)
{
        auto_json struct json_object *sheets = doc_array();
        struct json_object *sheet = sheet_of(istio, NULL);

        set_no_retries(sheet, ORIGIN_DEFAULT(reason));
        json_object_object_foreach(sheet, key, cell) {
                (void)key;
                doc_set_text(doc_at(cell, "origin"), "reason", reason);
        }
        doc_push(sheets, sheet);
        sheets_put(istio->view, sheets, "");
        remember_backends(istio);
}

static void put_all_unknown(struct istio *istio, const char *reason)
{
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                put_unknown(istio->view, keys[i], reason);
}

static void put_routes(struct istio *istio, const char *ref, const struct virtual_routes *routes)
{
        auto_json struct json_object *sheets = doc_array();

        if (!routes->certain)
                put_finding(istio->view, "NoRoute", routes->len == 0 ? "error" : "warn", ref,
                            routes->len == 0 ? "no route fits the load: requests are answered with 404"
                                             : "requests that fit none of the matches are answered with 404");
        if (routes->len == 0) {
                put_all_unknown(istio, "no route fits");
                return;
        }
        for (size_t i = 0; i < routes->len; i++)
                doc_push(sheets, sheet_of(istio, &routes->routes[i]));
        sheets_put(istio->view, sheets, "the routes that the load may take");
        remember_backends(istio);
}

/* What istiod makes of a Service without any route. */
static void put_plain(struct istio *istio)
{
        auto_json struct json_object *sheets = doc_array();

        doc_push(sheets, sheet_of(istio, NULL));
        sheets_put(istio->view, sheets, "");
        remember_backends(istio);
}

/* An HTTPRoute, a VirtualService, or neither. Both at once have an order that depends on more than is known here. */
static void put_http(struct istio *istio)
{
        struct view *view = istio->view;
        struct virtual_routes *routes = xnew(struct virtual_routes);
        auto_json struct json_object *held = doc_array();
        const char *unknown = NULL;
        char ref[REF_MAX] = "";
        bool gateway = virtual_gateway(istio, routes, held, &unknown);
        struct json_object *owner = virtual_owner(istio);

        if (owner)
                ref_format(ref, "VirtualService", owner);
        if (gateway && owner)
                unknown = "a route of the Gateway API and a VirtualService name the service";
        if (istio->waypoint && istio->several)
                unknown = "several VirtualServices name the service, which a waypoint merges";
        if (unknown) {
                put_all_unknown(istio, unknown);
        } else if (gateway) {
                put_routes(istio, NULL, routes);
        } else if (doc_len(owner, "spec.http") == 0) {
                put_plain(istio);
        } else {
                put_inventory(view, "VirtualService", owner, "effective");
                virtual_routes(istio, owner, routes);
                put_routes(istio, ref, routes);
        }
        free(routes);
}

/* Routes of TCP and TLS are not read: where they may send the connection elsewhere, the destination is unknown. */
static void put_tcp(struct istio *istio)
{
        struct json_object *owner = virtual_owner(istio);
        char ref[REF_MAX], reason[REF_MAX + 48];

        put_none(istio, "the port is not HTTP");
        if (doc_len(owner, "spec.tcp") == 0 && doc_len(owner, "spec.tls") == 0)
                return;
        ref_format(ref, "VirtualService", owner);
        snprintf(reason, sizeof reason, "%s has routes of TCP or TLS", ref);
        put_unknown(istio->view, "split", reason);
        json_object_put(istio->backends);
        istio->backends = NULL;
}

void istio_route(struct istio *istio)
{
        const char *reason = istio->client_reason;

        if (istio->client == ISTIO_SIDE_UNKNOWN) {
                put_all_unknown(istio, reason);
        } else if (istio->client == ISTIO_SIDE_BARE) {
                virtual_owner(istio); /* names those that would count */
                put_none(istio, reason);
        } else if (!istio_was_read(istio->view, "VirtualService", NULL, &reason)) {
                put_all_unknown(istio, reason);
        } else if (!istio->http) {
                put_tcp(istio);
        } else {
                put_http(istio);
        }
}
