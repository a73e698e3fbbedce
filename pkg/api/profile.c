/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profile.h"

#include <stdlib.h>
#include <string.h>

#include "api/metric.h"
#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/unit.h"

#define HOUR_MS 3600000.0
#define FLYING_MAX 1048576

/* Bounds are those of the schema in crds/. */
static const struct field fields[] = {
        {"load.timeout", FIELD_DURATION_MS, offsetof(struct profile, timeout_ms), 1, 600000},
        {"load.cooldown", FIELD_DURATION_MS, offsetof(struct profile, cooldown_ms), 0, HOUR_MS},
        {"load.seed", FIELD_INT, offsetof(struct profile, seed), 0, 9007199254740991},
        {"load.concurrency.connections", FIELD_INT32, offsetof(struct profile, connections), 1, 65536},
        {"load.concurrency.streamsPerConnection", FIELD_INT32, offsetof(struct profile, streams), 1, 1024, .optional = true},
        {"load.concurrency.maxConnections", FIELD_INT32, offsetof(struct profile, connections_max), 1, 65536, .optional = true},
        {"load.concurrency.reconnectAfter.requests", FIELD_INT, offsetof(struct profile, reconnect_requests), 1, 1e9, .optional = true},
        {"load.concurrency.reconnectAfter.time", FIELD_DURATION_MS, offsetof(struct profile, reconnect_ms), 10, PROFILE_DAY_MS, .optional = true},
        {"limits.deadline", FIELD_DURATION_MS, offsetof(struct profile, deadline_ms), 1000, PROFILE_DAY_MS},
        {"limits.total", FIELD_DURATION_MS, offsetof(struct profile, total_ms), 1000, PROFILE_DAY_MS},
        {"limits.readyTimeout", FIELD_DURATION_MS, offsetof(struct profile, ready_timeout_ms), 1000, PROFILE_DAY_MS},
        {"limits.queueTimeout", FIELD_DURATION_MS, offsetof(struct profile, queue_timeout_ms), 1000, PROFILE_DAY_MS},
        {"limits.brake.errorRatio", FIELD_RATIO, offsetof(struct profile, brake_ratio), 0, 1},
        {"limits.brake.for", FIELD_DURATION_MS, offsetof(struct profile, brake_ms), 1000, HOUR_MS},
        {"limits.brake.off", FIELD_BOOL, offsetof(struct profile, brake_off)},
        {"validity.pacingLateness", FIELD_DURATION_NS, offsetof(struct profile, pacing_lateness_ns), 1000, 1e10},
        {"validity.generatorCPU", FIELD_RATIO, offsetof(struct profile, generator_cpu), 0, 1},
        {"validity.throttled", FIELD_RATIO, offsetof(struct profile, throttled), 0, 1},
        {"validity.stolen", FIELD_RATIO, offsetof(struct profile, stolen), 0, 1, .optional = true},
        {"validity.minWindow", FIELD_DURATION_MS, offsetof(struct profile, min_window_ms), 0, HOUR_MS},
        {"history.keep", FIELD_INT32, offsetof(struct profile, keep), 1, 1000},
        {"context.mesh.detect", FIELD_BOOL, offsetof(struct profile, mesh_detect)},
        {"suspend", FIELD_BOOL, offsetof(struct profile, suspend)},
};

struct words {
        int when_busy, pacing, arrival, client;
        bool skip_verify;
};
static const char *const busy[] = {"queue", "shed", "grow", NULL}, *const pacings[] = {"precise", "coarse", NULL},
                                                           *const arrivals[] = {"constant", "poisson", NULL},
                                                           *const clients[] = {"inherit", "enrolled", "excluded", NULL};
static const struct field word_fields[] = {
        {"load.concurrency.whenBusy", FIELD_WORD, offsetof(struct words, when_busy), .words = busy},
        {"load.arrival", FIELD_WORD, offsetof(struct words, arrival), .words = arrivals},
        {"load.pacing", FIELD_WORD, offsetof(struct words, pacing), .words = pacings},
        {"context.mesh.client", FIELD_WORD, offsetof(struct words, client), .words = clients},
        {"load.tls.insecureSkipVerify", FIELD_BOOL, offsetof(struct words, skip_verify), .optional = true},
};

/* An override may turn growth off, but not remove a field: what is left of it then means nothing. */
static enum fail_kind decode_growth(struct profile *profile, bool grows, struct fail *fail)
{
        if (grows && profile->connections_max < profile->connections)
                return fail_set(fail, FAIL_INVALID, "spec.load.concurrency.maxConnections must be at least connections with whenBusy: grow");
        if (!grows)
                profile->connections_max = profile->connections;
        return FAIL_NONE;
}

static enum fail_kind check_streams(struct profile *profile, struct fail *fail)
{
        if (profile->streams == 0)
                profile->streams = 1;
        if (profile->streams > 1 && !profile->scheme->http2)
                return fail_set(fail, FAIL_INVALID, "spec.load.concurrency.streamsPerConnection: HTTP/1.1 carries one request at a time on a connection: "
                                                    "set target.scheme to h2c, h2, grpc or grpcs, write such a url or remove it");
        if ((int64_t)profile->connections_max * profile->streams > FLYING_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.load.concurrency.streamsPerConnection must be at most %d requests at once with all connections", FLYING_MAX);
        return FAIL_NONE;
}

static enum fail_kind decode_fields(struct profile *profile, struct fail *fail)
{
        struct words words = {0};

        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), profile, fail) ||
            field_decode(profile->spec, "spec.", word_fields, ARRAY_LEN(word_fields), &words, fail))
                return FAIL_INVALID;
        profile->tls_verify = !words.skip_verify;
        if (decode_growth(profile, text_equal(busy[words.when_busy], "grow"), fail))
                return FAIL_INVALID;
        return check_streams(profile, fail);
}

static enum fail_kind check_loop(const struct profile *profile, struct fail *fail)
{
        if (profile->closed && text_equal(doc_text(profile->spec, "load.concurrency.whenBusy"), "grow"))
                return fail_set(fail, FAIL_INVALID, "spec.load.concurrency.whenBusy: grow has no meaning in a closed loop, which sends as answers come");
        return FAIL_NONE;
}

/* ---- objectives ---- */

static bool request_is_known(const struct profile *profile, const char *name)
{
        struct json_object *requests = doc_at(profile->spec, "load.requests");

        for (size_t i = 0; i < doc_len(requests, ""); i++)
                if (text_equal(doc_text(doc_item(requests, i), "name"), name))
                        return true;
        return false;
}

static enum fail_kind check_objective(const struct profile *profile, const struct profile_objective *objective, struct fail *fail)
{
        struct metric metric;
        double min, max;
        bool min_of_offered = false, max_of_offered = false;

        if (metric_parse(objective->metric, &metric, fail) ||
            (objective->min && metric_parse_limit(&metric, objective->min, &min, &min_of_offered, fail)) ||
            (objective->max && metric_parse_limit(&metric, objective->max, &max, &max_of_offered, fail)))
                return FAIL_INVALID;
        if (!objective->min && !objective->max)
                return fail_set(fail, FAIL_INVALID, "must have min, max or both");
        if (objective->min && objective->max && min_of_offered == max_of_offered && min > max)
                return fail_set(fail, FAIL_INVALID, "min must not be above max");
        if (profile->closed && metric.family == METRIC_LATENCY)
                return fail_set(fail, FAIL_INVALID, "latency.* has no meaning in a closed loop: judge service.* or rate.achieved");
        if (profile->closed && (metric.family == METRIC_RATE_OFFERED || min_of_offered || max_of_offered))
                return fail_set(fail, FAIL_INVALID, "a closed loop offers no rate to compare with: write rate.achieved with a limit like 500/s");
        if (!profile->scheme->tls && metric.family == METRIC_HANDSHAKE)
                return fail_set(fail, FAIL_INVALID, "handshake.* is only measured over TLS");
        if (metric.request[0] && !request_is_known(profile, metric.request))
                return fail_set(fail, FAIL_INVALID, "request \"%s\" is none of load.requests", metric.request);
        if (metric.piece[0] && !profile_knows_piece(profile, metric.piece))
                return fail_set(fail, FAIL_INVALID, "piece \"%s\" must be the index of a piece of load.shape, or a kind of which there is one", metric.piece);
        return FAIL_NONE;
}

static enum fail_kind decode_objectives(struct profile *profile, struct fail *fail)
{
        struct json_object *list = doc_at(profile->spec, "objectives");
        size_t len = doc_len(list, "");

        if (list && !json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "spec.objectives must be a list");
        if (len > PROFILE_OBJECTIVES_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.objectives must be at most %d", PROFILE_OBJECTIVES_MAX);
        for (size_t i = 0; i < len; i++) {
                struct json_object *entry = doc_item(list, i);
                struct profile_objective *objective = &profile->objectives[i];
                *objective = (struct profile_objective){doc_text(entry, "metric"), doc_text(entry, "min"), doc_text(entry, "max")};
                if (check_objective(profile, objective, fail))
                        return fail_wrap(fail, "spec.objectives[%zu]", i);
        }
        profile->objectives_len = len;
        return FAIL_NONE;
}

/* ---- all of it ---- */

static enum fail_kind check_size(const struct profile *profile, struct fail *fail)
{
        size_t size = strlen(doc_print(profile->spec)), max = 2 * (size_t)PROFILE_SPEC_BYTES_MAX / (1 + profile_arms(profile));

        if (size > max)
                return fail_set(fail, FAIL_INVALID, "spec is %zu bytes, at most %zu are kept with a run%s: move bodies into ConfigMaps", size, max,
                                profile->variants_len ? " of so many variants" : "");
        return FAIL_NONE;
}

enum fail_kind profile_decode(struct json_object *spec, struct profile **ret_profile, struct fail *fail)
{
        auto_profile struct profile *profile = xnew(struct profile);

        profile->spec = json_object_get(spec);
        profile->stolen = 0.02; /* of plans that were frozen before there was such a field */
        if (profile_decode_target(profile, fail) || decode_fields(profile, fail) || profile_decode_capacity(profile, fail) ||
            profile_decode_shape(profile, fail) || check_loop(profile, fail) ||
            profile_decode_workers(profile, fail) || profile_decode_descriptors(profile, fail) ||
            profile_check_requests(profile, fail) || profile_decode_secrets(profile, fail) || decode_objectives(profile, fail) ||
            profile_decode_baseline(profile, fail) || profile_decode_context(profile, fail) || profile_check_placement(profile, fail) || profile_decode_workload(profile, fail) ||
            profile_decode_variants(profile, fail) || profile_decode_trials(profile, fail) || check_size(profile, fail))
                return FAIL_INVALID;
        *ret_profile = take(profile);
        return FAIL_NONE;
}

struct profile *profile_free(struct profile *profile)
{
        if (!profile)
                return NULL;
        for (size_t i = 0; i < profile->variants_len; i++)
                profile_free(profile->variants[i].profile);
        json_object_put(profile->spec);
        free(profile->url_host);
        free(profile);
        return NULL;
}

void profile_free_at(struct profile **profile)
{
        *profile = profile_free(*profile);
}
