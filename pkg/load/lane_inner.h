/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a lane, shared by lane.c (time), lane_conn.c (connections) and lane_request.c (requests).
 *
 *   CLOSED ──retry──▶ CONNECTING ──▶ SHAKING ──▶ FREE ⇄ BUSY
 *      ▲                  └─────────────┴──────────┴──────┴─▶ CLOSED (at once, or after a back-off) */
#pragma once

#include <pthread.h>

#include "load/http1.h"
#include "load/lane.h"
#include "load/pacer.h"

#define LANE_READ_SIZE 65536

enum conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_SHAKING, CONN_FREE, CONN_BUSY };

struct conn {
        struct socket sock;
        enum conn_state state;
        struct conn *next, *previous; /* in the list of its state */
        int64_t since_ns;             /* connecting: when it began; free: since when; closed: when to retry */
        int64_t shake_ns;
        int32_t backoff_ms;
        bool tried, served;           /* served: has answered since it was connected */
        uint32_t address;

        /* The request on its way, when busy. */
        struct http1 http1;
        int64_t due_ns, send_ns, first_ns; /* monotonic; first_ns 0 before the first byte */
        uint64_t bytes_in;
        size_t sent;
        int piece;
        size_t kind;
};

/* Each list is in order of time: the first is the next one to expire, or the one free for longest. */
struct conn_list {
        struct conn *first, *last;
        size_t len;
};

struct lane {
        struct lane_setup setup;
        struct lane_state state;
        struct tally tally;
        struct wire wire;
        struct pacer pacer;
        pthread_t thread;
        int epoll_fd, wake_fd;

        struct conn *conns;
        uint32_t conns_len; /* in use, of setup.connections_max */
        struct conn_list closed, connecting, free, busy; /* connecting: and shaking; closed is in no order */
        int64_t retry_ns; /* earliest of the closed list, INT64_MAX when empty */
        enum record_error failure; /* class of the last failed attempt to connect */
        char *read_buffer;

        bool started, warming, finished;
        int64_t start_ns, zero_ns; /* monotonic: the start instant; shape time 0 */
        int64_t shape_end_ns, timeout_ns;
        int64_t interval, interval_end_ns; /* being written; its end in shape time */
        struct schedule_cursor due;  /* next request to become due */
        struct schedule_cursor head; /* next request to be sent: what lies between is the backlog */
};

static inline int64_t lane_now_ns(void)
{
        return clock_now_ns(clock_system());
}

/* lane.c: accounts everything that became due, and closes intervals, up to 'now_ns'. */
void lane_advance(struct lane *lane, int64_t now_ns);
/* Piece that a closed-loop request sent now belongs to: 0 or -1 (warm-up); -2 when none is to be sent. */
int lane_closed_piece(const struct lane *lane, int64_t now_ns);

/* lane_conn.c */
void conn_list_add(struct conn_list *list, struct conn *conn);
void conn_list_remove(struct conn_list *list, struct conn *conn);
void lane_open_all(struct lane *lane);
/* Opens further connections until as many are on their way as requests wait, or there are connections_max. */
void lane_grow(struct lane *lane);
void lane_handle(struct lane *lane, struct conn *conn, uint32_t events);
void lane_retry(struct lane *lane, int64_t now_ns);
void lane_expire_connecting(struct lane *lane, int64_t now_ns);
/* A connection that stood is given up; it reconnects at once if it has ever answered, else after a back-off. */
void lane_drop(struct lane *lane, struct conn *conn);
void lane_close_all(struct lane *lane);

/* lane_request.c */
/* Sends, sheds or keeps what is due, as connections allow. */
void lane_send_due(struct lane *lane);
/* Continues a busy connection; may free or drop it. */
void lane_serve(struct lane *lane, struct conn *conn, uint32_t events);
/* Censors what has waited for its timeout, on connections and in the backlog. */
void lane_expire_requests(struct lane *lane, int64_t now_ns);
/* Censors everything that is due and unanswered. */
void lane_censor_all(struct lane *lane, int64_t now_ns);
/* Closed loop: a failed attempt to connect is a failed request. */
void lane_count_failed_connect(struct lane *lane, const struct conn *conn, int64_t now_ns);
