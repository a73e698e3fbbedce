/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel knows of this process, under the names of Prometheus' client libraries. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "operator/metrics.h"

static double seconds(struct timeval time)
{
        return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void print_memory(struct buf *body)
{
        auto_free char *text = NULL;
        double pages[2] = {0}, page = (double)sysconf(_SC_PAGESIZE);
        char *at;

        if (text_file_read("/proc/self/statm", 256, &text, NULL, NULL) == FAIL_NONE) {
                pages[0] = strtod(text, &at);
                pages[1] = strtod(at, NULL);
        }
        metrics_family(body, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.");
        metrics_sample(body, "process_virtual_memory_bytes", NULL, pages[0] * page);
        metrics_family(body, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
        metrics_sample(body, "process_resident_memory_bytes", NULL, pages[1] * page);
}

static void print_descriptors(struct buf *body)
{
        DIR *folder = opendir("/proc/self/fd");
        struct rlimit limit = {0};
        int open_ones = 0;

        while (folder && readdir(folder))
                open_ones++;
        if (folder)
                closedir(folder);
        getrlimit(RLIMIT_NOFILE, &limit);
        metrics_family(body, "process_open_fds", "gauge", "Number of open file descriptors.");
        metrics_sample(body, "process_open_fds", NULL, open_ones > 3 ? open_ones - 3 : 0); /* ".", ".." and the folder itself */
        metrics_family(body, "process_max_fds", "gauge", "Maximum number of open file descriptors.");
        metrics_sample(body, "process_max_fds", NULL, (double)limit.rlim_cur);
}

void metrics_process(struct buf *body, int64_t started_wall_ms)
{
        struct rusage usage = {0};

        getrusage(RUSAGE_SELF, &usage);
        metrics_family(body, "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
        metrics_sample(body, "process_cpu_seconds_total", NULL, seconds(usage.ru_utime) + seconds(usage.ru_stime));
        metrics_family(body, "process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
        metrics_sample(body, "process_start_time_seconds", NULL, (double)started_wall_ms / 1e3);
        print_memory(body);
        print_descriptors(body);
}
