/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mesh_fixture.h"

static const struct mesh_question nobody = {.client_namespace = "bench", .target_namespace = "shop", .port = 80};

static struct mesh_bag *bag_with(const char *groups)
{
        struct mesh_bag *bag = mesh_bag_new();
        auto_json struct json_object *list = NULL;

        assert_int_equal(doc_parse(groups, strlen(groups), &list, NULL), FAIL_NONE);
        mesh_bag_groups(bag, list);
        return bag;
}

#define ISTIO "{\"groups\":[{\"name\":\"apps\",\"versions\":[{\"version\":\"v1\"}]},{\"name\":\"networking.istio.io\",\"versions\":[{\"version\":\"v1beta1\"},{\"version\":\"v1alpha3\"}]}]}"

static const struct mesh_list *wanted(const struct mesh_list *lists, size_t len, const char *plural, const char *namespace)
{
        for (size_t i = 0; i < len; i++)
                if (strcmp(lists[i].resource->plural, plural) == 0 && strcmp(lists[i].namespace, namespace) == 0)
                        return &lists[i];
        return NULL;
}

/* Answers all that is wanted with nothing, but Deployments with an istiod. */
static void answer_round(struct mesh_bag *bag, const struct mesh_list *lists, size_t len)
{
        static const char istiod[] = "[{\"metadata\":{\"name\":\"istiod\",\"namespace\":\"istio-system\",\"labels\":{\"app\":\"istiod\",\"istio.io/rev\":\"default\"}}}]";

        for (size_t i = 0; i < len; i++) {
                auto_json struct json_object *items = NULL;
                bool control = strcmp(lists[i].resource->plural, "deployments") == 0;
                const char *text = control ? istiod : "[]";
                assert_int_equal(doc_parse(text, strlen(text), &items, NULL), FAIL_NONE);
                mesh_bag_add(bag, &lists[i], items);
        }
}

static void nothing_is_wanted_before_the_groups_are_known(void **state)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = mesh_bag_new();
        (void)state;

        assert_int_equal(mesh_wants(bag, &nobody, lists), 0);
        mesh_bag_groups_missed(bag, MESH_FORBIDDEN);
        assert_true(mesh_wants(bag, &nobody, lists) > 0);
        mesh_bag_free(bag);
}

static void policies_are_wanted_once_the_mesh_is_there_in_the_served_version(void **state)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = bag_with(ISTIO);
        (void)state;

        size_t len = mesh_wants(bag, &nobody, lists);
        assert_non_null(wanted(lists, len, "deployments", ""));
        assert_null(wanted(lists, len, "virtualservices", ""));
        answer_round(bag, lists, len);
        len = mesh_wants(bag, &nobody, lists);
        const struct mesh_list *list = wanted(lists, len, "virtualservices", "");
        assert_non_null(list);
        assert_string_equal(list->version, "v1beta1");
        assert_non_null(wanted(lists, len, "destinationrules", "istio-system"));
        assert_non_null(wanted(lists, len, "configmaps", "istio-system"));
        /* Of a group that is not served nothing is wanted. */
        assert_null(wanted(lists, len, "peerauthentications", "shop"));
        answer_round(bag, lists, len);
        assert_int_equal(mesh_wants(bag, &nobody, lists), 0);
        mesh_bag_free(bag);
}

static void a_mesh_that_is_not_there_is_not_read(void **state)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = bag_with(ISTIO);
        auto_json struct json_object *none = doc_array();
        (void)state;

        size_t len = mesh_wants(bag, &nobody, lists);
        for (size_t i = 0; i < len; i++)
                mesh_bag_add(bag, &lists[i], none);
        assert_int_equal(mesh_wants(bag, &nobody, lists), 0);
        mesh_bag_free(bag);
}

static void who_may_not_see_all_namespaces_asks_for_its_own(void **state)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = bag_with(ISTIO);
        (void)state;

        answer_round(bag, lists, mesh_wants(bag, &nobody, lists));
        size_t len = mesh_wants(bag, &nobody, lists);
        for (size_t i = 0; i < len; i++)
                mesh_bag_miss(bag, &lists[i], MESH_FORBIDDEN);
        len = mesh_wants(bag, &nobody, lists);
        assert_non_null(wanted(lists, len, "virtualservices", "bench"));
        assert_non_null(wanted(lists, len, "virtualservices", "shop"));
        mesh_bag_free(bag);
}

static void more_objects_than_a_bag_holds_are_unknown_and_not_cut(void **state)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = bag_with(ISTIO);
        auto_json struct json_object *many = doc_array();
        (void)state;

        for (int i = 0; i <= MESH_BAG_OBJECTS_MAX; i++) {
                char name[32];
                snprintf(name, sizeof name, "v%d", i);
                struct json_object *metadata = doc_set_text(doc_set_text(doc_object(), "name", name), "namespace", "shop");
                doc_push(many, doc_set(doc_object(), "metadata", metadata));
        }
        answer_round(bag, lists, mesh_wants(bag, &nobody, lists));
        size_t len = mesh_wants(bag, &nobody, lists);
        mesh_bag_add(bag, wanted(lists, len, "virtualservices", ""), many);
        auto_json struct json_object *client = NULL, *service = NULL;
        const char *pod = "{\"metadata\":{\"uid\":\"c\",\"annotations\":{\"sidecar.istio.io/status\":\"{}\"}},\"spec\":{\"containers\":[{\"name\":\"istio-proxy\"}]}}";
        const char *cart = "{\"metadata\":{\"name\":\"cart\"},\"spec\":{\"ports\":[{\"name\":\"http\",\"port\":80}]}}";
        assert_int_equal(doc_parse(pod, strlen(pod), &client, NULL), FAIL_NONE);
        assert_int_equal(doc_parse(cart, strlen(cart), &service, NULL), FAIL_NONE);
        struct mesh_question question = nobody;
        question.client = client;
        question.service = service;
        auto_json struct json_object *snapshot = mesh_resolve(bag, &question);
        assert_string_equal(doc_text(mesh_policy(snapshot, "retries.attempts"), "origin.reason"), "TooMany");
        mesh_bag_free(bag);
}

static void an_object_of_two_lists_is_there_once(void **state)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = bag_with(ISTIO);
        (void)state;

        size_t len = mesh_wants(bag, &nobody, lists);
        const struct mesh_list list = *wanted(lists, len, "deployments", "");
        answer_round(bag, &list, 1);
        answer_round(bag, &list, 1);
        auto_json struct json_object *snapshot = mesh_resolve(bag, &nobody);
        assert_int_equal(doc_len(snapshot, "meshes[0].controlPlane"), 1);
        mesh_bag_free(bag);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_wanted_before_the_groups_are_known),
                cmocka_unit_test(policies_are_wanted_once_the_mesh_is_there_in_the_served_version),
                cmocka_unit_test(a_mesh_that_is_not_there_is_not_read),
                cmocka_unit_test(who_may_not_see_all_namespaces_asks_for_its_own),
                cmocka_unit_test(more_objects_than_a_bag_holds_are_unknown_and_not_cut),
                cmocka_unit_test(an_object_of_two_lists_is_there_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
