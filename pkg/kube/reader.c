/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/reader.h"

#include <string.h>

#include "data/doc.h"
#include "kube/reader_parts.h"

#define NEST_MAX (DOC_DEPTH_MAX - 1)
#define DIGITS_MAX 308 /* in front of the point, of what surely is finite */

struct reader reader_of(const char *text, size_t size)
{
        return (struct reader){.begin = text, .at = text, .end = text + size};
}

static void add(struct buf *out, const char *text)
{
        if (out)
                buf_text(out, text);
}

/* The next byte that is no white space; '\0' at the end, where no value can be either. */
static char next(struct reader *reader)
{
        while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r'))
                reader->at++;
        return reader->at < reader->end ? *reader->at : '\0';
}

/* ---- Numbers and words ---- */

static size_t pass_digits(struct reader *reader)
{
        const char *from = reader->at;

        while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
                reader->at++;
        return (size_t)(reader->at - from);
}

static bool pass_one_of(struct reader *reader, const char *any)
{
        if (reader->at == reader->end || !*reader->at || !strchr(any, *reader->at))
                return false;
        reader->at++;
        return true;
}

/* Behind the letter. What is beyond any bound is as good as the bound. */
static bool pass_exponent(struct reader *reader, long *ret_exponent)
{
        bool negative = reader->at < reader->end && *reader->at == '-';
        long exponent = 0;

        pass_one_of(reader, "+-");
        const char *from = reader->at;
        if (!pass_digits(reader))
                return false;
        for (; from < reader->at && exponent <= DIGITS_MAX; from++)
                exponent = exponent * 10 + (*from - '0');
        *ret_exponent = negative ? -exponent : exponent;
        return true;
}

static bool pass_number(struct reader *reader, struct buf *out)
{
        const char *from = reader->at;
        long exponent = 0;

        pass_one_of(reader, "-");
        bool zero = reader->at < reader->end && *reader->at == '0';
        size_t digits = pass_digits(reader);
        if (!digits || (zero && digits > 1))
                return reader_wrong(reader, "something that is no value");
        if (pass_one_of(reader, ".") && !pass_digits(reader))
                return reader_wrong(reader, "a point without digits");
        if (pass_one_of(reader, "eE") && !pass_exponent(reader, &exponent))
                return reader_wrong(reader, "an exponent without digits");
        if (digits > DIGITS_MAX || (long)digits + exponent > DIGITS_MAX)
                return reader_wrong(reader, "a number that is not finite");
        reader_copy(out, from, reader->at);
        return true;
}

static bool pass_word(struct reader *reader, const char *word, struct buf *out)
{
        size_t size = strlen(word);

        if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
                return reader_wrong(reader, "something that is no value");
        reader->at += size;
        reader_copy(out, reader->at - size, reader->at);
        return true;
}

static bool pass_scalar(struct reader *reader, char first, struct buf *out)
{
        switch (first) {
        case '"':
                return reader_string(reader, out);
        case 't':
                return pass_word(reader, "true", out);
        case 'f':
                return pass_word(reader, "false", out);
        case 'n':
                return pass_word(reader, "null", out);
        case '\0':
                return reader_wrong(reader, "an end where a value should be");
        default:
                return pass_number(reader, out);
        }
}

/* ---- Objects and arrays ---- */

static bool in_object(const struct reader *reader)
{
        return reader->depth && reader->objects >> (reader->depth - 1) & 1;
}

bool reader_open(struct reader *reader, char bracket)
{
        if (reader->wrong)
                return false;
        if (next(reader) != bracket)
                return reader_wrong(reader, bracket == '{' ? "something that is no object" : "something that is no array");
        if (reader->depth == NEST_MAX)
                return reader_wrong(reader, "nested too deep");
        reader->objects = (reader->objects & ~(UINT64_C(1) << reader->depth)) | (uint64_t)(bracket == '{') << reader->depth;
        reader->depth++;
        reader->at++;
        return reader->fresh = true;
}

/* To the next member or element; false at the end of the innermost, which is then closed. */
static bool advance(struct reader *reader)
{
        bool fresh = reader->fresh;

        if (reader->wrong)
                return false;
        char c = next(reader);
        reader->fresh = false;
        if (c == (in_object(reader) ? '}' : ']')) {
                reader->at++;
                reader->depth--;
                return false;
        }
        if (fresh)
                return true;
        if (c != ',')
                return reader_wrong(reader, "neither a comma nor an end");
        reader->at++;
        return true;
}

static bool pass_key(struct reader *reader, struct buf *out)
{
        if (next(reader) != '"')
                return reader_wrong(reader, "a member without a key");
        reader->nul = false;
        if (!reader_string(reader, out))
                return false;
        if (reader->nul)
                return reader_wrong(reader, "a key with a NUL in it");
        if (next(reader) != ':')
                return reader_wrong(reader, "a key without a colon");
        reader->at++;
        return true;
}

bool reader_key(struct reader *reader, struct buf *out)
{
        return advance(reader) && pass_key(reader, out);
}

bool reader_element(struct reader *reader)
{
        return advance(reader);
}

/* Up to the next value below 'depth', closing what is complete; false when nothing is open above 'depth', or all is wrong. */
static bool to_next_value(struct reader *reader, unsigned depth, struct buf *out)
{
        while (reader->depth > depth) {
                bool object = in_object(reader), fresh = reader->fresh;
                if (advance(reader)) {
                        add(out, fresh ? "" : ",");
                        if (object && !pass_key(reader, out))
                                return false;
                        add(out, object ? ":" : "");
                        return true;
                }
                if (reader->wrong)
                        return false;
                add(out, object ? "}" : "]");
        }
        return false;
}

bool reader_value(struct reader *reader, struct buf *out)
{
        unsigned depth = reader->depth;

        if (reader->wrong)
                return false;
        do {
                char first = next(reader);
                if (first == '{' || first == '[') {
                        if (reader_open(reader, first))
                                add(out, first == '{' ? "{" : "[");
                } else {
                        pass_scalar(reader, first, out);
                }
        } while (!reader->wrong && to_next_value(reader, depth, out));
        return !reader->wrong;
}

char reader_peek(struct reader *reader)
{
        return reader->wrong ? '\0' : next(reader);
}

bool reader_end(struct reader *reader)
{
        if (!reader->wrong && (next(reader) || reader->at < reader->end))
                reader_wrong(reader, "more after the value");
        return !reader->wrong;
}

enum fail_kind reader_judge(const struct reader *reader, struct fail *fail)
{
        if (!reader->wrong)
                return FAIL_NONE;
        return fail_set(fail, FAIL_INVALID, "not JSON at byte %zu: %s", (size_t)(reader->at - reader->begin), reader->wrong);
}
