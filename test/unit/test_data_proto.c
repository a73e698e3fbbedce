/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages from JSON. What the real library makes of the same JSON is compared in test/load/grpc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/proto_json.h"
#include "data/proto_wire.h"

static struct proto_set *shop;

static int read_shop(void **state)
{
        auto_free char *bytes = NULL;
        struct fail fail = {0};
        size_t size;

        (void)state;
        if (text_file_read(SOURCE_DIR "/test/proto/shop.pb", PROTO_SET_BYTES_MAX, &bytes, &size, &fail) ||
            proto_set_decode((const uint8_t *)bytes, size, &shop, &fail))
                fail_msg("%s", fail.text);
        return 0;
}

static int free_shop(void **state)
{
        (void)state;
        shop = proto_set_free(shop);
        return 0;
}

/* Of the JSON with ' for "; the bytes as hexadecimal digits, or the failure's text. */
static char *encoded(const char *method, const char *json)
{
        auto_free char *text = xstrdup(json);
        auto_json struct json_object *doc = NULL;
        auto_buf struct buf bytes = {0}, digits = {0};
        const struct proto_message *message;
        struct fail fail = {0};

        for (char *at = text; (at = strchr(at, '\''));)
                *at = '"';
        assert_int_equal(doc_parse(text, strlen(text), &doc, &fail), FAIL_NONE);
        assert_int_equal(proto_set_find(shop, method, &message, &fail), FAIL_NONE);
        if (proto_encode(message, doc, &bytes, &fail))
                return xstrdup(fail.text);
        for (size_t i = 0; i < bytes.size; i++)
                buf_format(&digits, "%02x", (unsigned char)bytes.data[i]);
        return buf_take(&digits);
}

static void members_are_written_by_their_types(void **state)
{
        static const struct { const char *json, *bytes; } rows[] = {
                {"{}", ""},
                {"{'aDouble':1.5}", "09000000000000f83f"},
                {"{'a_double':'-Infinity'}", "09000000000000f0ff"},
                {"{'aFloat':1}", "150000803f"},
                {"{'anInt64':-1}", "18ffffffffffffffffff01"},
                {"{'anInt64':'-9223372036854775808'}", "1880808080808080808001"},
                {"{'aUint64':18446744073709551615}", "20ffffffffffffffffff01"},
                {"{'anInt32':1e3}", "28e807"},
                {"{'aFixed64':1}", "310100000000000000"},
                {"{'aFixed32':4294967295}", "3dffffffff"},
                {"{'aBool':true}", "4001"},
                {"{'aString':'a\\u0000b'}", "4a03610062"},
                {"{'aBytes':'-_8='}", "5202fbff"},
                {"{'aBytes':'+/8'}", "5202fbff"},
                {"{'colour':'FADED'}", "60feffffffffffffffff01"},
                {"{'colour':7}", "6007"},
                {"{'anSfixed32':-1}", "6dffffffff"},
                {"{'aSint32':-2}", "7803"},
                {"{'aSint64':'9223372036854775807'}", "8001feffffffffffffffff01"},
                {"{'part':{'name':'a','kind':'LARGE','inside':{'aBool':false}}}", "8a010a0a016118c80112024000"},
                {"{'numbers':[1,2,300]}", "9201040102ac02"},
                {"{'loose':[1,2]}", "980101980102"},
                {"{'numbers':[],'words':null,'aString':null}", ""},
                {"{'words':['a','']}", "a20101" "61a20100"},
                {"{'colours':['RED',0]}", "b201020100"},
                {"{'counts':{'a':1}}", "ba01050a01611001"},
                {"{'byNumber':{'-1':{}}}", "c2010d08ffffffffffffffffff011200"},
                {"{'byTruth':{'true':'a'}}", "ca010508011201" "61"},
                {"{'that':0}", "d80100"},
                {"{'@another':'a'}", "ba020161"},
                {"{'another':'a'}", "ba020161"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *bytes = encoded("/shop.Cart/Put", rows[i].json);
                if (strcmp(bytes, rows[i].bytes) != 0)
                        fail_msg("%s: %s instead of %s", rows[i].json, bytes, rows[i].bytes);
        }
}

static void types_of_google_have_forms_of_their_own(void **state)
{
        static const struct { const char *json, *bytes; } rows[] = {
                {"{'at':'1970-01-01T00:00:01Z'}", "ea0104080110" "00"},
                {"{'at':'1970-01-01T02:00:01.5+02:00'}", "ea010808011080cab5ee01"},
                {"{'length':'-1.5s'}", "f2011608ffffffffffffffffff011080b6ca91feffffffff01"},
                {"{'mask':'a.bC,d'}", "fa010a0a05612e625f630a0164"},
                {"{'anyObject':{'a':null}}", "820209" "0a070a016112020800"},
                {"{'anyValue':null}", "8a02020800"},
                {"{'anyValue':[true]}", "8a020632040a022001"},
                {"{'anyList':[1]}", "92020b0a0911000000000000f03f"},
                {"{'maybeNumber':'5'}", "9a02020805"},
                {"{'maybeText':null,'maybeTrue':false}", "aa02020800"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *bytes = encoded("/shop.Cart/Put", rows[i].json);
                if (strcmp(bytes, rows[i].bytes) != 0)
                        fail_msg("%s: %s instead of %s", rows[i].json, bytes, rows[i].bytes);
        }
}

static void what_does_not_fit_is_named(void **state)
{
        static const struct { const char *method, *json, *text; } rows[] = {
                {"/shop.Cart/Put", "[]", "an object is wanted, for message shop.Item"},
                {"/shop.Cart/Put", "{'nothing':1}", "nothing: message shop.Item has no such field"},
                {"/shop.Cart/Put", "{'anInt32':2147483648}", "anInt32: an integer of 32 bits is wanted"},
                {"/shop.Cart/Put", "{'anInt32':1.5}", "anInt32: an integer of 32 bits is wanted"},
                {"/shop.Cart/Put", "{'aUint32':-1}", "aUint32: an integer of 32 bits, not negative, is wanted"},
                {"/shop.Cart/Put", "{'aFloat':1e39}", "aFloat: a number of single precision is wanted"},
                {"/shop.Cart/Put", "{'aDouble':'0x1'}", "aDouble: a number is wanted"},
                {"/shop.Cart/Put", "{'aBool':'true'}", "aBool: true or false is wanted"},
                {"/shop.Cart/Put", "{'aBytes':'%'}", "aBytes: base64 is wanted"},
                {"/shop.Cart/Put", "{'aString':1}", "aString: a text is wanted"},
                {"/shop.Cart/Put", "{'colour':'BLUE'}", "colour: shop.Colour has no value BLUE"},
                {"/shop.Cart/Put", "{'parts':[{},{'kind':[]}]}", "parts: [1]: kind: an integer of 32 bits is wanted"},
                {"/shop.Cart/Put", "{'words':[null]}", "words: [0]: null is not a value here"},
                {"/shop.Cart/Put", "{'words':'a'}", "words: a list is wanted"},
                {"/shop.Cart/Put", "{'counts':{'a':'b'}}", "counts: a: an integer of 64 bits is wanted"},
                {"/shop.Cart/Put", "{'byTruth':{'yes':'a'}}", "byTruth: yes: true or false is wanted"},
                {"/shop.Cart/Put", "{'this':'a','that':1}", "that: excludes this: only one of them can be given"},
                {"/shop.Cart/Put", "{'aBool':true,'a_bool':true}", "a_bool: stands there twice, by both of its names"},
                {"/shop.Cart/Put", "{'at':'yesterday'}", "at: a time is wanted"},
                {"/shop.Cart/Put", "{'at':'1970-01-01T00:00:01'}", "at: a time is wanted"},
                {"/shop.Cart/Put", "{'at':'2026-02-30T00:00:00Z'}", "at: a time is wanted"},
                {"/shop.Cart/Put", "{'at':'2026-12-31T23:59:60Z'}", "at: a time is wanted"},
                {"/shop.Cart/Put", "{'length':'1m'}", "length: a duration in seconds is wanted"},
                {"/shop.Cart/Put", "{'anything':{}}", "anything: google.protobuf.Any cannot be written as JSON here"},
                {"/Old/Put", "{}", "name: is required"},
                {"/Old/Put", "{'name':'a','group':{}}", "group: is a group"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *text = encoded(rows[i].method, rows[i].json);
                if (!text_starts(text, rows[i].text))
                        fail_msg("%s: '%s' instead of '%s'", rows[i].json, text, rows[i].text);
        }
}

static void older_lists_are_packed_only_when_they_say_so(void **state)
{
        auto_free char *bytes = encoded("/Old/Put", "{'name':'','loose':[1,2],'numbers':[1,2]}");

        (void)state;
        assert_string_equal(bytes, "0a00100110021a020102");
}

static void methods_are_found_by_their_paths(void **state)
{
        const struct proto_message *message = NULL;
        struct fail fail = {0};
        const char *path;
        size_t at = 0, found = 0;

        (void)state;
        assert_int_equal(proto_set_find(shop, "/shop.Cart/Put", &message, &fail), FAIL_NONE);
        assert_string_equal(message->name, ".shop.Item");
        assert_int_equal(proto_set_find(shop, "/shop.Cart/Get", &message, &fail), FAIL_MISSING);
        assert_string_equal(fail.text, "the descriptor set has no method /shop.Cart/Get");
        assert_int_equal(proto_set_find(shop, "/shop.Cart/Watch", &message, &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "/shop.Cart/Watch is not unary: streams are not sent");
        while (proto_set_next(shop, &at, &path))
                found++;
        assert_int_equal(found, 3);
}

/* A set of one file, whose bytes are given. */
static enum fail_kind decode(const char *file, size_t size, struct fail *fail)
{
        auto_buf struct buf bytes = {0};
        struct proto_set *set = NULL;

        proto_add_tag(&bytes, 1, PROTO_BYTES);
        proto_add_bytes(&bytes, file, size);
        enum fail_kind kind = proto_set_decode((const uint8_t *)bytes.data, bytes.size, &set, fail);
        proto_set_free(set);
        return kind;
}

static void what_is_no_descriptor_set_is_refused(void **state)
{
        /* message A { B b = 1; } without B */
        static const char incomplete[] = "\x22\x0f\x0a\x01" "A\x12\x0a\x0a\x01" "b\x18\x01\x28\x0b\x32\x01" "B";
        struct proto_set *set = NULL;
        struct fail fail = {0};

        (void)state;
        assert_int_equal(proto_set_decode((const uint8_t *)"syntax", 6, &set, &fail), FAIL_INVALID);
        assert_true(text_starts(fail.text, "not a descriptor set"));
        assert_int_equal(proto_set_decode(NULL, 0, &set, &fail), FAIL_INVALID);
        assert_int_equal(decode(incomplete, sizeof incomplete - 1, &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "message .A: b has type B, which is not in the set: make it with protoc --include_imports");
        assert_null(set);
}

static void a_bound_on_the_message_is_kept(void **state)
{
        auto_buf struct buf bytes = buf_bounded(10);
        auto_json struct json_object *doc = doc_set_text(doc_object(), "aString", "more than ten bytes");
        const struct proto_message *message = NULL;
        struct fail fail = {0};

        (void)state;
        assert_int_equal(proto_set_find(shop, "/shop.Cart/Put", &message, &fail), FAIL_NONE);
        assert_int_equal(proto_encode(message, doc, &bytes, &fail), FAIL_NONE);
        assert_true(bytes.overflowed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_are_written_by_their_types),
                cmocka_unit_test(types_of_google_have_forms_of_their_own),
                cmocka_unit_test(what_does_not_fit_is_named),
                cmocka_unit_test(older_lists_are_packed_only_when_they_say_so),
                cmocka_unit_test(methods_are_found_by_their_paths),
                cmocka_unit_test(what_is_no_descriptor_set_is_refused),
                cmocka_unit_test(a_bound_on_the_message_is_kept),
        };
        return cmocka_run_group_tests(tests, read_shop, free_shop);
}
