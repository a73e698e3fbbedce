/* SPDX-License-Identifier: Apache-2.0
 *
 * A page of metrics in the Prometheus text format, line by line as it arrives: nothing of it is kept but a line that has not come to
 * its end. What the series mean is for the caller to know.
 * Source: Prometheus, Exposition formats, text format 0.0.4. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"

#define PROMETHEUS_LINE_BYTES_MAX 16384
#define PROMETHEUS_NUMBER_MAX 9e15 /* what a double counts exactly */

/* One series, cut into its parts; nothing is copied. Borrowed for the call. */
struct prometheus_line {
        const char *name, *labels, *value, *stamp; /* labels, stamp NULL: there are none */
        size_t name_len, labels_len, value_len, stamp_len;
};

typedef void prometheus_line_fn(void *owner, const struct prometheus_line *line);

struct prometheus_page { /* zeroed memory with both bounds set is a page that has not begun */
        uint32_t lines_max;
        size_t bytes_max;
        uint32_t lines, series, malformed;
        size_t bytes;
        struct buf rest; /* the beginning of a line */
};

/* The next bytes, cut anywhere. FAIL_TOO_LARGE: more lines, bytes, or bytes in one line than the bounds allow; the page is then over. */
enum fail_kind prometheus_feed(struct prometheus_page *page, const char *text, size_t size, prometheus_line_fn *take, void *owner,
                               struct fail *fail);
/* Nothing more comes. FAIL_INVALID: no page of metrics, or cut off in the middle of a line. */
enum fail_kind prometheus_end(const struct prometheus_page *page, struct fail *fail);
void prometheus_done(struct prometheus_page *page);

/* The value of a label as it stands (escapes stay: names of objects have none). False: the series has no such label. */
bool prometheus_label(const struct prometheus_line *line, const char *name, const char **ret_value, size_t *ret_len);
/* The label is there and has this value; a NULL is none. */
bool prometheus_label_is(const struct prometheus_line *line, const char *name, const char *wanted);
/* False: no number, negative, or beyond PROMETHEUS_NUMBER_MAX. */
bool prometheus_number(const struct prometheus_line *line, double *ret_number);
/* The line's own time. False: it has none. */
bool prometheus_stamp(const struct prometheus_line *line, int64_t *ret_wall_ms);
