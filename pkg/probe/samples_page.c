/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "probe/samples_internal.h"

/* ---- what a line is about ---- */

enum about {ABOUT_CGROUP, ABOUT_SANDBOX, ABOUT_POD, ABOUT_NODE};

/* cAdvisor tells everything by cgroup, the kubelet's own page by kind. Of interfaces and directions the sum counts. */
static const struct series_row {
        const char *name;
        enum raw raw;
        enum about about;
} series[] = {
        {"container_cpu_usage_seconds_total", RAW_CPU, ABOUT_CGROUP},
        {"container_memory_working_set_bytes", RAW_MEMORY, ABOUT_CGROUP},
        {"container_cpu_cfs_periods_total", RAW_PERIODS, ABOUT_CGROUP},
        {"container_cpu_cfs_throttled_periods_total", RAW_STOPPED, ABOUT_CGROUP},
        {"container_spec_cpu_quota", RAW_QUOTA, ABOUT_CGROUP},
        {"container_spec_cpu_period", RAW_QUOTA_PERIOD, ABOUT_CGROUP},
        {"container_spec_memory_limit_bytes", RAW_MEMORY_LIMIT, ABOUT_CGROUP},
        {"container_pressure_cpu_waiting_seconds_total", RAW_CPU_WAIT, ABOUT_CGROUP},
        {"container_pressure_memory_waiting_seconds_total", RAW_MEMORY_WAIT, ABOUT_CGROUP},
        {"container_pressure_io_waiting_seconds_total", RAW_IO_WAIT, ABOUT_CGROUP},
        {"container_network_receive_packets_dropped_total", RAW_DROPS, ABOUT_SANDBOX},
        {"container_network_transmit_packets_dropped_total", RAW_DROPS, ABOUT_SANDBOX},
        {"pod_cpu_usage_seconds_total", RAW_CPU, ABOUT_POD},
        {"pod_memory_working_set_bytes", RAW_MEMORY, ABOUT_POD},
        {"node_cpu_usage_seconds_total", RAW_CPU, ABOUT_NODE},
        {"node_memory_working_set_bytes", RAW_MEMORY, ABOUT_NODE},
        {"machine_cpu_cores", RAW_CORES, ABOUT_NODE},
        {"machine_memory_bytes", RAW_MEMORY_LIMIT, ABOUT_NODE},
};

static const struct series_row *series_of(const struct prometheus_line *line)
{
        for (size_t i = 0; i < ARRAY_LEN(series); i++)
                if (strlen(series[i].name) == line->name_len && memcmp(series[i].name, line->name, line->name_len) == 0)
                        return &series[i];
        return NULL;
}

/* Empty when the series has no such label. */
struct word {
        const char *text;
        size_t len;
};

static struct word label(const struct prometheus_line *line, const char *name)
{
        struct word word = {"", 0};

        prometheus_label(line, name, &word.text, &word.len);
        return word;
}

static bool word_is(struct word word, const char *text)
{
        return strlen(text) == word.len && memcmp(word.text, text, word.len) == 0;
}

static struct samples_pod *pod_of(struct samples *samples, const struct prometheus_line *line)
{
        struct word namespace = label(line, "namespace"), name = label(line, "pod");
        char key[600];

        if (!name.len || !namespace.len || name.len + namespace.len + 2 > sizeof key)
                return NULL;
        snprintf(key, sizeof key, "%.*s/%.*s", (int)namespace.len, namespace.text, (int)name.len, name.text);
        return map_find(&samples->by_name, key);
}

void samples_touch(struct samples_page *page, struct samples_pod *pod)
{
        if (pod->touched[page->source])
                return;
        pod->touched[page->source] = true;
        pod->next_touched[page->source] = page->touched;
        page->touched = pod;
}

/* Of a runtime that cAdvisor cannot ask it knows cgroups without their names: theirs say whose they are. */
static struct subject *by_cgroup(struct samples_page *page, struct word id)
{
        const struct cgroup *cgroup = samples_cgroup(page->node->samples, id.text, id.len);

        if (!cgroup)
                return NULL;
        samples_touch(page, cgroup->pod);
        return cgroup->subject;
}

/* The cgroup of a pod has neither a container nor a name of its own; its sandbox has a name, and the network is told of that one. */
static struct subject *subject_of(struct samples_page *page, const struct series_row *row, const struct prometheus_line *line)
{
        struct word container = label(line, "container"), id = label(line, "id");
        bool contained = container.len && !word_is(container, "POD");

        if (row->about == ABOUT_NODE || ((row->about == ABOUT_CGROUP || row->about == ABOUT_SANDBOX) && word_is(id, "/")))
                return &page->node->whole;
        struct samples_pod *pod = pod_of(page->node->samples, line);
        if (!pod)
                return row->about == ABOUT_CGROUP && id.len ? by_cgroup(page, id) : NULL;
        if (row->about == ABOUT_CGROUP && !contained && label(line, "name").len)
                return NULL;
        samples_touch(page, pod);
        return row->about == ABOUT_CGROUP && contained ? samples_container(pod, container.text, container.len) : &pod->whole;
}

/* ---- one page ---- */

static void clear(struct samples_page *page)
{
        for (struct samples_pod *pod = page->touched; pod; pod = pod->next_touched[page->source]) {
                pod->touched[page->source] = false;
                pod->whole.tracks[page->source].next = (struct reading){0};
                for (size_t i = 0; i < pod->containers_len; i++)
                        pod->containers[i].tracks[page->source].next = (struct reading){0};
        }
        page->touched = NULL;
        page->node->whole.tracks[page->source].next = (struct reading){0};
}

struct samples_page *samples_open(struct samples_node *node, enum samples_source source)
{
        clear(&node->pages[source]);
        return &node->pages[source];
}

void samples_take(struct samples_page *page, const struct prometheus_line *line)
{
        const struct series_row *row = series_of(line);
        double number;
        int64_t wall_ms;

        if (!row || !prometheus_number(line, &number))
                return;
        struct word cpu = label(line, "cpu"), id = label(line, "id");
        if (cpu.len && !word_is(cpu, "total"))
                return;
        struct subject *subject = subject_of(page, row, line);
        if (!subject)
                return;
        struct reading *reading = &subject->tracks[page->source].next;
        uint64_t cgroup = row->about == ABOUT_CGROUP && id.len ? text_hash(id.text, id.len) : 0;
        bool stamped = prometheus_stamp(line, &wall_ms);
        if (cgroup && reading->cgroup && cgroup != reading->cgroup) {
                /* A container that was restarted stands there twice for a while: the younger one counts. */
                if (!stamped || wall_ms <= reading->wall_ms)
                        return;
                *reading = (struct reading){0};
        }
        if (cgroup)
                reading->cgroup = cgroup;
        bool sums = row->raw == RAW_DROPS && reading->known[RAW_DROPS];
        reading->value[row->raw] = sums ? reading->value[row->raw] + number : number;
        reading->known[row->raw] = true;
        /* That of the CPU counts: rates are of it, and all of one cgroup are read at once. */
        if (stamped && (row->raw == RAW_CPU || !reading->stamped)) {
                reading->wall_ms = wall_ms;
                reading->stamped = true;
        }
}

static void take_time(struct reading *reading, int64_t wall_ms)
{
        bool any = false;

        for (size_t i = 0; i < RAWS; i++)
                any = any || reading->known[i];
        if (any && !reading->stamped)
                reading->wall_ms = wall_ms;
}

/* What a node has is what limits it. */
static void take_machine(struct reading *reading)
{
        if (!reading->known[RAW_CORES] || reading->value[RAW_CORES] <= 0)
                return;
        reading->value[RAW_QUOTA] = reading->value[RAW_CORES];
        reading->value[RAW_QUOTA_PERIOD] = 1;
        reading->known[RAW_QUOTA] = reading->known[RAW_QUOTA_PERIOD] = true;
        reading->value[RAW_STEAL] /= reading->value[RAW_CORES];
}

#define APART_MS_MAX 1000

/* The kubelet's page tells containers as of now where it asks the runtime, and pods as cAdvisor saw them last: then the sum is newer. */
static void take_sum(struct samples_pod *pod)
{
        struct reading *whole = &pod->whole.tracks[SAMPLES_RESOURCE].next, sum = {.stamped = true};
        int64_t oldest_wall_ms = INT64_MAX;

        for (size_t i = 0; i < pod->containers_len; i++) {
                const struct reading *one = &pod->containers[i].tracks[SAMPLES_RESOURCE].next;
                if (one->wall_ms == 0)
                        continue; /* it has ended */
                sum.wall_ms = one->wall_ms > sum.wall_ms ? one->wall_ms : sum.wall_ms;
                oldest_wall_ms = one->wall_ms < oldest_wall_ms ? one->wall_ms : oldest_wall_ms;
                sum.cgroup = text_hash(pod->containers[i].name, strlen(pod->containers[i].name)) + sum.cgroup * 31;
                for (enum raw raw = RAW_CPU; raw <= RAW_MEMORY; raw++) {
                        sum.value[raw] += one->value[raw];
                        sum.known[raw] = one->known[raw];
                }
        }
        if (sum.wall_ms > whole->wall_ms && sum.wall_ms - oldest_wall_ms <= APART_MS_MAX)
                *whole = sum;
}

/* A limit is often set on the containers alone: their pod was stopped as often as the worst of them. */
static void commit_pod(struct samples_pod *pod, enum samples_source source, int64_t wall_ms)
{
        struct track *whole = &pod->whole.tracks[source];
        float worst = NAN;

        if (source == SAMPLES_RESOURCE)
                take_sum(pod);
        for (size_t i = 0; i < pod->containers_len; i++) {
                struct track *container = &pod->containers[i].tracks[source];
                float throttled = NAN;
                take_time(&container->next, wall_ms);
                rows_commit(container, NAN, &throttled);
                worst = fmaxf(worst, throttled);
        }
        take_time(&whole->next, wall_ms);
        rows_commit(whole, worst, NULL);
}

void samples_close(struct samples_page *page, int64_t wall_ms)
{
        struct track *whole = &page->node->whole.tracks[page->source];

        take_machine(&whole->next);
        take_time(&whole->next, wall_ms);
        rows_commit(whole, NAN, NULL);
        for (struct samples_pod *pod = page->touched; pod; pod = pod->next_touched[page->source])
                commit_pod(pod, page->source, wall_ms);
        page->count++;
        page->problem[0] = '\0';
        clear(page);
}

void samples_miss(struct samples_node *node, enum samples_source source, const char *problem)
{
        struct samples_page *page = &node->pages[source];

        clear(page);
        node->missed++;
        snprintf(page->problem, sizeof page->problem, "%s", problem);
        text_scrub(page->problem);
}

const char *samples_problem(const struct samples_node *node)
{
        for (size_t i = 0; i < SAMPLES_SOURCES; i++)
                if (node->pages[i].problem[0])
                        return node->pages[i].problem;
        return "";
}
