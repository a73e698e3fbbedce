/* SPDX-License-Identifier: Apache-2.0 */
#include "load/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define INDEX_DIGITS 16
#define INDEX_HEADER "x-loadstone-index: "

static void add_head(struct buf *out, const struct load_plan *plan, const struct load_request *request,
                     size_t body_size)
{
        buf_format(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", request->method, request->path, plan->authority);
        /* Whoever meets the load in a server's log finds the run that sends it: kubectl get benchmarkrun NAME -n NAMESPACE. */
        buf_text(out, "User-Agent: loadstone/" LOADSTONE_VERSION);
        if (plan->run_name && plan->run_namespace)
                buf_format(out, " run=%s/%s", plan->run_namespace, plan->run_name);
        if (plan->run_uid)
                buf_format(out, " uid=%s", plan->run_uid);
        buf_text(out, "\r\n");
        for (size_t i = 0; i < request->headers_len; i++)
                buf_format(out, "%s: %s\r\n", request->headers[i][0], request->headers[i][1]);
        bool has_body = request->body || request->body_file;
        if (has_body || strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0)
                buf_format(out, "Content-Length: %zu\r\n", body_size);
        if (plan->index_header)
                buf_format(out, INDEX_HEADER "%0*d\r\n", INDEX_DIGITS, 0);
        buf_text(out, "\r\n");
}

static enum fail_kind build(struct wire_request *wire, const struct load_plan *plan,
                            const struct load_request *request, struct fail *fail)
{
        auto_free char *body = NULL;
        auto_buf struct buf out = {0};
        size_t body_size = request->body ? strlen(request->body) : 0;

        if (request->body_file && text_file_read(request->body_file, LOAD_BODY_BYTES_MAX, &body, &body_size, fail))
                return fail->kind;
        add_head(&out, plan, request, body_size);
        size_t head_size = out.size;
        if (head_size > LOAD_HEAD_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "line and headers have %zu bytes, at most %d are allowed", head_size,
                                LOAD_HEAD_BYTES_MAX);
        buf_add(&out, body ? body : request->body ? request->body : "", body_size);
        wire->size = out.size;
        wire->bytes = buf_take(&out);
        wire->to_head = strcmp(request->method, "HEAD") == 0;
        /* The last header of the head. */
        wire->index = plan->index_header ? wire->bytes + head_size - 4 - INDEX_DIGITS : NULL;
        for (size_t i = 0; i < request->statuses_len; i++)
                for (int status = request->statuses[i].low; status <= request->statuses[i].high; status++)
                        wire->expected[status / 8] |= (uint8_t)(1u << (status % 8));
        return FAIL_NONE;
}

enum fail_kind wire_init(struct wire *wire, const struct load_plan *plan, struct fail *fail)
{
        *wire = (struct wire){0};
        for (size_t i = 0; i < plan->requests_len; i++) {
                if (build(&wire->requests[i], plan, &plan->requests[i], fail)) {
                        wire_done(wire);
                        return fail_wrap(fail, "requests[%zu]", i);
                }
                wire->len = i + 1;
        }
        return FAIL_NONE;
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
        for (size_t i = 0; i < wire->len; i++)
                free(wire->requests[i].bytes);
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
