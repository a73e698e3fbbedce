/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"

static const struct mesh_key table[] = {
        {"timeout.requestUs", "request timeout", MESH_VALUE_US, 95},
        {"timeout.perTryUs", "timeout per try", MESH_VALUE_US, 95},
        {"timeout.responseUs", "response timeout", MESH_VALUE_US, 95},
        {"timeout.idleUs", "idle timeout", MESH_VALUE_US, 60},
        {"timeout.connectUs", "connect timeout", MESH_VALUE_US, 60},
        {"timeout.connectionUs", "longest life of a connection", MESH_VALUE_US, 60},
        {"retries.attempts", "retries", MESH_VALUE_LIMIT, 95},
        {"retries.on", "retry conditions", MESH_VALUE_LIST, 90},
        {"retries.backoffMinUs", "shortest pause before a retry", MESH_VALUE_US, 70},
        {"retries.backoffMaxUs", "longest pause before a retry", MESH_VALUE_US, 70},
        {"retries.budgetPercentE4", "retry budget", MESH_VALUE_E4, 85},
        {"retries.budgetMinConcurrency", "retries outside the budget", MESH_VALUE_COUNT, 70},
        {"retries.budgetMinPerSecond", "retries per second outside the budget", MESH_VALUE_COUNT, 70},
        {"faults", "injected faults", MESH_VALUE_OBJECTS, 100},
        {"rateLimit.client", "rate limits at the client's proxy", MESH_VALUE_OBJECTS, 95},
        {"rateLimit.server", "rate limits at the server's proxy", MESH_VALUE_OBJECTS, 95},
        {"circuit.maxConnections", "connection limit", MESH_VALUE_LIMIT, 90},
        {"circuit.maxPending", "limit of pending requests", MESH_VALUE_LIMIT, 90},
        {"circuit.maxRequests", "limit of concurrent requests", MESH_VALUE_LIMIT, 90},
        {"circuit.maxRetries", "limit of concurrent retries", MESH_VALUE_LIMIT, 80},
        {"outlier.consecutive5xx", "ejection after errors in a row", MESH_VALUE_COUNT, 85},
        {"outlier.consecutiveGateway", "ejection after gateway errors in a row", MESH_VALUE_COUNT, 85},
        {"outlier.intervalUs", "ejection interval", MESH_VALUE_US, 60},
        {"outlier.baseEjectionUs", "ejection time", MESH_VALUE_US, 70},
        {"outlier.maxEjectionUs", "longest ejection time", MESH_VALUE_US, 70},
        {"outlier.maxEjectionPercentE4", "share of ejected endpoints", MESH_VALUE_E4, 70},
        {"outlier.minHealthPercentE4", "share of healthy endpoints", MESH_VALUE_E4, 60},
        {"route.action", "what a route does", MESH_VALUE_WORD, 95},
        {"split", "split", MESH_VALUE_OBJECTS, 90},
        {"mirror", "mirrors", MESH_VALUE_OBJECTS, 80},
        {"http.maxRequestsPerConnection", "requests per connection", MESH_VALUE_LIMIT, 80},
        {"http.maxConcurrentStreams", "streams per connection", MESH_VALUE_LIMIT, 60},
        {"http.h2Upgrade", "HTTP/2 between the proxies", MESH_VALUE_FLAG, 60},
        {"http.useClientProtocol", "the client's protocol kept", MESH_VALUE_FLAG, 50},
        {"mtls.effective", "mTLS", MESH_VALUE_WORD, 85},
        {"mtls.server", "mTLS of the server", MESH_VALUE_WORD, 80},
        {"mtls.client", "TLS mode of the client", MESH_VALUE_WORD, 80},
        {"authz.default", "requests that no rule names", MESH_VALUE_WORD, 80},
        {"authz.allow", "ALLOW policies", MESH_VALUE_COUNT, 50},
        {"authz.deny", "DENY policies", MESH_VALUE_COUNT, 50},
        {"authz.l7", "authorization that reads HTTP", MESH_VALUE_FLAG, 50},
        {"authz.external", "external authorization", MESH_VALUE_OBJECTS, 85},
        {"authz.jwtRules", "token rules", MESH_VALUE_COUNT, 60},
        {"extensions.client", "extension of the client's proxy", MESH_VALUE_EXTENSIONS, 75},
        {"extensions.server", "extension of the server's proxy", MESH_VALUE_EXTENSIONS, 75},
        {"telemetry.accessLog.client", "access log of the client's proxy", MESH_VALUE_FLAG, 60},
        {"telemetry.accessLog.server", "access log of the server's proxy", MESH_VALUE_FLAG, 60},
        {"telemetry.tracingE4.client", "traced requests of the client's proxy", MESH_VALUE_E4, 60},
        {"telemetry.tracingE4.server", "traced requests of the server's proxy", MESH_VALUE_E4, 60},
        {"lb.policy", "load balancing", MESH_VALUE_WORD, 55},
        {"lb.hash", "hash of load balancing", MESH_VALUE_WORD, 55},
        {"lb.locality", "locality of load balancing", MESH_VALUE_WORD, 55},
        {"lb.warmupUs", "warm-up of new endpoints", MESH_VALUE_US, 50},
        {"egress.imported", "service imported by the client", MESH_VALUE_FLAG, 90},
        {"encryption", "encryption between nodes", MESH_VALUE_WORD, 60},
        {"l7.redirect", "requests pass the node's proxy", MESH_VALUE_FLAG, 85},
};

const struct mesh_key *mesh_keys(size_t *ret_len)
{
        *ret_len = ARRAY_LEN(table);
        return table;
}

const struct mesh_key *mesh_key_find(const char *key)
{
        for (size_t i = 0; i < ARRAY_LEN(table); i++)
                if (text_equal(table[i].key, key))
                        return &table[i];
        return NULL;
}

static void cut(char text[static MESH_VALUE_TEXT_MAX], const char *from)
{
        int len = snprintf(text, MESH_VALUE_TEXT_MAX, "%s", from);

        if (len >= MESH_VALUE_TEXT_MAX)
                strcpy(text + MESH_VALUE_TEXT_MAX - 4, "...");
        text_scrub(text);
}

static void format_list(struct json_object *value, char text[static MESH_VALUE_TEXT_MAX])
{
        auto_buf struct buf buf = {0};

        for (size_t i = 0; i < doc_len(value, ""); i++)
                buf_format(&buf, "%s%s", i ? ", " : "", json_object_get_string(doc_item(value, i)));
        cut(text, buf.size ? buf.data : "none");
}

/* "{"host":"a","weight":90}" as "host a, weight 90". */
static void format_object(struct buf *buf, struct json_object *object)
{
        const char *between = "";

        if (!json_object_is_type(object, json_type_object)) {
                buf_text(buf, doc_print(object));
                return;
        }
        json_object_object_foreach(object, key, value) {
                buf_format(buf, "%s%s %s", between, key, value ? json_object_get_string(value) : "none");
                between = ", ";
        }
}

static void format_objects(struct json_object *value, char text[static MESH_VALUE_TEXT_MAX])
{
        auto_buf struct buf buf = {0};

        for (size_t i = 0; i < doc_len(value, "") && buf.size < MESH_VALUE_TEXT_MAX; i++) {
                buf_text(&buf, i ? "; " : "");
                format_object(&buf, doc_item(value, i));
        }
        cut(text, buf.size ? buf.data : "none");
}

static void format_number(const struct mesh_key *key, int64_t number, char text[static MESH_VALUE_TEXT_MAX])
{
        char unit[UNIT_TEXT_MAX];

        if (key->kind == MESH_VALUE_US && number >= 0 && number < INT64_C(9000000000000000)) {
                unit_format_duration(number * 1000, unit);
                cut(text, unit);
        } else if (key->kind == MESH_VALUE_E4) {
                unit_format_percent((double)number / 1e6, unit);
                cut(text, unit);
        } else {
                snprintf(text, MESH_VALUE_TEXT_MAX, "%lld", (long long)number);
        }
}

void mesh_value_format(const struct mesh_key *key, struct json_object *value, char text[static MESH_VALUE_TEXT_MAX])
{
        if (!value)
                cut(text, key && key->kind == MESH_VALUE_LIMIT ? "no limit" : "none");
        else if (json_object_is_type(value, json_type_string))
                cut(text, json_object_get_string(value));
        else if (json_object_is_type(value, json_type_boolean))
                cut(text, json_object_get_boolean(value) ? "on" : "off");
        else if (key && json_object_is_type(value, json_type_int))
                format_number(key, json_object_get_int64(value), text);
        else if (key && key->kind == MESH_VALUE_LIST)
                format_list(value, text);
        else if (key && json_object_is_type(value, json_type_array))
                format_objects(value, text);
        else
                cut(text, doc_print(value));
}

void mesh_origin_format(struct json_object *origin, char text[static MESH_ORIGIN_TEXT_MAX])
{
        const char *kind = doc_text(origin, "kind"), *ref = doc_text(origin, "ref"), *field = doc_text(origin, "field");
        const char *reason = doc_text(origin, "reason");

        if (text_equal(kind, "object") && ref) {
                /* A route of a VirtualService is one thing; which of its members it was the sentence says already. */
                const char *at = field && text_starts(field, "spec.") ? field + 5 : field ? field : "";
                size_t len = text_starts(at, "http[") ? strcspn(at, ".") : strlen(at);
                snprintf(text, MESH_ORIGIN_TEXT_MAX, "%s%s%.*s", ref, len ? " " : "", (int)len, at);
        } else if (text_equal(kind, "meshConfig")) {
                snprintf(text, MESH_ORIGIN_TEXT_MAX, "mesh config%s%s", field ? " " : "", field ? field : "");
        } else if (text_equal(kind, "default")) {
                snprintf(text, MESH_ORIGIN_TEXT_MAX, "default%s%s", reason ? ": " : "", reason ? reason : "");
        } else {
                snprintf(text, MESH_ORIGIN_TEXT_MAX, "unknown%s%s", reason ? ": " : "", reason ? reason : "");
        }
        text_scrub(text);
}
