/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/metric.h"
#include "api/sha.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"

/* The schema's defaults. The API server fills them into profiles; a run's template and old objects come without. */
static const char defaults_text[] =
        "{\"target\":{\"scheme\":\"http\"},"
        "\"load\":{\"requests\":[{\"name\":\"default\"}],\"timeout\":\"5s\",\"concurrency\":{\"connections\":64,\"whenBusy\":\"queue\"},"
        "\"pacing\":\"precise\",\"warmup\":\"5s\",\"cooldown\":\"0s\",\"workers\":1},"
        "\"limits\":{\"deadline\":\"30m\",\"readyTimeout\":\"5m\",\"queueTimeout\":\"1h\"},"
        "\"validity\":{\"pacingLateness\":\"1ms\",\"generatorCPU\":\"80%\",\"throttled\":\"1%\",\"minWindow\":\"60s\"},"
        "\"history\":{\"keep\":50},\"suspend\":false}";
static const char request_defaults_text[] = "{\"weight\":1,\"method\":\"GET\",\"path\":\"/\"}";

static struct json_object *parse_own(const char *text, size_t size)
{
        struct json_object *doc = NULL;

        if (doc_parse(text, size, &doc, NULL))
                abort(); /* a literal of ours */
        return doc;
}

static struct json_object *fill_defaults(struct json_object *spec)
{
        auto_json struct json_object *defaults = parse_own(defaults_text, sizeof defaults_text - 1);
        struct json_object *filled = doc_merge(defaults, spec);
        struct json_object *requests = doc_at(filled, "load.requests");

        for (size_t i = 0; i < doc_len(requests, ""); i++) {
                auto_json struct json_object *plain = parse_own(request_defaults_text, sizeof request_defaults_text - 1);
                json_object_array_put_idx(requests, i, doc_merge(plain, doc_item(requests, i)));
        }
        return filled;
}

static enum fail_kind check_overrides(struct json_object *overrides, struct fail *fail)
{
        static const char *const tops[] = {"load", "objectives", "limits"};
        static const char *const loads[] = {"shape", "workers", "concurrency", "warmup"};

        if (!overrides)
                return FAIL_NONE;
        if (!json_object_is_type(overrides, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.overrides must be an object");
        json_object_object_foreach(overrides, top, value) {
                bool known = false;
                for (size_t i = 0; i < ARRAY_LEN(tops); i++)
                        known = known || strcmp(top, tops[i]) == 0;
                if (!known)
                        return fail_set(fail, FAIL_INVALID, "spec.overrides.%.60s cannot be overridden by a run", top);
                if (strcmp(top, "load") != 0 || !json_object_is_type(value, json_type_object))
                        continue;
                json_object_object_foreach(value, field, unused) {
                        (void)unused;
                        bool allowed = false;
                        for (size_t i = 0; i < ARRAY_LEN(loads); i++)
                                allowed = allowed || strcmp(field, loads[i]) == 0;
                        if (!allowed)
                                return fail_set(fail, FAIL_INVALID, "spec.overrides.load.%.60s cannot be overridden by a run", field);
                }
        }
        return FAIL_NONE;
}

enum fail_kind profile_merge(struct json_object *spec, struct json_object *overrides, struct json_object **ret_spec,
                             struct fail *fail)
{
        if (check_overrides(overrides, fail))
                return fail->kind;
        auto_json struct json_object *merged = doc_merge(spec, overrides);
        *ret_spec = fill_defaults(merged);
        return FAIL_NONE;
}

/* ---- decoding ---- */

struct duration_field {
        const char *path;
        size_t offset;
        int64_t unit_ns; /* of the field */
        int64_t least_ns;
};

static const struct duration_field durations[] = {
        {"load.timeout", offsetof(struct profile, timeout_ms), 1000000, 1000000},
        {"load.warmup", offsetof(struct profile, warmup_ms), 1000000, 0},
        {"load.cooldown", offsetof(struct profile, cooldown_ms), 1000000, 0},
        {"limits.deadline", offsetof(struct profile, deadline_ms), 1000000, 1000000000},
        {"limits.readyTimeout", offsetof(struct profile, ready_timeout_ms), 1000000, 1000000000},
        {"limits.queueTimeout", offsetof(struct profile, queue_timeout_ms), 1000000, 1000000000},
        {"validity.pacingLateness", offsetof(struct profile, pacing_lateness_ns), 1, 0},
        {"validity.minWindow", offsetof(struct profile, min_window_ms), 1000000, 0},
};

static enum fail_kind decode_durations(struct profile *profile, struct fail *fail)
{
        for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
                int64_t ns;
                if (unit_parse_duration_ns(doc_text(profile->spec, durations[i].path), &ns, fail))
                        return fail_wrap(fail, "spec.%s", durations[i].path);
                if (ns < durations[i].least_ns)
                        return fail_set(fail, FAIL_INVALID, "spec.%s is too short", durations[i].path);
                *(int64_t *)((char *)profile + durations[i].offset) = ns / durations[i].unit_ns;
        }
        return FAIL_NONE;
}

static enum fail_kind decode_piece(struct json_object *piece, size_t index, struct profile *profile, struct fail *fail)
{
        static const struct { const char *kind; const char *rates[2]; } kinds[] = {
                {"hold", {"rate", NULL}}, {"ramp", {"from", "to"}}, {"closed", {NULL, NULL}}};
        int64_t ns = 0;
        size_t found = 0;

        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
                struct json_object *body = doc_at(piece, kinds[k].kind);
                if (!body)
                        continue;
                found++;
                profile->closed = profile->closed || k == 2;
                if (unit_parse_duration_ns(doc_text(body, "for"), &ns, fail))
                        return fail_wrap(fail, "spec.load.shape[%zu].%s.for", index, kinds[k].kind);
                for (size_t r = 0; r < 2 && kinds[k].rates[r]; r++) {
                        double rps;
                        if (unit_parse_rate_rps(doc_text(body, kinds[k].rates[r]), &rps, fail))
                                return fail_wrap(fail, "spec.load.shape[%zu].%s.%s", index, kinds[k].kind, kinds[k].rates[r]);
                }
        }
        if (found != 1)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape[%zu] must be exactly one of hold, ramp and closed", index);
        if (ns < 1000000)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape[%zu] is too short", index);
        profile->shape_ms += ns / 1000000;
        return FAIL_NONE;
}

static enum fail_kind decode_shape(struct profile *profile, struct fail *fail)
{
        size_t len = doc_len(profile->spec, "load.shape");

        if (len == 0 || len > 64)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape needs 1 to 64 pieces");
        for (size_t i = 0; i < len; i++)
                if (decode_piece(doc_item(doc_at(profile->spec, "load.shape"), i), i, profile, fail))
                        return fail->kind;
        if (profile->closed && len > 1)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape: closed stands alone");
        if (profile->warmup_ms + profile->shape_ms >= profile->deadline_ms)
                return fail_set(fail, FAIL_INVALID, "spec.limits.deadline must be longer than load.warmup and load.shape together");
        return FAIL_NONE;
}

static enum fail_kind decode_requests(struct profile *profile, struct fail *fail)
{
        size_t len = doc_len(profile->spec, "load.requests");

        if (len == 0 || len > 32)
                return fail_set(fail, FAIL_INVALID, "spec.load.requests needs 1 to 32 entries");
        for (size_t i = 0; i < len; i++) {
                struct json_object *request = doc_item(doc_at(profile->spec, "load.requests"), i);
                const char *path = doc_text(request, "path");
                if (!doc_text(request, "name"))
                        return fail_set(fail, FAIL_INVALID, "spec.load.requests[%zu].name is missing", i);
                if (!path || path[0] != '/' || strpbrk(path, " {}#\r\n"))
                        return fail_set(fail, FAIL_INVALID, "spec.load.requests[%zu].path must begin with / and hold no spaces, # or { }", i);
                if (doc_at(request, "body.inline") && doc_at(request, "body.configMapKeyRef"))
                        return fail_set(fail, FAIL_INVALID, "spec.load.requests[%zu].body must be exactly one of inline and configMapKeyRef", i);
        }
        return FAIL_NONE;
}

static enum fail_kind decode_target(struct profile *profile, struct fail *fail)
{
        struct json_object *port = doc_at(profile->spec, "target.service.port");
        const char *scheme = doc_text(profile->spec, "target.scheme");

        profile->service = doc_text(profile->spec, "target.service.name");
        if (!profile->service || !*profile->service)
                return fail_set(fail, FAIL_INVALID, "spec.target.service.name is missing");
        if (!json_object_is_type(port, json_type_int) && !json_object_is_type(port, json_type_string))
                return fail_set(fail, FAIL_INVALID, "spec.target.service.port must be a port number or name");
        profile->port = json_object_get_string(port);
        if (!text_equal(scheme, "http") && !text_equal(scheme, "https"))
                return fail_set(fail, FAIL_INVALID, "spec.target.scheme must be http or https");
        profile->tls = text_equal(scheme, "https");
        profile->tls_verify = !doc_bool(profile->spec, "load.tls.insecureSkipVerify", false);
        profile->host = doc_text(profile->spec, "target.host");
        profile->ca_configmap = doc_text(profile->spec, "load.tls.caFrom.configMapKeyRef.name");
        profile->ca_key = doc_text(profile->spec, "load.tls.caFrom.configMapKeyRef.key");
        return FAIL_NONE;
}

static enum fail_kind decode_objectives(struct profile *profile, struct fail *fail)
{
        size_t len = doc_len(profile->spec, "objectives");

        if (len > PROFILE_OBJECTIVES_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.objectives has more than %d entries", PROFILE_OBJECTIVES_MAX);
        for (size_t i = 0; i < len; i++) {
                struct json_object *entry = doc_item(doc_at(profile->spec, "objectives"), i);
                struct profile_objective *objective = &profile->objectives[i];
                struct metric metric;
                *objective = (struct profile_objective){doc_text(entry, "metric"), doc_text(entry, "min"), doc_text(entry, "max")};
                if (metric_parse(objective->metric, &metric, fail) ||
                    (objective->min && metric_check_limit(&metric, objective->min, fail)) ||
                    (objective->max && metric_check_limit(&metric, objective->max, fail)))
                        return fail_wrap(fail, "spec.objectives[%zu]", i);
                if (!objective->min && !objective->max)
                        return fail_set(fail, FAIL_INVALID, "spec.objectives[%zu]: write min, max or both", i);
                if (profile->closed && metric.family == METRIC_LATENCY)
                        return fail_set(fail, FAIL_INVALID, "spec.objectives[%zu]: a closed loop has no schedule to measure latency from", i);
        }
        profile->objectives_len = len;
        return FAIL_NONE;
}

static enum fail_kind decode_numbers(struct profile *profile, struct fail *fail)
{
        int64_t workers = doc_int(profile->spec, "load.workers", 0), connections = doc_int(profile->spec, "load.concurrency.connections", 0);
        int64_t keep = doc_int(profile->spec, "history.keep", 0);

        if (workers < 1 || workers > 64)
                return fail_set(fail, FAIL_INVALID, "spec.load.workers must be 1 to 64");
        if (connections < workers || connections > 65536)
                return fail_set(fail, FAIL_INVALID, "spec.load.concurrency.connections must be at least load.workers and at most 65536");
        if (keep < 1 || keep > 1000)
                return fail_set(fail, FAIL_INVALID, "spec.history.keep must be 1 to 1000");
        profile->workers = (uint32_t)workers;
        profile->connections = (uint32_t)connections;
        profile->keep = (int)keep;
        profile->suspend = doc_bool(profile->spec, "suspend", false);
        if (unit_parse_percent(doc_text(profile->spec, "validity.generatorCPU"), &profile->generator_cpu, fail))
                return fail_wrap(fail, "spec.validity.generatorCPU");
        if (unit_parse_percent(doc_text(profile->spec, "validity.throttled"), &profile->throttled, fail))
                return fail_wrap(fail, "spec.validity.throttled");
        return FAIL_NONE;
}

enum fail_kind profile_decode(struct json_object *spec, struct profile **ret_profile, struct fail *fail)
{
        auto_profile struct profile *profile = xnew(struct profile);

        profile->spec = json_object_get(spec);
        if (decode_target(profile, fail) || decode_durations(profile, fail) || decode_numbers(profile, fail) ||
            decode_shape(profile, fail) || decode_requests(profile, fail) || decode_objectives(profile, fail))
                return fail->kind;
        *ret_profile = take(profile);
        return FAIL_NONE;
}

struct profile *profile_free(struct profile *profile)
{
        if (!profile)
                return NULL;
        json_object_put(profile->spec);
        free(profile);
        return NULL;
}

void profile_free_at(struct profile **profile)
{
        *profile = profile_free(*profile);
}

/* ---- digest ---- */

/* Removes from 'doc' what equals 'defaults', so that writing a default out changes nothing. */
static void drop_defaults(struct json_object *doc, struct json_object *defaults)
{
        if (!json_object_is_type(doc, json_type_object))
                return;
        json_object_object_foreach(defaults, key, value) {
                struct json_object *mine = NULL;
                if (!json_object_object_get_ex(doc, key, &mine))
                        continue;
                if (json_object_is_type(value, json_type_object))
                        drop_defaults(mine, value);
                if (doc_equal(mine, value) || (json_object_is_type(mine, json_type_object) && json_object_object_length(mine) == 0))
                        json_object_object_del(doc, key);
        }
}

void profile_digest(const struct profile *profile, char text[static PROFILE_DIGEST_MAX])
{
        auto_json struct json_object *measured = doc_object();
        auto_json struct json_object *defaults = parse_own(defaults_text, sizeof defaults_text - 1);
        char hex[SHA_HEX_MAX];

        doc_set(measured, "target", doc_copy(doc_at(profile->spec, "target")));
        doc_set(measured, "load", doc_copy(doc_at(profile->spec, "load")));
        drop_defaults(measured, defaults);
        auto_free char *canonical = doc_canonical(measured);
        sha256_hex(canonical, strlen(canonical), hex);
        snprintf(text, PROFILE_DIGEST_MAX, "v1:sha256:%s", hex);
}
