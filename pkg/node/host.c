/* SPDX-License-Identifier: Apache-2.0 */
#include "node/host.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/figures.h"

#define FILE_BYTES_MAX 65536 /* of /proc/stat the lines of the cores, which are the first ones */
#define US_PER_S 1000000

enum file { FILE_STAT, FILE_MEMORY, FILE_CPU_PRESSURE, FILE_MEMORY_PRESSURE, FILE_IO_PRESSURE, FILES };

static const char *const names[FILES] = {
        [FILE_STAT] = "stat",
        [FILE_MEMORY] = "meminfo",
        [FILE_CPU_PRESSURE] = "pressure/cpu",
        [FILE_MEMORY_PRESSURE] = "pressure/memory",
        [FILE_IO_PRESSURE] = "pressure/io",
};

struct host {
        int fds[FILES]; /* -1: this kernel does not tell */
        uint64_t ticks_per_s;
        char text[FILE_BYTES_MAX];
};

struct host *host_new(const char *proc)
{
        struct host *host = xnew(struct host);
        long ticks_per_s = sysconf(_SC_CLK_TCK);

        host->ticks_per_s = ticks_per_s > 0 ? (uint64_t)ticks_per_s : 100;
        for (size_t i = 0; i < FILES; i++) {
                auto_free char *path = xasprintf("%s/%s", proc, names[i]);
                host->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        }
        return host;
}

struct host *host_free(struct host *host)
{
        if (!host)
                return NULL;
        for (size_t i = 0; i < FILES; i++)
                mem_close_at(&host->fds[i]);
        free(host);
        return NULL;
}

static const char *read_file(struct host *host, enum file file)
{
        ssize_t size = host->fds[file] >= 0 ? pread(host->fds[file], host->text, sizeof host->text - 1, 0) : 0;

        host->text[size > 0 ? size : 0] = '\0';
        return host->text;
}

static void read_cpu(struct host *host, struct node_row *row)
{
        struct figure_cpu cpu;

        if (!figure_cpu(read_file(host, FILE_STAT), &cpu))
                return;
        node_row_set(row, NODE_CPU_US, cpu.used * US_PER_S / host->ticks_per_s);
        node_row_set(row, NODE_STEAL_US, cpu.stolen * US_PER_S / host->ticks_per_s);
        node_row_set(row, NODE_CORES, cpu.cores);
}

/* As the kubelet counts a node's working set: all that is not free, less what could be given up at once. */
static void read_memory(struct host *host, struct node_row *row)
{
        const char *text = read_file(host, FILE_MEMORY);
        uint64_t all, unused, inactive;

        if (!figure_find(text, FIGURE_KEYED, "MemTotal:", &all) || !figure_find(text, FIGURE_KEYED, "MemFree:", &unused) ||
            !figure_find(text, FIGURE_KEYED, "Inactive(file):", &inactive))
                return;
        node_row_set(row, NODE_MEMORY_LIMIT, all * 1024);
        node_row_set(row, NODE_MEMORY, unused + inactive < all ? (all - unused - inactive) * 1024 : 0);
}

void host_read(struct host *host, struct node_row *ret_row)
{
        static const struct {
                enum file file;
                enum node_figure figure;
        } pressures[] = {
                {FILE_CPU_PRESSURE, NODE_CPU_WAIT_US}, {FILE_MEMORY_PRESSURE, NODE_MEMORY_WAIT_US}, {FILE_IO_PRESSURE, NODE_IO_WAIT_US},
        };
        uint64_t value;

        *ret_row = (struct node_row){0};
        read_cpu(host, ret_row);
        read_memory(host, ret_row);
        for (size_t i = 0; i < ARRAY_LEN(pressures); i++)
                if (figure_find(read_file(host, pressures[i].file), FIGURE_PRESSURE, NULL, &value))
                        node_row_set(ret_row, pressures[i].figure, value);
}
