/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: opening, retrying, giving up. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "load/lane_inner.h"

#define BACKOFF_LEAST_MS 10
#define BACKOFF_MOST_MS 1000
#define CONN_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

void conn_list_add(struct conn_list *list, struct conn *conn)
{
        conn->next = NULL;
        conn->previous = list->last;
        if (list->last)
                list->last->next = conn;
        else
                list->first = conn;
        list->last = conn;
        list->len++;
}

void conn_list_remove(struct conn_list *list, struct conn *conn)
{
        if (conn->previous)
                conn->previous->next = conn->next;
        else
                list->first = conn->next;
        if (conn->next)
                conn->next->previous = conn->previous;
        else
                list->last = conn->previous;
        list->len--;
}

static struct conn_list *list_of(struct lane *lane, enum conn_state state)
{
        switch (state) {
        case CONN_CLOSED:
                return &lane->closed;
        case CONN_FREE:
                return &lane->free;
        case CONN_BUSY:
                return NULL;
        default:
                return &lane->connecting;
        }
}

static void move(struct lane *lane, struct conn *conn, enum conn_state state)
{
        struct conn_list *from = list_of(lane, conn->state), *to = list_of(lane, state);

        if (from)
                conn_list_remove(from, conn);
        conn->state = state;
        if (to)
                conn_list_add(to, conn);
}

static void notify_worker(const struct lane *lane)
{
        eventfd_write(lane->setup.gate->notify_fd, 1);
}

static void note_tried(struct lane *lane, struct conn *conn)
{
        if (conn->tried)
                return;
        conn->tried = true;
        if (atomic_fetch_add(&lane->state.tried, 1) + 1 == lane->setup.connections)
                notify_worker(lane);
}

static void close_conn(struct lane *lane, struct conn *conn)
{
        if (conn->state == CONN_FREE || conn->state == CONN_BUSY)
                atomic_fetch_sub(&lane->state.open, 1);
        if (conn->state >= CONN_GREETING)
                lane->protocol->close(conn);
        socket_close(&conn->sock); /* which also takes it out of the epoll set */
        move(lane, conn, CONN_CLOSED);
}

static void retry_at(struct lane *lane, struct conn *conn, int64_t at_ns)
{
        conn->since_ns = at_ns;
        if (at_ns < lane->retry_ns)
                lane->retry_ns = at_ns;
}

static void retry_later(struct lane *lane, struct conn *conn)
{
        conn->backoff_ms = conn->backoff_ms == 0                    ? BACKOFF_LEAST_MS
                           : conn->backoff_ms * 2 < BACKOFF_MOST_MS ? conn->backoff_ms * 2
                                                                    : BACKOFF_MOST_MS;
        retry_at(lane, conn, lane_now_ns() + conn->backoff_ms * NS_PER_MS);
}

/* An attempt came to nothing: the next one goes to the next address. */
static void connect_failed(struct lane *lane, struct conn *conn, enum record_error class)
{
        int64_t now_ns = lane_now_ns();

        lane->failure = class;
        lane->tally.connect_errors++;
        atomic_fetch_add(&lane->state.connect_errors, 1);
        lane_count_failed_connect(lane, conn, now_ns);
        close_conn(lane, conn);
        note_tried(lane, conn);
        conn->address = (conn->address + 1) % (uint32_t)lane->setup.addresses_len;
        retry_later(lane, conn);
}

static void shake(struct lane *lane, struct conn *conn)
{
        switch (conn->sock.ops->shake(&conn->sock)) {
        case SOCKET_AGAIN:
                return;
        case SOCKET_OK:
                break;
        default:
                connect_failed(lane, conn, conn->sock.tls ? RECORD_TLS : RECORD_CONNECT);
                return;
        }
        if (conn->sock.tls) {
                lane->tally.handshakes++;
                hist_record(lane->tally.handshake, lane_now_ns() - conn->shake_ns);
        }
        conn->state = CONN_GREETING; /* same list */
        conn->room = lane->room;
        lane->protocol->greet(lane, conn);
}

/* Of a life of 'whole', what this connection gets: the first lives end one after the other. */
static int64_t life_of(const struct lane *lane, const struct conn *conn, int64_t whole)
{
        int64_t index = conn - lane->conns, count = lane->setup.connections;

        return conn->renewed || index >= count ? whole : whole - (int64_t)((double)whole * (double)index / (double)count);
}

static void begin_life(struct lane *lane, struct conn *conn, int64_t now_ns)
{
        int64_t life_ms = lane->setup.plan->reconnect_ms;

        conn->worn = false;
        conn->answers = 0;
        conn->worn_ns = life_ms ? now_ns + life_of(lane, conn, life_ms * NS_PER_MS) : INT64_MAX;
}

void lane_wear(struct lane *lane, struct conn *conn, int64_t now_ns)
{
        int64_t requests = lane->setup.plan->reconnect_requests;

        conn->answers++;
        if ((requests && conn->answers >= life_of(lane, conn, requests)) || now_ns >= conn->worn_ns)
                conn->worn = conn->renewed = true;
}

void lane_stand(struct lane *lane, struct conn *conn)
{
        conn->since_ns = lane_now_ns();
        begin_life(lane, conn, conn->since_ns);
        lane->failure = RECORD_TIMEOUT; /* until another attempt fails, no connection is to blame */
        move(lane, conn, CONN_FREE);
        atomic_fetch_add(&lane->state.open, 1);
        note_tried(lane, conn);
}

void lane_place(struct lane *lane, struct conn *conn, int64_t now_ns)
{
        bool has_room = conn->flying_len < conn->room && !conn->worn;

        if (has_room && conn->state == CONN_BUSY) {
                conn->state = CONN_FREE;
                conn->since_ns = now_ns;
                conn_list_add(&lane->free, conn);
        } else if (!has_room && conn->state == CONN_FREE) {
                conn_list_remove(&lane->free, conn);
                conn->state = CONN_BUSY;
        }
}

/* What an attempt has failed at whose time is up. */
static enum record_error class_of(const struct conn *conn)
{
        if (conn->state == CONN_GREETING)
                return RECORD_PROTOCOL;
        return conn->state == CONN_SHAKING && conn->sock.tls ? RECORD_TLS : RECORD_CONNECT;
}

static void connected(struct lane *lane, struct conn *conn)
{
        conn->shake_ns = lane_now_ns();
        lane->tally.connects++;
        hist_record(lane->tally.connect, conn->shake_ns - conn->since_ns);
        conn->state = CONN_SHAKING; /* same list */
        shake(lane, conn);
}

static void open_conn(struct lane *lane, struct conn *conn)
{
        const struct lane_address *address = &lane->setup.addresses[conn->address];
        struct epoll_event event = {.events = CONN_EVENTS, .data.ptr = conn};

        conn->since_ns = lane_now_ns();
        conn->served = false;
        move(lane, conn, CONN_CONNECTING);
        enum socket_result result = socket_connect(&conn->sock, &address->socket, address->size);
        if (result != SOCKET_RESET && epoll_ctl(lane->epoll_fd, EPOLL_CTL_ADD, conn->sock.fd, &event) < 0)
                result = SOCKET_RESET;
        if (result == SOCKET_RESET)
                connect_failed(lane, conn, RECORD_CONNECT);
        else if (result == SOCKET_OK)
                connected(lane, conn);
}

static void make_room(struct lane *lane, struct conn *conn)
{
        conn->exchanges = lane->exchanges + (size_t)(conn - lane->conns) * lane->room;
        for (uint32_t i = 0; i < lane->room; i++) {
                conn->exchanges[i].conn = conn;
                conn->exchanges[i].next = conn->spare;
                conn->spare = &conn->exchanges[i];
        }
}

static void open_one_more(struct lane *lane)
{
        struct conn *conn = &lane->conns[lane->conns_len];

        socket_init(&conn->sock, lane->setup.tls);
        make_room(lane, conn);
        conn->address = (lane->setup.first_connection + lane->conns_len) % (uint32_t)lane->setup.addresses_len;
        conn->tried = lane->conns_len >= lane->setup.connections; /* the first ones only are waited for before the start */
        lane->conns_len++;
        conn_list_add(&lane->closed, conn);
        open_conn(lane, conn);
}

void lane_open_all(struct lane *lane)
{
        while (lane->conns_len < lane->setup.connections)
                open_one_more(lane);
}

void lane_grow(struct lane *lane)
{
        uint64_t waiting = lane->again_len + (lane->due.index - lane->head.index) / lane->head.step;

        while (lane->conns_len < lane->setup.connections_max && (lane->connecting.len + lane->closed.len + lane->free.len) * lane->room < waiting)
                open_one_more(lane);
}

void lane_drop(struct lane *lane, struct conn *conn)
{
        bool served = conn->served;

        close_conn(lane, conn);
        if (served)
                conn->backoff_ms = 0;
        /* A peer that accepts and hangs up must not be met with a storm. */
        if (served)
                retry_at(lane, conn, 0);
        else
                retry_later(lane, conn);
}

void lane_break(struct lane *lane, struct conn *conn, enum record_error error)
{
        if (conn->state == CONN_GREETING) {
                connect_failed(lane, conn, error);
                return;
        }
        for (uint32_t i = 0; i < lane->room && conn->flying_len > 0; i++)
                if (conn->exchanges[i].flying)
                        lane_lost(lane, &conn->exchanges[i], error);
        lane_drop(lane, conn);
}

void lane_retry(struct lane *lane, int64_t now_ns)
{
        if (now_ns < lane->retry_ns)
                return;
        struct conn *next = NULL;
        size_t left = lane->closed.len; /* those that fail at once go to the end of the list, for the next time */
        lane->retry_ns = INT64_MAX;
        for (struct conn *conn = lane->closed.first; conn && left > 0; conn = next, left--) {
                next = conn->next;
                if (conn->since_ns <= now_ns)
                        open_conn(lane, conn);
                else
                        retry_at(lane, conn, conn->since_ns);
        }
}

void lane_expire_connecting(struct lane *lane, int64_t now_ns)
{
        struct conn *conn;

        while ((conn = lane->connecting.first) && conn->since_ns + lane->timeout_ns <= now_ns)
                connect_failed(lane, conn, class_of(conn));
}

void lane_handle(struct lane *lane, struct conn *conn, uint32_t events)
{
        switch (conn->state) {
        case CONN_CLOSED:
                return;
        case CONN_CONNECTING:
                switch (socket_connected(&conn->sock)) {
                case SOCKET_OK:
                        connected(lane, conn);
                        return;
                case SOCKET_AGAIN:
                        return;
                default:
                        connect_failed(lane, conn, RECORD_CONNECT);
                        return;
                }
        case CONN_SHAKING:
                shake(lane, conn);
                return;
        case CONN_GREETING:
        case CONN_FREE:
        case CONN_BUSY:
                lane->protocol->serve(lane, conn, events);
                return;
        }
}

void lane_come_back(struct lane *lane, struct conn *conn)
{
        struct epoll_event event = {.events = CONN_EVENTS, .data.ptr = conn};

        /* An edge that was seen does not come again, unless it is asked for anew. */
        if (epoll_ctl(lane->epoll_fd, EPOLL_CTL_MOD, conn->sock.fd, &event) < 0)
                abort();
}

void lane_close_all(struct lane *lane)
{
        for (uint32_t i = 0; i < lane->conns_len; i++) {
                if (lane->conns[i].state >= CONN_GREETING)
                        lane->protocol->close(&lane->conns[i]);
                socket_done(&lane->conns[i].sock);
        }
}
