/* SPDX-License-Identifier: Apache-2.0
 *
 * What went wrong, by value and without heap: nothing to free, and no failure while failing.
 * A kind is something a caller does differently; the text is for people. */
#pragma once

enum fail_kind {
        FAIL_NONE = 0,
        FAIL_INVALID,   /* the input is wrong; the same input fails again */
        FAIL_MISSING,   /* there is no such thing (404, ENOENT) */
        FAIL_EXISTS,    /* create of something that is there already (409 AlreadyExists) */
        FAIL_CONFLICT,  /* somebody else wrote first (409 Conflict): read again, decide again */
        FAIL_EXPIRED,   /* our version has been compacted away (410): list again */
        FAIL_DENIED,    /* 401, 403: credentials or rights, not the request */
        FAIL_BUSY,      /* 429, 503: try later, see retry_after_s */
        FAIL_TIMEOUT,   /* no answer in time */
        FAIL_IO,        /* transport or system error */
        FAIL_UNKNOWN,   /* a write was sent and its outcome is not known: read before anything else */
        FAIL_TOO_LARGE, /* a stated bound was exceeded */
};

#define FAIL_TEXT_MAX 488 /* an admission policy has its own sentence at the end of what the API server says */

struct fail {
        enum fail_kind kind;
        int status;             /* HTTP status, 0 if there was none */
        int retry_after_s;      /* what the server asked for, 0 if nothing */
        char text[FAIL_TEXT_MAX]; /* outermost context first; always terminated, always UTF-8 */
};

/* Fills *fail (may be NULL) with kind and a formatted text, cut to fit; clears status and retry_after_s.
 * Returns kind, so that failing is one line: return fail_set(fail, FAIL_INVALID, "…"). */
enum fail_kind fail_set(struct fail *fail, enum fail_kind kind, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Like fail_set, with ": " and the text of errno value 'error_number' appended; kind follows the errno
 * (ENOENT -> MISSING, EACCES/EPERM -> DENIED, EEXIST -> EXISTS, ETIMEDOUT -> TIMEOUT, else IO). */
enum fail_kind fail_errno(struct fail *fail, int error_number, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Prepends "context: " to the text of a failure that is already filled; kind and status stay. Returns the kind. */
enum fail_kind fail_wrap(struct fail *fail, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A stable word for logs and reasons: "Invalid", "Missing", … */
const char *fail_kind_name(enum fail_kind kind);
