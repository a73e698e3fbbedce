/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of list-and-watch as a machine without sockets: events go in as calls, the time is an argument, and
 * watch_run() says what is to be done. Nothing here starts anything.
 *
 *              +-------------------------- 410, 404, 401/403, nonsense (after the pause) ---------------------------+
 *              v                                                                                                    |
 *   WAITING -> LISTING -- watch_listed --> WAITING -> STREAMING -- clean end --> WAITING -> STREAMING ...            |
 *      ^          |  failed (pause)                      |  |  failed: pause, then STREAMING from the same position   |
 *      +----------+                                      |  +-----------------------------------------------------> -+
 *                                                        +-- silent: probe; server answers -> drop, STREAMING again
 *
 * Positions only move forward with what was delivered; a bookmark or a probe that is behind them means that the server lost
 * its past (a restored backup), and lists again. Version "0" and "go back to the past" never happen: a list is
 * always asked without a version, so it is consistent. Pauses are 0.8 s doubled up to 30 s, plus 0..100 % jitter, or
 * what the server asked for if that is longer; two minutes without failure make the next pause short again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "kube/sift.h"

#define WATCH_LINE_BYTES_MAX (8u << 20)
/* Bookmarks come about once a minute: a watch without a byte for longer than two of them deserves a question. */
#define WATCH_SILENCE_S 130
#define WATCH_PROBE_AGAIN_S 15
#define WATCH_LONGEST_S 600 /* timeoutSeconds is random in half of this to this */
#define WATCH_OVERTIME_S 30 /* how long the server may overrun it */
/* Streams refused or useless in a row, by a server that does answer, before a fresh list is tried instead. */
#define WATCH_FRUITLESS_MAX 4

enum watch_state { WATCH_WAITING, WATCH_LISTING, WATCH_STREAMING };

enum watch_action {
        WATCH_IDLE,   /* nothing until watch_wake_ns() or the next event */
        WATCH_LIST,   /* list everything; answer with watch_listed() or watch_list_failed() */
        WATCH_STREAM, /* stream from watch_version() for watch_timeout_s(); watch_data(), watch_closed() */
        WATCH_PROBE,  /* ask the server where it is (a list of one); answer with watch_probed() */
        WATCH_DROP,   /* cancel the stream: no watch_closed() for it; its connection is not to be trusted */
};

enum watch_event { WATCH_ADDED, WATCH_MODIFIED, WATCH_DELETED };

/* Called for each object event, in order; what was kept of its object is borrowed for the call. */
typedef void watch_event_fn(void *owner, enum watch_event event, const struct sifted *object);

struct watch { /* all fields are the machine's own */
        enum watch_state state;
        bool list_next;             /* WAITING: for a list, not a stream */
        bool drop;                  /* watch_run() is to say WATCH_DROP first */
        bool synced;
        bool probing;
        int64_t wake_ns;            /* WAITING: the end of the pause */
        int64_t started_ns, heard_ns, probe_ns;
        int64_t failed_ns;          /* the last failure, for forgetting it */
        unsigned failures;          /* in a row, sets the pause */
        unsigned fruitless;         /* streams in a row that an answering server made useless */
        uint64_t events;            /* of this stream, bookmarks included */
        bool progress;              /* something was delivered since the last list */
        int timeout_s;
        uint64_t random;
        const struct sift *sift;
        struct sifted sifted;       /* of the frame that is being read */
        char *version;              /* the position; NULL before the first list */
        struct buf line;            /* the beginning of a frame whose end has not come yet */
        char problem[FAIL_TEXT_MAX];
};

/* Wants a list at once. 'seed' feeds the jitter. 'sift' is borrowed. */
void watch_init(struct watch *watch, const struct sift *sift, uint64_t seed, int64_t now_ns);
void watch_done(struct watch *watch);

/* What to do now; says each thing once. Call it after every event and at watch_wake_ns(), until it says WATCH_IDLE. */
enum watch_action watch_run(struct watch *watch, int64_t now_ns);
/* When to call watch_run() at the latest; INT64_MAX: only after an event. */
int64_t watch_wake_ns(const struct watch *watch);

/* The list is complete and taken over; 'version' is its metadata.resourceVersion. An empty version is a failed list. */
void watch_listed(struct watch *watch, const char *version, int64_t now_ns);
void watch_list_failed(struct watch *watch, const struct fail *fail, int64_t now_ns);

/* Bytes of the stream, cut anywhere; size 0: the server has accepted. Calls 'event' for each object, moves the position,
 * obeys ERROR frames. A frame that cannot be understood, of an unknown type or beyond WATCH_LINE_BYTES_MAX ends the
 * stream (watch_run() will say WATCH_DROP): what is skipped silently is missing for good. */
void watch_data(struct watch *watch, const char *data, size_t size, int64_t now_ns, watch_event_fn *event, void *owner);
/* The stream ended by itself: FAIL_NONE is a clean end. A frame cut short by it is not an event. */
void watch_closed(struct watch *watch, const struct fail *fail, int64_t now_ns);
/* 'version': where the server says it is, NULL: it did not say. Behind our position it has lost its past, and we list. */
void watch_probed(struct watch *watch, bool answered, const char *version, int64_t now_ns);

bool watch_synced(const struct watch *watch);         /* a list is complete */
const char *watch_problem(const struct watch *watch); /* the last failure that still stands, "" when fine; borrowed */
const char *watch_version(const struct watch *watch); /* borrowed; NULL before the first list */
/* Is 'version' (NULL: no) before the position? Then the server has lost its past, as when its store was restored. */
bool watch_is_behind(const struct watch *watch, const char *version);
int watch_timeout_s(const struct watch *watch);       /* for the stream that WATCH_STREAM asks for */
