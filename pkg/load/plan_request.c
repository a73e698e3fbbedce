/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's requests: what may stand in a request's head is checked here, once, so that building bytes cannot
 * smuggle a second request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/plan_decode.h"

#define PATH_SIZE_MAX 8192
#define HEADER_VALUE_SIZE_MAX 8192

/* RFC 9110 section 5.6.2 */
static bool is_token(const char *text)
{
        static const char marks[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        return text && *text && strspn(text, marks) == strlen(text);
}

static bool has_controls(const char *text, unsigned char least)
{
        for (; *text; text++)
                if (((unsigned char)*text < least && *text != '\t') || *text == 0x7f)
                        return true;
        return false;
}

static bool is_ours(const char *header)
{
        static const char *const ours[] = {"host", "content-length", "transfer-encoding", "user-agent",
                                           "x-loadstone-index"};
        for (size_t i = 0; i < ARRAY_LEN(ours); i++)
                if (strcasecmp(header, ours[i]) == 0)
                        return true;
        return false;
}

/* RFC 9113 section 8.2.2: what an HTTP/1 connection is managed by makes an HTTP/2 request malformed. */
static bool is_of_connection(const char *header)
{
        static const char *const names[] = {"connection", "proxy-connection", "keep-alive", "upgrade", "http2-settings", "te"};
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (strcasecmp(header, names[i]) == 0)
                        return true;
        return false;
}

static enum fail_kind check_name(const struct load_plan *plan, const char *name, const char *path, struct fail *fail)
{
        if (!is_token(name))
                return fail_set(fail, FAIL_INVALID, "%s: not a header name", path);
        if (is_ours(name))
                return fail_set(fail, FAIL_INVALID, "%s: the worker sets %s itself", path, name);
        if (plan->protocol != LOAD_HTTP1 && is_of_connection(name))
                return fail_set(fail, FAIL_INVALID, "%s: %s has no meaning in HTTP/2", path, name);
        if (plan->protocol == LOAD_GRPC && plan_is_of_grpc(name))
                return fail_set(fail, FAIL_INVALID, "%s: the worker sets %s of gRPC calls itself", path, name);
        return FAIL_NONE;
}

static enum fail_kind decode_headers(struct json_object *doc, const struct load_plan *plan, struct load_request *request, struct fail *fail)
{
        size_t len = doc_len(doc, "headers");
        char name_path[32], value_path[32];

        if (len > LOAD_HEADERS_MAX)
                return fail_set(fail, FAIL_INVALID, "headers: at most %d", LOAD_HEADERS_MAX);
        for (size_t i = 0; i < len; i++) {
                char **pair = request->headers[request->headers_len++];
                snprintf(name_path, sizeof name_path, "headers[%zu][0]", i);
                snprintf(value_path, sizeof value_path, "headers[%zu][1]", i);
                if (plan_want_text(doc, name_path, 256, &pair[0], fail) ||
                    plan_want_text(doc, value_path, HEADER_VALUE_SIZE_MAX, &pair[1], fail))
                        return FAIL_INVALID;
                if (check_name(plan, pair[0], name_path, fail))
                        return FAIL_INVALID;
                if (!pair[1] || has_controls(pair[1], ' '))
                        return fail_set(fail, FAIL_INVALID, "%s: text without control characters is wanted", value_path);
        }
        return FAIL_NONE;
}

static enum fail_kind decode_statuses(struct json_object *doc, struct load_request *request, struct fail *fail)
{
        size_t len = doc_len(doc, "statuses");
        char path[32];

        if (len > LOAD_STATUS_RANGES_MAX)
                return fail_set(fail, FAIL_INVALID, "statuses: at most %d ranges", LOAD_STATUS_RANGES_MAX);
        for (size_t i = 0; i < len; i++) {
                int64_t ends[2];
                for (int k = 0; k < 2; k++) {
                        snprintf(path, sizeof path, "statuses[%zu][%d]", i, k);
                        const struct plan_int want = {path, 100, 999, 0};
                        if (plan_want_int(doc, &want, &ends[k], fail))
                                return FAIL_INVALID;
                }
                if (ends[0] == 0 || ends[1] < ends[0])
                        return fail_set(fail, FAIL_INVALID, "statuses[%zu]: [low,high] is wanted", i);
                request->statuses[i].low = (int)ends[0];
                request->statuses[i].high = (int)ends[1];
                request->statuses_len = i + 1;
        }
        if (len == 0) {
                request->statuses[0].low = 200;
                request->statuses[0].high = 399;
                request->statuses_len = 1;
        }
        return FAIL_NONE;
}

static enum fail_kind check_contains(const struct load_request *request, struct fail *fail)
{
        if (!request->contains)
                return FAIL_NONE;
        if (!*request->contains)
                return fail_set(fail, FAIL_INVALID, "contains: a text is wanted");
        if (strcmp(request->method, "HEAD") == 0)
                return fail_set(fail, FAIL_INVALID, "contains: an answer to HEAD has no body");
        return FAIL_NONE;
}

static enum fail_kind decode_body(struct json_object *doc, const struct load_plan *plan, struct load_request *request, struct fail *fail)
{
        auto_free char *encoded = NULL;
        uint8_t *bytes = NULL;

        if (plan_want_text(doc, "body", LOAD_BODY_BYTES_MAX, &request->body, fail) ||
            plan_want_text(doc, "bodyFile", 4096, &request->body_file, fail) ||
            plan_want_text(doc, "bodyBase64", LOAD_BODY_BYTES_MAX / 3 * 4, &encoded, fail))
                return FAIL_INVALID;
        if (!!request->body + !!request->body_file + !!encoded > 1)
                return fail_set(fail, FAIL_INVALID, "body: only one of body, bodyBase64 and bodyFile is wanted");
        if (encoded && text_base64_decode(encoded, strlen(encoded), &bytes, &request->body_size, fail))
                return fail_wrap(fail, "bodyBase64");
        request->body_is_json = plan->descriptor_file && !encoded;
        if (encoded)
                request->body = (char *)bytes;
        else if (request->body)
                request->body_size = strlen(request->body);
        return FAIL_NONE;
}

static enum fail_kind decode_request(struct json_object *doc, const struct load_plan *plan, struct load_request *request, struct fail *fail)
{
        const struct plan_int want_weight = {"weight", 1, 1000000, 1};
        int64_t weight;

        if (plan_want_int(doc, &want_weight, &weight, fail) ||
            plan_want_text(doc, "name", 63, &request->name, fail) ||
            plan_want_text(doc, "method", 32, &request->method, fail) ||
            plan_want_text(doc, "path", PATH_SIZE_MAX, &request->path, fail) ||
            decode_body(doc, plan, request, fail) ||
            plan_want_text(doc, "contains", MATCH_BYTES_MAX, &request->contains, fail))
                return FAIL_INVALID;
        request->weight = (uint32_t)weight;
        if (!request->method)
                request->method = xstrdup(plan->protocol == LOAD_GRPC ? "POST" : "GET");
        if (!is_token(request->method) || strcmp(request->method, "CONNECT") == 0)
                return fail_set(fail, FAIL_INVALID, "method: not a request method");
        if (!request->path || request->path[0] != '/' || has_controls(request->path, '!') ||
            strchr(request->path, '\t'))
                return fail_set(fail, FAIL_INVALID, "path: must begin with / and hold no white space");
        if (check_contains(request, fail) || decode_headers(doc, plan, request, fail))
                return FAIL_INVALID;
        return plan->protocol == LOAD_GRPC ? plan_decode_call(doc, request, fail) : decode_statuses(doc, request, fail);
}

/* A header that stands twice would mean what each server makes of it. */
static enum fail_kind check_alone(const struct load_plan *plan, size_t index, struct fail *fail)
{
        const char *name = plan->secret_headers[index].name;

        for (size_t i = 0; i < index; i++)
                if (strcasecmp(plan->secret_headers[i].name, name) == 0)
                        return fail_set(fail, FAIL_INVALID, "headersFrom[%zu][0]: %s stands in headersFrom[%zu] too", index, name, i);
        for (size_t i = 0; i < plan->requests_len; i++)
                for (size_t k = 0; k < plan->requests[i].headers_len; k++)
                        if (strcasecmp(plan->requests[i].headers[k][0], name) == 0)
                                return fail_set(fail, FAIL_INVALID, "headersFrom[%zu][0]: %s stands in requests[%zu] too", index, name, i);
        return FAIL_NONE;
}

enum fail_kind plan_decode_secret_headers(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        size_t len = doc_len(doc, "headersFrom");
        char name_path[32], file_path[32];

        if (len > LOAD_SECRET_HEADERS_MAX)
                return fail_set(fail, FAIL_INVALID, "headersFrom: at most %d", LOAD_SECRET_HEADERS_MAX);
        for (size_t i = 0; i < len; i++) {
                char **name = &plan->secret_headers[i].name, **file = &plan->secret_headers[i].file;
                plan->secret_headers_len = i + 1;
                snprintf(name_path, sizeof name_path, "headersFrom[%zu][0]", i);
                snprintf(file_path, sizeof file_path, "headersFrom[%zu][1]", i);
                if (plan_want_text(doc, name_path, 256, name, fail) || plan_want_text(doc, file_path, 4096, file, fail))
                        return FAIL_INVALID;
                if (check_name(plan, *name, name_path, fail))
                        return FAIL_INVALID;
                if (!*file || !**file)
                        return fail_set(fail, FAIL_INVALID, "%s: the path of a file is wanted", file_path);
                if (check_alone(plan, i, fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}

enum fail_kind plan_decode_requests(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        size_t len = doc_len(doc, "requests");

        if (len < 1 || len > LOAD_REQUESTS_MAX)
                return fail_set(fail, FAIL_INVALID, "requests: 1 to %d are wanted", LOAD_REQUESTS_MAX);
        for (size_t i = 0; i < len; i++) {
                struct load_request *request = &plan->requests[plan->requests_len++];
                if (decode_request(doc_item(doc_at(doc, "requests"), i), plan, request, fail))
                        return fail_wrap(fail, "requests[%zu]", i);
                if (!request->name)
                        request->name = xasprintf("request-%zu", i);
        }
        return FAIL_NONE;
}

void plan_free_requests(struct load_plan *plan)
{
        for (size_t i = 0; i < plan->requests_len; i++) {
                struct load_request *request = &plan->requests[i];
                for (size_t k = 0; k < request->headers_len; k++) {
                        free(request->headers[k][0]);
                        free(request->headers[k][1]);
                }
                free(request->name);
                free(request->method);
                free(request->path);
                free(request->body);
                free(request->body_file);
                free(request->contains);
        }
        for (size_t i = 0; i < plan->secret_headers_len; i++) {
                free(plan->secret_headers[i].name);
                free(plan->secret_headers[i].file);
        }
}
