/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

static bool closed_by(struct scan_span in, size_t at, char bracket)
{
        return at < in.size && in.text[at] == bracket && skip_space(in, at + 1) == in.size;
}

bool scan_members(struct scan_span object, struct scan_wanted *wanted, size_t wanted_len)
{
        size_t at = skip_space(object, 0);
        struct member member;

        if (at >= object.size || object.text[at] != '{')
                return false;
        if (closed_by(object, skip_space(object, at + 1), '}'))
                return true;
        do {
                if (!next_member(object, at + 1, &member))
                        return false;
                for (size_t i = 0; i < wanted_len; i++)
                        if (is_key(&member, wanted[i].key)) {
                                wanted[i].begin = member.key.text - 1;
                                wanted[i].value = member.value;
                        }
                at = skip_space(object, member.end);
        } while (at < object.size && object.text[at] == ',');
        return closed_by(object, at, '}');
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
        return closed_by(array, skip_space(array, at), ']');
}

/* ---- Leaving out ---- */

/* The key at the beginning of 'path', in quotes and brackets when it has dots; returns what follows it. */
static const char *first_key(const char *path, struct scan_span *ret_key)
{
        const char *end = strstr(path, "\"]");
        bool quoted = path[0] == '[' && path[1] == '"' && end;

        *ret_key = quoted ? (struct scan_span){path + 2, (size_t)(end - path - 2)} : (struct scan_span){path, strcspn(path, ".[")};
        path = quoted ? end + 2 : path + ret_key->size;
        return *path == '.' ? path + 1 : path;
}

static void add_path(struct scan_keep *keep, const char *path)
{
        struct scan_span key;
        const char *rest = first_key(path, &key);
        size_t i = 0;

        while (i < keep->children_len && (strncmp(keep->children[i].key, key.text, key.size) != 0 || keep->children[i].key[key.size] != '\0'))
                i++;
        if (i == keep->children_len) {
                keep->children = xrealloc(keep->children, (i + 1) * sizeof *keep->children);
                keep->children[keep->children_len++] = (struct scan_keep){.key = xstrndup(key.text, key.size)};
        }
        if (*rest)
                add_path(&keep->children[i], rest);
}

struct scan_keep *scan_keep_new(const char *const *paths)
{
        static const char *const always[] = {"metadata.name", "metadata.namespace", "metadata.uid",
                                             "metadata.resourceVersion"};
        struct scan_keep *keep;

        if (!paths)
                return NULL;
        keep = xnew(struct scan_keep);
        for (size_t i = 0; i < ARRAY_LEN(always); i++)
                add_path(keep, always[i]);
        for (; *paths; paths++)
                add_path(keep, *paths);
        return keep;
}

static void done_keep(struct scan_keep *keep)
{
        for (size_t i = 0; i < keep->children_len; i++)
                done_keep(&keep->children[i]);
        free(keep->children);
        free(keep->key);
}

struct scan_keep *scan_keep_free(struct scan_keep *keep)
{
        if (keep)
                done_keep(keep);
        free(keep);
        return NULL;
}

static const struct scan_keep *kept(const struct scan_keep *keep, const struct member *member)
{
        for (size_t i = 0; i < keep->children_len; i++)
                if (is_key(member, keep->children[i].key))
                        return &keep->children[i];
        return NULL;
}

static bool copy_kept(struct buf *out, struct scan_span value, const struct scan_keep *keep, int depth);

static bool copy_members(struct buf *out, struct scan_span object, const struct scan_keep *keep, int depth)
{
        const char *comma = "";
        size_t at = 0;
        struct member member;

        buf_text(out, "{");
        while (!closed_by(object, skip_space(object, at + (at == 0)), '}')) {
                if (at > 0 && (at >= object.size || object.text[at] != ','))
                        return false;
                if (!next_member(object, at + 1, &member))
                        return false;
                const struct scan_keep *child = kept(keep, &member);
                if (child) {
                        buf_text(out, comma);
                        buf_add(out, member.key.text - 1, member.key.size + 2);
                        buf_text(out, ":");
                        if (!copy_kept(out, member.value, child, depth + 1))
                                return false;
                        comma = ",";
                }
                at = skip_space(object, member.end);
        }
        return buf_text(out, "}");
}

static bool copy_elements(struct buf *out, struct scan_span array, const struct scan_keep *keep, int depth)
{
        struct scan_span one;
        size_t at = 0;

        buf_text(out, "[");
        while (scan_element(array, &at, &one)) {
                buf_text(out, out->data[out->size - 1] == '[' ? "" : ",");
                if (!copy_kept(out, one, keep, depth + 1))
                        return false;
        }
        return buf_text(out, "]") && scan_complete(array, at);
}

static bool copy_kept(struct buf *out, struct scan_span value, const struct scan_keep *keep, int depth)
{
        if (depth > DOC_DEPTH_MAX)
                return false;
        if (keep->children_len && value.text[0] == '{')
                return copy_members(out, value, keep, depth);
        if (keep->children_len && value.text[0] == '[')
                return copy_elements(out, value, keep, depth);
        return buf_add(out, value.text, value.size);
}

/* Everything but metadata.managedFields, which are found once and cut with one of the commas beside them. */
static bool copy_lean(struct buf *out, struct scan_span object)
{
        struct scan_wanted metadata = {.key = "metadata"}, doomed = {.key = "managedFields"};

        if (!scan_members(object, &metadata, 1) || !metadata.begin || !scan_members(metadata.value, &doomed, 1) ||
            !doomed.begin)
                return false;
        size_t begin = (size_t)(doomed.begin - object.text);
        size_t end = skip_space(object, (size_t)(doomed.value.text - object.text) + doomed.value.size);
        if (object.text[end] == ',') {
                end++;
        } else {
                while (is_space(object.text[begin - 1]))
                        begin--;
                if (object.text[begin - 1] == ',')
                        begin--;
        }
        buf_add(out, object.text, begin);
        return buf_add(out, object.text + end, object.size - end);
}

enum fail_kind scan_parse(struct scan_span text, const struct scan_keep *keep, struct json_object **ret_doc,
                          struct fail *fail)
{
        auto_buf struct buf out = {0};

        if (text.size > 0 && (keep ? text.text[0] == '{' && copy_kept(&out, text, keep, 0) : copy_lean(&out, text)))
                return doc_parse(out.data, out.size, ret_doc, fail);
        /* The parser knows better than we what is wrong with it, or that nothing is. */
        return doc_parse(text.text, text.size, ret_doc, fail);
}
