/* SPDX-License-Identifier: Apache-2.0
 *
 * Between samples.c (what is sampled), samples_page.c (lines become readings), samples_probe.c (what a probe says, too), samples_rows.c
 * (readings become rows), samples_summary.c and samples_encode.c. */
#pragma once

#include "base/map.h"
#include "probe/samples.h"

enum raw {
        RAW_CPU, RAW_MEMORY, RAW_PERIODS, RAW_STOPPED, RAW_QUOTA, RAW_QUOTA_PERIOD, RAW_MEMORY_LIMIT, RAW_CORES, RAW_CPU_WAIT,
        RAW_MEMORY_WAIT, RAW_IO_WAIT, RAW_STEAL, RAW_DROPS,
        RAWS,
};

struct reading {
        int64_t wall_ms;    /* 0: nothing was read */
        uint64_t cgroup;    /* hash of its name, 0 unknown: another one counts from zero */
        bool stamped;       /* wall_ms is the page's own */
        double value[RAWS];
        bool known[RAWS];
};

/* Rows as columns; a column that nobody ever filled is not there, what a row does not know is NaN. */
struct rows {
        int64_t from_wall_ms[SAMPLES_ROWS_MAX], to_wall_ms[SAMPLES_ROWS_MAX];
        float *columns[SAMPLE_METRICS];
        size_t len;
        uint32_t stride, joined; /* readings in one row; in the last one */
};

enum subject_kind { SUBJECT_NODE, SUBJECT_POD, SUBJECT_CONTAINER };

struct track { /* what one source says of one subject */
        struct reading next, last;
        struct rows *rows; /* NULL until there is one */
};

struct subject {
        enum subject_kind kind;
        char *name;
        struct track tracks[SAMPLES_SOURCES];
};

struct samples_pod {
        enum samples_role role;
        char *namespace, *node;
        struct subject whole, containers[SAMPLES_CONTAINERS_MAX];
        size_t containers_len;
        struct samples_pod *next_touched[SAMPLES_SOURCES];
        bool touched[SAMPLES_SOURCES]; /* by the page that is open */
};

struct samples_page { /* of one source; zeroed but for node and source is one that was never begun */
        struct samples_node *node;
        enum samples_source source;
        struct samples_pod *touched;
        uint32_t count;     /* pages that were closed */
        char problem[SAMPLES_PROBLEM_MAX];
};

struct samples_node {
        struct samples *samples;
        int roles;
        struct subject whole;
        struct samples_page pages[SAMPLES_SOURCES];
        uint32_t missed;
};

struct samples {
        struct map by_name;   /* "namespace/pod" -> struct samples_pod */
        struct map by_cgroup; /* the last part of a cgroup's name -> struct cgroup */
        struct samples_pod *pods[SAMPLES_PODS_MAX];
        size_t pods_len;
        struct samples_node *nodes[SAMPLES_NODES_MAX];
        size_t nodes_len;
        struct map pods_cut, nodes_cut; /* sets of names beyond the bounds: each is told many times */
};

/* Makes a row of track->next, which becomes the last reading; a reading that is not newer is nothing. The row was throttled at least
 * 'throttled_least' (NaN: not known); *ret_throttled (may be NULL) is what it became, untouched without a row. */
void rows_commit(struct track *track, float throttled_least, float *ret_throttled);
struct rows *rows_free(struct rows *rows);

/* Whose cgroup it is, by its name ("/kubepods/burstable/pod<uid>/<id>", or systemd's "…/cri-containerd-<id>.scope"). */
struct cgroup {
        struct samples_pod *pod;
        struct subject *subject;
};
/* NULL: of nobody that is sampled. */
const struct cgroup *samples_cgroup(const struct samples *samples, const char *name, size_t len);
struct subject *samples_container(struct samples_pod *pod, const char *name, size_t len); /* NULL: beyond the bound */
/* The page tells of it. */
void samples_touch(struct samples_page *page, struct samples_pod *pod);
/* The first thing that is missing, "" when nothing is. */
const char *samples_problem(const struct samples_node *node);

float rows_value(const struct rows *rows, enum sample_metric metric, size_t row);
void rows_set(struct rows *rows, enum sample_metric metric, size_t row, float value);
/* The row 'from' of 'other' becomes part of the row 'into', which lies before it in time. */
void rows_join(struct rows *rows, size_t into, const struct rows *other, size_t from);
