/* SPDX-License-Identifier: Apache-2.0 */
#include "load/shape.h"

#include <math.h>

#define NEWTON_TRIES 64

static double seconds(int64_t ms)
{
        return (double)ms / 1000;
}

double shape_count(const struct load_piece *piece)
{
        double for_s = seconds(piece->for_ms);

        switch (piece->kind) {
        case LOAD_SPIKE:
                return piece->from_rps * (for_s - seconds(piece->width_ms)) + piece->peak_rps * seconds(piece->width_ms);
        case LOAD_SINE: {
                double turn = 2 * M_PI / seconds(piece->period_ms), amplitude = piece->peak_rps - piece->from_rps;
                return piece->from_rps * for_s + amplitude / turn * (1 - cos(turn * for_s));
        }
        default: /* the stairs of a step have the mean of its line */
                return (piece->from_rps + piece->to_rps) / 2 * for_s;
        }
}

double shape_peak_rps(const struct load_piece *piece)
{
        return fmax(piece->peak_rps, fmax(piece->from_rps, piece->to_rps));
}

/* a*t + s*t*t/2 = count, in the form that does not cancel. */
static double line_seconds(double from_rps, double slope_rps_per_s, double count)
{
        double root = from_rps * from_rps + 2 * slope_rps_per_s * count;

        return count > 0 ? 2 * count / (from_rps + sqrt(root > 0 ? root : 0)) : 0;
}

struct stair {
        double rps, for_s;
};

static struct stair stair_of(const struct load_piece *piece, uint32_t k)
{
        if (piece->kind == LOAD_STEP)
                return (struct stair){piece->from_rps + (piece->to_rps - piece->from_rps) * k / (piece->steps - 1),
                                      seconds(piece->for_ms) / piece->steps};
        const int64_t ends_ms[] = {0, piece->at_ms, piece->at_ms + piece->width_ms, piece->for_ms};
        return (struct stair){k == 1 ? piece->peak_rps : piece->from_rps, seconds(ends_ms[k + 1] - ends_ms[k])};
}

static double stair_seconds(const struct load_piece *piece, double count)
{
        uint32_t stairs = piece->kind == LOAD_STEP ? piece->steps : 3;
        double before_s = 0;

        for (uint32_t k = 0; k < stairs; k++) {
                struct stair stair = stair_of(piece, k);
                double offered = stair.rps * stair.for_s;
                if (count < offered)
                        return before_s + count / stair.rps;
                count -= offered;
                before_s += stair.for_s;
        }
        return before_s; /* by rounding only */
}

/* Newton's method between bounds that close in, so that it also ends where the rate touches 0. Every worker takes the same steps
 * for the same count. */
static double sine_seconds(const struct load_piece *piece, double count)
{
        double mean = piece->from_rps, amplitude = piece->peak_rps - mean, period_s = seconds(piece->period_ms);
        double turn = 2 * M_PI / period_s, whole = floor(count / (mean * period_s));
        double rest = count - whole * mean * period_s, low_s = 0, high_s = period_s, at_s = rest / mean;

        for (int i = 0; i < NEWTON_TRIES; i++) {
                double error = mean * at_s + amplitude / turn * (1 - cos(turn * at_s)) - rest;
                if (error > 0)
                        high_s = at_s;
                else
                        low_s = at_s;
                double next_s = at_s - error / (mean + amplitude * sin(turn * at_s));
                if (!(next_s >= low_s && next_s <= high_s))
                        next_s = (low_s + high_s) / 2;
                if (fabs(next_s - at_s) <= 1e-15 * period_s)
                        break;
                at_s = next_s;
        }
        return whole * period_s + at_s;
}

double shape_seconds(const struct load_piece *piece, double count)
{
        double for_s = seconds(piece->for_ms);

        switch (piece->kind) {
        case LOAD_STEP:
        case LOAD_SPIKE:
                return stair_seconds(piece, count);
        case LOAD_SINE:
                return sine_seconds(piece, count);
        case LOAD_HOLD:
                return count / piece->from_rps;
        default:
                return line_seconds(piece->from_rps, (piece->to_rps - piece->from_rps) / for_s, count);
        }
}
