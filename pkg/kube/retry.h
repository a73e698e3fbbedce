/* SPDX-License-Identifier: Apache-2.0
 *
 * Which failed attempts are repeated, and when. Pure; the random number is an argument. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"

#define RETRY_REPEATS_MAX 4
#define RETRY_SILENT_MAX 4 /* attempts that may end without any answer */

struct retry_attempt {
        bool write;    /* repeated on 429 only: nothing was done then */
        bool once;     /* never repeated: streams and lease requests have machines of their own */
        int attempts;  /* made so far, at least 1 */
};

/* True: try again in *ret_wait_ns. What the server asked for comes first (1..60 s, plus up to a tenth, so that all its
 * clients do not come back in the same instant), else 250 ms doubled each time, with 0..100 % jitter from 'random'. */
bool retry_again(const struct retry_attempt *attempt, const struct fail *fail, uint64_t random, int64_t *ret_wait_ns);
