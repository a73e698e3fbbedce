/* SPDX-License-Identifier: Apache-2.0
 *
 * When, inside the measured window, the load began to fare otherwise: the point of time at which latency, or the share of errors, went from
 * one level to another. Only one is told, the clearest. A slow drift is none, and neither is what no more than noise would do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "result/fold.h"

#define ONSET_P_MAX 0.01
#define ONSET_LATENCY_MIN 0.0953 /* ln 1.1: a smaller step of the mean of ln(latency) is not told */
#define ONSET_ERRORS_MIN 0.01    /* of the share of errors */
#define ONSET_TEXT_MAX 96

struct onset {
        bool known;              /* false: there was none, or it cannot be told */
        int64_t at_ms, width_ms; /* shape time at which the point begins that is the first of the new level, and how wide it is */
        char text[ONSET_TEXT_MAX]; /* "latency rose by 35 %", "errors rose from 0.0 % to 50.2 %" */
};

struct onset onset_of(const struct fold *fold);
