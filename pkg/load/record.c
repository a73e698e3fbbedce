/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters and histograms as JSON. Lines and messages are framed in record_frame.c. */
#include "load/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/grpc_code.h"

#define H_BYTES_MAX (RECORD_LINE_BYTES_MAX - 2048)
#define COUNT_MAX (UINT64_C(1) << 59) /* so that sums of a few cannot wrap */
#define HIST_COUNT_MAX (UINT64_C(1) << 44) /* twice what LOAD_RATE_MAX makes in a week; the sum of all records of a worker cannot wrap */

const char *const record_error_names[RECORD_ERRORS] = {
        [RECORD_CONNECT] = "connect",   [RECORD_RESET] = "reset",       [RECORD_TIMEOUT] = "timeout",
        [RECORD_TLS] = "tls",           [RECORD_STATUS] = "status",     [RECORD_PROTOCOL] = "protocol",
        [RECORD_UNFINISHED] = "unfinished", [RECORD_SHED] = "shed",         [RECORD_BODY] = "body",
};

/* Sums of forged records end at the bound: a status with negative numbers would be refused by its schema, for ever. */
static void add_count(uint64_t *into, uint64_t count)
{
        *into = count < COUNT_MAX - *into ? *into + count : COUNT_MAX;
}

const char *record_format_status(int code, char text[static RECORD_STATUS_TEXT])
{
        if (code >= RECORD_GRPC_OK && code < RECORD_GRPC_OK + GRPC_CODES)
                return grpc_code_names[code - RECORD_GRPC_OK];
        snprintf(text, RECORD_STATUS_TEXT, "%d", code);
        return text;
}

int record_parse_status(const char *text)
{
        int grpc = grpc_code_parse(text);

        if (grpc >= 0)
                return RECORD_GRPC_OK + grpc;
        return strlen(text) == 3 && strspn(text, "0123456789") == 3 && text[0] != '0' ? atoi(text) : 0;
}

void record_count_status(struct record_counters *counters, int code, uint64_t count)
{
        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX; i++) {
                if (counters->statuses[i].code != 0 && counters->statuses[i].code != code)
                        continue;
                counters->statuses[i].code = code;
                add_count(&counters->statuses[i].count, count);
                return;
        }
        add_count(&counters->statuses_other, count);
}

/* The plain members, by name and place: adding, printing and reading walk the same table. */
static const struct { const char *name; size_t offset; } plain[] = {
        {"offered", offsetof(struct record_counters, offered)},
        {"sent", offsetof(struct record_counters, sent)},
        {"done", offsetof(struct record_counters, done)},
        {"ok", offsetof(struct record_counters, ok)},
        {"missed", offsetof(struct record_counters, missed)},
        {"censored", offsetof(struct record_counters, censored)},
        {"bytesIn", offsetof(struct record_counters, bytes_in)},
};

static uint64_t *member(const struct record_counters *counters, size_t i)
{
        return (uint64_t *)((char *)counters + plain[i].offset);
}

void record_add_counters(struct record_counters *into, const struct record_counters *from)
{
        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
                add_count(member(into, i), *member(from, i));
        for (size_t i = 0; i < RECORD_ERRORS; i++)
                add_count(&into->errors[i], from->errors[i]);
        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX && from->statuses[i].code; i++)
                record_count_status(into, from->statuses[i].code, from->statuses[i].count);
        add_count(&into->statuses_other, from->statuses_other);
}

static void set_count(struct json_object *object, const char *name, uint64_t count)
{
        if (count)
                doc_set_int(object, name, (int64_t)count);
}

static void set_unless_empty(struct json_object *object, const char *name, struct json_object *child)
{
        if (json_object_object_length(child))
                doc_set(object, name, child);
        else
                json_object_put(child);
}

struct json_object *record_encode_counters(const struct record_counters *counters)
{
        struct json_object *doc = doc_object(), *status = doc_object(), *errors = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
                set_count(doc, plain[i].name, *member(counters, i));
        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX && counters->statuses[i].code; i++) {
                char text[RECORD_STATUS_TEXT];
                set_count(status, record_format_status(counters->statuses[i].code, text), counters->statuses[i].count);
        }
        set_count(status, "other", counters->statuses_other);
        for (size_t i = 0; i < RECORD_ERRORS; i++)
                set_count(errors, record_error_names[i], counters->errors[i]);
        set_unless_empty(doc, "status", status);
        set_unless_empty(doc, "errors", errors);
        return doc;
}

static enum fail_kind want_count(struct json_object *value, const char *name, uint64_t *ret_count, struct fail *fail)
{
        int64_t count = json_object_get_int64(value);

        if (!json_object_is_type(value, json_type_int) || count < 0 || (uint64_t)count > COUNT_MAX)
                return fail_set(fail, FAIL_INVALID, "counters: %s: a count is wanted", name);
        *ret_count = (uint64_t)count;
        return FAIL_NONE;
}

static enum fail_kind decode_statuses(struct json_object *doc, struct record_counters *counters, struct fail *fail)
{
        if (!json_object_is_type(doc, json_type_object))
                return FAIL_NONE;
        json_object_object_foreach(doc, name, value) {
                uint64_t count = 0;
                if (want_count(value, "status", &count, fail))
                        return FAIL_INVALID;
                int code = record_parse_status(name);
                if (!code && !text_equal(name, "other"))
                        return fail_set(fail, FAIL_INVALID, "counters: status: not a code");
                if (code)
                        record_count_status(counters, code, count);
                else
                        add_count(&counters->statuses_other, count);
        }
        return FAIL_NONE;
}

enum fail_kind record_decode_counters(struct json_object *doc, struct record_counters *ret_counters, struct fail *fail)
{
        struct record_counters counters = {0};

        if (!json_object_is_type(doc, json_type_object))
                return fail_set(fail, FAIL_INVALID, "counters: an object is wanted");
        for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
                struct json_object *value = doc_at(doc, plain[i].name);
                if (value && want_count(value, plain[i].name, member(&counters, i), fail))
                        return FAIL_INVALID;
        }
        for (size_t i = 0; i < RECORD_ERRORS; i++) {
                struct json_object *value = doc_at(doc_at(doc, "errors"), record_error_names[i]);
                if (value && want_count(value, record_error_names[i], &counters.errors[i], fail))
                        return FAIL_INVALID;
        }
        if (decode_statuses(doc_at(doc, "status"), &counters, fail))
                return FAIL_INVALID;
        if (counters.ok + counters.missed + counters.censored != counters.done)
                return fail_set(fail, FAIL_INVALID, "counters: ok + missed + censored differ from done");
        *ret_counters = counters;
        return FAIL_NONE;
}

struct json_object *record_encode_hist(const struct hist *hist)
{
        if (!hist || hist_count(hist) == 0)
                return NULL;

        auto_free char *hdr = hist_encode(hist);
        struct json_object *doc = doc_object();
        doc_set_text(doc, "hdr", hdr);
        doc_set_int(doc, "count", (int64_t)hist_count(hist));
        doc_set_int(doc, "min", hist_min(hist));
        doc_set_int(doc, "max", hist_max(hist));
        doc_set_double(doc, "sum", hist_sum(hist), 0);
        set_count(doc, "clamped", hist_clamped(hist));
        return doc;
}

struct json_object *record_encode_hist_for_line(const struct hist *hist)
{
        struct json_object *doc = record_encode_hist(hist);

        if (!doc || strlen(doc_print(doc)) <= H_BYTES_MAX || hist_digits(hist) == 2)
                return doc;
        json_object_put(doc);
        struct hist *coarse = hist_new(2);
        hist_add(coarse, hist);
        doc = record_encode_hist(coarse);
        hist_free(coarse);
        return doc;
}

enum fail_kind record_decode_hist(struct json_object *doc, struct hist **ret_hist, struct fail *fail)
{
        const char *hdr = doc_text(doc, "hdr");
        struct hist *hist = NULL;

        if (!hdr)
                return fail_set(fail, FAIL_INVALID, "histogram: hdr is missing");
        if (hist_decode(hdr, strlen(hdr), &hist, fail))
                return FAIL_INVALID;

        int64_t count = doc_int(doc, "count", -1), min_ns = doc_int(doc, "min", -1), max_ns = doc_int(doc, "max", -1);
        int64_t clamped = doc_int(doc, "clamped", 0);
        double sum_ns = doc_double(doc, "sum", -1);
        /* The exact values must agree with the buckets, or a wrong maximum would outrank every percentile. */
        if (count < 0 || (uint64_t)count != hist_count(hist) || hist_count(hist) > HIST_COUNT_MAX || min_ns < 0 || max_ns < min_ns ||
            max_ns > HIST_VALUE_MAX_NS || (count && (min_ns < hist_min(hist) || max_ns > hist_max(hist))) ||
            !(sum_ns >= 0) || sum_ns > (double)max_ns * (double)count * 1.0001 + 1 || clamped < 0 || clamped > count) {
                hist_free(hist);
                return fail_set(fail, FAIL_INVALID, "histogram: count, min, max or sum differ from the buckets");
        }
        hist_set_exact(hist, min_ns, max_ns, sum_ns, (uint64_t)clamped);
        *ret_hist = hist;
        return FAIL_NONE;
}
