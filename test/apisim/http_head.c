/* SPDX-License-Identifier: Apache-2.0 */
#include "http_head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void read_header(struct http_head *head, const char *name, char *value)
{
        if (strcasecmp(name, "content-length") == 0)
                head->body_size = strtoul(value, NULL, 10);
        else if (strcasecmp(name, "content-type") == 0)
                head->content_type = value;
        else if (strcasecmp(name, "connection") == 0)
                head->close = strcasecmp(value, "close") == 0;
        else if (strcasecmp(name, "expect") == 0)
                head->expects = true;
        else if (strcasecmp(name, "transfer-encoding") == 0)
                head->chunked = true;
}

void http_head_read(char *text, struct http_head *head)
{
        char *rest = NULL, *line = strtok_r(text, "\r\n", &rest);
        char *space = line ? strchr(line, ' ') : NULL, *end = space ? strchr(space + 1, ' ') : NULL;

        head->bad = !end || (size_t)(space - line) >= sizeof head->method || space[1] != '/';
        if (head->bad)
                return;
        *space = *end = '\0';
        strcpy(head->method, line);
        head->target = space + 1;
        while ((line = strtok_r(NULL, "\r\n", &rest))) {
                char *value = strchr(line, ':');
                if (!value)
                        continue;
                *value++ = '\0';
                while (isspace((unsigned char)*value))
                        value++;
                read_header(head, line, value);
        }
}
