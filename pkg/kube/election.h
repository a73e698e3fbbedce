/* SPDX-License-Identifier: Apache-2.0
 *
 * Leader election on a Lease as a machine without sockets: answers go in as calls, the time is an argument.
 *
 *   not known --read--> somebody's: look every look_ns, until its record has not changed for its duration
 *        |                    |
 *        | none there         | free, expired, or ours from before
 *        v                    v
 *      create ---------->   write  --answered--> leading: write again every retry_ns
 *                             ^                      |
 *                             +-- unclear: read -----+--> not renewed for renew_ns: no longer leading, at once
 *
 * A record counts from the local instant a change in it was last seen: stamps of different machines are never compared.
 * Leading counts from the instant the last successful renewal was *sent*. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"

struct election_options {
        const char *namespace, *name, *identity; /* borrowed for the machine's life */
        int64_t duration_ns, renew_ns, retry_ns, look_ns;
};

enum election_action {
        ELECTION_IDLE,
        ELECTION_READ,   /* GET the Lease; answer with election_read() */
        ELECTION_CREATE, /* POST election_record(); answer with election_wrote() */
        ELECTION_WRITE,  /* PUT election_record(); answer with election_wrote() */
};

struct election { /* all fields are the machine's own */
        struct election_options options;
        struct json_object *lease; /* as last read or written, NULL: not known, or none there */
        enum election_action next; /* at due_ns */
        int64_t due_ns;
        bool asking;               /* an action is under way */
        bool stopped;
        int64_t seen_ns;           /* when the record last changed under our eyes */
        int64_t sent_ns;           /* when the write under way was sent */
        int64_t other_wall_ms;     /* renewTime of the last record seen that was not ours; 0: none */
        int64_t renewed_ns;        /* when the last successful write was sent; -1: not leading */
};

void election_init(struct election *election, const struct election_options *options, int64_t now_ns);
void election_done(struct election *election);

/* What to do now; says each thing once, and nothing while it is under way. */
enum election_action election_run(struct election *election, int64_t now_ns);
/* When to call election_run() or look at election_holds() again; INT64_MAX: only after an answer. */
int64_t election_wake_ns(const struct election *election);
/* The Lease to send for ELECTION_CREATE and ELECTION_WRITE, in a new reference: the one that was read, with our claim. */
struct json_object *election_record(const struct election *election, int64_t wall_ms);

/* 'lease' is borrowed and NULL when fail->kind is set. */
void election_read(struct election *election, struct json_object *lease, const struct fail *fail, int64_t now_ns);
void election_wrote(struct election *election, struct json_object *lease, const struct fail *fail, int64_t now_ns);

/* May we act? False from renew_ns after the last successful renewal was sent. */
bool election_holds(const struct election *election, int64_t now_ns);
const char *election_holder(const struct election *election); /* "" when nobody, or not known */

/* Gives up leading and starts nothing more. */
void election_stop(struct election *election);
/* The Lease that makes room for the next at once, in a new reference; NULL when the one last seen is not ours. */
struct json_object *election_release(const struct election *election, int64_t wall_ms);
