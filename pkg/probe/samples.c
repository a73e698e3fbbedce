/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "probe/samples_internal.h"

/* ---- what is sampled ---- */

struct samples *samples_new(void)
{
        return xnew(struct samples);
}

static void subject_done(struct subject *subject)
{
        free(subject->name);
        rows_free(subject->rows);
}

struct samples *samples_free(struct samples *samples)
{
        if (!samples)
                return NULL;
        for (size_t i = 0; i < samples->pods_len; i++) {
                struct samples_pod *pod = samples->pods[i];
                subject_done(&pod->whole);
                for (size_t k = 0; k < pod->containers_len; k++)
                        subject_done(&pod->containers[k]);
                free(pod->namespace);
                free(pod->node);
                free(pod);
        }
        for (size_t i = 0; i < samples->nodes_len; i++) {
                subject_done(&samples->nodes[i]->whole);
                free(samples->nodes[i]);
        }
        map_done(&samples->by_name);
        free(samples);
        return NULL;
}

void samples_add_pod(struct samples *samples, enum samples_role role, const char *namespace, const char *name, const char *node)
{
        auto_free char *key = xasprintf("%s/%s", namespace, name);

        if (map_find(&samples->by_name, key))
                return;
        if (samples->pods_len == SAMPLES_PODS_MAX) {
                samples->pods_cut++;
                return;
        }
        struct samples_pod *pod = samples->pods[samples->pods_len++] = xnew(struct samples_pod);
        *pod = (struct samples_pod){.role = role, .namespace = xstrdup(namespace), .node = xstrdup(node)};
        pod->whole = (struct subject){.kind = SUBJECT_POD, .name = xstrdup(name)};
        map_set(&samples->by_name, key, pod);
}

struct samples_node *samples_add_node(struct samples *samples, enum samples_role role, const char *name)
{
        for (size_t i = 0; i < samples->nodes_len; i++)
                if (text_equal(samples->nodes[i]->whole.name, name)) {
                        samples->nodes[i]->roles |= (int)role;
                        return samples->nodes[i];
                }
        if (samples->nodes_len == SAMPLES_NODES_MAX) {
                samples->nodes_cut++;
                return NULL;
        }
        struct samples_node *node = samples->nodes[samples->nodes_len++] = xnew(struct samples_node);
        *node = (struct samples_node){.samples = samples, .roles = (int)role};
        node->whole = (struct subject){.kind = SUBJECT_NODE, .name = xstrdup(name)};
        return node;
}

static void forget(struct subject *subject)
{
        subject->rows = rows_free(subject->rows);
}

void samples_forget(struct samples *samples)
{
        for (size_t i = 0; i < samples->pods_len; i++) {
                forget(&samples->pods[i]->whole);
                for (size_t k = 0; k < samples->pods[i]->containers_len; k++)
                        forget(&samples->pods[i]->containers[k]);
        }
        for (size_t i = 0; i < samples->nodes_len; i++) {
                struct samples_node *node = samples->nodes[i];
                forget(&node->whole);
                node->pages = node->missed = 0;
                node->problem[0] = '\0';
        }
}

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
        {"node_cpu_steal_seconds_total", RAW_STEAL, ABOUT_NODE},
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

static struct subject *container_of_pod(struct samples_pod *pod, struct word name)
{
        for (size_t i = 0; i < pod->containers_len; i++)
                if (word_is(name, pod->containers[i].name))
                        return &pod->containers[i];
        if (pod->containers_len == SAMPLES_CONTAINERS_MAX)
                return NULL;
        struct subject *subject = &pod->containers[pod->containers_len++];
        *subject = (struct subject){.kind = SUBJECT_CONTAINER, .name = xstrndup(name.text, name.len)};
        return subject;
}

/* The cgroup of a pod has neither a container nor a name of its own; its sandbox has a name, and the network is told of that one. */
static struct subject *subject_of(struct samples_node *node, const struct series_row *row, const struct prometheus_line *line)
{
        struct word container = label(line, "container");
        bool contained = container.len && !word_is(container, "POD");

        if (row->about == ABOUT_NODE || ((row->about == ABOUT_CGROUP || row->about == ABOUT_SANDBOX) && word_is(label(line, "id"), "/")))
                return &node->whole;
        struct samples_pod *pod = pod_of(node->samples, line);
        if (!pod || (row->about == ABOUT_CGROUP && !contained && label(line, "name").len))
                return NULL;
        if (!pod->touched) {
                pod->touched = true;
                pod->next_touched = node->touched;
                node->touched = pod;
        }
        return row->about == ABOUT_CGROUP && contained ? container_of_pod(pod, container) : &pod->whole;
}

/* ---- one page ---- */

static void clear(struct samples_node *node)
{
        for (struct samples_pod *pod = node->touched; pod; pod = pod->next_touched) {
                pod->touched = false;
                pod->whole.next = (struct reading){0};
                for (size_t i = 0; i < pod->containers_len; i++)
                        pod->containers[i].next = (struct reading){0};
        }
        node->touched = NULL;
        node->whole.next = (struct reading){0};
}

void samples_open(struct samples_node *node)
{
        clear(node);
}

void samples_take(struct samples_node *node, const struct prometheus_line *line)
{
        const struct series_row *row = series_of(line);
        struct word cpu, id;
        double number;
        int64_t wall_ms;

        if (!row || !prometheus_number(line, &number))
                return;
        cpu = label(line, "cpu");
        if (cpu.len && !word_is(cpu, "total"))
                return;
        struct subject *subject = subject_of(node, row, line);
        if (!subject)
                return;
        struct reading *reading = &subject->next;
        id = label(line, "id");
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

static void take_time(struct subject *subject, int64_t wall_ms)
{
        bool any = false;

        for (size_t i = 0; i < RAWS; i++)
                any = any || subject->next.known[i];
        if (any && !subject->next.stamped)
                subject->next.wall_ms = wall_ms;
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

/* A limit is often set on the containers alone: their pod was stopped as often as the worst of them. */
static void commit_pod(struct samples_pod *pod, int64_t wall_ms)
{
        float worst = NAN;

        for (size_t i = 0; i < pod->containers_len; i++) {
                float throttled = NAN;
                take_time(&pod->containers[i], wall_ms);
                rows_commit(&pod->containers[i], NAN, &throttled);
                if (!(throttled <= worst) && !isnan(throttled))
                        worst = throttled;
        }
        take_time(&pod->whole, wall_ms);
        rows_commit(&pod->whole, worst, NULL);
}

void samples_close(struct samples_node *node, const char *source, int64_t wall_ms)
{
        take_machine(&node->whole.next);
        take_time(&node->whole, wall_ms);
        rows_commit(&node->whole, NAN, NULL);
        for (struct samples_pod *pod = node->touched; pod; pod = pod->next_touched)
                commit_pod(pod, wall_ms);
        node->source = source;
        node->pages++;
        node->problem[0] = '\0';
        clear(node);
}

void samples_miss(struct samples_node *node, const char *problem)
{
        clear(node);
        node->missed++;
        snprintf(node->problem, sizeof node->problem, "%s", problem);
        text_scrub(node->problem);
}
