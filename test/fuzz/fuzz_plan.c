/* SPDX-License-Identifier: Apache-2.0
 *
 * The worker's plan. What is accepted has bytes with exactly one head per request, whatever stands in its fields, and one
 * schedule that only goes forward and that workers share without overlap. */
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fuzz_json.h"
#include "load/schedule.h"
#include "load/wire.h"

#define LOOKED_AT 200

/* Request line, Host and User-Agent, then what was asked for. */
static size_t lines_of(const struct load_plan *plan, const struct load_request *wanted)
{
        bool has_length = wanted->body || strcmp(wanted->method, "POST") == 0 || strcmp(wanted->method, "PUT") == 0;

        return 3 + wanted->headers_len + has_length + plan->index_header;
}

static void must_be_one_head(const struct wire_request *request, const struct load_plan *plan, const struct load_request *wanted)
{
        const char *end = memmem(request->bytes, request->size, "\r\n\r\n", 4);
        size_t lines = 0, head_size;

        must(end);
        head_size = (size_t)(end + 4 - request->bytes);
        must(head_size <= LOAD_HEAD_BYTES_MAX && !memchr(request->bytes, '\0', head_size));
        for (const char *at = request->bytes; (at = memchr(at, '\n', (size_t)(end + 2 - at))); at++, lines++)
                must(at > request->bytes && at[-1] == '\r');
        must(lines == lines_of(plan, wanted));
        must(request->size - head_size == (wanted->body ? strlen(wanted->body) : 0));
}

/* Of HTTP/2: each field lies before the body, and holds nothing that ends a line for whoever turns it into HTTP/1. */
static void must_be_fields(const struct wire_request *request)
{
        size_t head_size = request->size - request->body_size;

        must(request->body_size <= request->size && request->fields_len >= 4 && request->fields_len <= WIRE_FIELDS_MAX);
        for (size_t i = 0; i < request->fields_len; i++) {
                const struct wire_field *field = &request->fields[i];
                must(field->name_size > 0 && (size_t)field->name + field->name_size <= head_size);
                must((size_t)field->value + field->value_size <= head_size);
                for (size_t k = 0; k < field->name_size; k++)
                        must((unsigned char)request->bytes[field->name + k] > ' ' && !(request->bytes[field->name + k] >= 'A' && request->bytes[field->name + k] <= 'Z'));
                must(!memchr(request->bytes + field->value, '\n', field->value_size) && !memchr(request->bytes + field->value, '\r', field->value_size) &&
                     !memchr(request->bytes + field->value, '\0', field->value_size));
        }
}

static void must_be_wired(struct load_plan *plan)
{
        struct wire wire;
        struct fail fail = {0};

        bool reads_files = plan->secret_headers_len > 0 || plan->descriptor_file;

        for (size_t i = 0; i < plan->requests_len; i++)
                reads_files = reads_files || plan->requests[i].body_file;
        if (reads_files)
                return; /* files of this machine are none of ours */
        if (wire_init(&wire, plan, &fail)) {
                must(fail.kind == FAIL_INVALID);
                return;
        }
        must(wire.len == plan->requests_len);
        for (size_t i = 0; i < wire.len; i++) {
                wire_set_index(&wire.requests[i], UINT64_MAX, true);
                if (plan->protocol == LOAD_HTTP1)
                        must_be_one_head(&wire.requests[i], plan, &plan->requests[i]);
                else
                        must_be_fields(&wire.requests[i]);
        }
        wire_done(&wire);
}

static void must_go_forward(const struct load_plan *plan, const struct schedule *schedule, bool warmup)
{
        int64_t last_ns = INT64_MIN, least_ns = warmup ? -schedule->warmup_ns : 0;
        struct schedule_cursor all, mine;
        size_t looked_at = 0;

        schedule_begin(&all, schedule, warmup, 0, 1);
        schedule_begin(&mine, schedule, warmup, 1, 2);
        for (; !schedule_ended(&all) && looked_at < LOOKED_AT; schedule_advance(&all), looked_at++) {
                must(all.due_ns >= last_ns && all.due_ns >= least_ns && all.due_ns <= plan->shape_ms * NS_PER_MS);
                must(schedule_choose(schedule, all.index) < plan->requests_len);
                if (all.index % 2 == 1) {
                        must(mine.index == all.index && mine.due_ns == all.due_ns && mine.piece == all.piece);
                        schedule_advance(&mine);
                }
                last_ns = all.due_ns;
        }
}

/* Also where nobody would get by walking. */
static void must_end(const struct load_plan *plan, const struct schedule *schedule)
{
        struct schedule_cursor cursor;

        if (schedule->requests == 0 || schedule->poisson) /* the latter is only walked */
                return;
        schedule_begin(&cursor, schedule, false, schedule->requests - 1, 1);
        must(!schedule_ended(&cursor) && cursor.due_ns >= 0 && cursor.due_ns <= plan->shape_ms * NS_PER_MS);
        schedule_advance(&cursor);
        must(schedule_ended(&cursor) && cursor.due_ns == INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *doc = fuzz_json(data, size);
        struct load_plan *plan = NULL;
        struct schedule schedule;
        struct fail fail = {0};

        if (load_plan_decode(doc, &plan, &fail)) {
                must(fail.kind == FAIL_INVALID && strncmp(fail.text, "plan: ", 6) == 0);
                return 0;
        }
        must_be_wired(plan);
        schedule_init(&schedule, plan);
        must_go_forward(plan, &schedule, true);
        must_go_forward(plan, &schedule, false);
        must_end(plan, &schedule);
        load_plan_free(plan);
        return 0;
}
