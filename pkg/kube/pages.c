/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/path.h"

struct pages {
        char *collection, *selector;
        char *token;        /* of the next page; NULL: the first */
        int limit;          /* 0: everything at once */
        int restarts;
        int asked, empty;   /* pages of this round, and empty ones in a row */
        bool gather;
        struct json_object *items; /* of this round, if 'gather' */
};

struct pages *pages_new(const char *collection, const char *selector, bool gather)
{
        struct pages *pages = xnew(struct pages);

        pages->collection = xstrdup(collection);
        pages->selector = selector ? xstrdup(selector) : NULL;
        pages->limit = PAGES_LIMIT;
        pages->gather = gather;
        return pages;
}

struct pages *pages_free(struct pages *pages)
{
        if (!pages)
                return NULL;
        free(pages->collection);
        free(pages->selector);
        free(pages->token);
        json_object_put(pages->items);
        free(pages);
        return NULL;
}

char *pages_path(const struct pages *pages)
{
        struct buf path = {0};
        const char *separator = strchr(pages->collection, '?') ? "&" : "?";

        /* No resourceVersion anywhere: unset means "the most recent", and is refused together with 'continue'. */
        buf_text(&path, pages->collection);
        if (pages->limit) {
                buf_format(&path, "%slimit=%d", separator, pages->limit);
                separator = "&";
        }
        if (pages->selector) {
                buf_format(&path, "%slabelSelector=", separator);
                path_encode(&path, pages->selector);
                separator = "&";
        }
        if (pages->token) {
                buf_format(&path, "%scontinue=", separator);
                path_encode(&path, pages->token);
        }
        return buf_take(&path);
}

bool pages_at_first(const struct pages *pages)
{
        return !pages->token;
}

static void gather(struct pages *pages, struct json_object *list)
{
        if (!pages->items)
                pages->items = doc_array();
        for (size_t i = 0; i < doc_len(list, "items"); i++)
                doc_push(pages->items, json_object_get(doc_item(doc_at(list, "items"), i)));
}

void pages_whole(struct pages *pages, struct json_object *list)
{
        doc_set(list, "items", pages->items ? take(pages->items) : doc_array());
}

enum pages_next pages_listed(struct pages *pages, struct json_object *list, size_t items_len, struct fail *fail)
{
        const char *token = doc_text(list, "metadata.continue");

        if (!json_object_is_type(doc_at(list, "metadata"), json_type_object)) {
                fail_set(fail, FAIL_INVALID, "%s answered with something that is no list", pages->collection);
                return PAGES_FAILED;
        }
        if (pages->gather)
                gather(pages, list);
        if (doc_len(pages->items, "") > PAGES_GATHERED_MAX) {
                fail_set(fail, FAIL_TOO_LARGE, "%s has more than %d items", pages->collection, PAGES_GATHERED_MAX);
                return PAGES_FAILED;
        }
        /* Only 'continue' says whether there is more; a page may be empty. */
        if (!token || !token[0])
                return PAGES_DONE;
        pages->empty = items_len ? 0 : pages->empty + 1;
        if (text_equal(token, pages->token) || pages->empty > PAGES_EMPTY_MAX || ++pages->asked > PAGES_MAX) {
                fail_set(fail, FAIL_INVALID, "%s never comes to an end of its pages", pages->collection);
                return PAGES_FAILED;
        }
        char *next = xstrdup(token);
        free(pages->token);
        pages->token = next;
        return PAGES_MORE;
}

static void restart(struct pages *pages)
{
        free(take(pages->token));
        json_object_put(take(pages->items));
        pages->asked = pages->empty = 0;
        if (++pages->restarts > PAGES_RESTARTS_MAX)
                pages->limit = 0;
}

enum pages_next pages_refused(struct pages *pages, struct fail *fail)
{
        if (fail->kind == FAIL_EXPIRED && pages->token) {
                restart(pages);
                return PAGES_MORE;
        }
        if (fail->kind == FAIL_TOO_LARGE && pages->limit / 2 >= PAGES_LIMIT_MIN) {
                pages->limit /= 2;
                return PAGES_MORE;
        }
        return PAGES_FAILED;
}
