/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/url_parts.h"

#define URL_BYTES_MAX 8192

static bool is_in_no_host(char c)
{
        return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f || strchr("\"<>\\^`{|}", c);
}

static enum fail_kind parse_authority(const struct url_parts *parts, struct url *url, struct fail *fail)
{
        const char *own_port = url->scheme->tls ? "443" : "80";
        auto_free char *text = xstrndup(parts->authority.text, parts->authority.len);

        if (strchr(text, '@'))
                return fail_set(fail, FAIL_INVALID, "a URL with a user name: give credentials by --header");
        url->host = xstrndup(parts->host.text ? parts->host.text : "", parts->host.len);
        bool sound = *url->host;
        for (char *at = url->host; *at; at++) {
                *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
                sound = sound && !is_in_no_host(*at);
        }
        if (!sound)
                return fail_set(fail, FAIL_INVALID, "'%.60s' is not a host name or address", text);
        if (parts->port.text && !url_parts_port(parts->port))
                return fail_set(fail, FAIL_INVALID, "'%.*s' is not a port: a number from 1 to 65535 is wanted",
                                parts->port.len < 20 ? (int)parts->port.len : 20, parts->port.text);
        url->port = parts->port.text ? xasprintf("%d", url_parts_port(parts->port)) : xstrdup(own_port);
        url->address = xasprintf(parts->bracketed ? "[%s]:%s" : "%s:%s", url->host, url->port);
        url->authority = text_equal(url->port, own_port) ? xasprintf(parts->bracketed ? "[%s]" : "%s", url->host) : xstrdup(url->address);
        return FAIL_NONE;
}

static enum fail_kind parse_path(const char *text, struct url *url, struct fail *fail)
{
        size_t len = strcspn(text, "#");

        for (size_t i = 0; i < len; i++)
                if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
                        return fail_set(fail, FAIL_INVALID, "the path holds white space or what is not ASCII: write it percent-encoded");
        char *path = xstrndup(text, len);
        url->path = *path == '/' ? path : xasprintf("/%s", path);
        if (url->path != path)
                free(path);
        return FAIL_NONE;
}

static const struct url_scheme schemes[] = {
        {"http", false, false}, {"https", true, false}, {"h2c", false, false}, {"h2", true, false}, {"grpc", false, true}, {"grpcs", true, true},
};

static const struct url_scheme *scheme_of(struct url_part word)
{
        for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
                if (strlen(schemes[i].word) == word.len && memcmp(word.text, schemes[i].word, word.len) == 0)
                        return &schemes[i];
        return NULL;
}

enum fail_kind url_parse(const char *text, struct url *ret_url, struct fail *fail)
{
        struct url_parts parts;
        struct url url = {0};

        if (strlen(text) > URL_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "a URL is at most %d bytes", URL_BYTES_MAX);
        if (url_parts_split(text, &parts))
                url.scheme = scheme_of(parts.scheme);
        if (!url.scheme)
                return fail_set(fail, FAIL_INVALID, "'%.60s' is not a URL: http://host:port/path, https://…, h2c://…, h2://…, grpc://… or grpcs://… is wanted", text);
        if (parse_authority(&parts, &url, fail) || parse_path(parts.rest, &url, fail)) {
                url_done(&url);
                return FAIL_INVALID;
        }
        *ret_url = url;
        return FAIL_NONE;
}

void url_done(struct url *url)
{
        free(url->host);
        free(url->port);
        free(url->path);
        free(url->authority);
        free(url->address);
        *url = (struct url){0};
}
