/* SPDX-License-Identifier: Apache-2.0
 *
 * Where series may be asked for. Only the administrator says that: a profile knows a name. */
#include <string.h>

#include "api/admin_parts.h"
#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/url_parts.h"

#define CA_BYTES_MAX 65536
#define URL_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

static const char *const known[] = {"name", "url", "ca", "tokenFile", "namespaces", NULL};

static const struct field fields[] = {
        {"name", FIELD_TEXT, offsetof(struct admin_source, name), 1, 63},
        {"url", FIELD_TEXT, offsetof(struct admin_source, url), 8, 255},
        {"ca", FIELD_TEXT, offsetof(struct admin_source, ca), 1, CA_BYTES_MAX, .optional = true},
        {"tokenFile", FIELD_TEXT, offsetof(struct admin_source, token_file), 1, 255, .optional = true},
};

static bool part_is(struct url_part part, const char *text)
{
        return part.text && part.len == strlen(text) && memcmp(part.text, text, part.len) == 0;
}

/* Scheme, host, port and the path below which the API is: nothing that could be read in two ways. */
static enum fail_kind check_url(const struct admin_source *source, const char *where, bool *ret_tls, struct fail *fail)
{
        struct url_parts parts;
        bool split = url_parts_split(source->url, &parts);

        *ret_tls = split && part_is(parts.scheme, "https");
        if (!split || (!*ret_tls && !part_is(parts.scheme, "http")) || !parts.host.text || parts.host.len == 0 ||
            (parts.port.text && !url_parts_port(parts.port)) || strspn(parts.rest, URL_CHARACTERS) != strlen(parts.rest) || strstr(parts.rest, ".."))
                return fail_set(fail, FAIL_INVALID, "%s.url must be http or https, a host and perhaps a port and a path, for example https://prometheus.monitoring:9090", where);
        return FAIL_NONE;
}

static enum fail_kind check_namespaces(const struct admin_source *source, const char *where, struct fail *fail)
{
        auto_free char *name = xasprintf("%s.namespaces", where);

        if (admin_check_list(source->namespaces, name, ADMIN_SOURCE_NAMESPACES_MAX, fail))
                return FAIL_INVALID;
        if (doc_len(source->namespaces, "") == 0)
                return fail_set(fail, FAIL_INVALID, "%s is missing: name those whose profiles may ask, or ['*']", name);
        for (size_t i = 0; i < doc_len(source->namespaces, ""); i++) {
                struct json_object *entry = doc_item(source->namespaces, i);
                const char *text = json_object_is_type(entry, json_type_string) ? json_object_get_string(entry) : "";
                if (!text_equal(text, "*") && !profile_is_label(text))
                        return fail_set(fail, FAIL_INVALID, "%s[%zu] must be the name of a namespace, or '*'", name, i);
        }
        return FAIL_NONE;
}

static enum fail_kind decode_source(struct json_object *entry, const struct admin *admin, const char *where, struct admin_source *source,
                                    struct fail *fail)
{
        auto_free char *prefix = xasprintf("%s.", where);
        bool tls;

        if (!entry)
                return fail_set(fail, FAIL_INVALID, "%s must be a map", where);
        if (admin_check_keys(entry, where, known, fail) || field_decode(entry, prefix, fields, ARRAY_LEN(fields), source, fail) ||
            check_url(source, where, &tls, fail))
                return FAIL_INVALID;
        source->namespaces = doc_at(entry, "namespaces");
        if (!profile_is_label(source->name))
                return fail_set(fail, FAIL_INVALID, "%s.name must be a name like main", where);
        if (admin_find_source(admin, source->name))
                return fail_set(fail, FAIL_INVALID, "%s.name: there is a %s already", where, source->name);
        if (!tls && (source->ca || source->token_file))
                return fail_set(fail, FAIL_INVALID, "%s: ca and tokenFile go with https, over http everybody on the way would read the token", where);
        if (source->ca && !strstr(source->ca, "-----BEGIN CERTIFICATE-----"))
                return fail_set(fail, FAIL_INVALID, "%s.ca must be certificates in PEM", where);
        if (source->token_file && source->token_file[0] != '/')
                return fail_set(fail, FAIL_INVALID, "%s.tokenFile must be the whole path of a file in the operator's pod", where);
        return check_namespaces(source, where, fail);
}

enum fail_kind admin_decode_sources(struct json_object *list, struct admin *admin, struct fail *fail)
{
        if (admin_check_list(list, "prometheus", ADMIN_SOURCES_MAX, fail))
                return FAIL_INVALID;
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                auto_free char *where = xasprintf("prometheus[%zu]", i);
                if (decode_source(doc_item(list, i), admin, where, &admin->sources[i], fail))
                        return FAIL_INVALID;
                admin->sources_len++;
        }
        return FAIL_NONE;
}

const struct admin_source *admin_find_source(const struct admin *admin, const char *name)
{
        for (size_t i = 0; i < admin->sources_len; i++)
                if (text_equal(admin->sources[i].name, name))
                        return &admin->sources[i];
        return NULL;
}

bool admin_source_serves(const struct admin_source *source, const char *namespace)
{
        for (size_t i = 0; i < doc_len(source->namespaces, ""); i++) {
                const char *name = json_object_get_string(doc_item(source->namespaces, i));
                if (text_equal(name, "*") || text_equal(name, namespace))
                        return true;
        }
        return false;
}
