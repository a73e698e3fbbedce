/* SPDX-License-Identifier: Apache-2.0
 *
 * The first route of Consul's router that fits, and what it says. Source: developer.hashicorp.com, Service router, Service resolver. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/consul.h"
#include "mesh/istio.h"

struct origin consul_origin(char ref[static REF_MAX], const char *kind, struct json_object *entry, const char *field)
{
        ref_format(ref, kind, entry);
        return (struct origin){.kind = "object", .ref = ref, .field = field};
}

static enum istio_fit header_fits(struct json_object *request, struct json_object *match)
{
        struct json_object *headers = doc_at(request, "headers");
        const char *name = doc_text(match, "name"), *exact = doc_text(match, "exact"), *value = NULL;
        bool present = doc_bool(match, "present", false), invert = doc_bool(match, "invert", false);

        if (!request || !name || !(exact || present))
                return ISTIO_FIT_MAYBE;
        if (json_object_is_type(headers, json_type_object)) {
                json_object_object_foreach(headers, key, own) {
                        if (strcasecmp(key, name) == 0)
                                value = json_object_get_string(own);
                }
        }
        bool fits = value && (present || text_equal(value, exact));
        return fits != invert ? ISTIO_FIT_YES : ISTIO_FIT_NO;
}

static enum istio_fit path_fits(struct json_object *request, struct json_object *http)
{
        const char *exact = doc_text(http, "pathExact"), *prefix = doc_text(http, "pathPrefix"), *path = doc_text(request, "path");

        if (doc_text(http, "pathRegex"))
                return ISTIO_FIT_MAYBE;
        if ((!exact && !prefix) || text_equal(prefix, "/"))
                return ISTIO_FIT_YES;
        if (!path)
                return ISTIO_FIT_MAYBE;
        size_t len = strcspn(path, "?");
        if (exact)
                return strlen(exact) == len && strncmp(path, exact, len) == 0 ? ISTIO_FIT_YES : ISTIO_FIT_NO;
        return strlen(prefix) <= len && strncmp(path, prefix, strlen(prefix)) == 0 ? ISTIO_FIT_YES : ISTIO_FIT_NO;
}

static enum istio_fit methods_fit(struct json_object *request, struct json_object *methods)
{
        const char *own = doc_text(request, "method");

        if (doc_len(methods, "") == 0)
                return ISTIO_FIT_YES;
        for (size_t i = 0; own && i < doc_len(methods, ""); i++)
                if (text_equal(json_object_get_string(doc_item(methods, i)), own))
                        return ISTIO_FIT_YES;
        return own ? ISTIO_FIT_NO : ISTIO_FIT_MAYBE;
}

static enum istio_fit route_fits(const struct view *view, struct json_object *route)
{
        struct json_object *request = view->question->request, *http = doc_at(route, "match.http"), *headers = doc_at(http, "header");
        enum istio_fit fit = path_fits(request, http), one = methods_fit(request, doc_at(http, "methods"));

        fit = one < fit ? one : fit;
        for (size_t i = 0; i < doc_len(headers, ""); i++) {
                one = header_fits(request, doc_item(headers, i));
                fit = one < fit ? one : fit;
        }
        return doc_len(http, "queryParam") > 0 && fit == ISTIO_FIT_YES ? ISTIO_FIT_MAYBE : fit;
}

#define REQUEST_US 15000000

static void set_request_timeout(struct consul *consul, struct json_object *sheet, struct json_object *destination, size_t index)
{
        struct json_object *own = doc_at(destination, "requestTimeout"), *resolver = doc_at(consul->resolver, "spec.requestTimeout");
        char ref[REF_MAX], field[FIELD_MAX];
        int64_t us;

        snprintf(field, sizeof field, "spec.routes[%zu].destination.requestTimeout", index);
        if (own && quantity_us(own, &us) && us > 0)
                sheet_set(sheet, "timeout.requestUs", json_object_new_int64(us), consul_origin(ref, "ServiceRouter", consul->router, field));
        else if (resolver && quantity_us(resolver, &us) && us > 0)
                sheet_set(sheet, "timeout.requestUs", json_object_new_int64(us),
                          consul_origin(ref, "ServiceResolver", consul->resolver, "spec.requestTimeout"));
        else if ((own && !quantity_us(own, &us)) || (resolver && !quantity_us(resolver, &us)))
                sheet_set(sheet, "timeout.requestUs", NULL, ORIGIN_UNKNOWN("not a duration"));
        else
                sheet_set(sheet, "timeout.requestUs", json_object_new_int64(REQUEST_US), ORIGIN_DEFAULT(NO_OBJECT));
}

static void set_retries(struct consul *consul, struct json_object *sheet, struct json_object *destination, size_t index)
{
        struct json_object *on = doc_array(), *list = doc_at(destination, "retryOn"), *codes = doc_at(destination, "retryOnStatusCodes");
        int64_t number = doc_int(destination, "numRetries", 0);
        char ref[REF_MAX], field[FIELD_MAX];

        if (doc_bool(destination, "retryOnConnectFailure", false))
                doc_push_text(on, "connect-failure");
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (doc_text(doc_item(list, i), ""))
                        doc_push_text(on, doc_text(doc_item(list, i), ""));
        for (size_t i = 0; i < doc_len(codes, ""); i++) {
                snprintf(field, sizeof field, "%lld", (long long)json_object_get_int64(doc_item(codes, i)));
                doc_push_text(on, field);
        }
        snprintf(field, sizeof field, "spec.routes[%zu].destination", index);
        bool any = doc_len(on, "") > 0;
        if (number > 0)
                sheet_set(sheet, "retries.attempts", json_object_new_int64(number), consul_origin(ref, "ServiceRouter", consul->router, field));
        else if (any)
                sheet_set(sheet, "retries.attempts", NULL, ORIGIN_UNKNOWN("conditions without a number: Envoy's own"));
        else
                sheet_set(sheet, "retries.attempts", json_object_new_int64(0), ORIGIN_DEFAULT(NO_OBJECT));
        if (any)
                sheet_set(sheet, "retries.on", on, consul_origin(ref, "ServiceRouter", consul->router, field));
        else
                sheet_set(sheet, "retries.on", NULL, ORIGIN_DEFAULT(NO_OBJECT));
        if (!any)
                json_object_put(on);
}

/* A route may send to another service, whose own chain is not followed here. */
static bool goes_elsewhere(const struct consul *consul, struct json_object *destination)
{
        const char *service = doc_text(destination, "service");

        return service && strcmp(service, consul->view->service_name) != 0;
}

static struct json_object *sheet_of(struct consul *consul, struct json_object *route, size_t index)
{
        struct json_object *sheet = doc_object(), *destination = doc_at(route, "destination");
        static const char *const reason = "a route sends to another service";

        if (goes_elsewhere(consul, destination)) {
                sheet_set(sheet, "timeout.requestUs", NULL, ORIGIN_UNKNOWN(reason));
                sheet_set(sheet, "retries.attempts", NULL, ORIGIN_UNKNOWN(reason));
                sheet_set(sheet, "retries.on", NULL, ORIGIN_UNKNOWN(reason));
                return sheet;
        }
        set_request_timeout(consul, sheet, destination, index);
        set_retries(consul, sheet, destination, index);
        return sheet;
}

void consul_routes(struct consul *consul)
{
        struct json_object *routes = doc_at(consul->router, "spec.routes");
        auto_json struct json_object *sheets = doc_array();
        enum istio_fit fit = ISTIO_FIT_NO;

        for (size_t i = 0; i < doc_len(routes, "") && fit != ISTIO_FIT_YES; i++) {
                fit = route_fits(consul->view, doc_item(routes, i));
                if (fit != ISTIO_FIT_NO)
                        doc_push(sheets, sheet_of(consul, doc_item(routes, i), i));
        }
        if (fit != ISTIO_FIT_YES)
                doc_push(sheets, sheet_of(consul, NULL, 0)); /* the router's own last route: everything to the service */
        sheets_put(consul->view, sheets, "the routes that the load may take");
}
