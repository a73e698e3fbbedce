/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases of test/mesh: each states one rule of a mesh's documentation, the objects that make it count, and what must come out.
 * A file NAME-topic.yaml starts from world-NAME.yaml. Objects that no API server would store stand in cases that are "absurd"
 * (test/golden/meshes.py). The lists are answered as an API server would, so that what mesh_wants() forgets to ask for is missing in the
 * answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/keys.h"
#include "mesh_fixture.h"

/* A file that is not found must not pass: so many cases have the files that begin like this. */
static struct expected {
        const char *files;
        int least, seen;
} expected[] = {{"istio-", 195, 0}, {"istio-gateway", 40, 0}, {"ambient-", 65, 0}, {"linkerd-", 58, 0}, {"consul-", 41, 0}, {"kuma-", 46, 0},
                {"cilium-", 50, 0}, {"none-", 19, 0}};

static int failures;

static void wrong(const char *rule, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(const char *rule, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        printf("  %s\n    ", rule);
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
        failures++;
}

static void same(const char *rule, const char *what, struct json_object *got, struct json_object *wanted)
{
        if (!doc_equal(got, wanted))
                wrong(rule, "%s is %s, not %s", what, got ? doc_print(got) : "not there", wanted ? doc_print(wanted) : "null");
}

/* Every ref of 'wanted' is in the list, and no other. */
static void same_refs(const char *rule, const char *what, struct json_object *list, struct json_object *wanted)
{
        auto_json struct json_object *refs = doc_array();

        for (size_t i = 0; i < doc_len(list, ""); i++)
                doc_push_text(refs, doc_text(doc_item(list, i), "ref"));
        same(rule, what, refs, wanted);
}

static void check_policy(const char *rule, struct json_object *snapshot, const char *key, struct json_object *wanted)
{
        struct json_object *policy = mesh_policy(snapshot, key);
        const char *from = doc_text(wanted, "from"), *ref = doc_text(policy, "origin.ref"), *kind = doc_text(policy, "origin.kind");

        if (!wanted) {
                if (policy)
                        wrong(rule, "%s is %s, and should not be there", key, doc_print(policy));
                return;
        }
        if (!policy) {
                wrong(rule, "%s is not there", key);
                return;
        }
        same(rule, key, doc_at(policy, "value"), doc_at(wanted, "value"));
        if (from && !text_equal(from, ref) && !text_equal(from, kind))
                wrong(rule, "%s comes from %s '%s', not from '%s'", key, kind, ref ? ref : "", from);
        if (doc_text(wanted, "field"))
                same(rule, key, doc_at(policy, "origin.field"), doc_at(wanted, "field"));
        if (doc_text(wanted, "reason"))
                same(rule, key, doc_at(policy, "origin.reason"), doc_at(wanted, "reason"));
        if (doc_at(wanted, "shadowed") || doc_at(policy, "shadowed"))
                same_refs(rule, "shadowed", doc_at(policy, "shadowed"), doc_at(wanted, "shadowed"));
        if (doc_at(wanted, "inert") || doc_at(policy, "inert"))
                same_refs(rule, "inert", doc_at(policy, "inert"), doc_at(wanted, "inert"));
}

static void check_words(const char *rule, struct json_object *list, const char *member, struct json_object *wanted)
{
        for (size_t i = 0; i < doc_len(wanted, ""); i++) {
                bool found = false;
                const char *word = json_object_get_string(doc_item(wanted, i));
                for (size_t j = 0; j < doc_len(list, ""); j++)
                        found = found || text_equal(doc_text(doc_item(list, j), member), word);
                if (!found)
                        wrong(rule, "no %s '%s' in %s", member, word, doc_print(list));
        }
}

/* Every key can be told in words, and every value says where it comes from. */
static void check_keys(const char *rule, struct json_object *snapshot)
{
        struct json_object *list = doc_at(snapshot, "policies");

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *policy = doc_item(list, i);
                if (!mesh_key_find(doc_text(policy, "key")) || !doc_text(policy, "origin.kind"))
                        wrong(rule, "no words or no origin: %s", doc_print(policy));
        }
}

/* "side address:port/path" of proxies in other pods. */
static void check_proxies(const char *rule, const struct mesh_proxies *proxies, struct json_object *wanted)
{
        auto_json struct json_object *found = doc_array();

        for (size_t i = 0; i < proxies->len; i++) {
                const struct mesh_proxy *proxy = &proxies->list[i];
                auto_free char *text = xasprintf("%s %s %s:%d%s", proxy->waypoint ? "waypoint" : proxy->server ? "server" : "client", proxy->pod,
                                                 proxy->address, proxy->port, proxy->path);
                doc_push_text(found, text);
        }
        if (wanted || proxies->len > 0)
                same(rule, "proxies", found, wanted);
}

static void check_case(struct json_object *world, struct json_object *one)
{
        const char *rule = doc_text(one, "rule");
        auto_free struct mesh_proxies *proxies = xnew(struct mesh_proxies);
        auto_json struct json_object *snapshot = fixture_resolve_with(world, one, proxies), *again = fixture_resolve(world, one);
        struct json_object *expect = doc_at(one, "expect"), *policies = doc_at(one, "policies");

        assert_non_null(rule);
        assert_true(expect || policies || doc_at(one, "refs") || doc_at(one, "proxies"));
        if (expect) {
                json_object_object_foreach(expect, path, wanted) {
                        same(rule, path, doc_at(snapshot, path), wanted);
                }
        }
        if (policies) {
                json_object_object_foreach(policies, key, policy) {
                        check_policy(rule, snapshot, key, policy);
                }
        }
        if (doc_at(one, "refs")) {
                json_object_object_foreach(doc_at(one, "refs"), key, refs) {
                        same_refs(rule, key, doc_at(mesh_policy(snapshot, key), "value"), refs);
                }
        }
        check_words(rule, doc_at(snapshot, "findings"), "code", doc_at(one, "findings"));
        if (doc_len(one, "findings") != doc_len(snapshot, "findings"))
                wrong(rule, "findings nobody expects: %s", doc_print(doc_at(snapshot, "findings")));
        check_words(rule, doc_at(snapshot, "unknown"), "path", doc_at(one, "unknown"));
        check_keys(rule, snapshot);
        check_proxies(rule, proxies, doc_at(one, "proxies"));
        if (!doc_equal(snapshot, again))
                wrong(rule, "not the same twice");
}

static void count(const char *name, int cases)
{
        for (size_t i = 0; i < ARRAY_LEN(expected); i++)
                expected[i].seen += text_starts(name, expected[i].files) ? cases : 0;
}

static void every_case_of_every_mesh_holds(void **state)
{
        glob_t files = {0};
        (void)state;

        assert_int_equal(glob(SOURCE_DIR "/test/mesh/*.yaml", 0, NULL, &files), 0);
        for (size_t i = 0; i < files.gl_pathc; i++) {
                const char *name = strrchr(files.gl_pathv[i], '/') + 1;
                if (text_starts(name, "world-"))
                        continue;
                char world_path[512];
                snprintf(world_path, sizeof world_path, SOURCE_DIR "/test/mesh/world-%.*s.yaml", (int)strcspn(name, "-."), name);
                auto_json struct json_object *worlds = fixture_load(world_path), *all = fixture_load(files.gl_pathv[i]);
                for (size_t j = 0; j < doc_len(all, ""); j++)
                        check_case(doc_item(worlds, 0), doc_item(all, j));
                count(name, (int)doc_len(all, ""));
        }
        globfree(&files);
        assert_int_equal(failures, 0);
        for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
                printf("%s: %d cases\n", expected[i].files, expected[i].seen);
                assert_true(expected[i].seen >= expected[i].least);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_of_every_mesh_holds)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
