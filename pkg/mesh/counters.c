/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/counters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
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

/* One line of the page, cut into its parts; nothing is copied. */
struct line {
        const char *name, *labels, *value; /* labels NULL: there are none */
        size_t name_len, labels_len, value_len;
};

static bool is_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

/* The end of a label block: the first brace outside of quotes. */
static const char *labels_end(const char *at, const char *end)
{
        bool quoted = false;

        for (; at < end; at++) {
                if (quoted && *at == '\\' && at + 1 < end)
                        at++;
                else if (*at == '"')
                        quoted = !quoted;
                else if (*at == '}' && !quoted)
                        return at;
        }
        return NULL;
}

static bool cut_line(const char *at, const char *end, struct line *line)
{
        *line = (struct line){.name = at};
        while (at < end && is_name(*at))
                at++;
        line->name_len = (size_t)(at - line->name);
        if (line->name_len == 0)
                return false;
        if (at < end && *at == '{') {
                line->labels = at + 1;
                at = labels_end(at + 1, end);
                if (!at)
                        return false;
                line->labels_len = (size_t)(at - line->labels);
                at++;
        }
        if (at >= end || (*at != ' ' && *at != '\t'))
                return false;
        while (at < end && (*at == ' ' || *at == '\t'))
                at++;
        line->value = at;
        while (at < end && *at != ' ' && *at != '\t' && *at != '\r')
                at++;
        line->value_len = (size_t)(at - line->value);
        return line->value_len > 0;
}

/* The value of a label as it stands (escapes stay: names of hosts and flags have none). False: the series has no such label. */
static bool label_of(const struct line *line, const char *name, const char **ret_value, size_t *ret_len)
{
        const char *at = line->labels, *end = at ? at + line->labels_len : NULL;
        size_t name_len = strlen(name);

        while (at && at < end) {
                const char *key = at;
                while (at < end && is_name(*at))
                        at++;
                size_t key_len = (size_t)(at - key);
                if (at + 1 >= end || at[0] != '=' || at[1] != '"')
                        return false;
                at += 2;
                const char *value = at;
                while (at < end && *at != '"')
                        at += *at == '\\' && at + 1 < end ? 2 : 1;
                if (at >= end)
                        return false;
                if (key_len == name_len && memcmp(key, name, name_len) == 0) {
                        *ret_value = value;
                        *ret_len = (size_t)(at - value);
                        return true;
                }
                at++;
                while (at < end && (*at == ',' || *at == ' '))
                        at++;
        }
        return false;
}

static bool label_is(const struct line *line, const char *name, const char *wanted)
{
        const char *value;
        size_t len;

        return wanted && label_of(line, name, &value, &len) && strlen(wanted) == len && memcmp(value, wanted, len) == 0;
}

/* "outbound|80|v1|cart.shop.svc.cluster.local" at the client, "inbound|8080||" at the server; newer versions end names with ";". */
static bool cluster_fits(const struct mesh_scope *scope, const char *name, size_t len)
{
        char head[32];
        int head_len = snprintf(head, sizeof head, "%s|%d|", scope->server ? "inbound" : "outbound", scope->port);

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

static bool filter_fits(const struct series_row *row, const struct mesh_scope *scope, const struct line *line)
{
        const char *value;
        size_t len;

        switch (row->filter) {
        case SERIES_ANY:
                return true;
        case SERIES_CLUSTER:
                return label_of(line, "cluster_name", &value, &len) && cluster_fits(scope, value, len);
        case SERIES_ISTIO:
                return label_is(line, "reporter", scope->server ? "destination" : "source") && label_is(line, "destination_service", scope->host);
        case SERIES_LINKERD:
                if (!label_is(line, "direction", scope->server ? "inbound" : "outbound"))
                        return false;
                return scope->server || (label_is(line, "dst_service", scope->service) && label_is(line, "dst_namespace", scope->namespace));
        case SERIES_PARENT:
                return !scope->server && label_is(line, "parent_name", scope->service) && label_is(line, "parent_namespace", scope->namespace);
        }
        return false;
}

static bool name_fits(const struct series_row *row, const struct line *line)
{
        size_t len = strlen(row->name);

        if (row->name[0] != '*')
                return len == line->name_len && memcmp(row->name, line->name, len) == 0;
        return line->name_len >= len - 1 && memcmp(row->name + 1, line->name + line->name_len - (len - 1), len - 1) == 0;
}

static bool number_of(const char *text, size_t len, double *ret_number)
{
        char copy[64], *end;

        if (len == 0 || len >= sizeof copy)
                return false;
        memcpy(copy, text, len);
        copy[len] = '\0';
        *ret_number = strtod(copy, &end);
        return *end == '\0';
}

static void count(struct mesh_counters *counters, enum mesh_counter counter, double number)
{
        counters->value[counter] += number;
        counters->seen[counter] = true;
}

/* Flags may stand together ("UF,URX"): each of them happened. */
static void count_flags(struct mesh_counters *counters, const struct line *line, double number)
{
        const char *value;
        size_t len;

        if (label_of(line, "response_code", &value, &len)) {
                counters->seen[MESH_ERRORS] = true;
                if (len == 3 && value[0] == '5')
                        count(counters, MESH_ERRORS, number);
        }
        if (!label_of(line, "response_flags", &value, &len))
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

static void take_line(struct mesh_counters *counters, const struct mesh_scope *scope, const struct line *line)
{
        double number;

        for (size_t i = 0; i < series_rows_len; i++) {
                const struct series_row *row = &series_rows[i];
                if (!name_fits(row, line) || !filter_fits(row, scope, line) || (row->label && !label_is(line, row->label, row->value)))
                        continue;
                if (!number_of(line->value, line->value_len, &number) || !(number >= 0 && number <= MESH_COUNTER_SUM_MAX)) {
                        counters->odd++;
                        return;
                }
                count(counters, row->counter, number);
                if (row->counter == MESH_REQUESTS && row->filter == SERIES_ISTIO)
                        count_flags(counters, line, number);
        }
}

enum fail_kind mesh_counters_parse(const char *text, size_t size, const struct mesh_scope *scope, struct mesh_counters *counters,
                                   struct fail *fail)
{
        struct mesh_counters found = {0};
        const char *end = text + size;
        size_t series = 0;

        if (size > MESH_PAGE_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "a page of %zu bytes", size);
        if (size > 0 && end[-1] != '\n')
                return fail_set(fail, FAIL_INVALID, "the page ends in the middle of a line");
        for (const char *at = text; at < end;) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                struct line line;
                if (++found.lines > MESH_PAGE_LINES_MAX)
                        return fail_set(fail, FAIL_TOO_LARGE, "a page of more than %d lines", MESH_PAGE_LINES_MAX);
                if (newline > at && *at != '#' && *at != '\r') {
                        if (cut_line(at, newline, &line)) {
                                series++;
                                take_line(&found, scope, &line);
                        } else {
                                found.malformed++;
                        }
                }
                at = newline + 1;
        }
        if (series == 0 && found.malformed > 0)
                return fail_set(fail, FAIL_INVALID, "not a page of metrics");
        *counters = found;
        return FAIL_NONE;
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
