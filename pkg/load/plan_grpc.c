/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that is a unary gRPC call: its method and path, and the codes that count as success. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/grpc_code.h"
#include "load/plan_decode.h"
#include "load/record.h"

/* "/package.Service/Method" */
static bool is_method(const char *path)
{
        const char *slash = path ? strchr(path + 1, '/') : NULL;

        return slash && slash > path + 1 && slash[1] && !strpbrk(slash + 1, "/?#");
}

static void add_code(struct load_request *request, int code)
{
        request->statuses[request->statuses_len].low = RECORD_GRPC_OK + code;
        request->statuses[request->statuses_len++].high = RECORD_GRPC_OK + code;
}

static enum fail_kind decode_codes(struct json_object *doc, struct load_request *request, struct fail *fail)
{
        size_t len = doc_len(doc, "grpcStatuses");

        if (doc_at(doc, "statuses"))
                return fail_set(fail, FAIL_INVALID, "statuses: a gRPC call is judged by grpcStatuses");
        if (len > LOAD_STATUS_RANGES_MAX)
                return fail_set(fail, FAIL_INVALID, "grpcStatuses: at most %d", LOAD_STATUS_RANGES_MAX);
        for (size_t i = 0; i < len; i++) {
                struct json_object *name = doc_item(doc_at(doc, "grpcStatuses"), i);
                int code = json_object_is_type(name, json_type_string) ? grpc_code_parse(json_object_get_string(name)) : -1;
                if (code < 0)
                        return fail_set(fail, FAIL_INVALID, "grpcStatuses[%zu]: a name like NOT_FOUND is wanted", i);
                add_code(request, code);
        }
        if (len == 0)
                add_code(request, 0);
        return FAIL_NONE;
}

bool plan_is_of_grpc(const char *header)
{
        return strcasecmp(header, "content-type") == 0 || strncasecmp(header, "grpc-", 5) == 0;
}

enum fail_kind plan_decode_call(struct json_object *doc, struct load_request *request, struct fail *fail)
{
        if (!text_equal(request->method, "POST"))
                return fail_set(fail, FAIL_INVALID, "method: a gRPC call is a POST");
        if (!is_method(request->path))
                return fail_set(fail, FAIL_INVALID, "path: /package.Service/Method is wanted");
        return decode_codes(doc, request, fail);
}
