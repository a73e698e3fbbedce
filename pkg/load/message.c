/* SPDX-License-Identifier: Apache-2.0 */
#include "load/message.h"

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/proto_json.h"

enum fail_kind message_read_set(const struct load_plan *plan, struct proto_set **ret_set, struct fail *fail)
{
        auto_free char *bytes = NULL;
        size_t size;

        *ret_set = NULL;
        if (!plan->descriptor_file)
                return FAIL_NONE;
        if (text_file_read(plan->descriptor_file, PROTO_SET_BYTES_MAX, &bytes, &size, fail) ||
            proto_set_decode((const uint8_t *)bytes, size, ret_set, fail))
                return fail_wrap(fail, "grpc.descriptorFile");
        return FAIL_NONE;
}

enum fail_kind message_encode(const struct proto_set *set, const struct load_request *request, const char *json, size_t size,
                              struct buf *ret_message, struct fail *fail)
{
        const struct proto_message *message;
        auto_json struct json_object *doc = NULL;
        auto_buf struct buf bytes = buf_bounded(LOAD_BODY_BYTES_MAX);

        if (proto_set_find(set, request->path, &message, fail))
                return fail->kind;
        if (size == 0)
                json = "{}", size = 2;
        if (doc_parse(json, size, &doc, fail) || proto_encode(message, doc, &bytes, fail))
                return fail_wrap(fail, "body");
        if (bytes.overflowed)
                return fail_set(fail, FAIL_TOO_LARGE, "body: the message has more than %d bytes", LOAD_BODY_BYTES_MAX);
        *ret_message = bytes;
        bytes = (struct buf){0};
        return FAIL_NONE;
}
