/* SPDX-License-Identifier: Apache-2.0
 *
 * A snapshot in a status: what was set comes first, and it stays small whatever the snapshot holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/mesh.h"
#include "mesh/summary.h"

static struct json_object *json(const char *text)
{
        auto_free char *quoted = xstrdup(text);
        struct json_object *doc = NULL;

        for (char *at = quoted; *at; at++)
                *at = *at == '\'' ? '"' : *at;
        assert_int_equal(doc_parse(quoted, strlen(quoted), &doc, NULL), FAIL_NONE);
        return doc;
}

static const char sample[] =
        "{'type':'ISTIO','mode':'sidecar','version':'1.30.3','membership':{'client':{'meshed':true},'server':{'pods':3,'meshedPods':2}},"
        "'hashes':{'effective':'sha256:aa'},'policies':["
        "{'key':'authz.jwtRules','value':0,'origin':{'kind':'default'}},"
        "{'key':'circuit.maxConnections','value':null,'origin':{'kind':'default'}},"
        "{'key':'mtls.effective','value':'mixed','origin':{'kind':'default'}},"
        "{'key':'retries.attempts','value':5,'origin':{'kind':'object','ref':'VirtualService shop/cart','field':'spec.http[0].retries.attempts'}},"
        "{'key':'timeout.requestUs','value':'unknown','origin':{'kind':'unknown','reason':'Forbidden'}}],"
        "'findings':[{'text':'two rules'}],'unknown':[{'path':'timeout.requestUs','reason':'Forbidden'}]}";

static void what_somebody_set_comes_before_defaults(void **state)
{
        static const char *const keys[] = {"mtls.effective", "retries.attempts", "timeout.requestUs", "circuit.maxConnections", "authz.jwtRules"};
        auto_json struct json_object *snapshot = json(sample), *summary = mesh_summary_encode(snapshot);
        (void)state;

        assert_int_equal(doc_len(summary, "policies"), ARRAY_LEN(keys));
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                assert_string_equal(doc_text(doc_item(doc_at(summary, "policies"), i), "key"), keys[i]);
        assert_string_equal(doc_text(summary, "policies[1].value"), "5");
        assert_non_null(strstr(doc_text(summary, "policies[1].origin"), "VirtualService shop/cart"));
        assert_string_equal(doc_text(summary, "policies[3].value"), "no limit");
        assert_string_equal(doc_text(summary, "serverMeshed"), "2/3");
        assert_string_equal(doc_text(summary, "clientMeshed"), "true");
        assert_string_equal(doc_text(summary, "unknown[0]"), "timeout.requestUs: Forbidden");
        assert_null(doc_at(summary, "policiesLeft"));
}

static void the_column_names_the_mesh_in_few_words(void **state)
{
        static const struct { const char *change, *column; } cases[] = {
                {"{}", "istio 2/3 mixed"},
                {"{'membership':{'client':{'meshed':false}}}", "istio 2/3 mixed, client out"},
                {"{'type':'NONE'}", "none"},
                {"{'type':'unknown'}", "unknown"},
                {"{'type':'LINKERD','policies':[],'membership':{'server':{'pods':null}}}", "linkerd unknown"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                auto_json struct json_object *plain = json(sample), *change = json(cases[i].change), *snapshot = doc_merge(plain, change);
                auto_json struct json_object *summary = mesh_summary_encode(snapshot);
                auto_free char *column = mesh_summary_column(summary);
                assert_string_equal(column, cases[i].column);
        }
}

/* Names as long as Kubernetes lets them be, values without end, and of everything more than is shown. */
static void at_its_largest_it_fits_into_a_status(void **state)
{
        auto_json struct json_object *snapshot = json(sample);
        auto_free char *long_text = xcalloc(4001, 1);
        struct json_object *policies = doc_array(), *findings = doc_array(), *unknown = doc_array();
        (void)state;

        memset(long_text, 'x', 4000);
        for (int i = 0; i < MESH_POLICIES_MAX; i++) {
                auto_free char *key = xasprintf("policy.with.a.name.that.is.long.enough.%d", i);
                struct json_object *origin = doc_set_text(doc_set_text(doc_object(), "kind", "object"), "ref", long_text);
                struct json_object *policy = doc_set_text(doc_set_text(doc_object(), "key", key), "value", long_text);
                doc_push(policies, doc_set(policy, "origin", doc_set_text(origin, "field", long_text)));
                doc_push(findings, doc_set_text(doc_object(), "text", long_text));
                doc_push(unknown, doc_set_text(doc_set_text(doc_object(), "path", long_text), "reason", long_text));
        }
        doc_set(doc_set(doc_set(snapshot, "policies", policies), "findings", findings), "unknown", unknown);
        doc_set_text(doc_set_text(snapshot, "version", long_text), "mode", long_text);
        auto_json struct json_object *summary = mesh_summary_encode(snapshot);
        assert_true(strlen(doc_print(summary)) <= MESH_SUMMARY_BYTES_MAX);
        assert_int_equal(doc_len(summary, "policies"), MESH_SUMMARY_POLICIES_MAX);
        assert_int_equal(doc_int(summary, "policiesLeft", 0), MESH_POLICIES_MAX - MESH_SUMMARY_POLICIES_MAX);
}

static void a_snapshot_that_says_nothing_is_unknown(void **state)
{
        auto_json struct json_object *empty = doc_object(), *summary = mesh_summary_encode(empty);
        (void)state;

        assert_string_equal(doc_text(summary, "type"), "unknown");
        assert_string_equal(doc_text(summary, "clientMeshed"), "unknown");
        assert_string_equal(doc_text(summary, "serverMeshed"), "unknown");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_somebody_set_comes_before_defaults),
                cmocka_unit_test(the_column_names_the_mesh_in_few_words),
                cmocka_unit_test(at_its_largest_it_fits_into_a_status),
                cmocka_unit_test(a_snapshot_that_says_nothing_is_unknown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
