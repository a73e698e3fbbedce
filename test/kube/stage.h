/* SPDX-License-Identifier: Apache-2.0
 *
 * What the wire tests stand on: a loop whose clock all but stands still while anything moves (a tenth of a millisecond per
 * step, so that what moves for ever comes to an end), and jumps to the next timer when nothing does. So a silence of eight seconds takes none, and no test sleeps. libcurl's clock is the same: while a stage is
 * open, clock_gettime() is ours, but for the calendar. */
#pragma once

#include <json-c/json.h>

#include "kube/client.h"

struct stage {
        struct loop *loop;
        struct kube_config config; /* of the client to come; its strings are the test's own */
        struct kube_client *client;
};

void stage_open(struct stage *stage);
void stage_client(struct stage *stage); /* from stage->config; replaces one that is there */
void stage_close(struct stage *stage);  /* the client first, then the loop: servers must be gone */

/* Lets things happen until *count is 'wanted' or 'limit_ns' of the stage's time have passed; false then. */
bool stage_until(struct stage *stage, const int *count, int wanted, int64_t limit_ns);
void stage_pass(struct stage *stage, int64_t ns);
int64_t stage_now_ns(const struct stage *stage);

enum stage_call { STAGE_READ, STAGE_WRITE, STAGE_LEASE, STAGE_STREAM, STAGE_CALLS };

struct outcome {
        int calls;
        struct fail fail;
        char text[512];      /* the object, or all that a stream brought (its beginning) */
        int64_t took_ns;
};

/* Makes one call of each kind: GET of pods, POST of a pod, PUT of a Lease (urgent), a stream; and waits for its end, at most
 * three minutes of the stage's time. */
struct outcome stage_call(struct stage *stage, enum stage_call call);
