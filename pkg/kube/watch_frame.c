/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch_frame.h"

#include "base/mem.h"
#include "base/text.h"
#include "kube/reader.h"

static const struct type_row {
        const char *name; /* as it stands in the text */
        enum frame_type type;
        enum watch_event event;
} types[] = {
        {"\"ADDED\"", FRAME_OBJECT, WATCH_ADDED},     {"\"MODIFIED\"", FRAME_OBJECT, WATCH_MODIFIED},
        {"\"DELETED\"", FRAME_OBJECT, WATCH_DELETED}, {"\"BOOKMARK\"", FRAME_BOOKMARK, 0},
        {"\"ERROR\"", FRAME_ERROR, 0},
};

struct reading {
        const struct sift *sift;
        struct reader reader;
        struct frame *frame;
        struct sifted *sifted;
        bool typed, was_sifted;
};

static void set_type(struct reading *reading, const char *name)
{
        reading->typed = true;
        reading->frame->type = FRAME_UNKNOWN;
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                if (text_equal(types[i].name, name)) {
                        reading->frame->type = types[i].type;
                        reading->frame->event = types[i].event;
                }
}

/* The object of an event is read on the way. That of an error, or one that comes before its type, is passed, and its place noted. */
static enum fail_kind read_object(struct reading *reading, struct fail *fail)
{
        struct reader *reader = &reading->reader;
        size_t read = 0;

        reader_peek(reader);
        const char *begin = reader->at;
        if (!reading->typed || reading->frame->type == FRAME_ERROR) {
                reader_value(reader, NULL);
        } else {
                if (sift_object(reading->sift, begin, (size_t)(reader->end - begin), reading->sifted, &read, fail))
                        return FAIL_INVALID;
                reader->at += read;
                reading->was_sifted = true;
        }
        reading->frame->object = begin;
        reading->frame->size = (size_t)(reader->at - begin);
        return FAIL_NONE;
}

static enum fail_kind read_members(struct reading *reading, struct fail *fail)
{
        auto_buf struct buf key = {0}, name = {0};

        reader_open(&reading->reader, '{');
        for (; reader_key(&reading->reader, &key); buf_clear(&key)) {
                bool is_type = text_equal(key.data, "\"type\"");
                if (text_equal(key.data, "\"object\"")) {
                        if (read_object(reading, fail))
                                return FAIL_INVALID;
                        continue;
                }
                buf_clear(&name);
                if (reader_value(&reading->reader, is_type ? &name : NULL) && is_type)
                        set_type(reading, name.data);
        }
        reader_end(&reading->reader);
        return reader_judge(&reading->reader, fail);
}

enum fail_kind frame_read(const struct sift *sift, const char *line, size_t size, struct frame *ret_frame, struct sifted *sifted, struct fail *fail)
{
        struct reading reading = {.sift = sift, .reader = reader_of(line, size), .frame = ret_frame, .sifted = sifted};

        *ret_frame = (struct frame){0};
        if (read_members(&reading, fail))
                return FAIL_INVALID;
        if (!reading.typed || !ret_frame->object)
                return fail_set(fail, FAIL_INVALID, "a line that is no event");
        if (reading.was_sifted || ret_frame->type == FRAME_ERROR)
                return FAIL_NONE;
        return sift_object(sift, ret_frame->object, ret_frame->size, sifted, NULL, fail);
}
