/* SPDX-License-Identifier: Apache-2.0 */
#include "load/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define FILE_BYTES_MAX 65536
#define STAT_BYTES_MAX (1 << 20) /* a line for each CPU, and one number for each interrupt */
#define STAT_FIELDS 8

/* The path after "N:controllers:" of the first line that names 'controller' ("" for v2); NULL when there is none. */
static char *group_path(const char *table, const char *controller)
{
        for (const char *line = table; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
                const char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
                if (!path)
                        continue;
                auto_free char *list = xasprintf(",%.*s,", (int)(path - names - 1), names + 1);
                auto_free char *wanted = xasprintf(",%s,", controller);
                if (*controller ? strstr(list, wanted) != NULL : strcmp(list, ",,") == 0)
                        return xstrndup(path + 1, strcspn(path + 1, "\n"));
        }
        return NULL;
}

/* Inside a container the path of /proc/self/cgroup may be the host's: then the mount itself is our group. */
static bool use(struct cpu_group *group, const char *root, const char *mount, const char *path, bool unified)
{
        const char *const paths[] = {path && strcmp(path, "/") != 0 ? path : "", ""};

        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                auto_free char *folder = xasprintf("%s%s%s", root, mount, paths[i]);
                auto_free char *stat = xasprintf("%s/cpu.stat", folder);
                if (access(stat, R_OK) != 0)
                        continue;
                group->folder = take(folder);
                group->top = xasprintf("%s%s", root, mount);
                group->unified = unified;
                return true;
        }
        return false;
}

void cpu_group_init(struct cpu_group *group, const char *root)
{
        auto_free char *table = NULL, *path = xasprintf("%s/proc/self/cgroup", root);

        *group = (struct cpu_group){0};
        if (text_file_read(path, FILE_BYTES_MAX, &table, NULL, NULL))
                table = xstrdup("");
        auto_free char *old_path = group_path(table, "cpu");
        auto_free char *new_path = group_path(table, "");
        if (old_path && (use(group, root, "/sys/fs/cgroup/cpu,cpuacct", old_path, false) ||
                         use(group, root, "/sys/fs/cgroup/cpu", old_path, false)))
                return;
        use(group, root, "/sys/fs/cgroup", new_path, true);
}

void cpu_group_done(struct cpu_group *group)
{
        free(group->folder);
        free(group->top);
        *group = (struct cpu_group){0};
}

static char *group_file(const char *folder, const char *name)
{
        auto_free char *path = xasprintf("%s/%s", folder, name);
        char *text = NULL;

        text_file_read(path, FILE_BYTES_MAX, &text, NULL, NULL);
        return text;
}

/* Cores that this one folder grants, 0: no limit here. */
static double folder_limit(const char *folder, bool unified)
{
        long long quota = 0, period = 0;

        if (unified) {
                auto_free char *max = group_file(folder, "cpu.max");
                if (!max || sscanf(max, "%lld %lld", &quota, &period) != 2)
                        return 0;
        } else {
                auto_free char *quota_text = group_file(folder, "cpu.cfs_quota_us");
                auto_free char *period_text = group_file(folder, "cpu.cfs_period_us");
                quota = quota_text ? atoll(quota_text) : 0;
                period = period_text ? atoll(period_text) : 0;
        }
        return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

double cpu_group_limit(const struct cpu_group *group)
{
        double limit = 0;

        if (!group->folder)
                return 0;
        auto_free char *folder = xstrdup(group->folder);
        for (;;) {
                double here = folder_limit(folder, group->unified);
                if (here > 0 && (limit == 0 || here < limit))
                        limit = here;
                char *slash = strrchr(folder, '/');
                if (strlen(folder) <= strlen(group->top) || !slash)
                        return limit;
                *slash = '\0';
        }
}

int64_t cpu_group_throttled_micros(const struct cpu_group *group)
{
        auto_free char *stat = group->folder ? group_file(group->folder, "cpu.stat") : NULL;
        const char *name = group->unified ? "throttled_usec " : "throttled_time ";
        const char *at = stat ? strstr(stat, name) : NULL;

        if (!at)
                return 0;
        int64_t value = atoll(at + strlen(name));
        return group->unified ? value : value / 1000;
}

int cpu_affinity(void)
{
        cpu_set_t set;

        if (sched_getaffinity(0, sizeof set, &set) < 0)
                return 1;
        int cores = CPU_COUNT(&set);
        return cores > 0 ? cores : 1;
}

int64_t cpu_used_micros(void)
{
        struct rusage usage;

        if (getrusage(RUSAGE_SELF, &usage) < 0)
                return 0;
        return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
}

void cpu_boot(char ret_boot[static CPU_BOOT_MAX])
{
        auto_free char *text = NULL;

        ret_boot[0] = '\0';
        if (text_file_read("/proc/sys/kernel/random/boot_id", 64, &text, NULL, NULL))
                return;
        snprintf(ret_boot, CPU_BOOT_MAX, "%.*s", (int)strcspn(text, "\n"), text);
}

struct cpu_stolen cpu_stolen(const char *root)
{
        /* user nice system idle iowait irq softirq steal; guests are counted among user and nice */
        auto_free char *path = xasprintf("%s/proc/stat", root), *text = NULL;
        struct cpu_stolen found = {0};
        long long ticks = 0;
        int used = 0, field = 0;

        if (text_file_read(path, STAT_BYTES_MAX, &text, NULL, NULL) || strncmp(text, "cpu ", 4) != 0)
                return found;
        for (const char *at = text + 4; field < STAT_FIELDS && sscanf(at, "%lld%n", &ticks, &used) == 1; at += used, field++)
                found.all += ticks;
        if (field < STAT_FIELDS)
                return (struct cpu_stolen){0};
        found.stolen = ticks;
        return found;
}

int64_t cpu_clock_error_micros(void)
{
        struct timex now = {0};
        int state = adjtimex(&now);

        return state < 0 || state == TIME_ERROR || (now.status & STA_UNSYNC) ? -1 : now.maxerror;
}
