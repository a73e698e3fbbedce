/* SPDX-License-Identifier: Apache-2.0 */
#include "reasons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Read once, before the first world: all processes share it. */
static const char *page(void)
{
        static char text[32768];
        FILE *file;

        if (text[0])
                return text;
        file = fopen(SOURCE_DIR "/docs/reasons.md", "r");
        if (!file || fread(text, 1, sizeof text - 1, file) == sizeof text - 1) {
                fprintf(stderr, "docs/reasons.md is not there, or longer than it was\n");
                exit(2);
        }
        fclose(file);
        return text;
}

bool reasons_have(const char *reason)
{
        auto_free char *row = xasprintf("\n| `%s` |", reason ? reason : "");

        return strstr(page(), row) != NULL;
}
