/* SPDX-License-Identifier: Apache-2.0
 *
 * What a profile names of Secrets and ConfigMaps for the pods to mount: headers with secret values, and who is trusted and shown over
 * TLS. Names and keys only; nobody here ever sees a value. */
#include <string.h>
#include <strings.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"

static const struct field header_fields[] = {
        {"name", FIELD_TEXT, offsetof(struct profile_header_from, name), 1, PROFILE_HEADER_NAME_MAX},
        {"secretKeyRef.name", FIELD_TEXT, offsetof(struct profile_header_from, secret), 1, 253},
        {"secretKeyRef.key", FIELD_TEXT, offsetof(struct profile_header_from, key), 1, 253},
};

/* A header that stands twice would mean what each server makes of it. */
static enum fail_kind check_alone(const struct profile *profile, size_t index, const char *where, struct fail *fail)
{
        struct json_object *requests = doc_at(profile->spec, "load.requests");
        const char *name = profile->headers_from[index].name;

        for (size_t i = 0; i < index; i++)
                if (strcasecmp(profile->headers_from[i].name, name) == 0)
                        return fail_set(fail, FAIL_INVALID, "%s: %s must be named once", where, name);
        for (size_t i = 0; i < doc_len(requests, ""); i++) {
                struct json_object *headers = doc_at(doc_item(requests, i), "headers");
                if (!json_object_is_type(headers, json_type_object))
                        continue;
                json_object_object_foreach(headers, other, unused) {
                        (void)unused;
                        if (strcasecmp(other, name) == 0)
                                return fail_set(fail, FAIL_INVALID, "%s: %s must not be set by load.requests[%zu] too", where, name, i);
                }
        }
        return FAIL_NONE;
}

static enum fail_kind decode_headers_from(struct profile *profile, struct fail *fail)
{
        struct json_object *list = doc_at(profile->spec, "load.headersFrom");
        size_t len = doc_len(list, "");

        if (list && (!json_object_is_type(list, json_type_array) || len < 1 || len > PROFILE_HEADERS_FROM_MAX))
                return fail_set(fail, FAIL_INVALID, "spec.load.headersFrom must be a list of 1 to %d headers", PROFILE_HEADERS_FROM_MAX);
        for (size_t i = 0; i < len; i++) {
                struct profile_header_from *header = &profile->headers_from[i];
                auto_free char *where = xasprintf("spec.load.headersFrom[%zu].", i), *name = xasprintf("%sname", where);
                if (field_decode(doc_item(list, i), where, header_fields, ARRAY_LEN(header_fields), header, fail) ||
                    profile_check_header_name(header->name, name, fail) || profile_check_call_header(profile, header->name, name, fail) || check_alone(profile, i, name, fail))
                        return FAIL_INVALID;
        }
        profile->headers_from_len = len;
        return FAIL_NONE;
}

static const struct field tls_fields[] = {
        {"caFrom.configMapKeyRef.name", FIELD_TEXT, offsetof(struct profile, ca_configmap), 1, 253, .optional = true},
        {"caFrom.configMapKeyRef.key", FIELD_TEXT, offsetof(struct profile, ca_configmap_key), 1, 253, .optional = true},
        {"caFrom.secretKeyRef.name", FIELD_TEXT, offsetof(struct profile, ca_secret), 1, 253, .optional = true},
        {"caFrom.secretKeyRef.key", FIELD_TEXT, offsetof(struct profile, ca_secret_key), 1, 253, .optional = true},
        {"clientCertificateFrom.secretRef.name", FIELD_TEXT, offsetof(struct profile, client_secret), 1, 253, .optional = true},
};

static enum fail_kind decode_tls(struct profile *profile, struct fail *fail)
{
        struct json_object *tls = doc_at(profile->spec, "load.tls");

        if (!tls)
                return FAIL_NONE;
        if (!profile->scheme->tls)
                return fail_set(fail, FAIL_INVALID, "spec.load.tls is only read over TLS: set target.scheme to https or h2, write such a url or remove load.tls");
        if (field_decode(tls, "spec.load.tls.", tls_fields, ARRAY_LEN(tls_fields), profile, fail))
                return FAIL_INVALID;
        if (!profile->ca_configmap != !profile->ca_configmap_key)
                return fail_set(fail, FAIL_INVALID, "spec.load.tls.caFrom.configMapKeyRef must have name and key");
        if (!profile->ca_secret != !profile->ca_secret_key)
                return fail_set(fail, FAIL_INVALID, "spec.load.tls.caFrom.secretKeyRef must have name and key");
        if (doc_at(tls, "caFrom") && !profile->ca_configmap == !profile->ca_secret)
                return fail_set(fail, FAIL_INVALID, "spec.load.tls.caFrom must hold exactly one of configMapKeyRef and secretKeyRef");
        if (doc_at(tls, "clientCertificateFrom") && !profile->client_secret)
                return fail_set(fail, FAIL_INVALID, "spec.load.tls.clientCertificateFrom.secretRef must have a name");
        return FAIL_NONE;
}

enum fail_kind profile_decode_secrets(struct profile *profile, struct fail *fail)
{
        if (decode_headers_from(profile, fail))
                return FAIL_INVALID;
        return decode_tls(profile, fail);
}

bool profile_names_secrets(const struct profile *profile)
{
        return profile->headers_from_len > 0 || profile->ca_secret || profile->client_secret;
}
