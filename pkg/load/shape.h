/* SPDX-License-Identifier: Apache-2.0
 *
 * One piece's rate over its own time, integrated and inverted in closed form: how many requests it offers, and when the
 * count of them is reached.
 *
 *   hold, ramp  a straight line            step   equal stairs of a hold each, the first at 'from', the last at 'to'
 *   spike       base, peak from 'at' for 'width', base again
 *   sine        mean + amplitude * sin(2 pi t / period), which begins at the mean and goes up first */
#pragma once

#include "load/plan.h"

/* Requests offered by the whole piece; may have a fraction. 0 for a closed one. */
double shape_count(const struct load_piece *piece);
/* Seconds from the piece's beginning until 'count' (0 <= count < shape_count) requests have been offered; where the rate is 0
 * for a while, the end of that while. Grows with 'count'. */
double shape_seconds(const struct load_piece *piece, double count);
/* The highest rate that it reaches. */
double shape_peak_rps(const struct load_piece *piece);
