/* SPDX-License-Identifier: Apache-2.0
 *
 * The termination message of a pod. It is taken whole or not at all, twice is once, and a message that was framed is within
 * its bound and is read back, at worst without some of its histograms. */
#include "fuzz_result.h"
#include "load/record.h"

static void must_be_taken_once(const char *text, size_t size)
{
        struct harvest *harvest = fuzz_harvest();

        harvest_message(harvest, 0, text, size);
        auto_free char *result = fuzz_result(harvest);
        const struct harvest_worker *view = harvest_worker(harvest, 0);
        must(view->message == (view->foreign == 0) && view->message == (harvest_message_doc(harvest, 0) != NULL));
        must(!view->message || view->state == HARVEST_ENDED);
        fuzz_must_be_sound(harvest);
        harvest_message(harvest, 0, text, size);
        auto_free char *result_again = fuzz_result(harvest);
        must(!view->tainted && strcmp(result, result_again) == 0);
        harvest_lost(harvest, 0, NULL);
        must(harvest_done(harvest));
        harvest_free(harvest);
}

static void must_fit_and_come_back(struct json_object *message)
{
        struct json_object *back = NULL;

        /* The writer's own bounds: everything but "message" and the histograms is short. */
        json_object_object_foreach(message, key, value) {
                size_t size = strlen(key) + strlen(doc_print(value));
                if (size > 40 && strcmp(key, "latency") && strcmp(key, "error") && strcmp(key, "censored") && strcmp(key, "message"))
                        return;
                if (json_object_is_type(value, json_type_object) && doc_at(value, "hdr") &&
                    size - (size_t)json_object_get_string_len(doc_at(value, "hdr")) > 200)
                        return;
                if (json_object_is_type(value, json_type_object) && !doc_text(value, "hdr"))
                        return;
        }
        if (json_object_object_length(message) < 1 || json_object_object_length(message) > 30)
                return;
        json_object_object_del(message, "crc");
        if (!doc_at(message, "version"))
                return;
        char *text = record_frame_message(json_object_get(message));
        must(strlen(text) <= RECORD_MESSAGE_BYTES_MAX);
        must(!record_unframe_message(text, strlen(text), &back, NULL) || doc_int(message, "version", 0) != 1);
        free(text);
        json_object_put(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_buf struct buf framed = {0};
        auto_json struct json_object *message = NULL;

        fuzz_frame(&framed, (const char *)data, size);
        char *text = fuzz_copy(framed.data, framed.size);
        must_be_taken_once(text, framed.size);
        if (!record_unframe_message(text, framed.size, &message, NULL))
                must_fit_and_come_back(message);
        free(text);
        return 0;
}
