/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/sift.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kube/reader.h"

enum destiny { KEPT, LEFT_OUT, NAME, NAMESPACE, UID, VERSION };

/* One key. The children of an array are those of its elements. */
struct sift {
        char *key;
        enum destiny destiny;
        bool others;   /* members that no child is for are kept */
        bool identity; /* it has to be an object: others will set members of it */
        struct sift *children; /* none: everything below is kept */
        size_t children_len;
};

#define CHILDREN_MAX 64

/* ---- What to keep ---- */

static struct sift *child_of(const struct sift *sift, const char *key, size_t size)
{
        for (size_t i = 0; i < sift->children_len; i++)
                if (strncmp(sift->children[i].key, key, size) == 0 && !sift->children[i].key[size])
                        return &sift->children[i];
        return NULL;
}

static struct sift *add_child(struct sift *sift, const char *key, size_t size, enum destiny destiny)
{
        struct sift *child = child_of(sift, key, size);

        if (child)
                return child;
        if (sift->children_len == CHILDREN_MAX)
                abort(); /* the lists of what is kept are written in this program */
        sift->children = xrealloc(sift->children, (sift->children_len + 1) * sizeof *sift->children);
        sift->children[sift->children_len] = (struct sift){.key = xstrndup(key, size), .destiny = destiny};
        return &sift->children[sift->children_len++];
}

/* The key at the beginning of 'path', in quotes and brackets when it has dots; returns what follows it. */
static const char *first_key(const char *path, const char **ret_key, size_t *ret_size)
{
        const char *end = strstr(path, "\"]");
        bool quoted = path[0] == '[' && path[1] == '"' && end;

        *ret_key = quoted ? path + 2 : path;
        *ret_size = quoted ? (size_t)(end - path - 2) : strcspn(path, ".[");
        path = quoted ? end + 2 : path + *ret_size;
        return *path == '.' ? path + 1 : path;
}

static void add_path(struct sift *sift, const char *path)
{
        const char *key;
        size_t size;

        while (*path) {
                path = first_key(path, &key, &size);
                sift = add_child(sift, key, size, KEPT);
        }
}

struct sift *sift_new(const char *const *paths)
{
        static const struct {
                const char *key;
                enum destiny destiny;
        } metadata_keys[] = {{"name", NAME}, {"namespace", NAMESPACE}, {"uid", UID}, {"resourceVersion", VERSION}};
        static const char *const root_keys[] = {"apiVersion", "kind"};
        struct sift *sift = xnew(struct sift);

        sift->others = !paths;
        for (size_t i = 0; i < ARRAY_LEN(root_keys); i++)
                add_child(sift, root_keys[i], strlen(root_keys[i]), LEFT_OUT);
        struct sift *metadata = add_child(sift, "metadata", strlen("metadata"), KEPT);
        metadata->others = !paths;
        metadata->identity = sift->identity = true;
        for (size_t i = 0; i < ARRAY_LEN(metadata_keys); i++)
                add_child(metadata, metadata_keys[i].key, strlen(metadata_keys[i].key), metadata_keys[i].destiny);
        if (!paths)
                add_child(metadata, "managedFields", strlen("managedFields"), LEFT_OUT);
        for (; paths && *paths; paths++)
                add_path(sift, *paths);
        return sift;
}

static void done(struct sift *sift)
{
        for (size_t i = 0; i < sift->children_len; i++)
                done(&sift->children[i]);
        free(sift->children);
        free(sift->key);
}

struct sift *sift_free(struct sift *sift)
{
        if (sift)
                done(sift);
        free(sift);
        return NULL;
}

void sifted_done(struct sifted *sifted)
{
        buf_done(&sifted->text);
}

/* ---- Keeping it ---- */

static void cut(struct buf *text, size_t size)
{
        text->size = size;
        text->data[size] = '\0';
}

/* A string goes into 'text' for as long as it takes to look at it. */
static bool set_aside(struct reader *reader, struct buf *text, char into[static SIFT_TEXT_MAX])
{
        size_t begin = text->size;

        if (!reader_value(reader, text))
                return false;
        const char *value = text->data + begin;
        size_t size = text->size - begin;
        if (value[0] == '"' && size - 2 < SIFT_TEXT_MAX && !memchr(value, '\\', size)) {
                memcpy(into, value + 1, size - 2);
                into[size - 2] = '\0';
        }
        cut(text, begin);
        return true;
}

static char *place_of(struct sifted *into, enum destiny destiny)
{
        char *const places[] = {[NAME] = into->name, [NAMESPACE] = into->namespace, [UID] = into->uid, [VERSION] = into->version};

        return places[destiny];
}

static bool keep_members(struct reader *reader, const struct sift *sift, struct sifted *into);

static bool keep_value(struct reader *reader, const struct sift *sift, struct sifted *into)
{
        char first = reader_peek(reader);
        struct buf *text = &into->text;

        if (sift->identity && first != '{')
                return reader_open(reader, '{'); /* says what is wrong */
        if (sift->children_len && first == '{')
                return keep_members(reader, sift, into);
        if (!sift->children_len || first != '[')
                return reader_value(reader, text);
        reader_open(reader, '[');
        buf_text(text, "[");
        for (const char *comma = ""; reader_element(reader); comma = ",")
                if (!buf_text(text, comma) || !keep_value(reader, sift, into))
                        return false;
        buf_text(text, "]");
        return !reader->wrong;
}

static bool keep_members(struct reader *reader, const struct sift *sift, struct sifted *into)
{
        struct buf *text = &into->text;
        const char *comma = "";
        uint64_t seen = 0;

        reader_open(reader, '{');
        buf_text(text, "{");
        for (size_t mark = text->size; buf_text(text, comma) && reader_key(reader, text); mark = text->size) {
                size_t key_at = mark + strlen(comma) + 1;
                const struct sift *child = child_of(sift, text->data + key_at, text->size - key_at - 1);
                uint64_t bit = child ? UINT64_C(1) << (child - sift->children) : 0;
                if (seen & bit && child->destiny != LEFT_OUT)
                        reader->wrong = "a key that stands there twice";
                seen |= bit;
                if (child ? child->destiny == KEPT : sift->others) {
                        buf_text(text, ":");
                        if (!(child ? keep_value(reader, child, into) : reader_value(reader, text)))
                                return false;
                        comma = ",";
                        continue;
                }
                cut(text, mark);
                if (!(child && child->destiny > LEFT_OUT ? set_aside(reader, text, place_of(into, child->destiny)) : reader_value(reader, NULL)))
                        return false;
        }
        if (text->data[text->size - 1] == ',')
                cut(text, text->size - 1);
        buf_text(text, "}");
        return !reader->wrong;
}

enum fail_kind sift_object(const struct sift *sift, const char *text, size_t size, struct sifted *into, size_t *ret_read, struct fail *fail)
{
        struct reader reader = reader_of(text, size);

        buf_clear(&into->text);
        into->name[0] = into->namespace[0] = into->uid[0] = into->version[0] = '\0';
        keep_value(&reader, sift, into);
        if (ret_read)
                *ret_read = (size_t)(reader.at - text);
        else
                reader_end(&reader);
        return reader_judge(&reader, fail);
}
