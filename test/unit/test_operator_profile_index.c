/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "data/doc.h"
#include "operator/profile_index.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct map of_profiles;

static struct json_object *run(const char *name, const char *profile, const char *finish)
{
        struct json_object *object = doc_object(), *metadata = doc_set_text(doc_object(), "namespace", "n");

        doc_set(object, "metadata", doc_set_text(metadata, "name", name));
        doc_set(object, "spec", doc_set_text(doc_object(), "profile", profile));
        return doc_set(object, "status", doc_set_text(doc_object(), "finishTime", finish));
}

static struct json_object *configmap(const char *name, const char *profile)
{
        struct json_object *labels = doc_set_text(doc_object(), "loadstone.dev/profile", profile);
        struct json_object *metadata = doc_set_text(doc_set_text(doc_object(), "namespace", "n"), "name", name);

        return doc_set(doc_object(), "metadata", doc_set(metadata, "labels", labels));
}

static void see_run(struct json_object *before, struct json_object *after)
{
        profile_index_run(&of_profiles, before, after);
        json_object_put(before);
        json_object_put(after);
}

static void see_configmap(struct json_object *before, struct json_object *after)
{
        profile_index_configmap(&of_profiles, before, after);
        json_object_put(before);
        json_object_put(after);
}

static const char *last_of(const char *profile)
{
        return profile_last(profile_index_find(&of_profiles, "n", profile));
}

static void the_last_run_is_the_one_that_ended_last(void **state)
{
        (void)state;
        assert_null(last_of("p"));
        see_run(NULL, run("a", "p", NULL));
        assert_null(last_of("p"));
        see_run(run("a", "p", NULL), run("a", "p", "2026-01-31T10:00:05Z"));
        see_run(NULL, run("b", "p", "2026-01-31T10:00:09Z"));
        see_run(NULL, run("c", "p", "2026-01-31T10:00:07Z"));
        see_run(NULL, run("d", "q", "2026-01-31T11:00:00Z"));
        assert_string_equal(last_of("p"), "b");
        see_run(run("b", "p", "2026-01-31T10:00:09Z"), NULL);
        assert_string_equal(last_of("p"), "c");
        profile_index_done(&of_profiles);
        assert_null(last_of("q"));
}

static void configmaps_belong_to_the_profile_of_their_label(void **state)
{
        (void)state;
        see_configmap(NULL, configmap("a", "p"));
        see_configmap(NULL, configmap("b", "p"));
        see_configmap(NULL, configmap("c", NULL));
        assert_int_equal(profile_index_find(&of_profiles, "n", "p")->configmaps.len, 2);
        assert_null(profile_index_find(&of_profiles, "other", "p"));
        see_configmap(configmap("a", "p"), configmap("a", "q"));
        assert_int_equal(profile_index_find(&of_profiles, "n", "p")->configmaps.len, 1);
        assert_int_equal(profile_index_find(&of_profiles, "n", "q")->configmaps.len, 1);
        see_configmap(configmap("a", "q"), NULL);
        see_configmap(configmap("b", "p"), NULL);
        assert_int_equal(of_profiles.len, 0); /* what is empty is forgotten */
        profile_index_done(&of_profiles);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_last_run_is_the_one_that_ended_last),
                cmocka_unit_test(configmaps_belong_to_the_profile_of_their_label),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
