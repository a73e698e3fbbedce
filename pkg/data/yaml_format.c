/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/yaml.h"

static int collect(void *owner, unsigned char *data, size_t size)
{
        return buf_add(owner, data, size);
}

/* The library fails only for want of memory, or when events come in an order that is no document. */
static void emit(yaml_emitter_t *emitter, yaml_event_t *event, int initialized)
{
        if (!initialized || !yaml_emitter_emit(emitter, event))
                abort();
}

/* Readers of YAML 1.1 (kubectl is one) see booleans in more words than 1.2 has, and numbers in 0123, 1_000 and 12:30. */
static bool reads_as_text_when_plain(const char *text)
{
        static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
        static const char number[] = "0123456789abcdefABCDEFxXoO_.:+-";
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || *text == '/';
        bool digit = *text >= '0' && *text <= '9';

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (strcasecmp(text, words[i]) == 0)
                        return false;
        return letter || (digit && text[strspn(text, number)] != '\0');
}

static void scalar(yaml_emitter_t *emitter, const char *text, size_t size, bool plain)
{
        yaml_event_t event;
        yaml_scalar_style_t style = plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;

        emit(emitter, &event, yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)size, plain, 1, style));
}

static void text_scalar(yaml_emitter_t *emitter, const char *text, size_t size)
{
        scalar(emitter, text, size, strlen(text) == size && reads_as_text_when_plain(text));
}

static void node(yaml_emitter_t *emitter, struct json_object *doc)
{
        yaml_event_t event;

        if (json_object_is_type(doc, json_type_object)) {
                emit(emitter, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
                json_object_object_foreach(doc, key, value) {
                        text_scalar(emitter, key, strlen(key));
                        node(emitter, value);
                }
                emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
        } else if (json_object_is_type(doc, json_type_array)) {
                emit(emitter, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
                for (size_t i = 0; i < doc_len(doc, ""); i++)
                        node(emitter, doc_item(doc, i));
                emit(emitter, &event, yaml_sequence_end_event_initialize(&event));
        } else if (json_object_is_type(doc, json_type_string)) {
                text_scalar(emitter, json_object_get_string(doc), (size_t)json_object_get_string_len(doc));
        } else {
                const char *word = doc ? doc_print(doc) : "null";
                scalar(emitter, word, strlen(word), true);
        }
}

char *yaml_format(struct json_object *doc)
{
        yaml_emitter_t emitter;
        yaml_event_t event;
        struct buf text = {0};

        if (!yaml_emitter_initialize(&emitter))
                abort();
        yaml_emitter_set_output(&emitter, collect, &text);
        yaml_emitter_set_unicode(&emitter, 1);
        yaml_emitter_set_width(&emitter, -1);
        emit(&emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
        emit(&emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
        node(&emitter, doc);
        emit(&emitter, &event, yaml_document_end_event_initialize(&event, 1));
        emit(&emitter, &event, yaml_stream_end_event_initialize(&event));
        yaml_emitter_delete(&emitter);
        return buf_take(&text);
}
