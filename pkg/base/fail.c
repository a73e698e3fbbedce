/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum fail_kind fail_set(struct fail *fail, enum fail_kind kind, const char *format, ...)
{
        if (!fail)
                return kind;

        va_list args;
        va_start(args, format);
        fail->kind = kind;
        fail->status = 0;
        fail->retry_after_s = 0;
        vsnprintf(fail->text, sizeof fail->text, format, args);
        va_end(args);
        text_scrub(fail->text);
        return kind;
}

static enum fail_kind kind_of_errno(int error_number)
{
        switch (error_number) {
        case ENOENT:
                return FAIL_MISSING;
        case EEXIST:
                return FAIL_EXISTS;
        case EACCES:
        case EPERM:
                return FAIL_DENIED;
        case ETIMEDOUT:
                return FAIL_TIMEOUT;
        default:
                return FAIL_IO;
        }
}

enum fail_kind fail_errno(struct fail *fail, int error_number, const char *format, ...)
{
        char context[FAIL_TEXT_MAX], reason[96];
        va_list args;

        va_start(args, format);
        vsnprintf(context, sizeof context, format, args);
        va_end(args);
        return fail_set(fail, kind_of_errno(error_number), "%s: %s", context,
                        strerror_r(error_number, reason, sizeof reason));
}

enum fail_kind fail_wrap(struct fail *fail, const char *format, ...)
{
        if (!fail)
                return FAIL_INVALID;

        char inner[FAIL_TEXT_MAX], context[FAIL_TEXT_MAX];
        va_list args;

        memcpy(inner, fail->text, sizeof inner);
        va_start(args, format);
        vsnprintf(context, sizeof context, format, args);
        va_end(args);
        int used = snprintf(fail->text, sizeof fail->text, "%s", context);
        if (used >= 0 && (size_t)used < sizeof fail->text)
                snprintf(fail->text + used, sizeof fail->text - (size_t)used, ": %s", inner);
        text_scrub(fail->text);
        return fail->kind;
}

const char *fail_kind_name(enum fail_kind kind)
{
        static const char *const names[] = {
                [FAIL_NONE] = "None",         [FAIL_INVALID] = "Invalid",   [FAIL_MISSING] = "Missing",
                [FAIL_EXISTS] = "Exists",     [FAIL_CONFLICT] = "Conflict", [FAIL_EXPIRED] = "Expired",
                [FAIL_DENIED] = "Denied",     [FAIL_BUSY] = "Busy",         [FAIL_TIMEOUT] = "Timeout",
                [FAIL_IO] = "IO",             [FAIL_UNKNOWN] = "Unknown",   [FAIL_TOO_LARGE] = "TooLarge",
        };
        return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "Unknown";
}
