/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers in what the kernel's files say. Pure; 'text' is NUL-terminated, may be anything, and may be cut off at any place.
 * Source: Linux, admin-guide/cgroup-v1 and cgroup-v2, accounting/psi, filesystems/proc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum figure_shape {
        FIGURE_WHOLE,    /* "1234\n" */
        FIGURE_FIRST,    /* "20000 100000\n" */
        FIGURE_SECOND,
        FIGURE_KEYED,    /* "nr_periods 1234\n" among lines */
        FIGURE_PRESSURE, /* the total of "some avg10=0.00 … total=1234\n" */
};

/* False: it is not there, or no number; neither are "max" and what the kernel writes where there is no limit (-1, 2^63 less a page). 'key' is only looked
 * at where the shape has one. */
bool figure_find(const char *text, enum figure_shape shape, const char *key, uint64_t *ret_value);

/* The first line of /proc/stat, in ticks, and how many cores have a line of their own. */
struct figure_cpu {
        uint64_t used, stolen;
        uint32_t cores;
};
bool figure_cpu(const char *text, struct figure_cpu *ret_cpu);
