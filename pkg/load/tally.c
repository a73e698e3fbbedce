/* SPDX-License-Identifier: Apache-2.0 */
#include "load/tally.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"

static const size_t hist_places[] = {
        offsetof(struct tally_set, latency), offsetof(struct tally_set, error),  offsetof(struct tally_set, censored),
        offsetof(struct tally_set, service), offsetof(struct tally_set, ttfb),   offsetof(struct tally_set, pacing),
        offsetof(struct tally_set, backlog),
};

static struct hist **hist_of(const struct tally_set *set, size_t i)
{
        return (struct hist **)((char *)set + hist_places[i]);
}

void tally_set_init(struct tally_set *set, int digits, bool details)
{
        *set = (struct tally_set){
                .latency = hist_new(digits),
                .error = hist_new(digits),
                .censored = hist_new(digits),
                .pacing = hist_new(digits),
        };
        if (details) {
                set->service = hist_new(digits);
                set->ttfb = hist_new(digits);
                set->backlog = hist_new(digits);
        }
}

void tally_set_done(struct tally_set *set)
{
        for (size_t i = 0; i < ARRAY_LEN(hist_places); i++)
                hist_free(*hist_of(set, i));
        *set = (struct tally_set){0};
}

void tally_set_reset(struct tally_set *set)
{
        set->counters = (struct record_counters){0};
        for (size_t i = 0; i < ARRAY_LEN(hist_places); i++)
                if (*hist_of(set, i))
                        hist_reset(*hist_of(set, i));
}

void tally_set_add(struct tally_set *into, const struct tally_set *from)
{
        record_add_counters(&into->counters, &from->counters);
        for (size_t i = 0; i < ARRAY_LEN(hist_places); i++)
                if (*hist_of(into, i) && *hist_of(from, i))
                        hist_add(*hist_of(into, i), *hist_of(from, i));
}

void tally_init(struct tally *tally, const struct load_plan *plan)
{
        *tally = (struct tally){
                .pieces = xcalloc(plan->shape_len, sizeof *tally->pieces),
                .pieces_len = plan->shape_len,
                .requests = xcalloc(plan->requests_len, sizeof *tally->requests),
                .requests_len = plan->requests_len,
                .connect = hist_new(2),
                .handshake = hist_new(2),
        };
        for (size_t i = 0; i < TALLY_SPANS; i++)
                tally_set_init(&tally->spans[i].set, 2, false);
        for (size_t i = 0; i < tally->pieces_len; i++)
                tally_set_init(&tally->pieces[i], 3, true);
        for (size_t i = 0; i < tally->requests_len; i++)
                tally_set_init(&tally->requests[i], 2, false);
}

void tally_done(struct tally *tally)
{
        for (size_t i = 0; i < TALLY_SPANS; i++)
                tally_set_done(&tally->spans[i].set);
        for (size_t i = 0; i < tally->pieces_len; i++)
                tally_set_done(&tally->pieces[i]);
        for (size_t i = 0; i < tally->requests_len; i++)
                tally_set_done(&tally->requests[i]);
        free(tally->pieces);
        free(tally->requests);
        hist_free(tally->connect);
        hist_free(tally->handshake);
}

struct tally_span *tally_span(struct tally *tally)
{
        uint64_t published = atomic_load_explicit(&tally->published, memory_order_relaxed);
        return &tally->spans[published % TALLY_SPANS];
}

bool tally_flip(struct tally *tally, int64_t from, bool warmup, bool last)
{
        uint64_t published = atomic_load_explicit(&tally->published, memory_order_relaxed);
        uint64_t consumed = atomic_load_explicit(&tally->consumed, memory_order_acquire);
        struct tally_span *span = tally_span(tally);

        span->to = from;
        if (!last && published + 1 - consumed >= TALLY_SPANS && warmup == span->warmup)
                return false;
        /* The warm-up's end cannot wait for the reader: the spans are never mixed, what is lost is warm-up only. */
        if (!last && published + 1 - consumed >= TALLY_SPANS) {
                tally_set_reset(&span->set);
                span->from = from;
                span->warmup = warmup;
                return false;
        }
        atomic_store_explicit(&tally->published, published + 1, memory_order_release);
        if (!last) {
                span = tally_span(tally);
                span->from = from;
                span->warmup = warmup;
        }
        return true;
}

struct tally_span *tally_peek(struct tally *tally)
{
        uint64_t consumed = atomic_load_explicit(&tally->consumed, memory_order_relaxed);

        if (consumed == atomic_load_explicit(&tally->published, memory_order_acquire))
                return NULL;
        return &tally->spans[consumed % TALLY_SPANS];
}

void tally_consume(struct tally *tally)
{
        uint64_t consumed = atomic_load_explicit(&tally->consumed, memory_order_relaxed);

        tally_set_reset(&tally->spans[consumed % TALLY_SPANS].set);
        tally->spans[consumed % TALLY_SPANS].narrowed = false;
        atomic_store_explicit(&tally->consumed, consumed + 1, memory_order_release);
}

/* The records that a request of this piece and kind counts in; at most three. */
static size_t places(struct tally *tally, int piece, size_t kind, struct tally_set *sets[static 3])
{
        struct tally_span *span = tally_span(tally);
        size_t len = 0;

        if (span->warmup == (piece < 0))
                sets[len++] = &span->set;
        if (piece >= 0) {
                sets[len++] = &tally->pieces[piece];
                sets[len++] = &tally->requests[kind];
        }
        return len;
}

void tally_fetch(struct tally *tally, int piece, size_t kind)
{
        struct tally_set *sets[3];

        for (size_t i = 0, len = places(tally, piece, kind, sets); i < len; i++)
                mem_fetch(sets[i], sizeof *sets[i]);
}

void tally_offered(struct tally *tally, int piece, size_t kind)
{
        struct tally_set *sets[3];

        for (size_t i = 0, len = places(tally, piece, kind, sets); i < len; i++)
                sets[i]->counters.offered++;
}

void tally_sent(struct tally *tally, int piece, size_t kind, int64_t pacing_ns, int64_t backlog_ns)
{
        struct tally_set *sets[3];

        for (size_t i = 0, len = places(tally, piece, kind, sets); i < len; i++) {
                sets[i]->counters.sent++;
                hist_record(sets[i]->pacing, pacing_ns);
                if (sets[i]->backlog)
                        hist_record(sets[i]->backlog, backlog_ns);
        }
}

void tally_answered(struct tally *tally, const struct tally_answer *answer)
{
        struct tally_set *sets[3];

        for (size_t i = 0, len = places(tally, answer->piece, answer->kind, sets); i < len; i++) {
                struct record_counters *counters = &sets[i]->counters;
                counters->done++;
                counters->bytes_in += answer->bytes;
                record_count_status(counters, answer->status, 1);
                if (answer->expected && answer->held) {
                        counters->ok++;
                        hist_record(sets[i]->latency, answer->latency_ns);
                } else {
                        counters->missed++;
                        counters->errors[answer->expected ? RECORD_BODY : RECORD_STATUS]++;
                        hist_record(sets[i]->error, answer->latency_ns);
                }
                if (sets[i]->service) {
                        hist_record(sets[i]->service, answer->service_ns);
                        hist_record(sets[i]->ttfb, answer->ttfb_ns);
                }
        }
}

void tally_lost(struct tally *tally, const struct tally_loss *loss)
{
        struct tally_set *sets[3];

        for (size_t i = 0, len = places(tally, loss->piece, loss->kind, sets); i < len; i++) {
                sets[i]->counters.done++;
                sets[i]->counters.censored++;
                sets[i]->counters.errors[loss->error]++;
                sets[i]->counters.bytes_in += loss->bytes;
                hist_record(sets[i]->censored, loss->age_ns);
        }
}
