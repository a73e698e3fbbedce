/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's members with their bounds. Requests are decoded in plan_request.c, the shape in plan_shape.c. */
#include "load/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/plan_decode.h"

enum fail_kind plan_want_int(struct json_object *doc, const struct plan_int *want, int64_t *ret_value,
                             struct fail *fail)
{
        struct json_object *at = doc_at(doc, want->path);

        *ret_value = want->otherwise;
        if (!at)
                return FAIL_NONE;
        int64_t value = json_object_get_int64(at);
        if (!json_object_is_type(at, json_type_int) || value < want->least || value > want->most)
                return fail_set(fail, FAIL_INVALID, "%s: an integer from %lld to %lld is wanted", want->path,
                                (long long)want->least, (long long)want->most);
        *ret_value = value;
        return FAIL_NONE;
}

enum fail_kind plan_want_text(struct json_object *doc, const char *path, size_t size_max, char **ret_text,
                              struct fail *fail)
{
        struct json_object *at = doc_at(doc, path);

        if (!at)
                return FAIL_NONE;
        if (!json_object_is_type(at, json_type_string))
                return fail_set(fail, FAIL_INVALID, "%s: a string is wanted", path);
        size_t size = (size_t)json_object_get_string_len(at);
        const char *text = json_object_get_string(at);
        if (size > size_max || strlen(text) != size)
                return fail_set(fail, FAIL_INVALID, "%s: text of at most %zu bytes without NUL is wanted", path, size_max);
        *ret_text = xstrdup(text);
        return FAIL_NONE;
}

/* *ret_yes: the text at 'path' is 'yes'; absent means yes when 'otherwise'. Any third word is a failure. */
static enum fail_kind want_word(struct json_object *doc, const char *path, const char *yes, const char *no,
                                bool otherwise, bool *ret_yes, struct fail *fail)
{
        const char *word = doc_text(doc, path);

        *ret_yes = word ? text_equal(word, yes) : otherwise;
        if ((word && !*ret_yes && !text_equal(word, no)) || (!word && doc_at(doc, path)))
                return fail_set(fail, FAIL_INVALID, "%s: \"%s\" or \"%s\" is wanted", path, yes, no);
        return FAIL_NONE;
}

static enum fail_kind want_bool(struct json_object *doc, const char *path, bool otherwise, bool *ret_yes,
                                struct fail *fail)
{
        struct json_object *at = doc_at(doc, path);

        *ret_yes = doc_bool(doc, path, otherwise);
        if (at && !json_object_is_type(at, json_type_boolean))
                return fail_set(fail, FAIL_INVALID, "%s: true or false is wanted", path);
        return FAIL_NONE;
}

/* What stands in a request's head, where a line break would begin another header. */
static bool is_visible(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text <= ' ' || *text == 0x7f)
                        return false;
        return true;
}

static enum fail_kind decode_addresses(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        size_t len = doc_len(doc, "addresses");
        char path[32];

        if (len < 1 || len > LOAD_ADDRESSES_MAX)
                return fail_set(fail, FAIL_INVALID, "addresses: 1 to %d are wanted", LOAD_ADDRESSES_MAX);
        for (size_t i = 0; i < len; i++) {
                snprintf(path, sizeof path, "addresses[%zu]", i);
                if (plan_want_text(doc, path, 300, &plan->addresses[i], fail))
                        return FAIL_INVALID;
                plan->addresses_len = i + 1;
                if (!load_address_split(plan->addresses[i], NULL, NULL) || !is_visible(plan->addresses[i]))
                        return fail_set(fail, FAIL_INVALID, "%s: host:port or [address]:port is wanted", path);
        }
        return FAIL_NONE;
}

bool load_address_split(const char *address, char **ret_host, char **ret_port)
{
        const char *colon = address ? strrchr(address, ':') : NULL;

        if (!colon || colon == address || strlen(colon + 1) < 1 || strlen(colon + 1) > 5 ||
            strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) < 1 || atoi(colon + 1) > 65535)
                return false;
        bool bracketed = address[0] == '[' && colon[-1] == ']' && colon - address > 2;
        const char *host = bracketed ? address + 1 : address;
        size_t len = (size_t)(colon - host) - (bracketed ? 1 : 0);
        if (!bracketed && (memchr(host, ':', len) || memchr(host, '[', len)))
                return false;
        if (ret_host)
                *ret_host = xstrndup(host, len);
        if (ret_port)
                *ret_port = xstrdup(colon + 1);
        return true;
}

static enum fail_kind decode_texts(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        const struct { const char *path; size_t size_max; char **ret_text; } texts[] = {
                {"run.uid", 64, &plan->run_uid},         {"run.namespace", 63, &plan->run_namespace},
                {"run.name", 253, &plan->run_name},      {"authority", 300, &plan->authority},
                {"sni", 253, &plan->sni},                {"tls.caFile", 4096, &plan->ca_file},
                {"tls.certificateFile", 4096, &plan->certificate_file}, {"tls.keyFile", 4096, &plan->key_file},
                {"grpc.descriptorFile", 4096, &plan->descriptor_file},
        };

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                if (plan_want_text(doc, texts[i].path, texts[i].size_max, texts[i].ret_text, fail))
                        return FAIL_INVALID;
                if (*texts[i].ret_text && !is_visible(*texts[i].ret_text))
                        return fail_set(fail, FAIL_INVALID, "%s: no white space or control characters", texts[i].path);
        }
        if (!plan->certificate_file != !plan->key_file)
                return fail_set(fail, FAIL_INVALID, "tls.certificateFile and tls.keyFile: both are wanted, or neither");
        if (plan->descriptor_file && plan->protocol != LOAD_GRPC)
                return fail_set(fail, FAIL_INVALID, "grpc.descriptorFile: goes with scheme \"grpc\" or \"grpcs\"");
        return FAIL_NONE;
}

static enum fail_kind decode_numbers(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        int64_t version, trial, workers, seed, connections, streams;
        const struct { struct plan_int want; int64_t *ret_value; } numbers[] = {
                {{"version", 1, 1, 0}, &version},
                {{"run.trial", 0, 1000000, 0}, &trial},
                {{"workers", 1, LOAD_WORKERS_MAX, 1}, &workers},
                {{"seed", INT64_MIN, INT64_MAX, 0}, &seed},
                {{"connections", 1, LOAD_CONNECTIONS_MAX, 64}, &connections},
                {{"reconnectAfterRequests", 0, LOAD_RECONNECT_REQUESTS_MAX, 0}, &plan->reconnect_requests},
                {{"reconnectAfterMs", 0, 86400000, 0}, &plan->reconnect_ms},
                {{"streamsPerConnection", 1, LOAD_STREAMS_MAX, 1}, &streams},
                {{"timeoutMs", 1, LOAD_TIMEOUT_MS_MAX, 5000}, &plan->timeout_ms},
                {{"warmupMs", 0, 86400000, 0}, &plan->warmup_ms},
                {{"warmupLeastMs", 0, LOAD_SETTLE_MS_MAX, 0}, &plan->warmup_least_ms},
                {{"cooldownMs", 0, 86400000, 0}, &plan->cooldown_ms},
                {{"readyTimeoutMs", 1, 86400000, 60000}, &plan->ready_timeout_ms},
                {{"intervalMs", 10, 3600000, 1000}, &plan->interval_ms},
        };

        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
                if (plan_want_int(doc, &numbers[i].want, numbers[i].ret_value, fail))
                        return FAIL_INVALID;
        if (version != 1)
                return fail_set(fail, FAIL_INVALID, "version: is missing");
        if (plan->warmup_least_ms > plan->warmup_ms)
                return fail_set(fail, FAIL_INVALID, "warmupLeastMs: must not be above warmupMs");
        if (connections < workers)
                return fail_set(fail, FAIL_INVALID, "connections: %lld do not give each of %lld workers one",
                                (long long)connections, (long long)workers);
        plan->trial = (int)trial;
        plan->workers = (uint32_t)workers;
        plan->seed = (uint64_t)seed;
        plan->connections = (uint32_t)connections;
        plan->streams = (uint32_t)streams;
        return FAIL_NONE;
}

static enum fail_kind decode_brake(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        const struct plan_int for_ms = {"brake.forMs", 1, 86400000, 0};

        plan->brake = (struct brake){.ratio = doc_double(doc, "brake.errorRatio", -1)};
        if (!doc_at(doc, "brake"))
                return FAIL_NONE;
        if (!(plan->brake.ratio >= 0 && plan->brake.ratio <= 1))
                return fail_set(fail, FAIL_INVALID, "brake.errorRatio: a number from 0 to 1 is wanted");
        if (plan_want_int(doc, &for_ms, &plan->brake.for_ms, fail))
                return FAIL_INVALID;
        return plan->brake.for_ms ? FAIL_NONE : fail_set(fail, FAIL_INVALID, "brake.forMs: is missing");
}

static enum fail_kind decode_scheme(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        static const struct { const char *word; enum load_protocol protocol; bool tls; } schemes[] = {
                {"http", LOAD_HTTP1, false}, {"https", LOAD_HTTP1, true}, {"h2c", LOAD_HTTP2, false}, {"h2", LOAD_HTTP2, true},
                {"grpc", LOAD_GRPC, false}, {"grpcs", LOAD_GRPC, true},
        };
        const char *word = doc_at(doc, "scheme") ? doc_text(doc, "scheme") : "http";
        size_t i = 0;

        while (i < ARRAY_LEN(schemes) && !text_equal(word, schemes[i].word))
                i++;
        if (i == ARRAY_LEN(schemes))
                return fail_set(fail, FAIL_INVALID, "scheme: \"http\", \"https\", \"h2c\", \"h2\", \"grpc\" or \"grpcs\" is wanted");
        plan->protocol = schemes[i].protocol;
        plan->tls = schemes[i].tls;
        if (plan->streams > 1 && plan->protocol == LOAD_HTTP1)
                return fail_set(fail, FAIL_INVALID, "streamsPerConnection: HTTP/1.1 has one, HTTP/2 and gRPC have more");
        return FAIL_NONE;
}

static enum fail_kind decode_words(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        if (decode_scheme(doc, plan, fail) ||
            want_word(doc, "arrival", "poisson", "constant", false, &plan->poisson, fail) ||
            want_word(doc, "pacing", "precise", "coarse", true, &plan->precise, fail) ||
            want_bool(doc, "tls.verify", true, &plan->tls_verify, fail) ||
            want_bool(doc, "indexHeader", false, &plan->index_header, fail))
                return FAIL_INVALID;
        return FAIL_NONE;
}

static enum fail_kind decode_busy(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        static const char *const words[] = {[LOAD_QUEUE] = "queue", [LOAD_SHED] = "shed", [LOAD_GROW] = "grow"};
        const struct plan_int want_most = {"connectionsMax", plan->connections, LOAD_CONNECTIONS_MAX, 0};
        struct json_object *at = doc_at(doc, "whenBusy");
        int64_t most;

        if (plan_want_int(doc, &want_most, &most, fail))
                return FAIL_INVALID;
        plan->when_busy = at ? ARRAY_LEN(words) : LOAD_QUEUE;
        for (size_t i = 0; at && i < ARRAY_LEN(words); i++)
                if (text_equal(doc_text(doc, "whenBusy"), words[i]))
                        plan->when_busy = (enum load_busy)i;
        if (plan->when_busy == ARRAY_LEN(words))
                return fail_set(fail, FAIL_INVALID, "whenBusy: \"queue\", \"shed\" or \"grow\" is wanted");
        if ((most > 0) != (plan->when_busy == LOAD_GROW))
                return fail_set(fail, FAIL_INVALID, "connectionsMax: goes with whenBusy \"grow\", which wants it");
        plan->connections_max = most > 0 ? (uint32_t)most : plan->connections;
        if ((uint64_t)plan->connections_max * plan->streams > LOAD_FLYING_MAX)
                return fail_set(fail, FAIL_INVALID, "streamsPerConnection: %u connections of %u streams are more than %d requests at once",
                                plan->connections_max, plan->streams, LOAD_FLYING_MAX);
        return FAIL_NONE;
}

static enum fail_kind decode_plan(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        if (!json_object_is_type(doc, json_type_object))
                return fail_set(fail, FAIL_INVALID, "an object is wanted");
        if (decode_numbers(doc, plan, fail) || decode_words(doc, plan, fail) || decode_busy(doc, plan, fail) || decode_texts(doc, plan, fail) ||
            decode_addresses(doc, plan, fail) || plan_decode_guard(doc, &plan->guard, fail) ||
            load_proxies_decode(doc, plan->proxies, &plan->proxies_len, fail) ||
            decode_brake(doc, plan, fail) ||
            plan_decode_requests(doc, plan, fail) || plan_decode_secret_headers(doc, plan, fail))
                return FAIL_INVALID;
        if (!plan->authority)
                plan->authority = xstrdup(plan->addresses[0]);
        if (!plan->sni && !load_address_split(plan->authority, &plan->sni, NULL))
                plan->sni = xstrdup(plan->authority);
        return plan_decode_shape(doc, plan, fail);
}

enum fail_kind load_plan_decode(struct json_object *doc, struct load_plan **ret_plan, struct fail *fail)
{
        struct load_plan *plan = xnew(struct load_plan);

        if (decode_plan(doc, plan, fail)) {
                load_plan_free(plan);
                return fail_wrap(fail, "plan");
        }
        *ret_plan = plan;
        return FAIL_NONE;
}

void load_plan_set_warmup(struct load_plan *plan, int64_t warmup_ms)
{
        plan->warmup_ms = warmup_ms;
        plan->warmup_least_ms = 0;
}

void load_plan_set_hold(struct load_plan *plan, double rate_rps, int64_t for_ms)
{
        assert(rate_rps > 0 && rate_rps <= LOAD_RATE_MAX && for_ms > 0 && for_ms <= LOAD_SHAPE_MS_MAX);
        plan->shape[0] = (struct load_piece){.kind = LOAD_HOLD, .from_rps = rate_rps, .to_rps = rate_rps, .for_ms = for_ms};
        plan->shape_len = 1;
        plan->shape_ms = for_ms;
        plan->closed = false;
}

struct load_plan *load_plan_free(struct load_plan *plan)
{
        if (!plan)
                return NULL;
        plan_free_requests(plan);
        plan_free_guard(&plan->guard);
        load_proxies_free(plan->proxies, plan->proxies_len);
        for (size_t i = 0; i < plan->addresses_len; i++)
                free(plan->addresses[i]);
        free(plan->run_uid);
        free(plan->run_namespace);
        free(plan->run_name);
        free(plan->authority);
        free(plan->sni);
        free(plan->ca_file);
        free(plan->certificate_file);
        free(plan->key_file);
        free(plan->descriptor_file);
        free(plan);
        return NULL;
}
