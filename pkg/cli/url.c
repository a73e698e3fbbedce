/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define URL_BYTES_MAX 8192

static enum fail_kind parse_port(const char *text, char **ret_port, struct fail *fail)
{
        size_t len = strspn(text, "0123456789");
        long port = len > 0 && len <= 5 ? strtol(text, NULL, 10) : 0;

        if (text[len] || port < 1 || port > 65535)
                return fail_set(fail, FAIL_INVALID, "'%.20s' is not a port: a number from 1 to 65535 is wanted", text);
        *ret_port = xasprintf("%ld", port);
        return FAIL_NONE;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static enum fail_kind parse_authority(const char *text, struct url *url, struct fail *fail)
{
        const char *own_port = url->scheme->tls ? "443" : "80";
        bool v6 = *text == '[';
        size_t len = v6 ? strcspn(text, "]") : strcspn(text, ":");
        const char *rest = text + len + (v6 && text[len] == ']');

        if (strchr(text, '@'))
                return fail_set(fail, FAIL_INVALID, "a URL with a user name: give credentials by --header");
        url->host = xstrndup(text + v6, len - v6);
        for (char *at = url->host; *at; at++)
                *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        if (!*url->host || (v6 && text[len] != ']') || (*rest && *rest != ':'))
                return fail_set(fail, FAIL_INVALID, "'%.60s' is not a host name or address", text);
        for (const char *at = url->host; *at; at++)
                if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f || strchr("\"<>\\^`{|}", *at))
                        return fail_set(fail, FAIL_INVALID, "'%.60s' is not a host name or address", text);
        if (!*rest)
                url->port = xstrdup(own_port);
        else if (parse_port(rest + 1, &url->port, fail))
                return FAIL_INVALID;
        url->address = xasprintf(v6 ? "[%s]:%s" : "%s:%s", url->host, url->port);
        url->authority = text_equal(url->port, own_port) ? xasprintf(v6 ? "[%s]" : "%s", url->host) : xstrdup(url->address);
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

static const struct url_scheme *scheme_of(const char *text)
{
        size_t len = strcspn(text, ":");

        for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
                if (strlen(schemes[i].word) == len && memcmp(text, schemes[i].word, len) == 0 && text_starts(text + len, "://"))
                        return &schemes[i];
        return NULL;
}

enum fail_kind url_parse(const char *text, struct url *ret_url, struct fail *fail)
{
        struct url url = {.scheme = scheme_of(text)};

        if (strlen(text) > URL_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "a URL is at most %d bytes", URL_BYTES_MAX);
        if (!url.scheme)
                return fail_set(fail, FAIL_INVALID, "'%.60s' is not a URL: http://host:port/path, https://…, h2c://…, h2://…, grpc://… or grpcs://… is wanted", text);
        size_t scheme_len = strlen(url.scheme->word) + 3;
        const char *begin = text + scheme_len;
        size_t len = strcspn(begin, "/?#");
        auto_free char *authority = xstrndup(begin, len);
        if (parse_authority(authority, &url, fail) || parse_path(begin + len, &url, fail)) {
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
