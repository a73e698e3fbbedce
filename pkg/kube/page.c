/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/page.h"

#include "base/text.h"
#include "data/doc.h"
#include "kube/reader.h"

enum outcome { READ_ON, UNWANTED, BROKEN };

static enum outcome read_items(const struct page *page, struct reader *reader, size_t *ret_len, struct fail *fail)
{
        struct sifted item = {0};
        enum outcome outcome = READ_ON;
        size_t read;

        reader_open(reader, '[');
        while (outcome == READ_ON && reader_element(reader)) {
                if (sift_object(page->sift, reader->at, (size_t)(reader->end - reader->at), &item, &read, fail))
                        outcome = BROKEN;
                else if (!page->item(page->owner, &item))
                        outcome = UNWANTED;
                reader->at += read;
                ++*ret_len;
        }
        sifted_done(&item);
        return outcome;
}

static enum outcome read_members(const struct page *page, struct reader *reader, struct buf *metadata, size_t *ret_len, struct fail *fail)
{
        auto_buf struct buf key = {0};
        enum outcome outcome = READ_ON;

        reader_open(reader, '{');
        for (; outcome == READ_ON && reader_key(reader, &key); buf_clear(&key)) {
                if (text_equal(key.data, "\"items\"") && reader_peek(reader) == '[') {
                        outcome = read_items(page, reader, ret_len, fail);
                        continue;
                }
                bool head = text_equal(key.data, "\"metadata\"");
                if (head)
                        buf_clear(metadata);
                reader_value(reader, head ? metadata : NULL);
        }
        return outcome;
}

enum fail_kind page_read(const struct page *page, const char *text, size_t size, struct json_object **ret_head, size_t *ret_items_len,
                         struct fail *fail)
{
        struct reader reader = reader_of(text, size);
        auto_buf struct buf metadata = {0};
        struct json_object *value = NULL;

        *ret_head = NULL;
        *ret_items_len = 0;
        enum outcome outcome = read_members(page, &reader, &metadata, ret_items_len, fail);
        if (outcome == UNWANTED)
                return FAIL_NONE;
        if (outcome == BROKEN)
                return FAIL_INVALID;
        reader_end(&reader);
        if (reader_judge(&reader, fail))
                return FAIL_INVALID;
        if (!metadata.size)
                return fail_set(fail, FAIL_INVALID, "no list");
        if (doc_parse(metadata.data, metadata.size, &value, fail))
                return fail_wrap(fail, "metadata");
        *ret_head = doc_set(doc_object(), "metadata", value);
        return FAIL_NONE;
}
