/* SPDX-License-Identifier: Apache-2.0 */
#include "data/url_parts.h"

#include <string.h>

static void split_authority(struct url_parts *parts)
{
        const char *begin = parts->authority.text, *end = begin + parts->authority.len;
        bool bracketed = begin < end && *begin == '[';
        const char *host = begin + bracketed;
        const char *host_end = memchr(host, bracketed ? ']' : ':', (size_t)(end - host));

        if (bracketed && !host_end)
                return;
        host_end = host_end ? host_end : end;
        const char *colon = host_end + bracketed;
        if (colon < end && *colon != ':')
                return;
        parts->bracketed = bracketed;
        parts->host = (struct url_part){host, (size_t)(host_end - host)};
        if (colon < end)
                parts->port = (struct url_part){colon + 1, (size_t)(end - colon - 1)};
}

bool url_parts_split(const char *text, struct url_parts *ret_parts)
{
        const char *separator = strstr(text, "://");

        if (!separator)
                return false;
        const char *authority = separator + 3;
        size_t len = strcspn(authority, "/?#");
        *ret_parts = (struct url_parts){.scheme = {text, (size_t)(separator - text)},
                                        .authority = {authority, len},
                                        .rest = authority + len};
        split_authority(ret_parts);
        return true;
}

int url_parts_port(struct url_part port)
{
        int number = 0;

        if (!port.text || port.len < 1 || port.len > 5)
                return 0;
        for (size_t i = 0; i < port.len; i++) {
                if (port.text[i] < '0' || port.text[i] > '9')
                        return 0;
                number = number * 10 + (port.text[i] - '0');
        }
        return number <= 65535 ? number : 0;
}
