/* SPDX-License-Identifier: Apache-2.0
 *
 * The log stream of a worker, written by anybody. Lines without a CRC get the right one. Whole, in pieces, or cut and read
 * again from its start: the same records, the same state, the same result; and memory stays within its bounds. */
#include "fuzz_result.h"

static void frame_lines(struct buf *out, const char *at, size_t size)
{
        const char *end = at + size;

        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((newline ? newline : end) - at);
                fuzz_frame(out, at, len);
                buf_text(out, "\n");
                at += len + 1;
        }
}

static void feed_pieces(struct harvest *harvest, const struct buf *log, uint64_t seed)
{
        for (size_t at = 0, length; at < log->size; at += length) {
                length = fuzz_piece(&seed, log->size - at);
                char *piece = fuzz_copy(log->data + at, length);
                harvest_feed(harvest, 0, piece, length);
                free(piece);
        }
}

static void must_be_alike(const struct harvest *a, const char *result_a, const struct harvest *b, bool read_again)
{
        const struct harvest_worker *left = harvest_worker(a, 0), *right = harvest_worker(b, 0);
        auto_free char *result_b = fuzz_result(b);

        must(left->records == right->records || read_again);
        must(left->records <= right->records);
        if (left->records != right->records)
                return; /* what was lost for want of room, the second reading has brought */
        must(left->state == right->state && left->broken == right->broken && left->log_complete == right->log_complete);
        must(left->mismatch == right->mismatch && left->seen_ms == right->seen_ms && left->gap == right->gap);
        must(strcmp(result_a, result_b) == 0 || left->tainted != right->tainted);
        must(!left->tainted || right->tainted);
}

static void must_be_bounded(const struct harvest *harvest)
{
        const struct harvest_kept *kept;
        size_t len = harvest_kept(harvest, 0, &kept), bytes = 0;

        for (size_t i = 0; i < len; i++) {
                must(kept[i].size <= RECORD_LINE_BYTES_MAX && strlen(kept[i].text) == kept[i].size);
                bytes += kept[i].size;
        }
        must(bytes <= 4u << 20 && harvest_worker(harvest, 0)->records <= HARVEST_RECORDS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct harvest *whole = fuzz_harvest(), *pieces = fuzz_harvest(), *again = fuzz_harvest();
        auto_buf struct buf log = {0};

        frame_lines(&log, (const char *)data, size);
        if (log.size > 0) {
                harvest_feed(whole, 0, log.data, log.size);
                feed_pieces(pieces, &log, size + 1);
                harvest_feed(again, 0, log.data, log.size - log.size / 3);
                harvest_cut(again, 0);
                harvest_feed(again, 0, log.data, log.size);
        }
        must_be_bounded(whole);
        fuzz_must_be_packable(whole);
        fuzz_must_be_sound(whole);
        auto_free char *result = fuzz_result(whole);
        must_be_alike(whole, result, pieces, false);
        must_be_alike(whole, result, again, true);
        harvest_lost(whole, 0, "gone");
        must(harvest_done(whole) && !harvest_wants_log(whole, 0));
        harvest_free(whole);
        harvest_free(pieces);
        harvest_free(again);
        return 0;
}
