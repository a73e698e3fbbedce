/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/explain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/explain_parts.h"
#include "mesh/keys.h"
#include "mesh/mesh.h"

static const char *const side_names[] = {"client", "server", "waypoint", "load"};

/* A counter that rose says what happened; the key is the setting to cite. Several counters may tell the same thing: of one code only
 * the first that rose is told, so the most direct one stands first. */
static const struct rule {
        const char *code;
        enum side side;
        enum mesh_counter counter;
        const char *key;   /* NULL: nothing to cite */
        const char *words; /* after the number */
} rules[] = {
        {"ConnectionLimit", SIDE_CLIENT, MESH_CX_OVERFLOW, "circuit.maxConnections", "times no connection was made because of the limit"},
        {"PendingLimit", SIDE_CLIENT, MESH_PENDING_OVERFLOW, "circuit.maxPending", "requests were refused by a limit of the circuit breaker"},
        {"PendingLimit", SIDE_CLIENT, MESH_FLAG_UO, "circuit.maxPending", "requests were refused by a limit of the circuit breaker"},
        {"Retries", SIDE_CLIENT, MESH_RETRY, "retries.attempts", "retries were made by the client's proxy"},
        {"RetriesExhausted", SIDE_CLIENT, MESH_RETRY_EXCEEDED, "retries.attempts", "requests used up their retries"},
        {"RetriesExhausted", SIDE_CLIENT, MESH_FLAG_URX, "retries.attempts", "requests used up their retries"},
        {"RetryBudget", SIDE_CLIENT, MESH_RETRY_OVERFLOW, "circuit.maxRetries", "retries were refused by a limit or budget"},
        {"Timeout", SIDE_CLIENT, MESH_TIMEOUT, "timeout.requestUs", "requests ran into the route's timeout"},
        {"Timeout", SIDE_CLIENT, MESH_FLAG_UT, "timeout.requestUs", "requests ran into a timeout of the route"},
        {"TryTimeout", SIDE_CLIENT, MESH_TRY_TIMEOUT, "timeout.perTryUs", "tries ran into the timeout per try"},
        {"ConnectTimeout", SIDE_CLIENT, MESH_CX_TIMEOUT, "timeout.connectUs", "connections were not made within the connect timeout"},
        {"FaultDelay", SIDE_CLIENT, MESH_DELAYED, "faults", "requests were delayed by fault injection"},
        {"FaultDelay", SIDE_CLIENT, MESH_FLAG_DI, "faults", "requests were delayed by fault injection"},
        {"FaultAbort", SIDE_CLIENT, MESH_ABORTED, "faults", "requests were aborted by fault injection"},
        {"FaultAbort", SIDE_CLIENT, MESH_FLAG_FI, "faults", "requests were aborted by fault injection"},
        {"RateLimit", SIDE_SERVER, MESH_RATE_LIMITED, "rateLimit.server", "requests were refused by a rate limit of the server's proxy"},
        {"RateLimit", SIDE_SERVER, MESH_FLAG_RL, "rateLimit.server", "requests were refused by a rate limit of the server's proxy"},
        {"RateLimit", SIDE_CLIENT, MESH_RATE_LIMITED, "rateLimit.client", "requests were refused by a rate limit of the client's proxy"},
        {"RateLimit", SIDE_CLIENT, MESH_FLAG_RL, "rateLimit.client", "requests were refused by a rate limit of the client's proxy"},
        {"ExternalAuthorization", SIDE_SERVER, MESH_FLAG_UAEX, "authz.external", "requests were refused by external authorization"},
        {"ExternalAuthorization", SIDE_SERVER, MESH_EXT_DENIED, "authz.external", "requests were refused by external authorization"},
        {"ExternalAuthorizationFailed", SIDE_SERVER, MESH_EXT_ERROR, "authz.external", "calls of external authorization failed"},
        {"Denied", SIDE_SERVER, MESH_DENIED, "authz.default", "requests were refused by authorization policies"},
        {"Ejection", SIDE_CLIENT, MESH_EJECTION, "outlier.consecutive5xx", "endpoints were ejected as outliers"},
        {"Ejection", SIDE_CLIENT, MESH_EJECTED, "outlier.consecutive5xx", "endpoints were ejected as outliers"},
        {"NoEndpoint", SIDE_CLIENT, MESH_FLAG_UH, NULL, "requests found no healthy endpoint"},
        {"NoRoute", SIDE_CLIENT, MESH_FLAG_NR, "route.action", "requests found no route"},
        {"TlsFailure", SIDE_CLIENT, MESH_TLS_FAIL, "mtls.effective", "TLS handshakes of the client's proxy failed"},
        {"ConnectFailure", SIDE_CLIENT, MESH_CX_FAIL, "mtls.effective", "connections of the client's proxy to the target failed"},
        {"ConnectFailure", SIDE_CLIENT, MESH_FLAG_UF, "mtls.effective", "requests failed because no connection to the target was made"},
        {"UpstreamClosed", SIDE_CLIENT, MESH_FLAG_UC, NULL, "requests lost their connection to the target"},
        {"UpstreamReset", SIDE_CLIENT, MESH_RESET_RX, NULL, "requests were reset by the target's side"},
        {"ConnectionDenied", SIDE_SERVER, MESH_L4_DENIED, "authz.default",
         "connections were refused by authorization policies at the node's ztunnel"},
        {"ConnectionTlsFailure", SIDE_CLIENT, MESH_L4_TLS_FAIL, "mtls.effective", "connections failed in the TLS of the node's ztunnel"},
        {"ConnectionFailure", SIDE_CLIENT, MESH_L4_CX_FAIL, NULL, "connections failed at the node's ztunnel"},
};

static bool is_told(const struct explaining *explaining, const char *code)
{
        for (size_t i = 0; i < doc_len(explaining->list, ""); i++)
                if (text_equal(doc_text(doc_item(explaining->list, i), "code"), code))
                        return true;
        return false;
}

static const struct mesh_window *window_of(const struct explaining *explaining, enum side side)
{
        return side == SIDE_LOAD ? NULL : explaining->windows[side];
}

static double rise_of(const struct explaining *explaining, enum side side, enum mesh_counter counter)
{
        const struct mesh_window *window = window_of(explaining, side);

        return window && window->known[counter] ? window->increase[counter] : 0;
}

static int64_t window_ms(const struct explaining *explaining, enum side side)
{
        const struct mesh_window *window = window_of(explaining, side);

        return window ? window->last_wall_ms - window->first_wall_ms : 0;
}

/* A setting that is not set explains nothing, and mTLS only where it cannot work. What is unknown is said to be. */
static bool is_citable(struct json_object *policy, const char *key)
{
        struct json_object *value = doc_at(policy, "value");

        if (!value || (json_object_is_type(value, json_type_array) && doc_len(value, "") == 0))
                return false;
        return strcmp(key, "mtls.effective") != 0 || text_equal(doc_text(value, ""), "refused");
}

/* The policy as it was at the start, or as it became under way; NULL: there is nothing to cite. */
static struct json_object *cited(const struct explaining *explaining, const char *key)
{
        struct json_object *start = key ? mesh_policy(explaining->snapshot, key) : NULL, *end = key ? mesh_policy(explaining->after, key) : NULL;

        return is_citable(start, key) ? start : is_citable(end, key) ? end : NULL;
}

/* "…: retries 5 (VirtualService shop/cart http[0])" */
static void cite(const struct explaining *explaining, struct json_object *entry, const char *name, char text[static MESH_SENTENCE_MAX])
{
        char value[MESH_VALUE_TEXT_MAX], origin[MESH_ORIGIN_TEXT_MAX];
        struct json_object *policy = cited(explaining, name), *from = doc_at(policy, "origin");
        const struct mesh_key *key = policy ? mesh_key_find(name) : NULL;

        text[0] = '\0';
        if (!key || !from)
                return;
        mesh_value_format(key, doc_at(policy, "value"), value);
        mesh_origin_format(from, origin);
        snprintf(text, MESH_SENTENCE_MAX, ": %s %s (%.300s)", key->words, value, origin);
        doc_set_text(entry, "object", doc_text(from, "ref"));
        doc_set_text(entry, "field", doc_text(from, "field"));
}

struct json_object *explain_tell(struct explaining *explaining, const struct telling *telling, const char *format, ...)
{
        struct json_object *entry = doc_set_text(doc_set_text(doc_object(), "code", telling->code), "confidence", telling->confidence);
        struct json_object *evidence = doc_set_text(doc_object(), "side", side_names[telling->side]);
        char head[MESH_SENTENCE_MAX], setting[MESH_SENTENCE_MAX], sentence[2 * MESH_SENTENCE_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(head, sizeof head, format, arguments);
        va_end(arguments);
        cite(explaining, entry, telling->key, setting);
        snprintf(sentence, sizeof sentence, "%s%s", head, setting);
        text_scrub(sentence);
        doc_set_text(entry, "sentence", sentence);
        doc_set_text(evidence, "counter", telling->counter);
        doc_set_int(evidence, "value", llround(fmin(telling->value, MESH_COUNTER_SUM_MAX)));
        if (explaining->load->requests > 0)
                doc_set_int(evidence, "requests", explaining->load->requests);
        doc_set_int(evidence, "windowMs", window_ms(explaining, telling->side));
        doc_push(explaining->list, doc_set(entry, "evidence", evidence));
        return entry;
}

/* The words of a rule about the proxy of one side, for a waypoint that did it in its place. */
static char *words_at(const char *words, enum side side)
{
        static const char *const proxies[] = {"the client's proxy", "the server's proxy"};

        for (size_t i = 0; side == SIDE_WAYPOINT && i < ARRAY_LEN(proxies); i++) {
                const char *at = strstr(words, proxies[i]);
                if (at)
                        return xasprintf("%.*sthe waypoint%s", (int)(at - words), words, at + strlen(proxies[i]));
        }
        return xstrdup(words);
}

static void tell_counter(struct explaining *explaining, const struct rule *rule, enum side side)
{
        double rise = rise_of(explaining, side, rule->counter);
        struct telling telling = {rule->code, "high", rule->key, side, mesh_counter_name(rule->counter), rise};
        auto_free char *words = words_at(rule->words, side);

        if (rise < 1 || is_told(explaining, rule->code))
                return;
        if (explaining->load->trials > 1)
                explain_tell(explaining, &telling, "%.0f %s, in one of %u trials", rise, words, explaining->load->trials);
        else if (explaining->load->requests > 0)
                explain_tell(explaining, &telling, "%.0f %s, of %lld requests of the load", rise, words, (long long)explaining->load->requests);
        else
                explain_tell(explaining, &telling, "%.0f %s", rise, words);
}

static void tell_counters(struct explaining *explaining)
{
        for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
                tell_counter(explaining, &rules[i], rules[i].side);
                tell_counter(explaining, &rules[i], SIDE_WAYPOINT);
        }
}

#define REUSE_REQUESTS_LEAST 100
#define REUSE_RATIO 0.5

/* A connection for every other request: somebody closes them. */
static void tell_reuse(struct explaining *explaining)
{
        double made = rise_of(explaining, SIDE_CLIENT, MESH_CX), requests = rise_of(explaining, SIDE_CLIENT, MESH_RQ);
        struct telling telling = {"NoReuse", "high", "http.maxRequestsPerConnection", SIDE_CLIENT, mesh_counter_name(MESH_CX), made};

        if (requests >= REUSE_REQUESTS_LEAST && made / requests > REUSE_RATIO)
                explain_tell(explaining, &telling, "the client's proxy made %.0f connections for %.0f requests", made, requests);
}

#define THROTTLED_RATIO 0.05

static void tell_throttling(struct explaining *explaining)
{
        static const char *const codes[] = {"ClientProxyThrottled", "ServerProxyThrottled"};

        for (int side = 0; explaining->use && side < 2; side++) {
                double ratio = explaining->use[side].throttled_ratio;
                struct telling telling = {codes[side], "high", NULL, (enum side)side, "cpu.stat nr_throttled", ratio * 100};
                if (ratio > THROTTLED_RATIO)
                        explain_tell(explaining, &telling, "the CPU limit of the %s's proxy stopped it in %.0f%% of the periods", side_names[side],
                                     ratio * 100);
        }
}

#define REFUSED_RATIO 0.99

/* What the snapshot already said must fail, and what the load saw of it. */
static void tell_refusal(struct explaining *explaining)
{
        static const char *const codes[] = {"PlaintextRefused", "TlsMismatch", "AllDenied", "ProviderMissing", "SubsetMissing", "NotImported"};
        const struct mesh_load *load = explaining->load;
        struct json_object *findings = doc_at(explaining->snapshot, "findings");

        for (size_t i = 0; i < doc_len(findings, ""); i++) {
                struct json_object *finding = doc_item(findings, i);
                const char *code = doc_text(finding, "code"), *ref = doc_text(finding, "ref");
                bool ours = false;
                for (size_t j = 0; j < ARRAY_LEN(codes); j++)
                        ours = ours || text_equal(code, codes[j]);
                if (!ours || is_told(explaining, code) || !text_equal(doc_text(finding, "severity"), "error"))
                        continue;
                bool all = load->requests > 0 && (double)load->failed >= REFUSED_RATIO * (double)load->requests;
                struct telling telling = {code, all ? "high" : "possible", NULL, SIDE_LOAD, "failed requests",
                                          (double)load->failed};
                auto_free char *seen = load->requests == 0 ? xstrdup("no request was completed")
                                                           : xasprintf("%lld of %lld requests got no answer", (long long)load->failed, (long long)load->requests);
                doc_set_text(explain_tell(explaining, &telling, "%s; %s", doc_text(finding, "text"), seen), "object", ref);
        }
}

/* " and used 400m of CPU": what a setting that costs CPU stands beside; new. */
static char *used_by(const struct explaining *explaining, enum side side)
{
        double milli = side == SIDE_LOAD || !explaining->use ? -1 : explaining->use[side].cpu_milli;

        return milli >= 0 ? xasprintf(" and used %.0fm of CPU", milli) : xstrdup("");
}

/* Settings that cost or slow something, where no counter says that they did. */
static void tell_settings(struct explaining *explaining)
{
        static const struct {
                const char *code, *key, *told, *words;
                enum side side; /* whose CPU it costs */
        } settings[] = {
                {"FaultConfigured", "faults", "FaultDelay", "the client's proxy is set to inject faults", SIDE_LOAD},
                {"RateLimitConfigured", "rateLimit.server", "RateLimit", "the server's proxy is set to limit the rate", SIDE_LOAD},
                {"ExtensionConfigured", "extensions.server", NULL, "the server's proxy was extended", SIDE_SERVER},
                {"ExtensionConfigured", "extensions.client", NULL, "the client's proxy was extended", SIDE_CLIENT},
                {"ExternalAuthorizationConfigured", "authz.external", "ExternalAuthorization", "each request is checked by another service", SIDE_LOAD},
                {"TracingConfigured", "telemetry.tracingE4.server", NULL, "the server's proxy traces requests", SIDE_SERVER},
                {"AccessLogConfigured", "telemetry.accessLog.server", NULL, "the server's proxy writes an access log", SIDE_SERVER},
        };

        for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
                struct json_object *policy = mesh_policy(explaining->snapshot, settings[i].key), *value = doc_at(policy, "value");
                bool set = doc_len(value, "") > 0 || (json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value)) ||
                           (json_object_is_type(value, json_type_int) && json_object_get_int64(value) > 100000);
                struct telling telling = {settings[i].code, "possible", settings[i].key, SIDE_LOAD, "configuration", 0};
                if (!set || is_told(explaining, settings[i].code) || (settings[i].told && is_told(explaining, settings[i].told)))
                        continue;
                auto_free char *used = used_by(explaining, settings[i].side);
                explain_tell(explaining, &telling, "%s%s", settings[i].words, used);
        }
}

static int rank_of(struct json_object *entry)
{
        const char *confidence = doc_text(entry, "confidence");

        return text_equal(confidence, "high") ? 0 : text_equal(confidence, "medium") ? 1 : 2;
}

static int surest_first(const void *a, const void *b)
{
        struct json_object *const *left = a, *const *right = b;
        int64_t l = doc_int(*left, "evidence.value", 0), r = doc_int(*right, "evidence.value", 0);

        if (rank_of(*left) != rank_of(*right))
                return rank_of(*left) - rank_of(*right);
        if (l != r && rank_of(*left) == 0)
                return l > r ? -1 : 1;
        return strcmp(doc_text(*left, "sentence"), doc_text(*right, "sentence"));
}

struct json_object *mesh_explain(const struct mesh_case *mesh_case)
{
        struct explaining explaining = {
                .snapshot = mesh_case->snapshot,
                .after = mesh_case->after,
                .list = doc_array(),
                .windows = {mesh_case->client, mesh_case->server, mesh_case->waypoint},
                .load = mesh_case->load,
                .use = mesh_case->use,
        };

        tell_counters(&explaining);
        tell_reuse(&explaining);
        tell_throttling(&explaining);
        tell_refusal(&explaining);
        explain_coincidences(&explaining, mesh_case->changes);
        explain_since(&explaining, mesh_case);
        tell_settings(&explaining);
        json_object_array_sort(explaining.list, surest_first);
        size_t len = doc_len(explaining.list, "");
        if (len > MESH_EXPLANATIONS_MAX)
                json_object_array_del_idx(explaining.list, MESH_EXPLANATIONS_MAX, len - MESH_EXPLANATIONS_MAX);
        return explaining.list;
}
