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
        fuzz_must_be_packable(harvest);
        harvest_message(harvest, 0, text, size);
        auto_free char *result_again = fuzz_result(harvest);
        must(!view->tainted && strcmp(result, result_again) == 0);
        harvest_lost(harvest, 0, NULL);
        must(harvest_done(harvest));
        harvest_free(harvest);
}

/* What a worker would write with these words and histograms. */
static void must_fit_and_come_back(struct json_object *message)
{
        static const char *const names[] = {"latency", "error", "censored"};
        auto_json struct json_object *written = doc_set_int(doc_object(), "version", 1), *back = NULL;

        doc_set_text(written, "message", doc_text(message, "message"));
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                struct hist *hist = NULL;
                if (!record_decode_hist(doc_at(message, names[i]), &hist, NULL))
                        doc_set(written, names[i], record_encode_hist(hist));
                hist_free(hist);
        }
        auto_free char *text = record_frame_message(doc_copy(written));
        must(strlen(text) <= RECORD_MESSAGE_BYTES_MAX && !record_unframe_message(text, strlen(text), &back, NULL));
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                must(doc_int(doc_at(back, names[i]), "count", 0) == doc_int(doc_at(written, names[i]), "count", 0));
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
