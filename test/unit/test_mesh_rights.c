/* SPDX-License-Identifier: Apache-2.0
 *
 * What the resolver wants to read, the shipped ClusterRoles allow: a right that is missing would read "unknown" for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"
#include "mesh/mesh.h"

static const char *const files[] = {"base/rbac.yaml", "mesh/common.yaml", "mesh/istio.yaml", "mesh/linkerd.yaml", "mesh/consul.yaml",
                                    "mesh/kuma.yaml", "mesh/cilium.yaml", "mesh/gateway-api.yaml"};

/* All rules of all files. */
static struct json_object *rules(void)
{
        struct json_object *all = doc_array();

        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                auto_free char *path = xasprintf(SOURCE_DIR "/deploy/%s", files[i]), *text = NULL;
                auto_json struct json_object *docs = NULL;
                size_t size = 0;
                assert_int_equal(text_file_read(path, 1 << 20, &text, &size, NULL), FAIL_NONE);
                assert_int_equal(yaml_parse_all(text, size, &docs, NULL), FAIL_NONE);
                for (size_t k = 0; k < doc_len(docs, ""); k++) {
                        struct json_object *list = doc_at(doc_item(docs, k), "rules");
                        for (size_t n = 0; n < doc_len(list, ""); n++)
                                doc_push(all, json_object_get(doc_item(list, n)));
                }
        }
        return all;
}

static bool lists(struct json_object *rule, const char *key, const char *word)
{
        struct json_object *words = doc_at(rule, key);

        for (size_t i = 0; i < doc_len(words, ""); i++)
                if (text_equal(json_object_get_string(doc_item(words, i)), word))
                        return true;
        return false;
}

static bool may(struct json_object *all, const struct mesh_resource *resource, const char *verb)
{
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *rule = doc_item(all, i);
                if (lists(rule, "apiGroups", resource->group) && lists(rule, "resources", resource->plural) && lists(rule, "verbs", verb))
                        return true;
        }
        return false;
}

static void every_kind_that_is_wanted_may_be_listed_and_watched(void **state)
{
        static const char *const verbs[] = {"list", "watch"};
        auto_json struct json_object *all = rules();
        size_t known = 0;
        (void)state;

        for (int type = 0; type < MESH_TYPES; type++) {
                size_t len;
                const struct mesh_resource *resources = mesh_resources((enum mesh_type)type, &len);
                known += len;
                for (size_t i = 0; i < len; i++)
                        for (size_t k = 0; k < ARRAY_LEN(verbs); k++)
                                if (!may(all, &resources[i], verbs[k]))
                                        fail_msg("%s: nothing in deploy/ allows to %s %s.%s", mesh_type_name((enum mesh_type)type), verbs[k],
                                                 resources[i].plural, resources[i].group);
        }
        assert_true(known > 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_kind_that_is_wanted_may_be_listed_and_watched),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
