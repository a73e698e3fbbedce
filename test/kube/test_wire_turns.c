/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes that nobody answers, and what becomes of the others meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/doc.h"
#include "fake_server.h"
#include "stage.h"

#define WRITES 100

static struct stage stage;
static struct fake_server *server;
static int hanging, finished;
static enum fail_kind ends[2 * WRITES];

/* What is written into a namespace whose name begins with "stuck" is never answered. */
static void answer(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        if (strstr(request->path, "/namespaces/stuck"))
                hanging++;
        else
                fake_answer(connection, 200, NULL, "{\"ok\":1}");
}

static int set_up(void **state)
{
        (void)state;
        stage_open(&stage);
        server = fake_server_new(stage.loop, answer, NULL);
        stage.config = (struct kube_config){.server = (char *)fake_server_url(server), .token = (char *)"secret"};
        hanging = finished = 0;
        stage_client(&stage);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage.client = kube_client_free(stage.client);
        server = fake_server_free(server);
        stage_close(&stage);
        return 0;
}

static void on_done(void *owner, struct json_object *object, const struct fail *fail)
{
        enum fail_kind *end = owner;

        (void)object;
        *end = fail->kind;
        finished++;
}

static void write_into(const char *namespace, int len, enum fail_kind *ret_ends)
{
        auto_json struct json_object *patch = doc_object();

        for (int i = 0; i < len; i++) {
                auto_free char *name = xasprintf("p%d", i);
                kube_patch(stage.client, &(struct kube_ref){&kube_pods, namespace, name}, NULL, KUBE_PATCH_MERGE, patch, on_done, &ret_ends[i]);
        }
}

static void a_namespace_that_hangs_costs_the_others_a_second(void **state)
{
        (void)state;

        write_into("stuck", WRITES, ends);
        stage_pass(&stage, NS_PER_S / 10);
        assert_int_equal(hanging, KUBE_WRITES_MAX);
        struct outcome lease = stage_call(&stage, STAGE_LEASE);
        assert_int_equal(lease.fail.kind, FAIL_NONE);
        assert_in_range(lease.took_ns, 0, NS_PER_S / 10);
        write_into("fine", WRITES, ends + WRITES);
        assert_true(stage_until(&stage, &finished, WRITES, 2 * NS_PER_S)); /* a second, and what a hundred writes take */
        for (int i = 0; i < WRITES; i++)
                assert_int_equal(ends[WRITES + i], FAIL_NONE);
}

static void of_one_namespace_no_more_hang_than_there_are_places(void **state)
{
        (void)state;

        write_into("stuck", WRITES, ends);
        stage_pass(&stage, 11 * NS_PER_S);
        assert_int_equal(hanging, KUBE_WRITES_MAX);
        assert_int_equal(kube_client_stats(stage.client).waiting, WRITES - KUBE_WRITES_MAX);
        /* When their twelve seconds are over, as many others may try. */
        stage_pass(&stage, 2 * NS_PER_S);
        assert_int_equal(finished, KUBE_WRITES_MAX);
        assert_int_equal(hanging, 2 * KUBE_WRITES_MAX);
        for (int i = 0; i < KUBE_WRITES_MAX; i++)
                assert_int_equal(ends[i], FAIL_UNKNOWN);
}

static void however_many_hang_they_are_bounded(void **state)
{
        char namespace[16];
        (void)state;

        for (int i = 0; i < WRITES / 4; i++) {
                snprintf(namespace, sizeof namespace, "stuck-%d", i);
                write_into(namespace, 4, ends + i * 4L);
        }
        stage_pass(&stage, 11 * NS_PER_S);
        assert_int_equal(hanging, KUBE_WRITES_ALL_MAX);
        assert_int_equal(kube_client_stats(stage.client).in_flight, KUBE_WRITES_ALL_MAX);
        assert_true(stage_until(&stage, &finished, WRITES, 30 * NS_PER_S)); /* and all of them end */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_namespace_that_hangs_costs_the_others_a_second, set_up, tear_down),
                cmocka_unit_test_setup_teardown(of_one_namespace_no_more_hang_than_there_are_places, set_up, tear_down),
                cmocka_unit_test_setup_teardown(however_many_hang_they_are_bounded, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
