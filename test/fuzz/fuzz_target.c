/* SPDX-License-Identifier: Apache-2.0
 *
 * A Service and its EndpointSlices, {"service":…,"slices":[…]}, to addresses: sorted, each once, bounded, and the same whatever
 * the order of the slices. */
#include "api/target.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"

static struct json_object *reversed(struct json_object *array)
{
        struct json_object *out = doc_array();

        for (size_t i = doc_len(array, ""); i > 0; i--)
                doc_push(out, json_object_get(doc_item(array, i - 1)));
        return out;
}

static void must_be_sound(const struct target *target)
{
        size_t len = doc_len(target->addresses, "");

        must(len >= 1 && len <= TARGET_ADDRESSES_MAX && target->key && target->authority[0] && target->sni);
        for (size_t i = 0; i < len; i++) {
                const char *text = json_object_get_string(doc_item(target->addresses, i));
                must(strrchr(text, ':') && (i == 0 || strcmp(json_object_get_string(doc_item(target->addresses, i - 1)), text) < 0));
        }
        free(target_selector(target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *doc = fuzz_json(data, size);
        struct json_object *service = doc_at(doc, "service"), *slices = doc_at(doc, "slices");
        auto_json struct json_object *backwards = reversed(slices);
        static const struct profile_scheme schemes[] = {{"http", false, false, false}, {"h2", true, true, false}};
        const struct profile profile = {.service = "web", .port = "http", .scheme = &schemes[size % 2]};
        struct target *target = NULL, *again = NULL;
        struct fail fail = {0};

        /* Objects come from the API server: they have names. */
        if (!doc_text(service, "metadata.name") || !doc_text(service, "metadata.namespace"))
                return 0;
        enum fail_kind kind = target_resolve(&profile, service, slices, &target, &fail);
        must(kind == fail.kind && kind == target_resolve(&profile, service, backwards, &again, NULL));
        if (kind) {
                must((kind == FAIL_INVALID || kind == FAIL_MISSING) && fail.text[0]);
                return 0;
        }
        must_be_sound(target);
        if (doc_len(target->addresses, "") < TARGET_ADDRESSES_MAX)
                must(doc_equal(target->addresses, again->addresses) || doc_len(slices, "") > 1000);
        must(text_equal(target->authority, again->authority));
        target_free(target);
        target_free(again);
        return 0;
}
