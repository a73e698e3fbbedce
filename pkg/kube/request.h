/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the client, shared by its chapters and by nobody else: calls.c says what is asked, client.c keeps the requests
 * there are, attempt.c leads each through its life, turn.c keeps the order and the bounds of all, transfer.c makes one attempt
 * with libcurl, lane.c keeps its connections, pages.c strings pages together, answer.c and retry.c judge.
 *
 *   submit -> WAITING -> RUNNING -> done            No callback of the caller ever runs inside libcurl: what arrives
 *                         ^   |                     is put aside and delivered when libcurl has returned, so callbacks
 *                         |   v                     may cancel and start whatever they like.
 *                        SLEEPING (before a repeat) */
#pragma once

#include <curl/curl.h>

#include "base/buf.h"
#include "kube/client.h"
#include "kube/pages.h"
#include "kube/squeeze.h"

enum request_class { CLASS_URGENT, CLASS_STREAM, CLASS_WRITE, CLASS_READ, CLASSES };
enum request_state { REQUEST_WAITING, REQUEST_RUNNING, REQUEST_SLEEPING };

/* Connections of one sort. Lanes keep a large list or a slow watch from delaying the Lease. */
enum lane_name { LANE_ORDINARY, LANE_STREAMS, LANE_URGENT, LANES };

#define LANE_SOCKETS_MAX 32

struct lane {
        struct kube_client *client;
        CURLM *multi;
        struct loop_timer timer; /* libcurl's */
        struct loop_timer again; /* a second look after something was read */
        int sockets[LANE_SOCKETS_MAX];
        unsigned sockets_len;
        unsigned running;
        int peer_timeout_ms;     /* TCP_USER_TIMEOUT */
        bool suspect;            /* something timed out or credentials changed: no old connection may serve again */
};

struct request {
        uint64_t id;
        struct kube_client *client;
        struct request *previous, *next; /* in client->waiting[class] or client->active */
        struct request *next_by_id;      /* in client->by_id */
        struct request *next_ready;
        bool ready;                      /* in client->ready */
        enum request_class class;
        enum request_state state;

        const char *method, *content_type;
        char *path;
        char *body;
        size_t body_size;
        int silence_s;                   /* streams */

        kube_done_fn *done;
        kube_data_fn *data;              /* streams */
        kube_closed_fn *closed;          /* streams */
        struct pages *pages;             /* lists, else NULL */
        const struct sift *sift;         /* lists that are not gathered: what is kept of an item ... */
        kube_item_fn *item;              /* ... and who gets it */
        void *owner;

        /* The attempt that runs or ran last. */
        CURL *easy;
        struct curl_slist *headers;
        struct buf answer;               /* the body; of a stream, what is not delivered yet */
        size_t body_sent;
        bool opened, opened_told;        /* streams: the head of a 2xx answer has come; 'data' knows */
        bool finished;                   /* libcurl is through with it: 'code' holds */
        bool overdue;                    /* our own timer ended it */
        CURLcode code;
        char code_text[CURL_ERROR_SIZE];
        int64_t started_ns, heard_ns;    /* when it began, and when the last byte came */
        struct loop_timer timer;         /* RUNNING: deadline or silence; SLEEPING: the next attempt */
        int attempts;
        bool refreshed;                  /* a 401 has already made us read the credentials again */
        bool quiet;                      /* a write that has given its place away, for good */
};

struct request_list {
        struct request *first, *last;
        size_t len;
};

struct kube_client {
        struct loop *loop;
        struct kube_config *config;
        struct lane lanes[LANES];
        struct request_list waiting[CLASSES];
        struct request_list active;
        unsigned running[CLASSES];       /* of those in 'active', but for quiet ones ... */
        unsigned quiet;                  /* ... which are so many */
        struct request *by_id[256];      /* all of them, those of one remainder in a list */
        struct request *ready;           /* with something to deliver, oldest first */
        struct loop_timer pump;
        struct buf piece;                /* what is being delivered */
        struct squeeze_tools *squeeze_tools; /* of all its caches */
        kube_fence_fn *may_write;        /* NULL: every write may go */
        void *fence_owner;
        uint64_t heard;                  /* pieces that libcurl has handed over */
        uint64_t id, random;
        struct kube_stats stats;
        struct traffic traffic;
        char *host;                      /* CURLOPT_CONNECT_TO and Host when a tls-server-name is set, else NULL */
        struct curl_slist *connect_to;
        char *base_url;                  /* without a slash at its end */
};

/* client.c */
/* Takes body, path and pages of 'wanted' (not its address) and returns the id. */
uint64_t client_submit(struct kube_client *client, const struct request *wanted);
struct request *client_find(struct kube_client *client, uint64_t id); /* NULL: it is over */
/* Takes a request out of every list and frees it; its owner hears nothing. */
void client_drop(struct request *request);
/* Marks a request as having something for its owner; delivered once libcurl has returned. */
void client_ready(struct request *request);
void client_not_ready(struct request *request);
/* The connection under this stream looks dead: the next one on its lane gets a new connection. */
void client_distrust(struct kube_client *client, uint64_t id);

/* attempt.c */
void client_attempt(struct request *request);
void client_due(void *request); /* its timer */
void client_deliver(struct kube_client *client);

/* What the body of a complete answer means for this request; as answer_decode(). */
enum fail_kind client_answer(const struct request *request, int status, int retry_after_s, struct json_object **ret_object,
                             struct fail *fail);

/* turn.c */
void turn_wait(struct request *request);        /* a new one, at the end of its class */
void turn_give(struct kube_client *client);     /* attempts whoever may go now */
void turn_end(struct request *request);         /* takes it out of its list; its place is free */
/* When a running write loses its place, INT64_MAX for never; and that it does. */
int64_t turn_quiet_ns(const struct request *request);
void turn_quiet(struct request *request);

/* lane.c */
void lane_init(struct lane *lane, struct kube_client *client, int peer_timeout_ms);
void lane_done(struct lane *lane);
struct lane *request_lane(struct request *request);
/* Closes all connections of a suspect lane on which nothing runs. */
void lane_drop_suspect(struct lane *lane);
/* Makes the kernel notice a peer that has vanished, about lane->peer_timeout_ms after its last sign of life. */
void lane_watch_peer(struct lane *lane, CURL *easy);

/* transfer.c */
enum fail_kind transfer_prepare(struct kube_client *client, struct fail *fail); /* base_url, host, connect_to */
enum fail_kind transfer_start(struct request *request, struct fail *fail);
/* Takes the attempt away from libcurl; harmless when there is none. */
void transfer_stop(struct request *request);
/* What the finished attempt came to. */
enum fail_kind transfer_result(struct request *request, struct json_object **ret_object, struct fail *fail);
