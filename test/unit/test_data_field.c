/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables decode what fits and name what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/doc.h"
#include "data/field.h"

struct sample {
        const char *name;
        bool on;
        int64_t big, wait_ms;
        uint32_t small;
        int color;
        double rate_rps, ratio;
};

static const char *const colors[] = {"red", "green", NULL};
static const struct field table[] = {
        {"name", FIELD_TEXT, offsetof(struct sample, name), 1, 8},
        {"on", FIELD_BOOL, offsetof(struct sample, on), .optional = true},
        {"n.big", FIELD_INT, offsetof(struct sample, big), 0, 1e12},
        {"n.small", FIELD_INT32, offsetof(struct sample, small), 1, 64},
        {"color", FIELD_WORD, offsetof(struct sample, color), .words = colors},
        {"wait", FIELD_DURATION_MS, offsetof(struct sample, wait_ms), 1000, 3600000},
        {"rate", FIELD_RATE, offsetof(struct sample, rate_rps), 0.1, 1000},
        {"ratio", FIELD_RATIO, offsetof(struct sample, ratio), 0, 0.5},
};

static const char good[] = "{'name':'a','on':true,'n':{'big':5000000000,'small':64},'color':'green','wait':'1m','rate':'500/s',"
                           "'ratio':'10%'}";

/* JSON with ' for ". */
static struct json_object *json(const char *text)
{
        struct json_object *doc = NULL;
        auto_free char *copy = xstrdup(text);

        for (char *c = copy; *c; c++)
                *c = *c == '\'' ? '"' : *c;
        assert_int_equal(doc_parse(copy, strlen(copy), &doc, NULL), FAIL_NONE);
        return doc;
}

static void a_good_document_fills_the_struct(void **state)
{
        struct sample sample = {0};
        auto_json struct json_object *doc = json(good);
        (void)state;

        assert_int_equal(field_decode(doc, "spec.", table, ARRAY_LEN(table), &sample, NULL), FAIL_NONE);
        assert_string_equal(sample.name, "a");
        assert_true(sample.on);
        assert_int_equal(sample.big, INT64_C(5000000000));
        assert_int_equal(sample.small, 64);
        assert_int_equal(sample.color, 1);
        assert_int_equal(sample.wait_ms, 60000);
        assert_true(sample.rate_rps == 500);
        assert_true(sample.ratio > 0.0999 && sample.ratio < 0.1001);
}

static void what_is_wrong_is_named_with_what_to_write(void **state)
{
        static const struct { const char *change, *says; } rows[] = {
                {"{'name':null}", "spec.name is missing"},
                {"{'name':''}", "spec.name: must be 1 to 8 characters"},
                {"{'name':7}", "spec.name: must be text"},
                {"{'name':'123456789'}", "spec.name: must be 1 to 8 characters"},
                {"{'on':'yes'}", "spec.on: must be true or false"},
                {"{'n':{'small':65}}", "spec.n.small: must be 1 to 64"},
                {"{'n':{'small':1.5}}", "spec.n.small: must be a whole number"},
                {"{'n':{'big':-1}}", "spec.n.big: must be 0 to 1e+12"},
                {"{'n':[]}", "spec.n.big is missing"},
                {"{'color':'blue'}", "spec.color: must be one of red, green"},
                {"{'color':3}", "spec.color: must be one of red, green"},
                {"{'wait':'5ms'}", "spec.wait: must be a duration from 1s to 1h"},
                {"{'wait':'soon'}", "spec.wait: 'soon' is not a duration; write for example 90s or 1m30s"},
                {"{'wait':60}", "spec.wait: must be a duration, for example 90s or 1m30s"},
                {"{'rate':'0/s'}", "spec.rate: must be 0.1/s to 1000/s"},
                {"{'ratio':'60%'}", "spec.ratio: must be 0% to 50%"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct sample sample = {0};
                struct fail fail;
                auto_json struct json_object *start = json(good), *change = json(rows[i].change), *doc = doc_merge(start, change);
                assert_int_equal(field_decode(doc, "spec.", table, ARRAY_LEN(table), &sample, &fail), FAIL_INVALID);
                assert_string_equal(fail.text, rows[i].says);
        }
}

static void what_is_optional_may_be_absent(void **state)
{
        struct sample sample = {.on = true};
        auto_json struct json_object *start = json(good), *change = json("{'on':null}"), *doc = doc_merge(start, change);
        (void)state;

        assert_int_equal(field_decode(doc, "", table, ARRAY_LEN(table), &sample, NULL), FAIL_NONE);
        assert_true(sample.on);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_document_fills_the_struct),
                cmocka_unit_test(what_is_wrong_is_named_with_what_to_write),
                cmocka_unit_test(what_is_optional_may_be_absent),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
