/* SPDX-License-Identifier: Apache-2.0
 *
 * A binding that warns, audits or looks away somewhere is as good as none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "operator/authors.h"

static bool denies(const char *spec)
{
        auto_free char *text = xasprintf("{\"spec\":%s}", spec);
        auto_json struct json_object *binding = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &binding, NULL), FAIL_NONE);
        return authors_binding_denies(binding);
}

static void the_binding_that_is_shipped_denies(void **state)
{
        (void)state;
        assert_true(denies("{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"]}"));
        assert_true(denies("{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Audit\",\"Deny\"]}"));
        assert_true(denies("{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"],\"matchResources\":"
                           "{\"namespaceSelector\":{},\"objectSelector\":{},\"matchPolicy\":\"Equivalent\",\"resourceRules\":[]}}"));
}

static void one_that_does_not_everywhere_is_none(void **state)
{
        static const char *const specs[] = {
                "{}",
                "{\"policyName\":\"another\",\"validationActions\":[\"Deny\"]}",
                "{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Warn\",\"Audit\"]}",
                "{\"policyName\":\"loadstone-authors\"}",
                "{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"],\"matchResources\":"
                "{\"namespaceSelector\":{\"matchLabels\":{\"a\":\"b\"}}}}",
                "{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"],\"matchResources\":"
                "{\"objectSelector\":{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}}}",
                "{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"],\"matchResources\":"
                "{\"excludeResourceRules\":[{\"resources\":[\"benchmarkruns\"]}]}}",
                "{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"],\"matchResources\":"
                "{\"resourceRules\":[{\"resources\":[\"performanceprofiles\"]}]}}",
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(specs); i++)
                assert_false(denies(specs[i]));
        assert_false(authors_binding_denies(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_binding_that_is_shipped_denies),
                cmocka_unit_test(one_that_does_not_everywhere_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
