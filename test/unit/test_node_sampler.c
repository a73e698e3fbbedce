/* SPDX-License-Identifier: Apache-2.0
 *
 * A made-up /sys/fs/cgroup of either version and a made-up /proc, read as a probe does, and its page as the operator does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "node/sampler.h"

#define T0 INT64_C(1700000000000)
#define UID "15834268-3348-4b90-bdd7-83977c4d3bce"
#define UID_SYSTEMD "15834268_3348_4b90_bdd7_83977c4d3bce"
#define CONTAINER "4fad9ed9d90f1822d80b22f5f6bd396ba2a3b73ebb2c5eb00461c2295a1eb389"

/* ---- a node ---- */

struct scene {
        struct clock clock;
        int64_t wall_ms;
        char root[64];
        const char *below;
        struct sampler *sampler;
};

static int64_t scene_now_ns(const struct clock *clock)
{
        return ((const struct scene *)clock)->wall_ms * NS_PER_MS;
}

static int64_t scene_wall_ms(const struct clock *clock)
{
        return ((const struct scene *)clock)->wall_ms;
}

static void write_file(const struct scene *scene, const char *path, const char *text)
{
        auto_free char *full = xasprintf("%s/%s", scene->root, path);

        for (char *slash = full + strlen(scene->root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = '\0';
                mkdir(full, 0755);
        }
        FILE *file = fopen(full, "we");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

static void scene_make(struct scene *scene)
{
        *scene = (struct scene){.clock = {scene_now_ns, scene_wall_ms}, .wall_ms = T0, .root = "/tmp/loadstone-node.XXXXXX"};
        assert_non_null(mkdtemp(scene->root));
        write_file(scene, "proc/stat", "cpu  100 0 0 4000 0 0 0 80 0 0\ncpu0 50 0 0 2000 0 0 0 40 0 0\ncpu1 50 0 0 2000 0 0 0 40 0 0\n");
        write_file(scene, "proc/meminfo", "MemTotal: 1000 kB\nMemFree: 300 kB\nInactive(file): 200 kB\n");
        write_file(scene, "proc/pressure/cpu", "some avg10=1 total=5\n");
}

static void scene_open(struct scene *scene)
{
        auto_free char *cgroups = xasprintf("%s/cgroup", scene->root), *proc = xasprintf("%s/proc", scene->root);
        struct fail fail = {0};

        assert_int_equal(sampler_new(&(struct sampler_options){"n1", cgroups, proc, scene->below}, &scene->sampler, &fail), FAIL_NONE);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
        (void)status, (void)kind, (void)where;
        return remove(path);
}

static void scene_close(struct scene *scene)
{
        sampler_free(scene->sampler);
        nftw(scene->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void second_passes(struct scene *scene)
{
        scene->wall_ms += 1000;
        sampler_take(scene->sampler, &scene->clock);
}

/* ---- what its reader sees ---- */

struct seen {
        int seconds, rows;
        int64_t first_wall_ms, wall_ms;
        struct node_row node, pod, container; /* the last of each */
        int pods, containers;
};

static void see_second(void *owner, int64_t wall_ms)
{
        struct seen *seen = owner;

        seen->first_wall_ms = seen->seconds++ ? seen->first_wall_ms : wall_ms;
        seen->wall_ms = wall_ms;
}

static void see_row(void *owner, const char *path, const struct node_row *row)
{
        struct seen *seen = owner;
        const char *part = strrchr(path, '/') + 1;

        seen->rows++;
        if (text_equal(path, "/")) {
                seen->node = *row;
        } else if (strstr(part, CONTAINER)) {
                seen->container = *row;
                seen->containers++;
        } else {
                seen->pod = *row;
                seen->pods++;
        }
}

static void see_end(void *owner)
{
        (void)owner;
}

static struct seen read_since(const struct scene *scene, int64_t since_wall_ms)
{
        struct seen seen = {0};
        auto_buf struct buf text = {0};
        struct fail fail = {0};

        sampler_encode(scene->sampler, since_wall_ms, &text);
        struct node_page *page = node_page_new("n1", &(struct node_page_reader){see_second, see_row, see_end, &seen});
        if (node_page_feed(page, text.data, text.size, &fail) || node_page_end(page, &fail))
                fail_msg("%s", fail.text);
        node_page_free(page);
        return seen;
}

static uint64_t value_of(const struct node_row *row, enum node_figure figure)
{
        assert_true(node_row_knows(row, figure));
        return row->value[figure];
}

/* ---- both versions, both drivers ---- */

#define V2 "cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SYSTEMD ".slice"
#define V2_CONTAINER V2 "/cri-containerd-" CONTAINER ".scope"

static void make_v2(struct scene *scene)
{
        scene_make(scene);
        write_file(scene, "cgroup/cgroup.controllers", "cpu memory\n");
        write_file(scene, "cgroup/system.slice/cpu.stat", "usage_usec 1\n");
        write_file(scene, V2 "/cpu.stat", "usage_usec 2000\nnr_periods 0\nnr_throttled 0\n");
        write_file(scene, V2 "/cpu.pressure", "some avg10=0 total=77\nfull avg10=0 total=1\n");
        write_file(scene, V2 "/memory.max", "max\n");
        write_file(scene, V2_CONTAINER "/cpu.stat", "usage_usec 1500\nnr_periods 30\nnr_throttled 7\nthrottled_usec 900\n");
        write_file(scene, V2_CONTAINER "/cpu.max", "20000 100000\n");
        write_file(scene, V2_CONTAINER "/memory.current", "5000\n");
        write_file(scene, V2_CONTAINER "/memory.stat", "anon 1\ninactive_file 1200\n");
        write_file(scene, V2_CONTAINER "/memory.max", "67108864\n");
}

static void version_2_under_systemd(void **state)
{
        struct scene scene;
        (void)state;

        make_v2(&scene);
        scene_open(&scene);
        assert_int_equal(sampler_version(scene.sampler), 2);
        second_passes(&scene);
        struct seen seen = read_since(&scene, 0);
        assert_int_equal(seen.seconds, 1);
        assert_int_equal(seen.rows, 3); /* the node, the pod, its container */
        assert_int_equal(value_of(&seen.container, NODE_CPU_US), 1500);
        assert_int_equal(value_of(&seen.container, NODE_PERIODS), 30);
        assert_int_equal(value_of(&seen.container, NODE_STOPPED), 7);
        assert_int_equal(value_of(&seen.container, NODE_STOPPED_US), 900);
        assert_int_equal(value_of(&seen.container, NODE_MEMORY), 3800);
        assert_int_equal(value_of(&seen.container, NODE_QUOTA_US), 20000);
        assert_int_equal(value_of(&seen.container, NODE_QUOTA_PERIOD_US), 100000);
        assert_int_equal(value_of(&seen.container, NODE_MEMORY_LIMIT), 67108864);
        assert_int_equal(value_of(&seen.pod, NODE_CPU_US), 2000);
        assert_int_equal(value_of(&seen.pod, NODE_CPU_WAIT_US), 77);
        assert_false(node_row_knows(&seen.pod, NODE_MEMORY));
        assert_false(node_row_knows(&seen.pod, NODE_MEMORY_LIMIT));
        assert_int_equal(value_of(&seen.node, NODE_CPU_US), 1000000); /* 100 ticks */
        assert_int_equal(value_of(&seen.node, NODE_STEAL_US), 800000);
        assert_int_equal(value_of(&seen.node, NODE_CORES), 2);
        assert_int_equal(value_of(&seen.node, NODE_MEMORY), 500 * 1024);
        assert_int_equal(value_of(&seen.node, NODE_CPU_WAIT_US), 5);
        assert_false(node_row_knows(&seen.node, NODE_IO_WAIT_US));
        scene_close(&scene);
}

#define V1 "loadstone-1/kubepods/besteffort/pod" UID

/* Pressure comes from a version 2 that is mounted beside it. */
static void version_1_under_the_kubelets_own_driver(void **state)
{
        struct scene scene;
        (void)state;

        scene_make(&scene);
        write_file(&scene, "cgroup/cpuacct/cpuacct.usage", "1\n");
        write_file(&scene, "cgroup/cpuacct/" V1 "/cpuacct.usage", "3000000\n");
        write_file(&scene, "cgroup/cpu/" V1 "/cpu.stat", "nr_periods 5\nnr_throttled 2\nthrottled_time 4000000\n");
        write_file(&scene, "cgroup/cpu/" V1 "/cpu.cfs_quota_us", "-1\n");
        write_file(&scene, "cgroup/cpu/" V1 "/cpu.cfs_period_us", "100000\n");
        write_file(&scene, "cgroup/memory/" V1 "/memory.usage_in_bytes", "1000\n");
        write_file(&scene, "cgroup/memory/" V1 "/memory.stat", "inactive_file 900\ntotal_inactive_file 1200\n");
        write_file(&scene, "cgroup/memory/" V1 "/memory.limit_in_bytes", "9223372036854771712\n");
        write_file(&scene, "cgroup/unified/" V1 "/io.pressure", "some avg10=0 total=9\n");
        write_file(&scene, "cgroup/cpuacct/" V1 "/" CONTAINER "/cpuacct.usage", "2000000\n");
        scene_open(&scene);
        assert_int_equal(sampler_version(scene.sampler), 1);
        second_passes(&scene);
        struct seen seen = read_since(&scene, 0);
        assert_int_equal(seen.rows, 3);
        assert_int_equal(value_of(&seen.pod, NODE_CPU_US), 3000);
        assert_int_equal(value_of(&seen.pod, NODE_STOPPED_US), 4000);
        assert_int_equal(value_of(&seen.pod, NODE_MEMORY), 0); /* less than nothing is nothing */
        assert_int_equal(value_of(&seen.pod, NODE_IO_WAIT_US), 9);
        assert_false(node_row_knows(&seen.pod, NODE_QUOTA_US));
        assert_false(node_row_knows(&seen.pod, NODE_MEMORY_LIMIT));
        assert_int_equal(value_of(&seen.container, NODE_CPU_US), 2000);
        scene_close(&scene);
}

/* ---- the time that is kept ---- */

static void each_second_is_told_once(void **state)
{
        struct scene scene;
        (void)state;

        make_v2(&scene);
        scene_open(&scene);
        for (int i = 0; i < 3; i++)
                second_passes(&scene);
        struct seen seen = read_since(&scene, 0);
        assert_int_equal(seen.seconds, 3);
        assert_int_equal(seen.first_wall_ms, T0 + 1000);
        second_passes(&scene);
        seen = read_since(&scene, seen.wall_ms);
        assert_int_equal(seen.seconds, 1);
        assert_int_equal(seen.wall_ms, T0 + 4000);
        assert_int_equal(read_since(&scene, seen.wall_ms).seconds, 0);
        scene_close(&scene);
}

static void what_is_kept_is_bounded(void **state)
{
        struct scene scene;
        (void)state;

        make_v2(&scene);
        scene_open(&scene);
        for (int i = 0; i < SAMPLER_SECONDS_MAX + 7; i++)
                second_passes(&scene);
        struct seen seen = read_since(&scene, 0);
        assert_int_equal(seen.seconds, SAMPLER_SECONDS_MAX);
        assert_int_equal(seen.first_wall_ms, T0 + 8000);
        scene_close(&scene);
}

/* Seconds ahead of a clock that was set back could never be behind what their reader has seen. */
static void a_clock_that_was_set_back_begins_anew(void **state)
{
        struct scene scene;
        (void)state;

        make_v2(&scene);
        scene_open(&scene);
        second_passes(&scene);
        scene.wall_ms -= 60000;
        second_passes(&scene);
        struct seen seen = read_since(&scene, T0 + 1000);
        assert_int_equal(seen.seconds, 1);
        assert_int_equal(seen.wall_ms, T0 - 58000);
        scene_close(&scene);
}

static void a_container_comes_and_goes(void **state)
{
        struct scene scene;
        (void)state;

        make_v2(&scene);
        scene_open(&scene);
        second_passes(&scene);
        auto_free char *folder = xasprintf("%s/" V2_CONTAINER, scene.root);
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        second_passes(&scene);
        struct seen seen = read_since(&scene, 0);
        assert_int_equal(seen.containers, 1);
        assert_int_equal(seen.pods, 2);
        write_file(&scene, V2_CONTAINER "/cpu.stat", "usage_usec 3\n");
        second_passes(&scene);
        seen = read_since(&scene, seen.wall_ms);
        assert_int_equal(seen.containers, 1);
        assert_int_equal(value_of(&seen.container, NODE_CPU_US), 3);
        scene_close(&scene);
}

/* Two kubelets of one host, as a test has them. */
static void only_what_is_below_the_root_is_seen(void **state)
{
        static const struct { const char *below; int containers; } cases[] = {{NULL, 2}, {"kubepods.slice", 0}, {"another", 1}, {"nowhere", 0}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct scene scene;
                make_v2(&scene);
                scene.below = cases[i].below;
                write_file(&scene, "cgroup/another/kubepods/pod" UID "/" CONTAINER "/cpu.stat", "usage_usec 3\n");
                scene_open(&scene);
                second_passes(&scene);
                assert_int_equal(read_since(&scene, 0).containers, cases[i].containers);
                scene_close(&scene);
        }
}

static void without_cgroups_there_is_no_sampler(void **state)
{
        struct scene scene;
        struct fail fail = {0};
        (void)state;

        scene_make(&scene);
        assert_int_equal(sampler_new(&(struct sampler_options){"n1", scene.root, "/nowhere", NULL}, &scene.sampler, &fail), FAIL_MISSING);
        scene_close(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(version_2_under_systemd),
                cmocka_unit_test(version_1_under_the_kubelets_own_driver),
                cmocka_unit_test(each_second_is_told_once),
                cmocka_unit_test(what_is_kept_is_bounded),
                cmocka_unit_test(a_clock_that_was_set_back_begins_anew),
                cmocka_unit_test(a_container_comes_and_goes),
                cmocka_unit_test(only_what_is_below_the_root_is_seen),
                cmocka_unit_test(without_cgroups_there_is_no_sampler),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
