/* SPDX-License-Identifier: Apache-2.0 */
#include "node/layout.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"

static const struct layout_source sources_v2[] = {
        {".", "cpu.stat", FIGURE_KEYED, "usage_usec", NODE_CPU_US, 1, LAYOUT_EACH_SECOND},
        {".", "cpu.stat", FIGURE_KEYED, "nr_periods", NODE_PERIODS, 1, LAYOUT_EACH_SECOND},
        {".", "cpu.stat", FIGURE_KEYED, "nr_throttled", NODE_STOPPED, 1, LAYOUT_EACH_SECOND},
        {".", "cpu.stat", FIGURE_KEYED, "throttled_usec", NODE_STOPPED_US, 1, LAYOUT_EACH_SECOND},
        {".", "cpu.max", FIGURE_FIRST, NULL, NODE_QUOTA_US, 1, LAYOUT_SELDOM},
        {".", "cpu.max", FIGURE_SECOND, NULL, NODE_QUOTA_PERIOD_US, 1, LAYOUT_SELDOM},
        {".", "memory.current", FIGURE_WHOLE, NULL, NODE_MEMORY, 1, LAYOUT_EACH_SECOND},
        {".", "memory.stat", FIGURE_KEYED, "inactive_file", NODE_MEMORY, 1, LAYOUT_SUBTRACTED},
        {".", "memory.max", FIGURE_WHOLE, NULL, NODE_MEMORY_LIMIT, 1, LAYOUT_SELDOM},
        {".", "cpu.pressure", FIGURE_PRESSURE, NULL, NODE_CPU_WAIT_US, 1, LAYOUT_OF_PODS},
        {".", "memory.pressure", FIGURE_PRESSURE, NULL, NODE_MEMORY_WAIT_US, 1, LAYOUT_OF_PODS},
        {".", "io.pressure", FIGURE_PRESSURE, NULL, NODE_IO_WAIT_US, 1, LAYOUT_OF_PODS},
};

/* Pressure is only counted by version 2, which often is there beside it, without controllers. */
static const struct layout_source sources_v1[] = {
        {"cpuacct", "cpuacct.usage", FIGURE_WHOLE, NULL, NODE_CPU_US, 1000, LAYOUT_EACH_SECOND},
        {"cpu", "cpu.stat", FIGURE_KEYED, "nr_periods", NODE_PERIODS, 1, LAYOUT_EACH_SECOND},
        {"cpu", "cpu.stat", FIGURE_KEYED, "nr_throttled", NODE_STOPPED, 1, LAYOUT_EACH_SECOND},
        {"cpu", "cpu.stat", FIGURE_KEYED, "throttled_time", NODE_STOPPED_US, 1000, LAYOUT_EACH_SECOND},
        {"cpu", "cpu.cfs_quota_us", FIGURE_WHOLE, NULL, NODE_QUOTA_US, 1, LAYOUT_SELDOM},
        {"cpu", "cpu.cfs_period_us", FIGURE_WHOLE, NULL, NODE_QUOTA_PERIOD_US, 1, LAYOUT_SELDOM},
        {"memory", "memory.usage_in_bytes", FIGURE_WHOLE, NULL, NODE_MEMORY, 1, LAYOUT_EACH_SECOND},
        {"memory", "memory.stat", FIGURE_KEYED, "total_inactive_file", NODE_MEMORY, 1, LAYOUT_SUBTRACTED},
        {"memory", "memory.limit_in_bytes", FIGURE_WHOLE, NULL, NODE_MEMORY_LIMIT, 1, LAYOUT_SELDOM},
        {"unified", "cpu.pressure", FIGURE_PRESSURE, NULL, NODE_CPU_WAIT_US, 1, LAYOUT_OF_PODS},
        {"unified", "memory.pressure", FIGURE_PRESSURE, NULL, NODE_MEMORY_WAIT_US, 1, LAYOUT_OF_PODS},
        {"unified", "io.pressure", FIGURE_PRESSURE, NULL, NODE_IO_WAIT_US, 1, LAYOUT_OF_PODS},
};

static const struct layout layouts[] = {
        {2, "cgroup.controllers", ".", sources_v2, ARRAY_LEN(sources_v2)},
        {1, "cpuacct/cpuacct.usage", "cpuacct", sources_v1, ARRAY_LEN(sources_v1)},
};

const struct layout *layout_find(int root)
{
        for (size_t i = 0; i < ARRAY_LEN(layouts); i++)
                if (faccessat(root, layouts[i].sign, F_OK, 0) == 0)
                        return &layouts[i];
        return NULL;
}
