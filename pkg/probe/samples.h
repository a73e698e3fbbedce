/* SPDX-License-Identifier: Apache-2.0
 *
 * CPU, memory and what stands in their way, of the pods and nodes around a run, as rows in time. Fed with what the node's probe says
 * (probe/node_page.h), and with pages of metrics as the kubelet serves them (cAdvisor's and its own); every row is at the time that
 * the page says, not at the time of asking, and covers the span since the reading before. A counter that fell was reset: of that span
 * nothing is known. What no page told is in no row.
 * Sources: kubelet, /metrics/cadvisor and /metrics/resource; cAdvisor, Prometheus metrics; Linux, cgroup-v2 and psi. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/prometheus.h"
#include "probe/node_page.h"

#define SAMPLES_PODS_MAX 256      /* sampled; further ones are only counted */
#define SAMPLES_CONTAINERS_MAX 8  /* of one pod */
#define SAMPLES_NODES_MAX 16
#define SAMPLES_ROWS_MAX 240      /* of one subject; when there are more, two neighbours become one */
#define SAMPLES_PROBLEM_MAX 160

enum sample_metric {
        SAMPLE_CPU,             /* cores in use, in thousandths */
        SAMPLE_MEMORY,          /* working set, KiB */
        SAMPLE_THROTTLED,       /* periods in which the CPU limit stopped it, of 1000; of a pod: of its worst container */
        SAMPLE_CPU_LIMIT,       /* thousandths of a core; of a node: what it has */
        SAMPLE_MEMORY_LIMIT,    /* KiB; of a node: what it has */
        SAMPLE_CPU_PRESSURE,    /* time in which something waited for CPU, memory, IO, of 1000 (PSI "some") */
        SAMPLE_MEMORY_PRESSURE,
        SAMPLE_IO_PRESSURE,
        SAMPLE_STEAL,           /* CPU time that the machine's host took away, of 1000 of all of it; nodes only */
        SAMPLE_DROPS,           /* packets dropped; pods and nodes only */
        SAMPLE_METRICS,
};

/* As in the result: "cpuMilli", "memoryKiB", "throttledPermille", … */
const char *sample_metric_name(enum sample_metric metric);

enum samples_role { SAMPLES_TARGET = 1, SAMPLES_GENERATOR = 2 }; /* a node may have both */

/* The best first. */
enum samples_source { SAMPLES_PROBE, SAMPLES_CADVISOR, SAMPLES_RESOURCE, SAMPLES_SOURCES };

const char *samples_source_name(enum samples_source source); /* "node probe", "kubelet cadvisor", … */

struct samples;
struct samples_node;
struct samples_page;

struct samples *samples_new(void);
struct samples *samples_free(struct samples *samples); /* NULL is fine; returns NULL */

/* A pod that has a node, as it is now; told again when it changed, since its containers may be others. What is beyond the bounds is
 * counted as cut. */
void samples_add_pod(struct samples *samples, enum samples_role role, struct json_object *pod);
/* Told again, a node may get another role. The handle lives as long as 'samples'; NULL: beyond the bound. */
struct samples_node *samples_add_node(struct samples *samples, enum samples_role role, const char *name);
/* Another trial: rows and problems go, the last readings stay, so that its first row has a beginning. */
void samples_forget(struct samples *samples);

/* ---- one page of one source of one node at a time: begun, its lines, and its end; nothing of a page counts that was not closed.
 *      Of a probe, each second is a page ---- */

/* The handle lives as long as the node's; what was open of that source is dropped. */
struct samples_page *samples_open(struct samples_node *node, enum samples_source source);
void samples_take(struct samples_page *page, const struct prometheus_line *line);
/* A row of the second that begins at 'wall_ms'; 'path' as in node_page.h. */
void samples_take_row(struct samples_page *page, int64_t wall_ms, const char *path, const struct node_row *row);
/* 'wall_ms' is when it arrived: the time of series that tell none. */
void samples_close(struct samples_page *page, int64_t wall_ms);
/* Nothing came, or not all: why, until a page of that source comes. Told also when there never will be one ("no rights"). */
void samples_miss(struct samples_node *node, enum samples_source source, const char *problem);

/* ---- what it came to ---- */

/* Of the pods of one role from..to (wall time), or of one container of each; of each figure the source that has most to say of it. Rows that
 * reach over the edge count with their part inside, but where they began before it and tell what stood in the way: throttled and at_limit are
 * of rows that began in it. */
struct samples_summary {
        bool cpu_known, memory_known, throttled_known;
        double cpu_mean, cpu_max, cpu_limit;          /* cores of one pod: mean over pods and time, the most of any row; limit 0: none, or not known */
        double memory_mean, memory_max, memory_limit; /* bytes of one pod */
        double memory_fullest, fullest_limit;         /* the most that a pod used of its own limit, a share; that limit, bytes, 0: none has one */
        double throttled;                             /* share of periods, mean over pods and time */
        double at_limit;                              /* share of pod time in rows whose CPU was within 5 % of the limit */
        double worst_throttled;                       /* of the pod with the most, over the same time */
        char worst_pod[254];                          /* its name, "" when nobody was throttled */
        double covered;                               /* share of the pods' time that rows cover */
        int64_t row_ms;                               /* mean span of a row */
        uint32_t pods;                                /* that there were; their time in the window is what 'covered' is of */
        double pods_ms;
};
/* 'container' NULL: the pods as a whole; pods that have none of that name do not count. */
void samples_summary(const struct samples *samples, enum samples_role role, const char *container, int64_t from_wall_ms, int64_t to_wall_ms,
                     struct samples_summary *ret_summary);
/* Another window, of the same pods or of others: means weigh by time. */
void samples_summary_add(struct samples_summary *summary, const struct samples_summary *other);

/* CPU of one pod of the target in cores, mean over pods and rows that lie whole in from..to; 'newest': of each pod the last row alone. False:
 * no row does. */
bool samples_target_cpu(const struct samples *samples, int64_t from_wall_ms, int64_t to_wall_ms, bool newest, double *ret_cores);

/* How a node did from..to. Shares are 0..1; below 0: not known. */
struct samples_strain {
        const char *node;    /* borrowed */
        int roles;           /* of enum samples_role */
        double cpu_mean, cpu_max;       /* of the cores it has */
        double memory_max;              /* of the memory it has */
        double cpu_pressure, memory_pressure, io_pressure; /* mean */
        double steal;                   /* mean, of the cores it has */
        double covered;      /* share of the time that rows cover */
        const char *problem; /* why the newest try at one of the sources came to nothing, "" when none did */
};
/* At most SAMPLES_NODES_MAX; returns how many. */
size_t samples_strains(const struct samples *samples, int64_t from_wall_ms, int64_t to_wall_ms,
                       struct samples_strain ret_strains[static SAMPLES_NODES_MAX]);

/* For the result: [{"kind": "node" | "pod" | "container", "role", "name", "pod", "namespace", "node", "source", "from":[ms…], "to":[ms…],
 * "cpuMilli":[…], …}], one for each source, times since 'zero_wall_ms', null where a row does not know. Only rows that end after from_wall_ms. The text has
 * at most bytes_max: rows are joined first, then subjects left out, those that do least first. Caller owns. */
struct json_object *samples_encode(const struct samples *samples, int64_t zero_wall_ms, int64_t from_wall_ms, size_t bytes_max);
/* Where it came from: {"nodes":[{"name","pages":{source: count},"missed","problem"}],"podsCut","nodesCut"}. Caller owns. */
struct json_object *samples_encode_sources(const struct samples *samples);
