/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader and the sift against the parser: what passes, the parser takes and prints the same; what it takes and does not pass is
 * among what kube/reader.h says; and what is kept is what a tree, parsed whole and pruned, would have kept. */
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "kube/reader.h"
#include "kube/sift.h"

static const char *const paths[] = {"spec.nodeName", "status.containerStatuses.ready", "status.containerStatuses.state", NULL};

/* ---- the reader ---- */

struct walk {
        size_t members, elements;
        bool odd_numbers; /* integers that print otherwise than they stand */
};

static size_t count_members(struct json_object *doc)
{
        size_t count = 0;

        for (size_t i = 0; i < doc_len(doc, ""); i++)
                count += count_members(doc_item(doc, i));
        if (!json_object_is_type(doc, json_type_object))
                return count;
        json_object_object_foreach(doc, key, value) {
                (void)key;
                count += 1 + count_members(value);
        }
        return count;
}

static void see_scalar(struct reader *reader, struct walk *walk)
{
        auto_buf struct buf text = {0};
        char again[32];

        must(reader_value(reader, &text));
        if (!strchr("-0123456789", text.data[0]) || strpbrk(text.data, ".eE"))
                return;
        snprintf(again, sizeof again, "%lld", strtoll(text.data, NULL, 10));
        walk->odd_numbers = walk->odd_numbers || !text_equal(again, text.data);
}

/* Step by step through what reader_value() takes at once. */
static void step_through(struct reader *reader, struct walk *walk)
{
        auto_buf struct buf key = {0};
        char first = reader_peek(reader);

        if (first == '{') {
                must(reader_open(reader, '{'));
                for (; reader_key(reader, &key); walk->members++)
                        step_through(reader, walk);
        } else if (first == '[') {
                must(reader_open(reader, '['));
                for (; reader_element(reader); walk->elements++)
                        step_through(reader, walk);
        } else {
                see_scalar(reader, walk);
        }
        must(!reader->wrong);
}

static bool is_documented(const char *wrong)
{
        static const char *const stricter[] = {"a control character in a string", "a string that is not UTF-8", "a number that is not finite",
                                               "nested too deep", "something that is no value", "a point without digits", "a key with a NUL in it"};

        for (size_t i = 0; i < ARRAY_LEN(stricter); i++)
                if (text_equal(wrong, stricter[i]))
                        return true;
        return false;
}

/* json-c 0.16 takes pairs of them for halves when what they mean has the bits of a surrogate too (U+1D800, say): there it is
 * the reader that is right. */
static bool has_surrogates(const char *text, size_t size)
{
        return memmem(text, size, "\\ud", 3) || memmem(text, size, "\\uD", 3);
}

static void must_read_alike(const char *text, size_t size, struct json_object *doc, bool parsed)
{
        struct reader reader = reader_of(text, size), silent = reader, steps = reader;
        auto_buf struct buf out = {0};
        auto_json struct json_object *again = NULL;
        struct walk walk = {0};

        bool passed = reader_value(&reader, &out) && reader_end(&reader);
        must((reader_value(&silent, NULL) && reader_end(&silent)) == passed);
        must(reader.at >= text && reader.at <= text + size && silent.at == reader.at);
        if (!passed) {
                must(!parsed || is_documented(reader.wrong));
                return;
        }
        step_through(&steps, &walk);
        must(reader_end(&steps));
        must(parsed && !doc_parse(out.data, out.size, &again, NULL));
        if (has_surrogates(text, size))
                return;
        must(doc_equal(doc, again));
        /* Keys that repeat stand there twice. */
        if (walk.members == count_members(doc) && !walk.odd_numbers)
                must(strcmp(out.data, doc_print(doc)) == 0);
}

/* ---- the sift ---- */

/* What 'path' has below 'key', "" for all of it; NULL when it does not go there. */
static const char *rest_of(const char *path, const char *key)
{
        size_t size = strlen(key);

        return strncmp(path, key, size) || (path[size] && path[size] != '.') ? NULL : path[size] ? path + size + 1 : "";
}

/* A new document with what the paths keep of 'doc'. */
static struct json_object *pruned(struct json_object *doc, const char *const *keep)
{
        bool is_array = json_object_is_type(doc, json_type_array);

        if (!keep[0] || !keep[0][0] || (!is_array && !json_object_is_type(doc, json_type_object)))
                return doc_copy(doc);
        struct json_object *out = is_array ? doc_array() : doc_object();
        for (size_t i = 0; i < doc_len(doc, ""); i++)
                doc_push(out, pruned(doc_item(doc, i), keep));
        if (is_array)
                return out;
        json_object_object_foreach(doc, key, value) {
                const char *below[ARRAY_LEN(paths) + 1] = {0};
                size_t len = 0;
                for (size_t i = 0; keep[i]; i++)
                        if (rest_of(keep[i], key))
                                below[len++] = rest_of(keep[i], key);
                if (len)
                        json_object_object_add(out, key, pruned(value, below));
        }
        return out;
}

static bool is_plain(const char *text)
{
        auto_json struct json_object *string = text ? json_object_new_string(text) : NULL;

        return text && strlen(text) < SIFT_TEXT_MAX && strlen(doc_print(string)) == strlen(text) + 2;
}

static void must_identify(struct json_object *metadata, const struct sifted *sifted)
{
        const struct { const char *key, *text; } parts[] = {
                {"name", sifted->name}, {"namespace", sifted->namespace}, {"uid", sifted->uid}, {"resourceVersion", sifted->version}};

        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                const char *text = doc_text(metadata, parts[i].key);
                size_t size = text ? (size_t)json_object_get_string_len(doc_at(metadata, parts[i].key)) : 0;
                must(text_equal(parts[i].text, is_plain(text) && size == strlen(text) ? text : ""));
                if (metadata)
                        json_object_object_del(metadata, parts[i].key);
        }
}

static void must_keep_alike(struct json_object *doc, const char *text, size_t size, bool all)
{
        const char *const with_metadata[] = {"metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion",
                                             paths[0], paths[1], paths[2], NULL};
        struct sift *sift = sift_new(all ? NULL : paths);
        struct sifted sifted = {0};
        struct json_object *metadata = NULL;
        bool has = json_object_object_get_ex(doc, "metadata", &metadata);

        bool good = !sift_object(sift, text, size, &sifted, NULL, NULL);
        must(good == (!has || json_object_is_type(metadata, json_type_object)));
        if (good) {
                auto_json struct json_object *wanted = all ? doc_copy(doc) : pruned(doc, with_metadata);
                must_identify(doc_at(wanted, "metadata"), &sifted);
                if (has && all)
                        json_object_object_del(doc_at(wanted, "metadata"), "managedFields");
                json_object_object_del(wanted, "apiVersion");
                json_object_object_del(wanted, "kind");
                must(strcmp(sifted.text.data, doc_print(wanted)) == 0);
        }
        sifted_done(&sifted);
        sift_free(sift);
}

/* Text that need not be JSON: what is kept of it is nevertheless, and all that was read lies within it. */
static void try_sifting(const char *text, size_t size, bool all)
{
        struct sift *sift = sift_new(all ? NULL : paths);
        struct sifted sifted = {0};
        size_t read = 0;

        if (!sift_object(sift, text, size, &sifted, &read, NULL)) {
                auto_json struct json_object *kept = NULL;
                must(read <= size && text[read - 1] == '}' && sifted.text.size <= read);
                must(!doc_parse(sifted.text.data, sifted.text.size, &kept, NULL) && json_object_is_type(kept, json_type_object));
        }
        must(read <= size);
        sifted_done(&sifted);
        sift_free(sift);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *raw = fuzz_copy(data, size);
        auto_json struct json_object *doc = NULL;

        bool parsed = !doc_parse(raw, size, &doc, NULL);
        must_read_alike(raw, size, doc, parsed);
        try_sifting(raw, size, true);
        try_sifting(raw, size, false);
        /* Printed, because keys may repeat. */
        const char *text = doc_print(doc);
        struct reader reader = reader_of(text, strlen(text));
        if (!json_object_is_type(doc, json_type_object) || !reader_value(&reader, NULL))
                return 0;
        auto_free char *copy = fuzz_copy(text, strlen(text));
        must_keep_alike(doc, copy, strlen(text), true);
        must_keep_alike(doc, copy, strlen(text), false);
        return 0;
}
