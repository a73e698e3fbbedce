/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: sending, answers, losses. */
#include "base/mem.h"
#include "load/lane_inner.h"

static void exchange_list_insert(struct exchange_list *list, struct exchange *exchange, struct exchange *before)
{
        struct exchange *previous = before ? before->previous : list->last;

        exchange->next = before;
        exchange->previous = previous;
        *(previous ? &previous->next : &list->first) = exchange;
        *(before ? &before->previous : &list->last) = exchange;
        list->len++;
}

static void exchange_list_remove(struct exchange_list *list, struct exchange *exchange)
{
        if (exchange->previous)
                exchange->previous->next = exchange->next;
        else
                list->first = exchange->next;
        if (exchange->next)
                exchange->next->previous = exchange->previous;
        else
                list->last = exchange->previous;
        list->len--;
}

/* What is sent anew is due in order; what is sent again was due before the rest. */
static struct exchange *place_of(const struct lane *lane, const struct again *request)
{
        struct exchange *exchange = request->refused ? lane->flying.first : NULL;

        while (exchange && exchange->due_ns <= request->due_ns)
                exchange = exchange->next;
        return exchange;
}

static struct exchange *take_off(struct lane *lane, struct conn *conn, const struct again *request)
{
        struct exchange *exchange = conn->spare;

        conn->spare = exchange->next;
        conn->flying_len++;
        exchange->flying = true;
        exchange_list_insert(&lane->flying, exchange, place_of(lane, request));
        return exchange;
}

static void land(struct lane *lane, struct exchange *exchange)
{
        struct conn *conn = exchange->conn;

        exchange_list_remove(&lane->flying, exchange);
        exchange->flying = false;
        exchange->next = conn->spare;
        conn->spare = exchange;
        conn->flying_len--;
}

void lane_lost(struct lane *lane, struct exchange *exchange, enum record_error error)
{
        int64_t now_ns = lane_now_ns();

        lane_advance(lane, now_ns);
        tally_lost(&lane->tally, &(struct tally_loss){.piece = exchange->piece,
                                                      .kind = exchange->kind,
                                                      .error = error,
                                                      .age_ns = now_ns - exchange->due_ns,
                                                      .bytes = exchange->bytes_in});
        land(lane, exchange);
}

void lane_answered(struct lane *lane, struct exchange *exchange, int64_t now_ns)
{
        const struct wire_request *request = &lane->wire.requests[exchange->kind];

        lane_advance(lane, now_ns);
        tally_answered(&lane->tally, &(struct tally_answer){.piece = exchange->piece,
                                                            .kind = exchange->kind,
                                                            .status = exchange->status,
                                                            .expected = wire_expects(request, exchange->status),
                                                            .held = match_found(&exchange->body),
                                                            .latency_ns = now_ns - exchange->due_ns,
                                                            .service_ns = now_ns - exchange->send_ns,
                                                            .ttfb_ns = exchange->first_ns - exchange->send_ns,
                                                            .bytes = exchange->bytes_in});
        exchange->conn->served = true;
        exchange->conn->backoff_ms = 0;
        lane_wear(lane, exchange->conn, now_ns);
        land(lane, exchange);
}

static void push_again(struct lane *lane, struct again again)
{
        lane->again[(lane->again_from + lane->again_len++) % lane->again_max] = again;
}

static struct again pop_again(struct lane *lane)
{
        struct again again = lane->again[lane->again_from];

        lane->again_from = (lane->again_from + 1) % lane->again_max;
        lane->again_len--;
        return again;
}

void lane_refused(struct lane *lane, struct exchange *exchange)
{
        if (exchange->refused >= LANE_REFUSED_MAX) {
                lane_lost(lane, exchange, RECORD_RESET);
                return;
        }
        lane->tally.refused++;
        land(lane, exchange);
        push_again(lane, (struct again){.index = exchange->index,
                                        .due_ns = exchange->due_ns,
                                        .kind = exchange->kind,
                                        .piece = exchange->piece,
                                        .refused = exchange->refused + 1});
}

void lane_note_sent(struct lane *lane, struct exchange *exchange, int64_t now_ns)
{
        bool closed = lane->setup.plan->closed;

        exchange->send_ns = now_ns;
        lane_advance(lane, now_ns);
        if (exchange->refused) /* it was offered and sent before */
                return;
        if (closed) {
                exchange->due_ns = now_ns;
                tally_offered(&lane->tally, exchange->piece, exchange->kind);
        }
        tally_sent(&lane->tally, exchange->piece, exchange->kind, now_ns - exchange->able_ns,
                   closed ? 0 : exchange->able_ns - exchange->due_ns);
}

/* On the connection that has had room for longest. 'due_ns' is monotonic; 0: when it is sent (closed loop). */
static void begin(struct lane *lane, const struct again *request)
{
        struct conn *conn = lane->free.first;
        struct exchange *exchange = take_off(lane, conn, request);
        int64_t wanted_ns = request->due_ns ? request->due_ns : lane->start_ns;

        exchange->index = request->index;
        exchange->kind = request->kind;
        exchange->piece = request->piece;
        exchange->due_ns = request->due_ns;
        exchange->refused = request->refused;
        exchange->able_ns = conn->since_ns > wanted_ns ? conn->since_ns : wanted_ns;
        exchange->first_ns = 0;
        exchange->bytes_in = 0;
        exchange->sent = 0;
        exchange->status = 0;
        match_begin(&exchange->body, wire_contains(&lane->wire.requests[exchange->kind]));
        lane_place(lane, conn, conn->since_ns);
        lane->protocol->send(lane, exchange);
}

void lane_rehearse(struct lane *lane)
{
        const struct conn *conn = lane->free.first;
        struct schedule_cursor due = lane->due;

        if (!conn || !lane->started || lane->setup.plan->closed || schedule_ended(&due))
                return;
        size_t kind = schedule_choose(lane->setup.schedule, due.index);
        const struct wire_request *request = &lane->wire.requests[kind];
        schedule_advance(&due); /* of the copy: for its code */
        mem_fetch(conn, sizeof *conn);
        mem_fetch(conn->spare, sizeof *conn->spare);
        mem_fetch(request->bytes, request->size);
        tally_fetch(&lane->tally, lane->due.piece, kind);
}

static void send_closed(struct lane *lane)
{
        /* Only those free now: a connection that fails and returns in this round waits for the next. */
        for (size_t left = lane->free.len; left > 0 && lane->free.first; left--) {
                struct conn *conn = lane->free.first;
                while (lane->free.first == conn) {
                        int piece = lane_closed_piece(lane, lane_now_ns());
                        if (piece < -1)
                                return;
                        begin(lane, &(struct again){.index = lane->head.index,
                                                    .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                    .piece = piece});
                        lane->head.index += lane->head.step;
                }
        }
}

/* A connection with room left goes behind the others, so that all of them are used. */
static void take_turns(struct lane *lane, struct conn *conn)
{
        if (lane->free.first != conn || lane->free.len < 2)
                return;
        conn_list_remove(&lane->free, conn);
        conn_list_add(&lane->free, conn);
}

static void send_again(struct lane *lane)
{
        while (lane->again_len > 0 && lane->free.first) {
                struct again again = pop_again(lane);
                begin(lane, &again);
        }
}

static void shed(struct lane *lane, int64_t now_ns)
{
        tally_lost(&lane->tally, &(struct tally_loss){.piece = lane->head.piece,
                                                      .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                      .error = RECORD_SHED,
                                                      .age_ns = now_ns - lane->zero_ns - lane->head.due_ns});
}

void lane_send_due(struct lane *lane)
{
        if (lane->again_len > 0)
                send_again(lane);
        if (lane->setup.plan->closed) {
                send_closed(lane);
                return;
        }
        int64_t now_ns = lane_now_ns();
        lane_advance(lane, now_ns);
        while (lane->head.index < lane->due.index) {
                if (lane->free.first) {
                        /* The cursor moves first: sending may advance time into the shape and begin it anew. */
                        const struct again request = {.index = lane->head.index,
                                                      .due_ns = lane->zero_ns + lane->head.due_ns,
                                                      .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                      .piece = lane->head.piece};
                        struct conn *conn = lane->free.first;
                        schedule_advance(&lane->head);
                        begin(lane, &request);
                        take_turns(lane, conn);
                } else if (lane->setup.plan->when_busy == LOAD_SHED) {
                        shed(lane, now_ns);
                        schedule_advance(&lane->head);
                } else {
                        lane_grow(lane);
                        return;
                }
        }
}

static void expire_backlog(struct lane *lane, int64_t now_ns)
{
        while (lane->head.index < lane->due.index) {
                int64_t age_ns = now_ns - lane->zero_ns - lane->head.due_ns;
                if (age_ns < lane->timeout_ns)
                        return;
                /* Without any connection the reason is not the target's slowness. */
                bool open = atomic_load_explicit(&lane->state.open, memory_order_relaxed) > 0;
                tally_lost(&lane->tally,
                           &(struct tally_loss){.piece = lane->head.piece,
                                                .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                .error = open ? RECORD_TIMEOUT : lane->failure,
                                                .age_ns = age_ns});
                schedule_advance(&lane->head);
        }
}

/* Those of the requests to be sent again that were due at 'until_ns' or before. */
static void lose_again(struct lane *lane, int64_t until_ns, enum record_error error, int64_t now_ns)
{
        for (size_t left = lane->again_len; left > 0; left--) {
                struct again again = pop_again(lane);
                if (again.due_ns > until_ns) {
                        push_again(lane, again);
                        continue;
                }
                tally_lost(&lane->tally, &(struct tally_loss){
                                                 .piece = again.piece, .kind = again.kind, .error = error, .age_ns = now_ns - again.due_ns});
        }
}

void lane_expire_requests(struct lane *lane, int64_t now_ns)
{
        struct exchange *exchange;

        while ((exchange = lane->flying.first) && exchange->due_ns + lane->timeout_ns <= now_ns) {
                lane_lost(lane, exchange, RECORD_TIMEOUT);
                lane->protocol->abandon(lane, exchange);
        }
        lose_again(lane, now_ns - lane->timeout_ns, RECORD_TIMEOUT, now_ns);
        expire_backlog(lane, now_ns);
}

void lane_censor_all(struct lane *lane, int64_t now_ns)
{
        lane_advance(lane, now_ns);
        while (lane->flying.first)
                lane_lost(lane, lane->flying.first, RECORD_UNFINISHED);
        lose_again(lane, INT64_MAX, RECORD_UNFINISHED, now_ns);
        for (; lane->head.index < lane->due.index; schedule_advance(&lane->head))
                tally_lost(&lane->tally,
                           &(struct tally_loss){.piece = lane->head.piece,
                                                .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                .error = RECORD_UNFINISHED,
                                                .age_ns = now_ns - lane->zero_ns - lane->head.due_ns});
}

void lane_count_failed_connect(struct lane *lane, const struct conn *conn, int64_t now_ns)
{
        int piece = lane->setup.plan->closed ? lane_closed_piece(lane, now_ns) : -2;

        if (piece < -1)
                return;
        size_t kind = schedule_choose(lane->setup.schedule, lane->head.index);
        lane->head.index += lane->head.step;
        lane_advance(lane, now_ns);
        tally_offered(&lane->tally, piece, kind);
        /* What it spent before the start is no request's time. */
        int64_t from_ns = conn->since_ns > lane->start_ns ? conn->since_ns : lane->start_ns;
        tally_lost(&lane->tally, &(struct tally_loss){
                                         .piece = piece, .kind = kind, .error = lane->failure, .age_ns = now_ns - from_ns});
}
