/* SPDX-License-Identifier: Apache-2.0
 *
 * The profile's target: a Service, or a URL that is nothing but scheme, host and port. */
#include <stdlib.h>
#include <string.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/address.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/url_parts.h"

#define HOST_LEN_MAX 253

static const struct profile_scheme schemes[] = {
        {"http", false, false, false},
        {"https", true, false, false},
        {"h2c", false, true, false},
        {"h2", true, true, false},
        {"grpc", false, true, true},
        {"grpcs", true, true, true},
};

static const struct profile_scheme *find_scheme(const char *word, size_t len)
{
        for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
                if (strlen(schemes[i].word) == len && memcmp(schemes[i].word, word, len) == 0)
                        return &schemes[i];
        return NULL;
}

static const struct field service_fields[] = {
        {"target.service.name", FIELD_TEXT, offsetof(struct profile, service), 1, 63},
        {"target.service.namespace", FIELD_TEXT, offsetof(struct profile, namespace), 1, 63, .optional = true},
        {"target.host", FIELD_TEXT, offsetof(struct profile, host), 1, HOST_LEN_MAX, .optional = true},
};

static enum fail_kind decode_port(struct profile *profile, struct fail *fail)
{
        struct json_object *port = doc_at(profile->spec, "target.service.port");
        int64_t number = json_object_get_int64(port);
        bool is_number = json_object_is_type(port, json_type_int) && number >= 1 && number <= 65535;
        bool is_name = json_object_is_type(port, json_type_string) && json_object_get_string_len(port) >= 1 &&
                       json_object_get_string_len(port) <= 15;

        if (!is_number && !is_name)
                return fail_set(fail, FAIL_INVALID, "spec.target.service.port must be a number from 1 to 65535 or the name of a port of the Service");
        profile->port = json_object_get_string(port);
        return FAIL_NONE;
}

/* The names become parts of paths of the API server. */
bool profile_is_label(const char *name)
{
        return !name || (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) && name[0] != '-');
}

/* A port may follow. */
static bool is_host(const char *host)
{
        return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:") == strlen(host);
}

static enum fail_kind decode_service(struct profile *profile, struct fail *fail)
{
        if (field_decode(profile->spec, "spec.", service_fields, ARRAY_LEN(service_fields), profile, fail) || decode_port(profile, fail))
                return FAIL_INVALID;
        if (!profile_is_label(profile->service) || !profile_is_label(profile->namespace))
                return fail_set(fail, FAIL_INVALID, "spec.target.service: name and namespace must be lower-case letters, digits and -");
        if (profile->host && !is_host(profile->host))
                return fail_set(fail, FAIL_INVALID, "spec.target.host must be a host name without scheme and path");
        return FAIL_NONE;
}

/* "[v6]" or a name, then at most a port and a slash. */
static bool take_authority(const struct url_parts *parts, struct profile *profile)
{
        struct address address;
        size_t len = parts->host.len;

        if (len == 0 || len > HOST_LEN_MAX || strspn(parts->host.text, "abcdefghijklmnopqrstuvwxyz0123456789-.:") < len)
                return false;
        profile->url_host = xstrndup(parts->host.text, len);
        if (parts->bracketed && !address_parse(profile->url_host, &address))
                return false;
        if (parts->port.text)
                profile->url_port = url_parts_port(parts->port);
        return profile->url_port && (text_equal(parts->rest, "") || text_equal(parts->rest, "/"));
}

static enum fail_kind decode_url(struct profile *profile, struct fail *fail)
{
        const char *url = doc_text(profile->spec, "target.url");
        struct url_parts parts;

        if (url_parts_split(url, &parts))
                profile->scheme = find_scheme(parts.scheme.text, parts.scheme.len);
        profile->url_port = profile->scheme && profile->scheme->tls ? 443 : 80;
        if (!profile->scheme || !take_authority(&parts, profile))
                return fail_set(fail, FAIL_INVALID, "spec.target.url must be http://, https://, h2c://, h2://, grpc:// or grpcs://, a host in lower case and at most a port, "
                                                    "for example https://checkout.example.com:8443/");
        if (doc_at(profile->spec, "target.host"))
                return fail_set(fail, FAIL_INVALID, "spec.target.host goes with service only: a url names its host itself");
        profile->url = url;
        return FAIL_NONE;
}

enum fail_kind profile_decode_target(struct profile *profile, struct fail *fail)
{
        static const char *const words[] = {"http", "https", "h2c", "h2", "grpc", "grpcs", NULL};
        static const struct field scheme_field = {"target.scheme", FIELD_WORD, 0, .words = words};
        bool service = doc_at(profile->spec, "target.service"), url = doc_text(profile->spec, "target.url");
        int scheme = 0;

        if (service == url)
                return fail_set(fail, FAIL_INVALID, "spec.target must have exactly one of service and url");
        if (url)
                return decode_url(profile, fail);
        if (field_decode(profile->spec, "spec.", &scheme_field, 1, &scheme, fail))
                return FAIL_INVALID;
        profile->scheme = find_scheme(words[scheme], strlen(words[scheme]));
        return decode_service(profile, fail);
}
