/* SPDX-License-Identifier: Apache-2.0
 *
 * A cache under any sequence of lists, events and answers. Each line of the input is a letter and an object or a version.
 * Whoever follows only what the cache tells about changes knows exactly what is in it. */
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "kube/contents.h"

struct follower {
        struct contents contents;
        struct map known; /* key -> canonical text of the object, as told */
        bool listing;
};

static bool key_of(char key[static STORE_KEY_MAX], struct json_object *object)
{
        return store_key(key, doc_text(object, "metadata.namespace"), doc_text(object, "metadata.name"));
}

static void on_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct follower *follower = owner;
        char key[STORE_KEY_MAX];

        must((before || after) && key_of(key, after ? after : before));
        auto_free char *known = map_remove(&follower->known, key), *told = before ? doc_canonical(before) : NULL;
        must(text_equal(known, told));
        if (after)
                map_set(&follower->known, key, doc_canonical(after));
}

static void on_line(struct follower *follower, const char *line, size_t size)
{
        struct contents *contents = &follower->contents;
        auto_json struct json_object *object = fuzz_json((const uint8_t *)line + 1, size - 1);
        const char *version = doc_text(object, "metadata.resourceVersion");
        struct sifted sifted = {0};
        char key[STORE_KEY_MAX];
        bool good = !sift_object(contents->sift, line + 1, size - 1, &sifted, NULL, NULL);

        if (line[0] == 'B')
                contents_list_begin(contents);
        follower->listing = line[0] == 'B' || (follower->listing && line[0] == 'I');
        if (line[0] == 'I' && follower->listing && good)
                contents_list_item(contents, &sifted);
        if (line[0] == 'I' && follower->listing && !good)
                contents_list_drop(contents);
        /* Everything below wants an object with a name, as its callers make sure. */
        if ((line[0] == 'E' || line[0] == 'R') && version)
                contents_list_end(contents, version, line[0] == 'R');
        if (line[0] == 'P' && good)
                contents_put(contents, &sifted);
        if (line[0] == 'D' && good)
                contents_delete(contents, &sifted);
        if (line[0] == 'W' && version)
                contents_wrote(contents, object, "5");
        if (line[0] == 'G' && doc_text(object, "metadata.uid") && key_of(key, object))
                contents_gone(contents, key, doc_text(object, "metadata.uid"));
        sifted_done(&sifted);
}

static void must_know_everything(struct follower *follower)
{
        struct store *store = &follower->contents.store;
        size_t at = 0, len = 0;
        struct json_object *object;
        char key[STORE_KEY_MAX];

        for (; (object = store_next(store, &at)); len++) {
                must(key_of(key, object));
                auto_free char *text = doc_canonical(object);
                must(text_equal(text, map_find(&follower->known, key)));
                must(doc_equal(store_lend(store, key), object));
        }
        must(len == follower->known.len);
        store_take_back(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const keep[] = {"metadata.labels", "status", NULL};
        struct follower follower = {0};
        const struct kube_cache_options options = {
                .kind = &kube_pods, .keep = size % 2 ? keep : NULL, .changed = on_changed, .owner = &follower};
        const char *at = (const char *)data, *end = at + size;

        struct squeeze_tools *tools = squeeze_tools_new();
        contents_init(&follower.contents, &options, tools);
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((newline ? newline : end) - at);
                if (len > 0)
                        on_line(&follower, at, len);
                at += len + 1;
        }
        must_know_everything(&follower);
        contents_done(&follower.contents);
        squeeze_tools_free(tools);
        map_done_values(&follower.known);
        return 0;
}
