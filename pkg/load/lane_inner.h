/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a lane, shared by lane.c (time), lane_conn.c (connections), lane_request.c (requests) and one file for each
 * protocol that requests are sent by (lane_http1.c, lane_http2.c).
 *
 *   CLOSED ──retry──▶ CONNECTING ──▶ SHAKING ──▶ GREETING ──▶ FREE ⇄ BUSY
 *      ▲                  └─────────────┴────────────┴──────────┴──────┴─▶ CLOSED (at once, or after a back-off)
 *
 * SHAKING is the TLS handshake, GREETING what the protocol itself wants to say first, FREE has room for a request. */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "load/grpc.h"
#include "load/http1.h"
#include "load/lane.h"
#include "load/pacer.h"

#define LANE_READ_SIZE 65536
#define LANE_REFUSED_MAX 3
/* In one go, each read counted as LANE_READ_COST at least: a peer that sends without end must not keep the lane from its schedule. */
#define LANE_READ_MAX (4 * LANE_READ_SIZE)
#define LANE_READ_COST 1024

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
        uint32_t refused; /* so many times did a server send it back unread */
        bool flying;

        /* HTTP/2 */
        struct exchange *unsent; /* next of those that leave with the next flush */
        int32_t stream;
        uint32_t head_size;      /* of the answer, as it was before compression */
        bool whole, reset;       /* the answer has ended; the peer has reset the stream */

        /* gRPC */
        struct grpc_reader reader;
        int grpc_status; /* -1 before it is known */
};

/* A request that is to be sent again. */
struct again {
        uint64_t index;
        int64_t due_ns;
        size_t kind;
        int piece;
        uint32_t refused;
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
        struct exchange *exchanges, *spare; /* lane->room of them; those that are not on their way */
        union {
                struct http1 http1;
                struct http2 *http2; /* lane_http2.c's; NULL while closed */
        };
        struct conn *next_unflushed;
        bool unflushed;
};

/* How requests and answers are written on a connection. A protocol calls back into lane_request.c (a request is answered, or lost)
 * and lane_conn.c (the connection stands, or broke). */
struct protocol {
        /* Everything that all connections of the lane share, before the first of them; and its end, after the last. */
        void (*begin)(struct lane *lane);
        void (*end)(struct lane *lane);
        /* The connection stands below: begins GREETING, which ends with lane_stand or lane_break, perhaps at once. */
        void (*greet)(struct lane *lane, struct conn *conn);
        /* Sends a request that is in flight, or queues it until 'flush' (lane_ask_flush); calls lane_note_sent just before the first
         * byte leaves. */
        void (*send)(struct lane *lane, struct exchange *exchange);
        void (*flush)(struct lane *lane, struct conn *conn);
        /* Events of a connection that is GREETING, FREE or BUSY. */
        void (*serve)(struct lane *lane, struct conn *conn, uint32_t events);
        /* The request was lost because its time is up, and has left its connection, which may have to follow. */
        void (*abandon)(struct lane *lane, struct exchange *exchange);
        /* The connection is being closed. */
        void (*close)(struct conn *conn);
};
extern const struct protocol protocol_http1, protocol_http2;

/* Each list is in order of time: the first is the next one to expire, or the one free for longest. */
struct conn_list {
        struct conn *first, *last;
        size_t len;
};

/* In order of being due: the first is the next one to expire. */
struct exchange_list {
        struct exchange *first, *last;
        size_t len;
};

struct lane {
        struct lane_setup setup;
        const struct protocol *protocol;
        void *shared;    /* the protocol's */
        uint32_t room;   /* requests that a connection takes at once, unless its peer says less */
        struct lane_state state;
        struct tally tally;
        struct wire wire;
        struct pacer pacer;
        pthread_t thread;
        int epoll_fd, wake_fd;

        struct conn *conns;
        struct exchange *exchanges; /* lane->room for each connection */
        uint32_t conns_len; /* in use, of setup.connections_max */
        struct conn_list closed, connecting, free; /* connecting: and shaking, greeting; closed is in no order; busy are in none */
        struct exchange_list flying;
        struct again *again; /* a ring as large as 'exchanges': what waits in it was on its way, and goes before anything new */
        size_t again_from, again_len, again_max;
        struct conn *unflushed;
        int64_t retry_ns; /* earliest of the closed list, INT64_MAX when empty */
        enum record_error failure; /* class of the last failed attempt to connect; RECORD_TIMEOUT when one has stood since */
        char *read_buffer;

        bool started, warming, finished;
        int64_t start_ns, zero_ns; /* monotonic: the start instant; shape time 0 */
        int64_t shape_end_ns, timeout_ns;
        int64_t interval, interval_end_ns; /* being written; its end in shape time */
        int64_t shape_from;                /* the interval that the shape begins with */
        struct schedule_cursor due;  /* next request to become due */
        struct schedule_cursor head; /* next request to be sent: what lies between is the backlog */
};

static inline int64_t lane_now_ns(void)
{
        return clock_now_ns(clock_system());
}

/* The connection has something to send before the lane waits again. */
static inline void lane_ask_flush(struct lane *lane, struct conn *conn)
{
        if (conn->unflushed)
                return;
        conn->unflushed = true;
        conn->next_unflushed = lane->unflushed;
        lane->unflushed = conn;
}

/* lane.c: accounts everything that became due, and closes intervals, up to 'now_ns'. */
void lane_advance(struct lane *lane, int64_t now_ns);
/* Piece that a closed-loop request sent now belongs to: 0 or -1 (warm-up); -2 when none is to be sent. */
int lane_closed_piece(const struct lane *lane, int64_t now_ns);

/* The i-th of the requests that are to be sent again. */
static inline const struct again *lane_again(const struct lane *lane, size_t i)
{
        return &lane->again[(lane->again_from + i) % lane->again_max];
}

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
/* There may be more to read, but not now: the next wait reports the connection again. */
void lane_come_back(struct lane *lane, struct conn *conn);
/* After an answer, lane_answered does it: the connection wears out when it has carried or stood what the plan gives it. */
void lane_wear(struct lane *lane, struct conn *conn, int64_t now_ns);

/* lane_request.c */
/* Sends, sheds or keeps what is due, as connections allow. */
void lane_send_due(struct lane *lane);
/* A request is about to be due: what sending it will read is brought back into the caches, which others have filled while we slept. */
void lane_rehearse(struct lane *lane);
/* The first byte of the request leaves now; of a closed loop, this makes it offered and due. */
void lane_note_sent(struct lane *lane, struct exchange *exchange, int64_t now_ns);
/* The answer is whole, with exchange->status: the request has left its connection, which the caller places or drops. */
void lane_answered(struct lane *lane, struct exchange *exchange, int64_t now_ns);
/* The same without an answer. */
void lane_lost(struct lane *lane, struct exchange *exchange, enum record_error error);
/* The server has sent it back and says that it has not looked at it (RFC 9113 section 8.7): it leaves its connection and is sent
 * again, by any, up to LANE_REFUSED_MAX times; then it is lost like one whose connection was reset. */
void lane_refused(struct lane *lane, struct exchange *exchange);
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
