/* SPDX-License-Identifier: Apache-2.0
 *
 * What is read of a cgroup, and where it stands in either version.
 * Source: Linux, cgroup-v1 and cgroup-v2. */
#pragma once

#include <stddef.h>

#include "node/figures.h"
#include "probe/node_page.h"

#define LAYOUT_FILES_MAX 10 /* of one group */

struct layout_source { /* one number of one file; those of one file stand together */
        const char *folder, *file;
        enum figure_shape shape;
        const char *key;
        enum node_figure figure;
        unsigned divisor;
        enum {
                LAYOUT_EACH_SECOND,
                LAYOUT_SUBTRACTED, /* from what stands there already: of the working set, what can be given up at once is no part */
                LAYOUT_SELDOM,     /* people change it */
                LAYOUT_OF_PODS,    /* of a container it is hardly other than of its pod, and costs as much again */
        } how;
};

struct layout {
        int version;
        const char *sign; /* a file that only this version has in its root */
        const char *walk; /* the folder in which groups are looked for */
        const struct layout_source *sources;
        size_t len;
};

/* Of what is mounted at this open folder; NULL: cgroups of neither version. */
const struct layout *layout_find(int root);
