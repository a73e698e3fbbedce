/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of the schemes grpc and grpcs: unary calls, each a POST of one message to /package.Service/Method. With a descriptor set the
 * bodies are JSON, which the worker encodes: what the messages look like is in a ConfigMap that the operator never reads. */
#include <string.h>
#include <strings.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/grpc_code.h"

#define CODES_MAX 16

static bool is_method(const char *path)
{
        const char *slash = path ? strchr(path + 1, '/') : NULL;

        return slash && slash > path + 1 && slash[1] && !strpbrk(slash + 1, "/?");
}

enum fail_kind profile_decode_descriptors(struct profile *profile, struct fail *fail)
{
        static const struct field fields[] = {
                {"name", FIELD_TEXT, offsetof(struct profile, descriptors_configmap), 1, 253},
                {"key", FIELD_TEXT, offsetof(struct profile, descriptors_key), 1, 253},
        };
        struct json_object *grpc = doc_at(profile->spec, "load.grpc"), *ref = doc_at(grpc, "descriptorSetFrom.configMapKeyRef");

        if (!grpc)
                return FAIL_NONE;
        if (!profile->scheme->grpc)
                return fail_set(fail, FAIL_INVALID, "spec.load.grpc goes with scheme grpc or grpcs: set target.scheme to one of them or remove it");
        if (!ref)
                return fail_set(fail, FAIL_INVALID, "spec.load.grpc.descriptorSetFrom.configMapKeyRef must have name and key");
        return field_decode(ref, "spec.load.grpc.descriptorSetFrom.configMapKeyRef.", fields, ARRAY_LEN(fields), profile, fail);
}

enum fail_kind profile_check_call_header(const struct profile *profile, const char *name, const char *where, struct fail *fail)
{
        if (profile->scheme->grpc && (strcasecmp(name, "content-type") == 0 || strncasecmp(name, "grpc-", 5) == 0))
                return fail_set(fail, FAIL_INVALID, "%s: %s of gRPC calls is set by the load worker itself", where, name);
        return FAIL_NONE;
}

static enum fail_kind check_headers(const struct profile *profile, struct json_object *headers, const char *where, struct fail *fail)
{
        auto_free char *names = xasprintf("%sheaders", where);

        if (!json_object_is_type(headers, json_type_object))
                return FAIL_NONE;
        json_object_object_foreach(headers, name, unused) {
                (void)unused;
                if (profile_check_call_header(profile, name, names, fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}

static enum fail_kind check_json(const struct profile *profile, struct json_object *request, const char *where, struct fail *fail)
{
        const char *text = doc_text(request, "body.inline");
        auto_json struct json_object *doc = NULL;
        struct fail inner;

        if (profile->descriptors_key && text && *text && doc_parse(text, strlen(text), &doc, &inner))
                return fail_set(fail, FAIL_INVALID, "%sbody.inline must be JSON where load.grpc names a descriptor set: %s", where, inner.text);
        return FAIL_NONE;
}

static enum fail_kind check_codes(struct json_object *codes, const char *where, struct fail *fail)
{
        if (codes && (!json_object_is_type(codes, json_type_array) || doc_len(codes, "") < 1 || doc_len(codes, "") > CODES_MAX))
                return fail_set(fail, FAIL_INVALID, "%sexpect.grpcStatus must be a list of 1 to %d names", where, CODES_MAX);
        for (size_t i = 0; i < doc_len(codes, ""); i++) {
                struct json_object *name = doc_item(codes, i);
                if (!json_object_is_type(name, json_type_string) || grpc_code_parse(json_object_get_string(name)) < 0)
                        return fail_set(fail, FAIL_INVALID, "%sexpect.grpcStatus[%zu] must be the name of a status, for example NOT_FOUND", where, i);
        }
        return FAIL_NONE;
}

enum fail_kind profile_check_call(const struct profile *profile, struct json_object *request, const char *where, struct fail *fail)
{
        struct json_object *codes = doc_at(request, "expect.grpcStatus");

        if (!profile->scheme->grpc)
                return codes ? fail_set(fail, FAIL_INVALID, "%sexpect.grpcStatus goes with scheme grpc or grpcs: write expect.status", where) : FAIL_NONE;
        if (!text_equal(doc_text(request, "method"), "POST"))
                return fail_set(fail, FAIL_INVALID, "%smethod must be POST with scheme grpc or grpcs: every call is one", where);
        if (!is_method(doc_text(request, "path")))
                return fail_set(fail, FAIL_INVALID, "%spath must be /package.Service/Method with scheme grpc or grpcs", where);
        if (doc_at(request, "expect.status"))
                return fail_set(fail, FAIL_INVALID, "%sexpect.status goes with HTTP: write expect.grpcStatus", where);
        if (check_headers(profile, doc_at(request, "headers"), where, fail) || check_json(profile, request, where, fail))
                return FAIL_INVALID;
        return check_codes(codes, where, fail);
}
