/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/unit.h"

#define REQUESTS_MAX 32
#define HEADERS_MAX 16
#define HEADER_BYTES_MAX 12288 /* of one request, all together: the worker sends a head in one piece */
#define STATUSES_MAX 16
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-_."
#define HEADER_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" NAME_CHARACTERS

struct request {
        const char *name, *path, *inline_body, *base64_body, *contains;
        int64_t weight;
        int method;
};

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL};
static const struct field request_fields[] = {
        {"name", FIELD_TEXT, offsetof(struct request, name), 1, 63},
        {"weight", FIELD_INT, offsetof(struct request, weight), 1, 1000},
        {"method", FIELD_WORD, offsetof(struct request, method), .words = methods},
        {"path", FIELD_TEXT, offsetof(struct request, path), 1, 2048},
        {"body.inline", FIELD_TEXT, offsetof(struct request, inline_body), 0, 16384, .optional = true},
        {"body.base64", FIELD_TEXT, offsetof(struct request, base64_body), 0, 16384, .optional = true},
        {"expect.body.contains", FIELD_TEXT, offsetof(struct request, contains), 1, 1024, .optional = true},
};

struct key_ref {
        const char *name, *key;
};
static const struct field key_ref_fields[] = {
        {"name", FIELD_TEXT, offsetof(struct key_ref, name), 1, 253},
        {"key", FIELD_TEXT, offsetof(struct key_ref, key), 1, 253},
};

static enum fail_kind check_path(const char *path, const char *where, struct fail *fail)
{
        if (strpbrk(path, "{}"))
                return fail_set(fail, FAIL_INVALID, "%spath must not hold { or }: placeholders are not known, write the path out", where);
        for (const char *c = path; *c; c++)
                if (*c <= ' ' || *c >= 0x7f || *c == '#')
                        return fail_set(fail, FAIL_INVALID, "%spath must hold no white space, no # and only ASCII", where);
        return path[0] == '/' ? FAIL_NONE : fail_set(fail, FAIL_INVALID, "%spath must begin with /", where);
}

static bool is_listed(const char *name, const char *const *list)
{
        while (*list && strcasecmp(name, *list) != 0)
                list++;
        return *list != NULL;
}

enum fail_kind profile_check_header_name(const char *name, const char *where, struct fail *fail)
{
        static const char *const own[] = {"host",    "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
                                          "upgrade", "te",             "user-agent",        "x-loadstone-index", NULL};

        if (!*name || strlen(name) > PROFILE_HEADER_NAME_MAX || name[strspn(name, HEADER_CHARACTERS)] != '\0')
                return fail_set(fail, FAIL_INVALID, "%s: '%.70s' must be 1 to %d letters, digits, -, _ and .", where, name, PROFILE_HEADER_NAME_MAX);
        if (is_listed(name, own))
                return fail_set(fail, FAIL_INVALID, "%s: %s is set by the load worker itself", where, name);
        return FAIL_NONE;
}

static enum fail_kind check_header(const char *name, struct json_object *value, const char *where, struct fail *fail)
{
        static const char *const credentials[] = {"authorization", "proxy-authorization", "cookie", "x-api-key", NULL};
        auto_free char *names = xasprintf("%sheaders", where);

        if (profile_check_header_name(name, names, fail))
                return FAIL_INVALID;
        if (is_listed(name, credentials))
                return fail_set(fail, FAIL_INVALID, "%sheaders: %s would be stored for all to read: keep credentials in a Secret and name it in "
                                                    "load.headersFrom", where, name);
        if (!json_object_is_type(value, json_type_string))
                return fail_set(fail, FAIL_INVALID, "%sheaders.%s must be text", where, name);
        const char *text = json_object_get_string(value);
        for (size_t i = 0; i < (size_t)json_object_get_string_len(value); i++)
                if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
                        return fail_set(fail, FAIL_INVALID, "%sheaders.%s must hold no line breaks or other control characters", where, name);
        return FAIL_NONE;
}

static enum fail_kind check_headers(struct json_object *headers, const char *where, struct fail *fail)
{
        size_t bytes = 0;

        if (!headers)
                return FAIL_NONE;
        if (!json_object_is_type(headers, json_type_object) || json_object_object_length(headers) > HEADERS_MAX)
                return fail_set(fail, FAIL_INVALID, "%sheaders must be at most %d names with values", where, HEADERS_MAX);
        json_object_object_foreach(headers, name, value) {
                if (check_header(name, value, where, fail))
                        return FAIL_INVALID;
                bytes += strlen(name) + (size_t)json_object_get_string_len(value) + 4;
        }
        if (bytes > HEADER_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "%sheaders must be at most %d bytes together", where, HEADER_BYTES_MAX);
        return FAIL_NONE;
}

static bool is_base64(const char *text)
{
        auto_free uint8_t *bytes = NULL;
        size_t size;

        return text_base64_decode(text, strlen(text), &bytes, &size, NULL) == FAIL_NONE;
}

static enum fail_kind check_body(struct json_object *body, const struct request *request, const char *where, struct fail *fail)
{
        struct json_object *ref = doc_at(body, "configMapKeyRef");
        struct key_ref decoded;

        if (!body)
                return FAIL_NONE;
        if (!json_object_is_type(body, json_type_object) || !!request->inline_body + !!request->base64_body + !!ref != 1)
                return fail_set(fail, FAIL_INVALID, "%sbody must hold exactly one of inline, base64 and configMapKeyRef", where);
        if (request->base64_body && !is_base64(request->base64_body))
                return fail_set(fail, FAIL_INVALID, "%sbody.base64 must be base64 with padding, without line breaks", where);
        if (request->method < 2)
                return fail_set(fail, FAIL_INVALID, "%sbody does not go with method %s", where, methods[request->method]);
        auto_free char *ref_where = xasprintf("%sbody.configMapKeyRef.", where);
        return ref ? field_decode(ref, ref_where, key_ref_fields, ARRAY_LEN(key_ref_fields), &decoded, fail) : FAIL_NONE;
}

static enum fail_kind check_expected(struct json_object *expect, const struct request *request, const char *where, struct fail *fail)
{
        struct json_object *statuses = doc_at(expect, "status");

        if (request->contains && text_equal(methods[request->method], "HEAD"))
                return fail_set(fail, FAIL_INVALID, "%sexpect.body does not go with method HEAD, whose answers have no body", where);
        if (!statuses)
                return FAIL_NONE;
        if (!json_object_is_type(statuses, json_type_array) || doc_len(statuses, "") < 1 || doc_len(statuses, "") > STATUSES_MAX)
                return fail_set(fail, FAIL_INVALID, "%sexpect.status must be a list of 1 to %d codes", where, STATUSES_MAX);
        for (size_t i = 0; i < doc_len(statuses, ""); i++) {
                struct json_object *code = doc_item(statuses, i);
                int64_t number = json_object_get_int64(code);
                if (!json_object_is_type(code, json_type_int) || number < 100 || number > 599)
                        return fail_set(fail, FAIL_INVALID, "%sexpect.status[%zu] must be 100 to 599", where, i);
        }
        return FAIL_NONE;
}

static enum fail_kind check_request(struct json_object *doc, const char *where, struct fail *fail)
{
        struct request request = {0};

        if (field_decode(doc, where, request_fields, ARRAY_LEN(request_fields), &request, fail))
                return FAIL_INVALID;
        if (request.name[strspn(request.name, NAME_CHARACTERS)] != '\0')
                return fail_set(fail, FAIL_INVALID, "%sname must be lower-case letters, digits, -, _ and .", where);
        if (check_path(request.path, where, fail) || check_headers(doc_at(doc, "headers"), where, fail) ||
            check_body(doc_at(doc, "body"), &request, where, fail))
                return FAIL_INVALID;
        return check_expected(doc_at(doc, "expect"), &request, where, fail);
}

enum fail_kind profile_check_requests(const struct profile *profile, struct fail *fail)
{
        struct json_object *requests = doc_at(profile->spec, "load.requests");
        size_t len = doc_len(requests, "");

        if (len < 1 || len > REQUESTS_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.load.requests must be 1 to %d requests", REQUESTS_MAX);
        for (size_t i = 0; i < len; i++) {
                auto_free char *where = xasprintf("spec.load.requests[%zu].", i);
                if (check_request(doc_item(requests, i), where, fail) || profile_check_call(profile, doc_item(requests, i), where, fail))
                        return FAIL_INVALID;
                for (size_t k = 0; k < i; k++)
                        if (text_equal(doc_text(doc_item(requests, k), "name"), doc_text(doc_item(requests, i), "name")))
                                return fail_set(fail, FAIL_INVALID, "%sname must not be used twice", where);
        }
        return FAIL_NONE;
}

/* ---- placement ---- */

static enum fail_kind check_quantities(struct json_object *placement, const char *path, struct fail *fail)
{
        struct json_object *quantities = doc_at(placement, path);
        double value;

        if (!quantities)
                return FAIL_NONE;
        if (!json_object_is_type(quantities, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.placement.%s must be quantities by name", path);
        json_object_object_foreach(quantities, name, quantity)
                if (unit_parse_quantity(json_object_get_string(quantity), &value, fail))
                        return fail_wrap(fail, "spec.placement.%s.%.60s", path, name);
        return FAIL_NONE;
}

static enum fail_kind check_requests_within_limits(struct json_object *placement, struct fail *fail)
{
        struct json_object *requests = doc_at(placement, "resources.requests"), *limits = doc_at(placement, "resources.limits");

        if (!requests || !limits)
                return FAIL_NONE;
        json_object_object_foreach(requests, name, quantity) {
                struct json_object *limit = NULL;
                double wanted = 0, most = 0;
                if (!json_object_object_get_ex(limits, name, &limit))
                        continue;
                unit_parse_quantity(json_object_get_string(quantity), &wanted, NULL); /* both were checked just before */
                unit_parse_quantity(json_object_get_string(limit), &most, NULL);
                if (wanted > most)
                        return fail_set(fail, FAIL_INVALID, "spec.placement.resources.requests.%.60s must not be above its limit", name);
        }
        return FAIL_NONE;
}

enum fail_kind profile_check_placement(const struct profile *profile, struct fail *fail)
{
        static const struct { const char *path; enum json_type type; const char *name; } parts[] = {
                {"placement", json_type_object, "an object"},
                {"placement.resources", json_type_object, "an object"},
                {"placement.nodeSelector", json_type_object, "labels with values"},
                {"placement.tolerations", json_type_array, "a list"},
                {"placement.affinity", json_type_object, "an object"},
                {"placement.priorityClassName", json_type_string, "text"},
                {"placement.image", json_type_string, "text"},
        };
        struct json_object *placement = doc_at(profile->spec, "placement");

        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                struct json_object *part = doc_at(profile->spec, parts[i].path);
                if (part && !json_object_is_type(part, parts[i].type))
                        return fail_set(fail, FAIL_INVALID, "spec.%s must be %s", parts[i].path, parts[i].name);
        }
        if (check_quantities(placement, "resources.requests", fail) || check_quantities(placement, "resources.limits", fail))
                return FAIL_INVALID;
        return check_requests_within_limits(placement, fail);
}
