/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a lane, shared by lane.c (time), lane_conn.c (connections), lane_request.c (requests) and one file for each
 * protocol that requests are sent by (lane_http1.c).
 *
 *   CLOSED ──retry──▶ CONNECTING ──▶ SHAKING ──▶ GREETING ──▶ FREE ⇄ BUSY
 *      ▲                  └─────────────┴────────────┴──────────┴──────┴─▶ CLOSED (at once, or after a back-off)
 *
 * SHAKING is the TLS handshake, GREETING what the protocol itself wants to say first, FREE has room for a request. */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "load/http1.h"
#include "load/lane.h"
#include "load/pacer.h"

#define LANE_READ_SIZE 65536

enum conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_SHAKING, CONN_GREETING, CONN_FREE, CONN_BUSY };

/* A request on its way. */
struct exchange {
        struct exchange *next, *previous; /* in lane->flying; of those that are not on their way, conn->spare */
        struct conn *conn;
        int64_t due_ns, send_ns, first_ns; /* monotonic; first_ns 0 before the first byte of the answer */
        int64_t able_ns;                   /* when due and a connection had room */
        uint64_t index, bytes_in;
        size_t sent; /* of the request's bytes */
        struct match_cursor body; /* is fed the answer's body by the protocol */
        size_t kind;
        int piece, status;
        bool flying;
};

struct conn {
        struct socket sock;
        enum conn_state state;
        struct conn *next, *previous; /* in the list of its state */
        int64_t since_ns;             /* connecting: when it began; free: since when there is room; closed: when to retry */
        int64_t shake_ns;
        int32_t backoff_ms;
        bool tried, served;           /* served: has answered since it was connected */
        bool worn;                    /* takes no further request, and is dropped by its protocol when the last is answered */
        bool renewed;                 /* has worn out before: lives its whole life now */
        int64_t answers, worn_ns;     /* since it stands; when it will have stood for its life, INT64_MAX never */
        uint32_t address;
        uint32_t flying_len, room;    /* requests on their way, of so many that it takes at once */
        struct exchange *exchanges, *spare; /* protocol->room of them; those that are not on their way */
        struct http1 http1;
};

/* How requests and answers are written on a connection. A protocol calls back into lane_request.c (a request is answered, or lost)
 * and lane_conn.c (the connection stands, or broke). */
struct protocol {
        /* The connection stands below: begins GREETING, which ends with lane_stand or lane_break, perhaps at once. */
        void (*greet)(struct lane *lane, struct conn *conn);
        /* Sends a request that is in flight, or queues it until 'flush'; calls lane_note_sent just before the first byte leaves. */
        void (*send)(struct lane *lane, struct exchange *exchange);
        /* Events of a connection that is GREETING, FREE or BUSY. */
        void (*serve)(struct lane *lane, struct conn *conn, uint32_t events);
        /* The request was lost for reasons of its own (its time is up) and has left its connection, which may have to follow. */
        void (*abandon)(struct lane *lane, struct conn *conn);
        /* How many requests a connection takes at once, before its peer has said anything. */
        uint32_t room;
};
extern const struct protocol protocol_http1;

/* Each list is in order of time: the first is the next one to expire, or the one free for longest. */
struct conn_list {
        struct conn *first, *last;
        size_t len;
};

/* In order of sending, which is that of being due: the first is the next one to expire. */
struct exchange_list {
        struct exchange *first, *last;
        size_t len;
};

struct lane {
        struct lane_setup setup;
        const struct protocol *protocol;
        struct lane_state state;
        struct tally tally;
        struct wire wire;
        struct pacer pacer;
        pthread_t thread;
        int epoll_fd, wake_fd;

        struct conn *conns;
        struct exchange *exchanges; /* protocol->room for each connection */
        uint32_t conns_len; /* in use, of setup.connections_max */
        struct conn_list closed, connecting, free; /* connecting: and shaking, greeting; closed is in no order; busy are in none */
        struct exchange_list flying;
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
/* The protocol's greeting is over: requests may be sent. */
void lane_stand(struct lane *lane, struct conn *conn);
/* Puts a connection that stands among those with room, or takes it out, after flying_len or room changed. */
void lane_place(struct lane *lane, struct conn *conn, int64_t now_ns);
/* A connection that stood, without requests, is given up; it reconnects at once if it has ever answered, else after a back-off. */
void lane_drop(struct lane *lane, struct conn *conn);
/* A connection ends by a failure: while greeting as a failed attempt to connect, else its requests are lost and it is dropped. */
void lane_break(struct lane *lane, struct conn *conn, enum record_error error);
void lane_close_all(struct lane *lane);
/* After an answer, lane_answered does it: the connection wears out when it has carried or stood what the plan gives it. */
void lane_wear(struct lane *lane, struct conn *conn, int64_t now_ns);

/* lane_request.c */
/* Sends, sheds or keeps what is due, as connections allow. */
void lane_send_due(struct lane *lane);
/* The first byte of the request leaves now; of a closed loop, this makes it offered and due. */
void lane_note_sent(struct lane *lane, struct exchange *exchange, int64_t now_ns);
/* The answer is whole, with exchange->status: the request has left its connection, which the caller places or drops. */
void lane_answered(struct lane *lane, struct exchange *exchange, int64_t now_ns);
/* The same without an answer. */
void lane_lost(struct lane *lane, struct exchange *exchange, enum record_error error);
/* Censors what has waited for its timeout, on connections and in the backlog. */
void lane_expire_requests(struct lane *lane, int64_t now_ns);
/* Censors everything that is due and unanswered. */
void lane_censor_all(struct lane *lane, int64_t now_ns);
/* Closed loop: a failed attempt to connect is a failed request. */
void lane_count_failed_connect(struct lane *lane, const struct conn *conn, int64_t now_ns);

static inline enum record_error lane_class_of(enum socket_result result)
{
        return result == SOCKET_TLS ? RECORD_TLS : RECORD_RESET;
}
