/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "kube/client.h"
#include "kube/path.h"

static void expect(struct kube_ref ref, const char *expected)
{
        auto_free char *path = kube_path(&ref);
        assert_string_equal(path, expected);
}

static void core_groups_live_under_api_and_others_under_apis(void **state)
{
        (void)state;
        expect((struct kube_ref){&kube_pods, "a", "b"}, "/api/v1/namespaces/a/pods/b");
        expect((struct kube_ref){&kube_jobs, "a", "b"}, "/apis/batch/v1/namespaces/a/jobs/b");
        expect((struct kube_ref){&kube_jobs, "a", NULL}, "/apis/batch/v1/namespaces/a/jobs");
        expect((struct kube_ref){&kube_jobs, NULL, NULL}, "/apis/batch/v1/jobs");
}

static void a_namespace_is_left_out_for_cluster_scoped_kinds(void **state)
{
        (void)state;
        expect((struct kube_ref){&kube_nodes, "a", "n1"}, "/api/v1/nodes/n1");
        expect((struct kube_ref){&kube_namespaces, NULL, "a"}, "/api/v1/namespaces/a");
}

static void names_cannot_leave_their_segment(void **state)
{
        (void)state;
        expect((struct kube_ref){&kube_pods, "a", "../../secrets/x?y#z"},
               "/api/v1/namespaces/a/pods/..%2F..%2Fsecrets%2Fx%3Fy%23z");
        expect((struct kube_ref){&kube_pods, "a b", "\xc3\xa9"}, "/api/v1/namespaces/a%20b/pods/%C3%A9");
}

static void versions_of_kinds_are_written_as_objects_have_them(void **state)
{
        (void)state;
        auto_free char *core = kube_api_version(&kube_pods), *batch = kube_api_version(&kube_jobs);
        assert_string_equal(core, "v1");
        assert_string_equal(batch, "batch/v1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(core_groups_live_under_api_and_others_under_apis),
                cmocka_unit_test(a_namespace_is_left_out_for_cluster_scoped_kinds),
                cmocka_unit_test(names_cannot_leave_their_segment),
                cmocka_unit_test(versions_of_kinds_are_written_as_objects_have_them),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
