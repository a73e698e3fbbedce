/* SPDX-License-Identifier: Apache-2.0 */
#include "load/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "data/proto_set.h"
#include "load/grpc.h"
#include "load/message.h"

#define INDEX_DIGITS 16
#define INDEX_NAME "x-loadstone-index"

/* ---- what is read once, for all requests ---- */

struct values {
        const struct load_plan *plan; /* that names them */
        struct secret *secrets[LOAD_SECRET_HEADERS_MAX];
        size_t lines_size;            /* of "name: value\r\n", all together */
        struct proto_set *set;        /* of the messages; NULL: they are in the plan as they are */
};

static void values_done(struct values *values)
{
        for (size_t i = 0; i < LOAD_SECRET_HEADERS_MAX; i++)
                values->secrets[i] = secret_free(values->secrets[i]);
        values->set = proto_set_free(values->set);
}

static enum fail_kind values_read(struct values *values, const struct load_plan *plan, struct fail *fail)
{
        *values = (struct values){.plan = plan};
        for (size_t i = 0; i < plan->secret_headers_len; i++) {
                const char *name = plan->secret_headers[i].name;
                if (secret_read(plan->secret_headers[i].file, LOAD_SECRET_BYTES_MAX, &values->secrets[i], fail))
                        return fail_wrap(fail, "headersFrom[%zu]: %s", i, name);
                if (secret_has_controls(values->secrets[i]))
                        return fail_set(fail, FAIL_INVALID, "headersFrom[%zu]: %s: the value holds line breaks or other control characters", i, name);
                values->lines_size += strlen(name) + secret_size(values->secrets[i]) + 4;
        }
        return message_read_set(plan, &values->set, fail);
}

static char *values_copy(const struct values *values, char *into)
{
        for (size_t i = 0; i < values->plan->secret_headers_len; i++) {
                into = stpcpy(stpcpy(into, values->plan->secret_headers[i].name), ": ");
                into = stpcpy(secret_copy(values->secrets[i], into), "\r\n");
        }
        return into;
}

/* ---- requests ---- */

/* Whoever meets the load in a server's log finds the run that sends it: kubectl get benchmarkrun NAME -n NAMESPACE. */
static void add_agent(struct buf *out, const struct load_plan *plan)
{
        buf_text(out, "loadstone/" LOADSTONE_VERSION);
        if (plan->run_name && plan->run_namespace)
                buf_format(out, " run=%s/%s", plan->run_namespace, plan->run_name);
        if (plan->run_uid)
                buf_format(out, " uid=%s", plan->run_uid);
}

static bool says_length(const struct load_request *request)
{
        return request->body || request->body_file || strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;
}

/* The head up to where secret headers go. */
static void add_first_lines(struct buf *out, const struct load_plan *plan, const struct load_request *request)
{
        buf_format(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", request->method, request->path, plan->authority);
        buf_text(out, "User-Agent: ");
        add_agent(out, plan);
        buf_text(out, "\r\n");
        for (size_t i = 0; i < request->headers_len; i++)
                buf_format(out, "%s: %s\r\n", request->headers[i][0], request->headers[i][1]);
}

static void add_last_lines(struct buf *out, const struct load_plan *plan, const struct load_request *request, size_t body_size)
{
        if (says_length(request))
                buf_format(out, "Content-Length: %zu\r\n", body_size);
        if (plan->index_header)
                buf_format(out, INDEX_NAME ": %0*d\r\n", INDEX_DIGITS, 0);
        buf_text(out, "\r\n");
}

static void expect_statuses(struct wire_request *wire, const struct load_request *request)
{
        for (size_t i = 0; i < request->statuses_len; i++)
                for (int status = request->statuses[i].low; status <= request->statuses[i].high; status++)
                        wire->expected[status / 8] |= (uint8_t)(1u << (status % 8));
}

struct body {
        const char *data;
        size_t size;
};

static enum fail_kind check_head(size_t size, struct fail *fail)
{
        if (size > LOAD_HEAD_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "line and headers have %zu bytes, at most %d are allowed", size, LOAD_HEAD_BYTES_MAX);
        return FAIL_NONE;
}

static enum fail_kind build_http1(struct wire_request *wire, const struct values *values, const struct load_request *request, struct body body,
                                  struct fail *fail)
{
        auto_buf struct buf first = {0}, last = {0};

        add_first_lines(&first, values->plan, request);
        add_last_lines(&last, values->plan, request, body.size);
        size_t head_size = first.size + values->lines_size + last.size;
        if (check_head(head_size, fail))
                return FAIL_INVALID;
        wire->size = head_size + body.size;
        wire->bytes = xcalloc(wire->size + 1, 1);
        char *end = values_copy(values, mempcpy(wire->bytes, first.data, first.size));
        end = mempcpy(end, last.data, last.size);
        memcpy(end, body.data, body.size);
        /* The last header of the head. */
        wire->index = values->plan->index_header ? end - 4 - INDEX_DIGITS : NULL;
        return FAIL_NONE;
}

/* ---- HTTP/2 ---- */

struct part {
        const char *name, *value;
        const struct secret *secret; /* instead of the value */
};

/* Texts that stand in fields and are made for one request. */
struct texts {
        const char *agent;
        char length[24], timeout[GRPC_TIMEOUT_TEXT];
};

static size_t value_size(const struct part *part)
{
        return part->secret ? secret_size(part->secret) : strlen(part->value);
}

static size_t list_parts(const struct values *values, const struct load_request *request, const struct texts *texts,
                         struct part parts[static WIRE_FIELDS_MAX])
{
        const struct load_plan *plan = values->plan;
        bool grpc = plan->protocol == LOAD_GRPC;
        const struct part own[] = {
                {":method", request->method},     {":scheme", plan->tls ? "https" : "http"},
                {":authority", plan->authority},  {":path", request->path},
                {"user-agent", texts->agent},
                {"content-length", !grpc && says_length(request) ? texts->length : NULL},
                {"te", grpc ? "trailers" : NULL},
                {"content-type", grpc ? "application/grpc" : NULL},
                {"grpc-timeout", grpc ? texts->timeout : NULL},
        };
        size_t len = 0;

        for (size_t i = 0; i < ARRAY_LEN(own); i++)
                if (own[i].value)
                        parts[len++] = own[i];
        for (size_t i = 0; i < request->headers_len; i++)
                parts[len++] = (struct part){request->headers[i][0], request->headers[i][1], NULL};
        for (size_t i = 0; i < plan->secret_headers_len; i++)
                parts[len++] = (struct part){plan->secret_headers[i].name, NULL, values->secrets[i]};
        if (plan->index_header)
                parts[len++] = (struct part){INDEX_NAME, "0000000000000000", NULL};
        return len;
}

static void add_field(struct wire_request *wire, const struct part *part)
{
        struct wire_field *field = &wire->fields[wire->fields_len++];
        if (strcmp(part->name, "grpc-timeout") == 0)
                wire->deadline = wire->fields_len - 1;
        char *end = wire->bytes + wire->size;

        field->name = (uint32_t)wire->size;
        field->name_size = (uint32_t)strlen(part->name);
        for (const char *at = part->name; *at; at++)
                *end++ = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        field->value = field->name + field->name_size;
        field->value_size = (uint32_t)value_size(part);
        if (part->secret)
                secret_copy(part->secret, end);
        else
                memcpy(end, part->value, field->value_size);
        wire->size = field->value + field->value_size;
}

static enum fail_kind build_http2(struct wire_request *wire, const struct values *values, const struct load_request *request, struct body body,
                                  struct fail *fail)
{
        auto_buf struct buf agent = {0};
        struct part parts[WIRE_FIELDS_MAX];
        size_t head_size = 0, prefix_size = values->plan->protocol == LOAD_GRPC ? GRPC_PREFIX_SIZE : 0;

        add_agent(&agent, values->plan);
        struct texts texts = {.agent = agent.data};
        snprintf(texts.length, sizeof texts.length, "%zu", body.size);
        grpc_format_timeout(values->plan->timeout_ms * INT64_C(1000000), texts.timeout);
        size_t len = list_parts(values, request, &texts, parts);
        for (size_t i = 0; i < len; i++)
                head_size += strlen(parts[i].name) + value_size(&parts[i]);
        if (check_head(head_size, fail))
                return FAIL_INVALID;
        wire->bytes = xcalloc(head_size + prefix_size + body.size + 1, 1);
        for (size_t i = 0; i < len; i++)
                add_field(wire, &parts[i]);
        wire->index = values->plan->index_header ? wire->bytes + wire->size - INDEX_DIGITS : NULL;
        if (prefix_size)
                grpc_write_prefix((uint32_t)body.size, (uint8_t *)wire->bytes + wire->size);
        memcpy(wire->bytes + wire->size + prefix_size, body.data, body.size);
        wire->body_size = prefix_size + body.size;
        wire->size += wire->body_size;
        return FAIL_NONE;
}

/* ---- all ---- */

static enum fail_kind build(struct wire_request *wire, const struct values *values, const struct load_request *request, struct fail *fail)
{
        auto_free char *file = NULL;
        auto_buf struct buf message = {0};
        struct body body = {request->body ? request->body : "", request->body_size};

        if (request->body_file) {
                if (text_file_read(request->body_file, LOAD_BODY_BYTES_MAX, &file, &body.size, fail))
                        return fail->kind;
                body.data = file;
        }
        if (request->body_is_json) {
                if (message_encode(values->set, request, body.data, body.size, &message, fail))
                        return fail->kind;
                body = (struct body){message.data ? message.data : "", message.size};
        }
        wire->to_head = strcmp(request->method, "HEAD") == 0;
        expect_statuses(wire, request);
        wire->has_contains = request->contains;
        if (request->contains)
                match_init(&wire->contains, request->contains, strlen(request->contains));
        return values->plan->protocol == LOAD_HTTP1 ? build_http1(wire, values, request, body, fail)
                                                    : build_http2(wire, values, request, body, fail);
}

static enum fail_kind build_all(struct wire *wire, const struct values *values, struct fail *fail)
{
        const struct load_plan *plan = values->plan;

        for (size_t i = 0; i < plan->requests_len; i++) {
                if (build(&wire->requests[i], values, &plan->requests[i], fail))
                        return fail_wrap(fail, "requests[%zu]", i);
                wire->len = i + 1;
        }
        return FAIL_NONE;
}

enum fail_kind wire_init(struct wire *wire, const struct load_plan *plan, struct fail *fail)
{
        struct values values;

        *wire = (struct wire){0};
        enum fail_kind kind = values_read(&values, plan, fail);
        if (!kind)
                kind = build_all(wire, &values, fail);
        values_done(&values);
        if (kind)
                wire_done(wire);
        return kind;
}

void wire_copy(struct wire *into, const struct wire *from)
{
        *into = *from;
        for (size_t i = 0; i < from->len; i++) {
                const struct wire_request *request = &from->requests[i];
                char *bytes = xcalloc(request->size, 1);
                memcpy(bytes, request->bytes, request->size);
                into->requests[i].bytes = bytes;
                if (request->index)
                        into->requests[i].index = bytes + (request->index - request->bytes);
        }
}

void wire_done(struct wire *wire)
{
        for (size_t i = 0; i < wire->len; i++) {
                explicit_bzero(wire->requests[i].bytes, wire->requests[i].size);
                free(wire->requests[i].bytes);
        }
        *wire = (struct wire){0};
}

void wire_set_index(struct wire_request *request, uint64_t index, bool warmup)
{
        if (!request->index)
                return;
        for (int i = INDEX_DIGITS - 1; i >= 0; i--, index /= 10)
                request->index[i] = (char)('0' + index % 10);
        if (warmup)
                request->index[0] = 'w';
}
