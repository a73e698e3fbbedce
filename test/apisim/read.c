/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading: one object, or a list of one moment, in pages. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "select.h"

static void refuse_future(struct call *call, uint64_t wanted)
{
        struct json_object *details = doc_object(), *cause = doc_object();

        doc_set_text(doc_set_text(cause, "reason", "ResourceVersionTooLarge"), "message", "Too large resource version");
        doc_set(details, "causes", doc_push(doc_array(), cause));
        doc_set_int(details, "retryAfterSeconds", 1);
        refuse(call, 504, "Timeout", details, "Timeout: Too large resource version: %" PRIu64 ", current: %" PRIu64, wanted,
               call->sim->version);
}

/* False when it was answered. 0 when there is none. */
static bool version_asked(struct call *call, uint64_t *ret_version)
{
        const char *text = call_query(call, "resourceVersion");
        char *end;

        *ret_version = 0;
        if (!text || !text[0])
                return true;
        *ret_version = strtoull(text, &end, 10);
        if (*end || text[0] == '-') {
                refuse_bad_request(call, "invalid resource version: resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax",
                                   text, text);
                return false;
        }
        if (*ret_version > call->sim->version) {
                refuse_future(call, *ret_version);
                return false;
        }
        return true;
}

void verb_get(struct call *call)
{
        uint64_t version;
        struct object *object = sim_store_find(call->kind->storage, call->namespace, call->name);

        if (!version_asked(call, &version))
                return;
        if (object)
                answer_object(call, 200, object->json);
        else
                refuse_not_found(call, call->kind, call->name);
}

/* ---- Continue tokens: base64 of {"v","rv","start"}, as in apiserver/pkg/storage/continue.go ---- */

struct token {
        int64_t version; /* -1: whatever is now */
        char *start;     /* last key that was given */
};

static char *token_encode(int64_t version, const char *start)
{
        struct json_object *token = doc_set_text(doc_object(), "v", "meta.k8s.io/v1");

        doc_set_text(doc_set_int(token, "rv", version), "start", start);
        const char *text = doc_print(token);
        char *out = text_base64_encode(text, strlen(text));
        for (char *at = out; *at; at++)
                *at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
        json_object_put(token);
        return out;
}

static enum fail_kind token_decode(const char *text, struct token *ret_token, struct fail *fail)
{
        auto_free char *padded = xasprintf("%s%.*s", text, (int)(-strlen(text) & 3), "===");
        auto_free uint8_t *decoded = NULL;
        auto_json struct json_object *token = NULL;
        size_t size;

        for (char *at = padded; *at; at++)
                *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
        if (text_base64_decode(padded, strlen(padded), &decoded, &size, fail) || doc_parse((char *)decoded, size, &token, fail))
                return fail->kind;
        const char *start = doc_text(token, "start");
        if (!start || !doc_at(token, "rv"))
                return fail_set(fail, FAIL_INVALID, "no start or version");
        /* The real one writes keys below the collection with a slash before them. */
        *ret_token = (struct token){doc_int(token, "rv", 0), xstrdup(start + (start[0] == '/'))};
        return FAIL_NONE;
}

/* ---- Lists ---- */

struct page {
        struct select select;
        uint64_t version;
        int64_t limit;
        struct token token;
        bool continued;
        size_t left; /* behind this page */
};

static bool exact_wanted(struct call *call)
{
        return text_equal(call_query(call, "resourceVersionMatch"), "Exact");
}

/* False when it was answered. */
static bool page_version(struct call *call, struct page *page)
{
        uint64_t asked;
        const char *match = call_query(call, "resourceVersionMatch"), *text = call_query(call, "resourceVersion");

        if (match && match[0] && !(text && text[0])) {
                struct json_object *causes = doc_array();
                cause_add(causes, CAUSE_FORBIDDEN, "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
                refuse_options(call, "ListOptions", causes);
                return false;
        }
        if (!version_asked(call, &asked))
                return false;
        page->version = exact_wanted(call) ? asked : call->sim->version;
        if (text && strcmp(text, "0") == 0)
                page->limit = 0; /* served from the cache, which knows no pages */
        if (page->version >= call->sim->compacted)
                return true;
        refuse(call, 410, "Expired", NULL, "The resourceVersion for the provided list is too old.");
        return false;
}

static void refuse_old_token(struct call *call, const struct page *page)
{
        auto_free char *next = token_encode(-1, page->token.start);
        struct json_object *body = status_expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
                "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with "
                "the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the "
                "first chunk was returned and now may show up in the list.");

        doc_set_text(doc_at(body, "metadata"), "continue", next);
        answer_json(call, 410, body);
}

/* False when it was answered. */
static bool page_continue(struct call *call, struct page *page)
{
        const char *text = call_query(call, "continue"), *version = call_query(call, "resourceVersion");
        struct fail fail;

        if (!text || !text[0])
                return page_version(call, page);
        if (version && version[0] && strcmp(version, "0") != 0) {
                refuse_bad_request(call, "specifying resource version is not allowed when using continue");
                return false;
        }
        if (token_decode(text, &page->token, &fail)) {
                refuse_bad_request(call, "invalid continue token: continue key is not valid: %s", fail.text);
                return false;
        }
        page->continued = true;
        page->version = page->token.version < 0 ? call->sim->version : (uint64_t)page->token.version;
        if (page->version >= call->sim->compacted && page->version <= call->sim->version)
                return true;
        refuse_old_token(call, page);
        return false;
}

/* Items of built-in lists do not repeat kind and version. */
static struct json_object *item_of(const struct kind *kind, struct json_object *json)
{
        struct json_object *shown = event_shown(kind, json);

        if (kind->schema)
                return shown;
        struct json_object *out = doc_object();
        json_object_object_foreach(shown, key, value)
                if (strcmp(key, "kind") != 0 && strcmp(key, "apiVersion") != 0)
                        json_object_object_add(out, key, json_object_get(value));
        json_object_put(shown);
        return out;
}

/* How many of the sorted objects a continued list has given already. */
static size_t given(const struct page *page, struct json_object *const *all, size_t len)
{
        auto_free char *whole = page->continued && page->select.namespace ? xasprintf("%s/%s", page->select.namespace, page->token.start) : NULL;
        const char *start = whole ? whole : page->token.start;
        size_t low = 0, high = page->continued ? len : 0;

        while (low < high) {
                size_t middle = (low + high) / 2;
                auto_free char *key = sim_store_key(all[middle]);
                if (strcmp(key, start) <= 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Fills 'items'; the key of the last one when there are more. New string. */
static char *gather(struct call *call, struct page *page, struct json_object *items)
{
        size_t len;
        struct json_object **all = sim_store_at(call->sim, call->kind->storage, page->version, &len), *last = NULL;
        bool counted = !page->select.labels_len && !page->select.fields_len; /* only then is it said how many are left */

        for (size_t i = given(page, all, len); i < len && (counted || !page->left); i++) {
                if (!select_takes(&page->select, all[i]))
                        continue;
                if (page->limit && doc_len(items, "") == (size_t)page->limit) {
                        page->left++;
                        continue;
                }
                doc_push(items, item_of(call->kind, all[i]));
                last = all[i];
        }
        char *key = !page->left           ? NULL
                    : page->select.namespace ? xstrdup(doc_text(last, "metadata.name"))
                                             : sim_store_key(last);
        free(all);
        return key;
}

static void answer_page(struct call *call, struct page *page)
{
        struct json_object *list = doc_object(), *metadata = doc_object(), *items = doc_array();
        auto_free char *api_version = kind_api_version(call->kind), *name = xasprintf("%sList", call->kind->name);
        auto_free char *version = xasprintf("%" PRIu64, page->version), *last = gather(call, page, items);

        doc_set_text(doc_set_text(list, "kind", name), "apiVersion", api_version);
        doc_set_text(metadata, "resourceVersion", version);
        if (last) {
                auto_free char *next = token_encode(page->token.version < 0 ? -1 : (int64_t)page->version, last);
                doc_set_text(metadata, "continue", next);
                if (!page->select.labels_len && !page->select.fields_len)
                        doc_set_int(metadata, "remainingItemCount", (int64_t)page->left);
        }
        answer_json(call, 200, doc_set(doc_set(list, "metadata", metadata), "items", items));
}

void verb_list(struct call *call)
{
        struct page page = {0};
        struct fail fail;

        if (select_parse(call->kind->storage, call->namespace, call_query(call, "labelSelector"), call_query(call, "fieldSelector"),
                         &page.select, &fail))
                refuse_bad_request(call, "%s", fail.text);
        else if (call_query_int(call, "limit", 0, &page.limit) && page_continue(call, &page))
                answer_page(call, &page);
        free(page.token.start);
        select_done(&page.select);
}
