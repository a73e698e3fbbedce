/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/counters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/prometheus.h"
#include "mesh/counters_table.h"

static const struct flag_row {
        const char *flag;
        enum mesh_counter counter;
} flags[] = {
        {"UO", MESH_FLAG_UO}, {"URX", MESH_FLAG_URX}, {"UT", MESH_FLAG_UT}, {"DI", MESH_FLAG_DI}, {"FI", MESH_FLAG_FI}, {"RL", MESH_FLAG_RL},
        {"RLSE", MESH_FLAG_RL}, {"UAEX", MESH_FLAG_UAEX}, {"UF", MESH_FLAG_UF}, {"UC", MESH_FLAG_UC}, {"UH", MESH_FLAG_UH}, {"NR", MESH_FLAG_NR},
        {"DC", MESH_FLAG_DC},
};

const char *mesh_counter_name(enum mesh_counter counter)
{
        static const char *const flag_names[] = {
                [MESH_FLAG_UO] = "istio_requests_total{response_flags=UO}",   [MESH_FLAG_URX] = "istio_requests_total{response_flags=URX}",
                [MESH_FLAG_UT] = "istio_requests_total{response_flags=UT}",   [MESH_FLAG_DI] = "istio_requests_total{response_flags=DI}",
                [MESH_FLAG_FI] = "istio_requests_total{response_flags=FI}",   [MESH_FLAG_RL] = "istio_requests_total{response_flags=RL}",
                [MESH_FLAG_UAEX] = "istio_requests_total{response_flags=UAEX}", [MESH_FLAG_UF] = "istio_requests_total{response_flags=UF}",
                [MESH_FLAG_UC] = "istio_requests_total{response_flags=UC}",   [MESH_FLAG_UH] = "istio_requests_total{response_flags=UH}",
                [MESH_FLAG_NR] = "istio_requests_total{response_flags=NR}",   [MESH_FLAG_DC] = "istio_requests_total{response_flags=DC}",
                [MESH_L4_DENIED] = "istio_tcp_connections_failed_total{response_flags=DENY}",
                [MESH_L4_TLS_FAIL] = "istio_tcp_connections_failed_total{response_flags=TLS_FAILURE}",
                [MESH_ERRORS] = "istio_requests_total{response_code=5xx}",
        };

        if (counter < ARRAY_LEN(flag_names) && flag_names[counter])
                return flag_names[counter];
        for (size_t i = 0; i < series_rows_len; i++)
                if (series_rows[i].counter == counter)
                        return series_rows[i].name + (series_rows[i].name[0] == '*');
        return "";
}

bool mesh_counter_is_gauge(enum mesh_counter counter)
{
        return counter >= MESH_EJECTED;
}

/* "outbound|80|v1|cart.shop.svc.cluster.local" at the client, "inbound-vip|80|http/v1|cart.shop.svc.cluster.local" at a waypoint,
 * "inbound|8080||" at the server; newer versions end names with ";". */
static bool cluster_fits(const struct mesh_scope *scope, const char *name, size_t len)
{
        char head[32];
        int head_len = snprintf(head, sizeof head, "%s|%d|", scope->server ? "inbound" : scope->waypoint ? "inbound-vip" : "outbound", scope->port);

        if (len > 0 && name[len - 1] == ';')
                len--;
        if (len < (size_t)head_len || memcmp(name, head, (size_t)head_len) != 0)
                return false;
        if (scope->server)
                return true;
        size_t host_len = scope->host ? strlen(scope->host) : 0;
        return host_len > 0 && len > (size_t)head_len + host_len && name[len - host_len - 1] == '|' &&
               memcmp(name + len - host_len, scope->host, host_len) == 0;
}

static bool filter_fits(const struct series_row *row, const struct mesh_scope *scope, const struct prometheus_line *line)
{
        const char *value;
        size_t len;

        switch (row->filter) {
        case SERIES_ANY:
                return true;
        case SERIES_CLUSTER:
                return prometheus_label(line, "cluster_name", &value, &len) && cluster_fits(scope, value, len);
        case SERIES_ISTIO:
                return prometheus_label_is(line, "reporter", scope->server ? "destination" : scope->waypoint ? "waypoint" : "source") &&
                       prometheus_label_is(line, "destination_service", scope->host);
        case SERIES_LINKERD:
                if (!prometheus_label_is(line, "direction", scope->server ? "inbound" : "outbound"))
                        return false;
                return scope->server || (prometheus_label_is(line, "dst_service", scope->service) &&
                                         prometheus_label_is(line, "dst_namespace", scope->namespace));
        case SERIES_PARENT:
                return !scope->server && prometheus_label_is(line, "parent_name", scope->service) &&
                       prometheus_label_is(line, "parent_namespace", scope->namespace);
        }
        return false;
}

static bool name_fits(const struct series_row *row, const struct prometheus_line *line)
{
        size_t len = strlen(row->name);

        if (row->name[0] != '*')
                return len == line->name_len && memcmp(row->name, line->name, len) == 0;
        return line->name_len >= len - 1 && memcmp(row->name + 1, line->name + line->name_len - (len - 1), len - 1) == 0;
}

static void count(struct mesh_counters *counters, enum mesh_counter counter, double number)
{
        counters->value[counter] += number;
        counters->seen[counter] = true;
}

/* Flags may stand together ("UF,URX"): each of them happened. */
static void count_flags(struct mesh_counters *counters, const struct prometheus_line *line, double number)
{
        const char *value;
        size_t len;

        if (prometheus_label(line, "response_code", &value, &len)) {
                counters->seen[MESH_ERRORS] = true;
                if (len == 3 && value[0] == '5')
                        count(counters, MESH_ERRORS, number);
        }
        if (!prometheus_label(line, "response_flags", &value, &len))
                return;
        for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
                counters->seen[flags[i].counter] = true;
                for (size_t at = 0; at < len;) {
                        size_t part = 0;
                        while (at + part < len && value[at + part] != ',')
                                part++;
                        if (part == strlen(flags[i].flag) && memcmp(value + at, flags[i].flag, part) == 0)
                                count(counters, flags[i].counter, number);
                        at += part + 1;
                }
        }
}

static void take_line(struct mesh_counters *counters, const struct mesh_scope *scope, const struct prometheus_line *line)
{
        double number;

        for (size_t i = 0; i < series_rows_len; i++) {
                const struct series_row *row = &series_rows[i];
                if (!name_fits(row, line) || !filter_fits(row, scope, line) || (row->label && !prometheus_label_is(line, row->label, row->value)))
                        continue;
                if (!prometheus_number(line, &number)) {
                        counters->odd++;
                        return;
                }
                count(counters, row->counter, number);
                if (row->counter == MESH_REQUESTS && row->filter == SERIES_ISTIO)
                        count_flags(counters, line, number);
        }
}

struct parsing {
        struct mesh_counters *counters;
        const struct mesh_scope *scope;
};

static void line_read(void *owner, const struct prometheus_line *line)
{
        const struct parsing *parsing = owner;

        take_line(parsing->counters, parsing->scope, line);
}

enum fail_kind mesh_counters_parse(const char *text, size_t size, const struct mesh_scope *scope, struct mesh_counters *counters,
                                   struct fail *fail)
{
        struct mesh_counters found = {0};
        struct parsing parsing = {&found, scope};
        struct prometheus_page page = {.lines_max = MESH_PAGE_LINES_MAX, .bytes_max = MESH_PAGE_BYTES_MAX};
        enum fail_kind kind = prometheus_feed(&page, text, size, line_read, &parsing, fail);

        if (kind == FAIL_NONE)
                kind = prometheus_end(&page, fail);
        prometheus_done(&page);
        found.lines = page.lines;
        found.malformed = page.malformed;
        if (kind == FAIL_NONE)
                *counters = found;
        return kind;
}

/* "cluster.outbound|80||host;.upstream_rq_retry": a name may have dots itself, so the known end decides. */
static void take_stat(struct mesh_counters *counters, const struct mesh_scope *scope, const char *name, struct json_object *value)
{
        size_t len = strlen(name), head = strlen("cluster.");

        if (!text_starts(name, "cluster."))
                return;
        for (size_t i = 0; i < series_rows_len; i++) {
                const struct series_row *row = &series_rows[i];
                size_t stat = row->stat ? strlen(row->stat) : 0;
                if (stat == 0 || len < head + stat + 1 || name[len - stat - 1] != '.' || strcmp(name + len - stat, row->stat) != 0 ||
                    !cluster_fits(scope, name + head, len - head - stat - 1))
                        continue;
                double number = json_object_get_double(value);
                if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
                        counters->odd++;
                else if (!(number >= 0 && number <= MESH_COUNTER_SUM_MAX))
                        counters->odd++;
                else
                        count(counters, row->counter, number);
        }
}

enum fail_kind mesh_counters_parse_json(const char *text, size_t size, const struct mesh_scope *scope, struct mesh_counters *counters,
                                        struct fail *fail)
{
        struct mesh_counters found = {0};
        auto_json struct json_object *page = NULL;

        if (size > MESH_PAGE_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "a page of %zu bytes", size);
        if (doc_parse(text, size, &page, fail))
                return fail_wrap(fail, "statistics");
        struct json_object *list = doc_at(page, "stats");
        if (!json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "no \"stats\" in the page");
        if (doc_len(list, "") > MESH_PAGE_LINES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "a page of more than %d statistics", MESH_PAGE_LINES_MAX);
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *name = doc_text(doc_item(list, i), "name");
                found.lines++;
                if (name)
                        take_stat(&found, scope, name, doc_at(doc_item(list, i), "value"));
        }
        *counters = found;
        return FAIL_NONE;
}
