/* SPDX-License-Identifier: Apache-2.0
 *
 * Did the measured window belong to one state of the target? Two checks on the mean of ln(latency), point by point: where a warm-up would
 * end (MSER-5), and whether there is a trend (stat/steady.h). They say what figures of the whole window are worth, never what they are. */
#pragma once

#include <stdbool.h>

#include "result/fold.h"

#define STEADINESS_WINDOW_MS 120000 /* a shorter window is not looked at */
#define STEADINESS_DRIFT 0.03       /* a fitted change over the window that is worth a word, of ln(latency) */

struct steadiness {
        bool known;        /* false: too short, or not told by complete logs */
        bool settled;      /* the best cut leaves at least half of the window */
        double cut;        /* share of the window that it takes */
        bool trend_known, steady;
        double drift;      /* fitted change over the window, of ln(latency) */
};

struct steadiness steadiness_of(const struct fold *fold);
