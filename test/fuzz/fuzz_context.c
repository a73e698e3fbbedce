/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects of a cluster, one a line, as they come and go: "+{…}" seen, "-{…}" gone. Telling the same twice changes nothing, a
 * state that was stored and read again is the same state, and everything printed is JSON within its bounds. */
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "probe/context.h"

#define WALL_MS INT64_C(1700000000000)

static void observe(struct context *context, const char *line, size_t size, int64_t wall_ms)
{
        auto_json struct json_object *object = fuzz_json((const uint8_t *)line + 1, size - 1);
        enum context_kind kind = context_kind_of(doc_text(object, "kind"));

        if (kind == CONTEXT_KINDS)
                return;
        if (line[0] == '-') {
                context_observe(context, kind, object, NULL, wall_ms);
                return;
        }
        context_observe(context, kind, NULL, object, wall_ms);
        auto_json struct json_object *once = context_encode_full(context, NULL);
        context_observe(context, kind, NULL, object, wall_ms + 1);
        auto_json struct json_object *twice = context_encode_full(context, NULL);
        must(doc_equal(once, twice));
}

static void must_be_restorable(const struct context *context)
{
        struct context *restored = context_new();
        auto_json struct json_object *state = context_encode_state(context);

        fuzz_must_survive(state);
        context_restore(restored, state, WALL_MS);
        auto_json struct json_object *again = context_encode_state(restored);
        if (doc_int(state, "dropped", 0) == 0)
                must(doc_equal(state, again));
        context_settle(restored, WALL_MS);
        context_free(restored);
}

static void must_print(const struct context *context)
{
        auto_json struct json_object *truncated = doc_array(), *status = context_encode_status(context, NULL, truncated);
        auto_json struct json_object *full = context_encode_full(context, NULL);

        fuzz_must_survive(status);
        fuzz_must_survive(full);
        must(doc_len(status, "changes") <= CONTEXT_STATUS_CHANGES_MAX && doc_len(full, "changes") <= CONTEXT_CHANGES_MAX);
        must(doc_len(status, "nodes") <= CONTEXT_STATUS_NODES_MAX && doc_len(status, "target.images") <= CONTEXT_STATUS_IMAGES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct context *context = context_new();
        const char *at = (const char *)data, *end = at + size;
        int64_t wall_ms = WALL_MS;

        for (; at < end; wall_ms += 1000) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((newline ? newline : end) - at);
                if (len > 0)
                        observe(context, at, len, wall_ms);
                if (wall_ms == WALL_MS + 1000)
                        context_mark_before(context, wall_ms);
                at += len + 1;
        }
        context_mark_after(context, wall_ms);
        must_print(context);
        must_be_restorable(context);
        context_free(context);
        return 0;
}
