/* SPDX-License-Identifier: Apache-2.0
 *
 * What loadstone-probe says of its node, second by second, as lines of text:
 *
 *   loadstone-probe 1 worker-3                 the format, and whose numbers these are
 *   columns late_ms cpu_us periods …           names of the numbers in a row; one that a reader does not know is skipped
 *   group 0 /                                  the node itself
 *   group 7 kubepods/burstable/pod<uid>/<id>   a cgroup, as its path below the mount; of either driver
 *   second 1764197756123                       wall time: the rows behind it were read then, each late_ms later
 *   0 0 812345 - …                             a group's number, and a row; "-": not known here
 *   end                                        so that a page that was cut off is none
 *
 * Counters count from the beginning of the cgroup (of the node: of its start). Lines end with LF alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"

#define NODE_PAGE_GROUPS_MAX 1024
#define NODE_PAGE_PATH_MAX 512
#define NODE_PAGE_SECONDS_MAX 600
#define NODE_PAGE_BYTES_MAX (4u << 20)
#define NODE_PAGE_WALL_MS_MAX INT64_C(99999999999999)

enum node_figure {
        NODE_CPU_US,        /* used */
        NODE_PERIODS,       /* in which something wanted to run under a CPU limit */
        NODE_STOPPED,       /* of them: in which the limit stopped it */
        NODE_STOPPED_US,
        NODE_MEMORY,        /* working set, bytes */
        NODE_QUOTA_US,      /* not known: there is no limit */
        NODE_QUOTA_PERIOD_US,
        NODE_MEMORY_LIMIT,  /* bytes; of the node: what it has */
        NODE_CPU_WAIT_US,   /* PSI "some" */
        NODE_MEMORY_WAIT_US,
        NODE_IO_WAIT_US,
        NODE_STEAL_US,      /* the node only, over all cores */
        NODE_CORES,         /* the same */
        NODE_FIGURES,
};

struct node_row {
        uint32_t late_ms;
        uint32_t known; /* bits, 1 << figure */
        uint64_t value[NODE_FIGURES];
};

static inline void node_row_set(struct node_row *row, enum node_figure figure, uint64_t value)
{
        row->value[figure] = value;
        row->known |= 1u << figure;
}

static inline bool node_row_knows(const struct node_row *row, enum node_figure figure)
{
        return row->known & 1u << figure;
}

/* ---- written ---- */

void node_page_encode_head(struct buf *buf, const char *node);
void node_page_encode_group(struct buf *buf, uint32_t number, const char *path);
void node_page_encode_second(struct buf *buf, int64_t wall_ms);
void node_page_encode_row(struct buf *buf, uint32_t number, const struct node_row *row);
void node_page_encode_end(struct buf *buf);

/* ---- read, line by line as it arrives ---- */

struct node_page_reader { /* called in the order of the page; a second is over when another begins, or with 'ended' */
        void (*second)(void *owner, int64_t wall_ms);
        void (*row)(void *owner, const char *path, const struct node_row *row);
        void (*ended)(void *owner);
        void *owner;
};

struct node_page; /* what of a page was read so far */

/* 'node' (copied): whose numbers are wanted; a page of another is refused. 'reader' is copied. */
struct node_page *node_page_new(const char *node, const struct node_page_reader *reader);
struct node_page *node_page_free(struct node_page *page); /* NULL is fine; returns NULL */
/* The next bytes, cut anywhere. FAIL_INVALID: no such page, or another node's. FAIL_TOO_LARGE. The page is over then. */
enum fail_kind node_page_feed(struct node_page *page, const char *text, size_t size, struct fail *fail);
/* Nothing more comes. FAIL_INVALID: it was cut off. */
enum fail_kind node_page_end(const struct node_page *page, struct fail *fail);
