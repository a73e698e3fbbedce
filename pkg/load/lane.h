/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread of a worker: its own connections, its own share of the schedule, its own measurements. Nothing is shared
 * between lanes while the run goes on; the worker talks to them through a gate of a few atomics. */
#pragma once

#include <netinet/in.h>
#include <stdatomic.h>

#include "load/schedule.h"
#include "load/socket.h"
#include "load/tally.h"
#include "load/wire.h"

struct lane_address {
        struct sockaddr_storage socket;
        socklen_t size;
};

/* Worker to lanes. */
struct lane_gate {
        _Atomic int64_t start_ns; /* the start instant, monotonic; 0 until known */
        _Atomic bool late;        /* set before start_ns: the instant had passed already: what is past is skipped */
        _Atomic bool stop;        /* censor everything and end */
        _Atomic int64_t shape_from; /* number of the interval with which the shape begins, earlier than planned; 0: as planned */
        int notify_fd;            /* eventfd: lanes write it when the worker should look */
};

struct lane_setup { /* everything is borrowed for the life of the lane */
        const struct load_plan *plan;
        const struct schedule *schedule;
        const struct socket_tls *tls;
        const struct wire *wire;
        const struct lane_address *addresses;
        size_t addresses_len;
        struct lane_gate *gate;
        uint64_t first, step;             /* of the global schedule: requests first, first + step, … */
        uint32_t connections, connections_max; /* opened at once; and with LOAD_GROW when they are needed */
        uint32_t first_connection;             /* only spreads connections over addresses */
        int64_t interval_ms;
        bool precise;
        double poll_share;
};

/* Lane to worker, readable at any time. */
struct lane_state {
        _Atomic uint32_t open;   /* connections that stand */
        _Atomic uint32_t tried;  /* connections whose first attempt has had an outcome */
        _Atomic uint64_t connect_errors;
        _Atomic int64_t wake_ns; /* lateness of the first wake-up after the start instant; -1 before */
        _Atomic bool ended;      /* no further span will be published */
};

struct lane;

/* Starts the thread, which begins to connect at once. Never NULL. */
struct lane *lane_new(const struct lane_setup *setup);
/* Wakes a lane up to look at the gate. */
void lane_wake(struct lane *lane);
/* Waits for the thread's end; afterwards the tally is the caller's to read. */
void lane_join(struct lane *lane);
struct lane *lane_free(struct lane *lane); /* joined, or NULL */

struct lane_state *lane_state(struct lane *lane);
/* Finished spans at any time, the rest after lane_join. */
struct tally *lane_tally(struct lane *lane);

/* Interval numbers: 0 is the first, of the warm-up if there is one, and 'shape_from' the first of the shape: lane_warmup_intervals()
 * unless the warm-up was ended before. Intervals begin at multiples of 'interval_ms' of shape time, but the first of a warm-up, which
 * may be shorter; those of a warm-up stand where they would if it had its whole length. */
int64_t lane_warmup_intervals(const struct load_plan *plan, int64_t interval_ms);
int64_t lane_interval_from_ms(const struct load_plan *plan, int64_t interval_ms, int64_t shape_from, int64_t index);
