/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "load/cpu.h"

static void write_file(const char *root, const char *path, const char *text)
{
        auto_free char *full = xasprintf("%s/%s", root, path);

        for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                mkdir(full, 0755);
                *slash = '/';
        }
        FILE *file = fopen(full, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

/* A machine made of files; removed by the caller with remove_root. */
static char *new_root(void)
{
        char *root = xstrdup("/tmp/test_load_cpu.XXXXXX");
        assert_non_null(mkdtemp(root));
        return root;
}

static void remove_root(char *root)
{
        auto_free char *command = xasprintf("rm -rf '%s'", root);
        assert_int_equal(system(command), 0);
        free(root);
}

static void a_v2_limit_is_the_tightest_up_to_the_mount(void **state)
{
        (void)state;
        char *root = new_root();
        struct cpu_group group;

        write_file(root, "proc/self/cgroup", "0::/pods/a/c\n");
        write_file(root, "sys/fs/cgroup/cpu.stat", "usage_usec 1\n");
        write_file(root, "sys/fs/cgroup/pods/cpu.max", "150000 100000\n");
        write_file(root, "sys/fs/cgroup/pods/a/c/cpu.max", "max 100000\n");
        write_file(root, "sys/fs/cgroup/pods/a/c/cpu.stat", "usage_usec 5\nnr_throttled 3\nthrottled_usec 4321\n");
        cpu_group_init(&group, root);
        assert_true(cpu_group_limit(&group) == 1.5);
        assert_int_equal(cpu_group_throttled_micros(&group), 4321);
        cpu_group_done(&group);
        remove_root(root);
}

static void a_container_sees_its_group_at_the_mount(void **state)
{
        (void)state;
        char *root = new_root();
        struct cpu_group group;

        write_file(root, "proc/self/cgroup", "0::/\n");
        write_file(root, "sys/fs/cgroup/cpu.max", "50000 100000\n");
        write_file(root, "sys/fs/cgroup/cpu.stat", "throttled_usec 9\n");
        cpu_group_init(&group, root);
        assert_true(cpu_group_limit(&group) == 0.5);
        assert_int_equal(cpu_group_throttled_micros(&group), 9);
        cpu_group_done(&group);
        remove_root(root);
}

static void a_v1_limit_and_its_throttling_in_nanoseconds(void **state)
{
        (void)state;
        char *root = new_root();
        struct cpu_group group;

        write_file(root, "proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/kubepods/p\n1:name=systemd:/\n");
        write_file(root, "sys/fs/cgroup/cpu,cpuacct/kubepods/p/cpu.cfs_quota_us", "200000\n");
        write_file(root, "sys/fs/cgroup/cpu,cpuacct/kubepods/p/cpu.cfs_period_us", "100000\n");
        write_file(root, "sys/fs/cgroup/cpu,cpuacct/kubepods/cpu.cfs_quota_us", "-1\n");
        write_file(root, "sys/fs/cgroup/cpu,cpuacct/kubepods/cpu.cfs_period_us", "100000\n");
        write_file(root, "sys/fs/cgroup/cpu,cpuacct/kubepods/p/cpu.stat", "nr_throttled 1\nthrottled_time 5000000\n");
        cpu_group_init(&group, root);
        assert_true(cpu_group_limit(&group) == 2);
        assert_int_equal(cpu_group_throttled_micros(&group), 5000);
        cpu_group_done(&group);
        remove_root(root);
}

static void without_a_controller_there_is_no_limit(void **state)
{
        (void)state;
        char *root = new_root();
        struct cpu_group group;

        cpu_group_init(&group, root);
        assert_true(cpu_group_limit(&group) == 0);
        assert_int_equal(cpu_group_throttled_micros(&group), 0);
        cpu_group_done(&group);
        remove_root(root);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_v2_limit_is_the_tightest_up_to_the_mount),
                cmocka_unit_test(a_container_sees_its_group_at_the_mount),
                cmocka_unit_test(a_v1_limit_and_its_throttling_in_nanoseconds),
                cmocka_unit_test(without_a_controller_there_is_no_limit),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
