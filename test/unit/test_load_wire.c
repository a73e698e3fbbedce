/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a request: what stands in them, in which order, and that secret headers come from files and leave no other trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/doc.h"
#include "load/wire.h"

#define CANARY "canary-7f3a91"

static char folder[] = "/tmp/loadstone-wire.XXXXXX";

static char *file_with(const char *name, const void *bytes, size_t size)
{
        char *path = xasprintf("%s/%s", folder, name);
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
        return path;
}

/* A plan with one POST and these secret headers, as JSON text of the list. */
static struct load_plan *plan_of(const char *scheme, const char *headers_from)
{
        auto_free char *text = xasprintf("{\"version\":1,\"addresses\":[\"10.0.0.1:80\"],\"indexHeader\":true,\"scheme\":\"%s\","
                                         "\"requests\":[{\"method\":\"POST\",\"path\":\"/a\",\"headers\":[[\"accept\",\"*/*\"]],\"body\":\"body\"}],"
                                         "\"shape\":[{\"kind\":\"hold\",\"rate\":10,\"forMs\":1000}],\"headersFrom\":%s}",
                                         scheme, headers_from);
        auto_json struct json_object *doc = NULL;
        struct load_plan *plan = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        assert_int_equal(load_plan_decode(doc, &plan, NULL), FAIL_NONE);
        return plan;
}

static struct load_plan *plan_with(const char *headers_from)
{
        return plan_of("http", headers_from);
}

static void a_request_is_one_piece_with_its_secrets_inside(void **state)
{
        (void)state;
        auto_free char *token = file_with("token", "Bearer " CANARY "\n", sizeof "Bearer " CANARY);
        auto_free char *session = file_with("session", "sid=1", 5);
        auto_free char *list = xasprintf("[[\"authorization\",\"%s\"],[\"Cookie\",\"%s\"]]", token, session);
        struct load_plan *plan = plan_with(list);
        struct wire wire, copy;

        assert_int_equal(wire_init(&wire, plan, NULL), FAIL_NONE);
        wire_copy(&copy, &wire);
        wire_set_index(&copy.requests[0], 42, false);
        assert_string_equal(wire.requests[0].bytes, "POST /a HTTP/1.1\r\nHost: 10.0.0.1:80\r\nUser-Agent: loadstone/" LOADSTONE_VERSION "\r\n"
                                                    "accept: */*\r\nauthorization: Bearer " CANARY "\r\nCookie: sid=1\r\n"
                                                    "Content-Length: 4\r\nx-loadstone-index: 0000000000000000\r\n\r\nbody");
        assert_int_equal(wire.requests[0].size, strlen(wire.requests[0].bytes));
        assert_non_null(memmem(copy.requests[0].bytes, copy.requests[0].size, "index: 0000000000000042\r\n\r\nbody", 31));
        wire_done(&wire);
        wire_done(&copy);
        load_plan_free(plan);
}

static void a_request_of_http2_is_a_list_of_fields(void **state)
{
        (void)state;
        static const struct { const char *name, *value; } wanted[] = {
                {":method", "POST"}, {":scheme", "https"}, {":authority", "10.0.0.1:80"}, {":path", "/a"},
                {"user-agent", "loadstone/" LOADSTONE_VERSION}, {"content-length", "4"}, {"accept", "*/*"},
                {"cookie", CANARY}, {"x-loadstone-index", "w000000000000042"},
        };
        auto_free char *session = file_with("session", CANARY, sizeof CANARY - 1);
        auto_free char *list = xasprintf("[[\"Cookie\",\"%s\"]]", session);
        struct load_plan *plan = plan_of("h2", list);
        struct wire wire;

        assert_int_equal(wire_init(&wire, plan, NULL), FAIL_NONE);
        struct wire_request *request = &wire.requests[0];
        wire_set_index(request, 42, true);
        assert_int_equal(request->fields_len, ARRAY_LEN(wanted));
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
                const struct wire_field *field = &request->fields[i];
                assert_int_equal(field->name_size, strlen(wanted[i].name));
                assert_memory_equal(request->bytes + field->name, wanted[i].name, field->name_size);
                assert_int_equal(field->value_size, strlen(wanted[i].value));
                assert_memory_equal(request->bytes + field->value, wanted[i].value, field->value_size);
        }
        assert_int_equal(request->body_size, 4);
        assert_memory_equal(request->bytes + request->size - 4, "body", 4);
        wire_done(&wire);
        load_plan_free(plan);
}

static void a_value_that_does_not_fit_is_named_and_never_quoted(void **state)
{
        (void)state;
        auto_free char *long_value = xcalloc(LOAD_SECRET_BYTES_MAX + 2, 1);
        memset(long_value, 'x', LOAD_SECRET_BYTES_MAX + 1);
        memcpy(long_value, CANARY, sizeof CANARY - 1);
        const struct { const char *bytes; size_t size; enum fail_kind kind; const char *says; } rows[] = {
                {"", 0, FAIL_INVALID, "headersFrom[0]: authorization: the value is empty"},
                {"\n", 1, FAIL_INVALID, "headersFrom[0]: authorization: the value is empty"},
                {CANARY "\r\nx-smuggled: 1", sizeof CANARY + 14, FAIL_INVALID,
                 "headersFrom[0]: authorization: the value holds line breaks or other control characters"},
                {CANARY "\0", sizeof CANARY, FAIL_INVALID, "headersFrom[0]: authorization: the value holds line breaks or other control characters"},
                {long_value, LOAD_SECRET_BYTES_MAX + 1, FAIL_TOO_LARGE, "headersFrom[0]: authorization: the value is longer than 8192 bytes"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *path = file_with("bad", rows[i].bytes, rows[i].size);
                auto_free char *list = xasprintf("[[\"authorization\",\"%s\"]]", path);
                struct load_plan *plan = plan_with(list);
                struct fail fail = {0};
                struct wire wire;
                assert_int_equal(wire_init(&wire, plan, &fail), rows[i].kind);
                assert_string_equal(fail.text, rows[i].says);
                assert_null(strstr(fail.text, "canary"));
                assert_int_equal(wire.len, 0);
                load_plan_free(plan);
        }
}

static void values_that_do_not_fit_together_are_refused(void **state)
{
        (void)state;
        auto_free char *value = xcalloc(LOAD_SECRET_BYTES_MAX + 1, 1);
        memset(value, 'x', LOAD_SECRET_BYTES_MAX);
        auto_free char *path = file_with("large", value, LOAD_SECRET_BYTES_MAX);
        auto_free char *list = xasprintf("[[\"a\",\"%s\"],[\"b\",\"%s\"]]", path, path);
        struct load_plan *plan = plan_with(list);
        struct fail fail = {0};
        struct wire wire;

        assert_int_equal(wire_init(&wire, plan, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "requests[0]: line and headers have"));
        load_plan_free(plan);
}

static void a_file_that_is_missing_is_named(void **state)
{
        (void)state;
        struct load_plan *plan = plan_with("[[\"authorization\",\"/nonexistent/value\"]]");
        struct fail fail = {0};
        struct wire wire;

        assert_int_equal(wire_init(&wire, plan, &fail), FAIL_MISSING);
        assert_non_null(strstr(fail.text, "headersFrom[0]: authorization: cannot open /nonexistent/value"));
        load_plan_free(plan);
}

static int make_folder(void **state)
{
        (void)state;
        return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
        static const char *const names[] = {"token", "session", "bad", "large"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                auto_free char *path = xasprintf("%s/%s", folder, names[i]);
                unlink(path);
        }
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_request_is_one_piece_with_its_secrets_inside),
                cmocka_unit_test(a_request_of_http2_is_a_list_of_fields),
                cmocka_unit_test(a_value_that_does_not_fit_is_named_and_never_quoted),
                cmocka_unit_test(values_that_do_not_fit_together_are_refused),
                cmocka_unit_test(a_file_that_is_missing_is_named),
        };
        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
