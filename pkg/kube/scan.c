/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/scan.h"

#include <string.h>

#include "data/doc.h"

static bool is_space(char c)
{
        return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static size_t skip_space(struct scan_span in, size_t at)
{
        while (at < in.size && is_space(in.text[at]))
                at++;
        return at;
}

/* All of these return the offset behind what they skip, or 0 when there is no such thing. */

static size_t skip_string(struct scan_span in, size_t at)
{
        const char *quote;

        if (at >= in.size || in.text[at] != '"')
                return 0;
        for (size_t begin = ++at; (quote = memchr(in.text + at, '"', in.size - at)); at++) {
                size_t slashes = 0;
                at = (size_t)(quote - in.text);
                while (at - slashes > begin && in.text[at - slashes - 1] == '\\')
                        slashes++;
                if (slashes % 2 == 0)
                        return at + 1;
        }
        return 0;
}

static size_t skip_nested(struct scan_span in, size_t at)
{
        int depth = 0;

        while (at < in.size) {
                char c = in.text[at];
                if (c == '"') {
                        at = skip_string(in, at);
                        if (!at)
                                return 0;
                        continue;
                }
                at++;
                if (c == '{' || c == '[')
                        depth++;
                if ((c == '}' || c == ']') && --depth == 0)
                        return at;
        }
        return 0;
}

static size_t skip_value(struct scan_span in, size_t at)
{
        size_t begin = at;

        if (at >= in.size)
                return 0;
        if (in.text[at] == '"')
                return skip_string(in, at);
        if (in.text[at] == '{' || in.text[at] == '[')
                return skip_nested(in, at);
        while (at < in.size && !is_space(in.text[at]) && !strchr(",]}", in.text[at]))
                at++;
        return at > begin ? at : 0;
}

struct member {
        struct scan_span key, value; /* the key without its quotes */
        size_t end;                  /* behind the value */
};

/* The member that begins at or after 'at' (behind the brace or the comma). */
static bool next_member(struct scan_span in, size_t at, struct member *ret_member)
{
        at = skip_space(in, at);
        size_t end = skip_string(in, at);
        if (!end)
                return false;
        ret_member->key = (struct scan_span){in.text + at + 1, end - at - 2};
        at = skip_space(in, end);
        if (at >= in.size || in.text[at] != ':')
                return false;
        at = skip_space(in, at + 1);
        ret_member->end = skip_value(in, at);
        if (!ret_member->end)
                return false;
        ret_member->value = (struct scan_span){in.text + at, ret_member->end - at};
        return true;
}

static bool is_key(const struct member *member, const char *key)
{
        return member->key.size == strlen(key) && memcmp(member->key.text, key, member->key.size) == 0;
}

bool scan_members(struct scan_span object, struct scan_wanted *wanted, size_t wanted_len)
{
        size_t at = skip_space(object, 0);
        struct member member;

        if (at >= object.size || object.text[at] != '{')
                return false;
        do {
                if (!next_member(object, at + 1, &member))
                        break;
                for (size_t i = 0; i < wanted_len; i++)
                        if (is_key(&member, wanted[i].key)) {
                                wanted[i].begin = member.key.text - 1;
                                wanted[i].value = member.value;
                        }
                at = skip_space(object, member.end);
        } while (at < object.size && object.text[at] == ',');
        return true;
}

bool scan_element(struct scan_span array, size_t *at, struct scan_span *ret_value)
{
        size_t from = skip_space(array, *at);

        /* At an opening bracket the first time, then at a comma; anything else is the end. */
        if (from >= array.size || array.text[from] != (*at ? ',' : '['))
                return false;
        size_t begin = skip_space(array, from + 1), end = skip_value(array, begin);
        if (!end) {
                *at = from + (*at ? 0 : 1);
                return false;
        }
        *ret_value = (struct scan_span){array.text + begin, end - begin};
        *at = end;
        return true;
}

bool scan_complete(struct scan_span array, size_t at)
{
        at = skip_space(array, at);
        return at < array.size && array.text[at] == ']' && skip_space(array, at + 1) == array.size;
}

/* Copies the object without its managedFields and without one of the commas beside them. */
static void copy_lean(struct buf *out, struct scan_span object)
{
        struct scan_wanted doomed = {.key = "managedFields"};

        if (!scan_members(object, &doomed, 1) || !doomed.begin) {
                buf_add(out, object.text, object.size);
                return;
        }
        size_t begin = (size_t)(doomed.begin - object.text);
        size_t end = skip_space(object, (size_t)(doomed.value.text - object.text) + doomed.value.size);
        if (end < object.size && object.text[end] == ',') {
                end++;
        } else {
                while (begin > 0 && is_space(object.text[begin - 1]))
                        begin--;
                if (begin > 0 && object.text[begin - 1] == ',')
                        begin--;
        }
        buf_add(out, object.text, begin);
        buf_add(out, object.text + end, object.size - end);
}

enum fail_kind scan_parse_lean(struct scan_span text, const char *const *path, struct json_object **ret_doc,
                               struct fail *fail)
{
        auto_buf struct buf lean = {0};
        struct scan_wanted at = {.value = text};

        for (; at.value.text && *path; path++) {
                struct scan_wanted inner = {.key = *path};
                scan_members(at.value, &inner, 1);
                at = inner;
        }
        if (!at.value.text)
                return doc_parse(text.text, text.size, ret_doc, fail);
        const char *end = at.value.text + at.value.size;
        buf_add(&lean, text.text, (size_t)(at.value.text - text.text));
        copy_lean(&lean, at.value);
        buf_add(&lean, end, text.size - (size_t)(end - text.text));
        return doc_parse(lean.data, lean.size, ret_doc, fail);
}
