/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that answers a paged list with anything: each line of the input is a page, or the failure of one ("!410"). The
 * list ends, what it gathers is what was listed since it began, and the next request is always a path. */
#include "base/mem.h"
#include "fuzz_json.h"
#include "kube/pages.h"

struct listing {
        struct pages *pages;
        size_t gathered; /* since the list began, or began again */
};

static void must_be_a_path(const struct pages *pages)
{
        auto_free char *path = pages_path(pages);

        must(strncmp(path, "/api/v1/pods", 12) == 0);
        for (const char *c = path; *c; c++)
                must(*c > ' ' && *c < 0x7f && *c != '#');
}

static enum pages_next refuse(struct listing *listing, const char *line, size_t size)
{
        struct fail fail = {.kind = FAIL_IO};

        if (size == 3 && memcmp(line, "410", 3) == 0)
                fail.kind = FAIL_EXPIRED;
        if (size == 3 && memcmp(line, "413", 3) == 0)
                fail.kind = FAIL_TOO_LARGE;
        enum pages_next next = pages_refused(listing->pages, &fail);
        if (fail.kind == FAIL_EXPIRED && next == PAGES_MORE)
                listing->gathered = 0;
        return next;
}

static enum pages_next answer(struct listing *listing, const char *line, size_t size)
{
        auto_json struct json_object *list = fuzz_json((const uint8_t *)line, size);
        struct fail fail = {0};

        enum pages_next next = pages_listed(listing->pages, list, doc_len(list, "items"), &fail);
        must((next == PAGES_FAILED) == (fail.kind != FAIL_NONE));
        listing->gathered += doc_len(list, "items");
        if (next == PAGES_DONE) {
                pages_whole(listing->pages, list);
                must(doc_len(list, "items") == listing->gathered);
        }
        return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct listing listing = {.pages = pages_new("/api/v1/pods", size % 2 ? "a=b,c in (d)" : NULL, true)};
        enum pages_next next = PAGES_MORE;
        const char *at = (const char *)data, *end = at + size;

        while (next == PAGES_MORE && at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((newline ? newline : end) - at);
                must_be_a_path(listing.pages);
                next = len && *at == '!' ? refuse(&listing, at + 1, len - 1) : answer(&listing, at, len);
                at += len + 1;
        }
        pages_free(listing.pages);
        return 0;
}
