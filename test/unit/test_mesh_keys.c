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
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/keys.h"

static void the_documentation_has_each_key_with_its_words(void **state)
{
        auto_free char *docs = NULL;
        const char *at;
        size_t len, rows = 0;
        (void)state;

        assert_int_equal(text_file_read(SOURCE_DIR "/docs/meshes.md", 1 << 20, &docs, NULL, NULL), FAIL_NONE);
        const struct mesh_key *keys = mesh_keys(&len);
        for (size_t i = 0; i < len; i++) {
                auto_free char *row = xasprintf("| `%s` | %s |\n", keys[i].key, keys[i].words);
                if (!strstr(docs, row))
                        fail_msg("docs/meshes.md has no row %s", row);
        }
        at = strstr(docs, "| key | in words |");
        assert_non_null(at);
        for (at = strstr(at, "\n| `"); at && strncmp(at, "\n| `", 4) == 0; at = strchr(at + 1, '\n'))
                rows++;
        assert_int_equal(rows, len);
}

static void says(const char *key, const char *json, const char *text)
{
        auto_json struct json_object *value = NULL;
        char got[MESH_VALUE_TEXT_MAX];

        if (json)
                assert_int_equal(doc_parse(json, strlen(json), &value, NULL), FAIL_NONE);
        mesh_value_format(mesh_key_find(key), value, got);
        assert_string_equal(got, text);
}

static void values_are_written_for_people(void **state)
{
        (void)state;
        says("timeout.requestUs", "250000", "250ms");
        says("timeout.requestUs", NULL, "none");
        says("circuit.maxConnections", NULL, "no limit");
        says("circuit.maxConnections", "1", "1");
        says("telemetry.tracingE4.client", "10000", "1.00%");
        says("telemetry.accessLog.client", "true", "on");
        says("retries.on", "[\"5xx\",\"reset\"]", "5xx, reset");
        says("faults", "[]", "none");
        says("faults", "[{\"type\":\"delay\",\"us\":5}]", "type delay, us 5");
        says("mtls.effective", "\"mutual\"", "mutual");
        says("retries.attempts", "\"unknown\"", "unknown");
}

static void a_long_value_is_cut(void **state)
{
        auto_json struct json_object *list = doc_array();
        char got[MESH_VALUE_TEXT_MAX];
        (void)state;

        for (int i = 0; i < 100; i++)
                doc_push_text(list, "retriable-status-codes");
        mesh_value_format(mesh_key_find("retries.on"), list, got);
        assert_int_equal(strlen(got), MESH_VALUE_TEXT_MAX - 1);
        assert_string_equal(got + MESH_VALUE_TEXT_MAX - 4, "...");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_documentation_has_each_key_with_its_words),
                cmocka_unit_test(values_are_written_for_people),
                cmocka_unit_test(a_long_value_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
