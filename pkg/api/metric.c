/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metric.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/grpc_code.h"
#include "data/unit.h"

enum { LABEL_PIECE = 1, LABEL_REQUEST = 2, LABEL_CLASS = 4, LABEL_CODE = 8 };

static const struct family_row {
        const char *name;
        enum metric_family family;
        enum metric_unit unit;
        bool has_stat;
        int labels; /* that it may have */
} families[] = {
        {"latency", METRIC_LATENCY, METRIC_NANOSECONDS, true, LABEL_PIECE | LABEL_REQUEST},
        {"service", METRIC_SERVICE, METRIC_NANOSECONDS, true, LABEL_PIECE},
        {"ttfb", METRIC_TTFB, METRIC_NANOSECONDS, true, LABEL_PIECE},
        {"connect", METRIC_CONNECT, METRIC_NANOSECONDS, true, 0},
        {"handshake", METRIC_HANDSHAKE, METRIC_NANOSECONDS, true, 0},
        {"errors.ratio", METRIC_ERRORS_RATIO, METRIC_RATIO, false, LABEL_PIECE | LABEL_REQUEST | LABEL_CLASS},
        {"status.ratio", METRIC_STATUS_RATIO, METRIC_RATIO, false, LABEL_PIECE | LABEL_REQUEST | LABEL_CODE},
        {"rate.offered", METRIC_RATE_OFFERED, METRIC_PER_SECOND, false, LABEL_PIECE | LABEL_REQUEST},
        {"rate.achieved", METRIC_RATE_ACHIEVED, METRIC_PER_SECOND, false, LABEL_PIECE | LABEL_REQUEST},
        {"target.cpu", METRIC_TARGET_CPU, METRIC_CORES, false, 0},
        {"target.memory", METRIC_TARGET_MEMORY, METRIC_BYTES, false, 0},
        {"target.throttled", METRIC_TARGET_THROTTLED, METRIC_RATIO, false, 0},
        {"target.restarts", METRIC_TARGET_RESTARTS, METRIC_COUNT, false, 0},
        {"proxy.cpu", METRIC_PROXY_CPU, METRIC_CORES, false, 0},
        {"proxy.memory", METRIC_PROXY_MEMORY, METRIC_BYTES, false, 0},
};

static const char *const error_classes[] = {"connect", "reset", "timeout", "tls", "status", "body", "protocol", "unfinished", "shed"};

static const struct stat_row {
        const char *name;
        enum metric_stat stat;
        double quantile;
} stats[] = {
        {"mean", METRIC_MEAN, 0},         {"min", METRIC_MIN, 0},           {"max", METRIC_MAX, 0},
        {"p50", METRIC_QUANTILE, 0.50},   {"p75", METRIC_QUANTILE, 0.75},   {"p90", METRIC_QUANTILE, 0.90},
        {"p95", METRIC_QUANTILE, 0.95},   {"p99", METRIC_QUANTILE, 0.99},   {"p999", METRIC_QUANTILE, 0.999},
        {"p9999", METRIC_QUANTILE, 0.9999},
};

static enum fail_kind parse_name(const char *name, struct metric *metric, struct fail *fail)
{
        for (size_t i = 0; i < ARRAY_LEN(families); i++) {
                const struct family_row *row = &families[i];
                size_t len = strlen(row->name);
                metric->family = row->family;
                if (!row->has_stat && strcmp(name, row->name) == 0)
                        return FAIL_NONE;
                if (!row->has_stat || strncmp(name, row->name, len) != 0 || name[len] != '.')
                        continue;
                for (size_t k = 0; k < ARRAY_LEN(stats); k++)
                        if (strcmp(name + len + 1, stats[k].name) == 0) {
                                metric->stat = stats[k].stat;
                                metric->quantile = stats[k].quantile;
                                return FAIL_NONE;
                        }
        }
        return fail_set(fail, FAIL_INVALID,
                        "metric '%.60s' is not known; write for example latency.p99, errors.ratio, rate.achieved or target.cpu", name);
}

static enum fail_kind parse_label(char *text, struct metric *metric, struct fail *fail)
{
        const struct { const char *name; char *into; } labels[] = {
                {"piece", metric->piece}, {"request", metric->request}, {"class", metric->class}, {"code", metric->code}};
        char *equals = strchr(text, '='), *value = equals ? equals + 1 : NULL;
        size_t len = value ? strlen(value) : 0;

        if (!equals || len < 3 || value[0] != '"' || value[len - 1] != '"' || len - 2 >= METRIC_LABEL_MAX)
                return fail_set(fail, FAIL_INVALID, "label '%.60s' is not name=\"value\"", text);
        *equals = '\0';
        value[len - 1] = '\0';
        for (size_t i = 0; i < ARRAY_LEN(labels); i++)
                if (strcmp(text, labels[i].name) == 0) {
                        snprintf(labels[i].into, METRIC_LABEL_MAX, "%s", value + 1);
                        return FAIL_NONE;
                }
        return fail_set(fail, FAIL_INVALID, "label '%.60s' is not known; piece, request, class and code are", text);
}

static enum fail_kind check_values(const struct metric *metric, struct fail *fail)
{
        const char *code = metric->code;
        bool class_known = !metric->class[0];

        for (size_t i = 0; i < ARRAY_LEN(error_classes); i++)
                class_known = class_known || strcmp(metric->class, error_classes[i]) == 0;
        if (!class_known)
                return fail_set(fail, FAIL_INVALID, "label class \"%s\" must be connect, reset, timeout, tls, status, body, protocol, unfinished or shed", metric->class);
        bool is_http = code[0] >= '1' && code[0] <= '5' && strspn(code, "0123456789") == 3 && code[3] == '\0';
        if (metric->family == METRIC_STATUS_RATIO && !is_http && grpc_code_parse(code) < 0)
                return fail_set(fail, FAIL_INVALID, "status.ratio needs a code, for example status.ratio{code=\"429\"}, or of gRPC {code=\"UNAVAILABLE\"}");
        return FAIL_NONE;
}

static enum fail_kind check_labels(const struct metric *metric, struct fail *fail)
{
        const struct { const char *name, *value; int label; } labels[] = {{"piece", metric->piece, LABEL_PIECE},
                                                                         {"request", metric->request, LABEL_REQUEST},
                                                                         {"class", metric->class, LABEL_CLASS},
                                                                         {"code", metric->code, LABEL_CODE}};

        for (size_t f = 0; f < ARRAY_LEN(families); f++)
                for (size_t i = 0; families[f].family == metric->family && i < ARRAY_LEN(labels); i++)
                        if (labels[i].value[0] && !(families[f].labels & labels[i].label))
                                return fail_set(fail, FAIL_INVALID, "%s has no label %s", families[f].name, labels[i].name);
        if (metric->piece[0] && metric->request[0])
                return fail_set(fail, FAIL_INVALID, "labels piece and request exclude each other: figures of one request cover the whole shape");
        return check_values(metric, fail);
}

enum fail_kind metric_parse(const char *text, struct metric *ret_metric, struct fail *fail)
{
        struct metric metric = {0};

        if (!text || strlen(text) > 200)
                return fail_set(fail, FAIL_INVALID, "metric is missing");
        auto_free char *copy = xstrdup(text);
        char *open = strchr(copy, '{'), *state = NULL;
        if (open) {
                char *close = strrchr(copy, '}');
                if (!close || close[1] != '\0')
                        return fail_set(fail, FAIL_INVALID, "metric '%.60s' has no closing }", text);
                *close = '\0';
                *open = '\0';
                for (char *label = strtok_r(open + 1, ",", &state); label; label = strtok_r(NULL, ",", &state))
                        if (parse_label(label, &metric, fail))
                                return FAIL_INVALID;
        }
        if (parse_name(copy, &metric, fail))
                return FAIL_INVALID;
        if (check_labels(&metric, fail))
                return FAIL_INVALID;
        *ret_metric = metric;
        return FAIL_NONE;
}

enum metric_unit metric_unit(const struct metric *metric)
{
        size_t row = 0;

        while (families[row].family != metric->family) /* every family has a row */
                row++;
        return families[row].unit;
}

bool metric_is_observed(const struct metric *metric)
{
        return metric->family >= METRIC_OBSERVED;
}

/* Units never hide in a bare number where there are several: "0.5" of CPU is Kubernetes' own way to write it, bytes have a suffix. */
static enum fail_kind parse_bytes(const char *text, double *ret_bytes, struct fail *fail)
{
        size_t digits = strspn(text, "0123456789.");

        if (digits == 0 || !strchr("KMGkTE", text[digits]) || !text[digits])
                return fail_set(fail, FAIL_INVALID, "'%.24s' is no amount of memory; write for example 200Mi", text);
        return unit_parse_quantity(text, ret_bytes, fail);
}

static enum fail_kind parse_count(const char *text, double *ret_count, struct fail *fail)
{
        size_t digits = strspn(text, "0123456789");

        if (digits == 0 || digits > 6 || text[digits])
                return fail_set(fail, FAIL_INVALID, "'%.24s' is no count; write for example \"0\"", text);
        return unit_parse_quantity(text, ret_count, fail);
}

enum fail_kind metric_parse_limit(const struct metric *metric, const char *text, double *ret_limit, bool *ret_of_offered,
                                  struct fail *fail)
{
        int64_t ns;

        *ret_of_offered = false;
        switch (metric_unit(metric)) {
        case METRIC_NANOSECONDS:
                if (unit_parse_duration_ns(text, &ns, fail))
                        return FAIL_INVALID;
                *ret_limit = (double)ns;
                return FAIL_NONE;
        case METRIC_PER_SECOND:
                if (strchr(text, '%')) {
                        *ret_of_offered = true;
                        return unit_parse_percent(text, ret_limit, fail);
                }
                return unit_parse_rate_rps(text, ret_limit, fail);
        case METRIC_RATIO:
                return unit_parse_percent(text, ret_limit, fail);
        case METRIC_CORES:
                return unit_parse_quantity(text, ret_limit, fail);
        case METRIC_BYTES:
                return parse_bytes(text, ret_limit, fail);
        case METRIC_COUNT:
                return parse_count(text, ret_limit, fail);
        }
        return fail_set(fail, FAIL_INVALID, "metric of no unit");
}
