/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "probe/samples_internal.h"

static const struct figure_row {
        enum node_figure figure;
        enum raw raw;
        double scale;
} figures[] = {
        {NODE_CPU_US, RAW_CPU, 1e-6},
        {NODE_MEMORY, RAW_MEMORY, 1},
        {NODE_PERIODS, RAW_PERIODS, 1},
        {NODE_STOPPED, RAW_STOPPED, 1},
        {NODE_QUOTA_US, RAW_QUOTA, 1},
        {NODE_QUOTA_PERIOD_US, RAW_QUOTA_PERIOD, 1},
        {NODE_MEMORY_LIMIT, RAW_MEMORY_LIMIT, 1},
        {NODE_CPU_WAIT_US, RAW_CPU_WAIT, 1e-6},
        {NODE_MEMORY_WAIT_US, RAW_MEMORY_WAIT, 1e-6},
        {NODE_IO_WAIT_US, RAW_IO_WAIT, 1e-6},
        {NODE_STEAL_US, RAW_STEAL, 1e-6},
        {NODE_CORES, RAW_CORES, 1},
};

static struct subject *subject_of(struct samples_page *page, const char *path)
{
        if (text_equal(path, "/"))
                return &page->node->whole;
        const struct cgroup *cgroup = samples_cgroup(page->node->samples, path, strlen(path));
        if (!cgroup)
                return NULL;
        samples_touch(page, cgroup->pod);
        return cgroup->subject;
}

void samples_take_row(struct samples_page *page, int64_t wall_ms, const char *path, const struct node_row *row)
{
        struct subject *subject = subject_of(page, path);

        if (!subject)
                return;
        struct reading *reading = &subject->tracks[page->source].next;
        *reading = (struct reading){.wall_ms = wall_ms + row->late_ms, .stamped = true, .cgroup = text_hash(path, strlen(path))};
        for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
                reading->known[figures[i].raw] = node_row_knows(row, figures[i].figure);
                reading->value[figures[i].raw] = (double)row->value[figures[i].figure] * figures[i].scale;
        }
}
