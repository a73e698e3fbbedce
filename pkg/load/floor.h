/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator's own floor: what a lane measures of a server that does nothing, over loopback, plain HTTP, in the same process and
 * under the same limits as the load. Nothing that the load measures can be less, and what of a latency is not the target's can be
 * judged by it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct load_floor {
        uint64_t requests;
        int64_t p50_ns, p99_ns; /* from the send to the last byte of the answer */
};

/* A listener on loopback for floor_measure, made before the process gives up the right to have one; -1 when there is none to be had. */
int floor_listen(void);
/* Takes about FLOOR_MS and two threads, and closes 'listener'. False when nothing was measured. */
#define FLOOR_MS 20
bool floor_measure(int listener, struct load_floor *ret_floor);
