/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON read once from left to right, without a tree and without memory of its own: what has been passed has been checked, and
 * what is copied is written as doc_print() would print it, without white space and with no character escaped that need not be.
 *
 * RFC 8259 to the letter, and UTF-8 to the letter. Besides, as everywhere in this program, objects and arrays lie less than
 * DOC_DEPTH_MAX deep in each other, numbers are below 1e308 as they are written, and no key has a NUL in it, at which json-c would
 * end it. Whatever passes here passes doc_parse() and means the same. That one is more lenient: it takes control characters in
 * strings, "-01", "1." and overlong UTF-8. Numbers are copied as they stand. Half a surrogate pair becomes U+FFFD. A key may
 * repeat; it is for the caller to mind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"

struct reader {
        const char *begin, *at, *end; /* the text is borrowed */
        unsigned depth;               /* of what is open */
        uint64_t objects;             /* bit n: the n-th of what is open is an object, not an array */
        bool fresh;                   /* the innermost has just been opened: no comma stands before its first */
        bool nul;                     /* the last key has one in it */
        const char *wrong;            /* what is not JSON about it; NULL: nothing so far. Once set, everything returns false */
};

struct reader reader_of(const char *text, size_t size);

/* The first byte of the value that comes next, '\0' when there is none. */
char reader_peek(struct reader *reader);
/* Reads one whole value; appended to 'out' unless that is NULL. */
bool reader_value(struct reader *reader, struct buf *out);

/* Opens an object or an array ("{", "["); wrong when something else comes. */
bool reader_open(struct reader *reader, char bracket);
/* In an object: reads the next key, quotes and all, onto 'out'; its value comes next. False at its end, which is then behind us. */
bool reader_key(struct reader *reader, struct buf *out);
/* In an array: false at its end, else the next element comes next. */
bool reader_element(struct reader *reader);

/* Nothing but white space follows. */
bool reader_end(struct reader *reader);
/* FAIL_INVALID with what is wrong and where, or FAIL_NONE. */
enum fail_kind reader_judge(const struct reader *reader, struct fail *fail);
