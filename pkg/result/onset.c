/* SPDX-License-Identifier: Apache-2.0 */
#include "result/onset.h"

#include <math.h>
#include <stdio.h>

#include "result/levels.h"
#include "stat/step.h"

/* False: no step of this size that is one. A trend has most of its change far from any place at which it is cut. */
static bool find(const struct levels *levels, double least, struct step *ret_step)
{
        if (step_find(levels->of, levels->len, ret_step))
                return false;
        return ret_step->p < ONSET_P_MAX && fabs(ret_step->change) >= least && ret_step->near / ret_step->change >= 0.5;
}

static double mean(const double *values, size_t len)
{
        double sum = 0;

        for (size_t i = 0; i < len; i++)
                sum += values[i];
        return sum / (double)len;
}

static void tell_latency(const struct step *step, char text[static ONSET_TEXT_MAX])
{
        snprintf(text, ONSET_TEXT_MAX, "latency %s by %.0f %%", step->change > 0 ? "rose" : "fell", 100 * fabs(expm1(step->change)));
}

static void tell_errors(const struct levels *levels, const struct step *step, char text[static ONSET_TEXT_MAX])
{
        snprintf(text, ONSET_TEXT_MAX, "errors %s from %.1f %% to %.1f %%", step->change > 0 ? "rose" : "fell",
                 100 * mean(levels->of, step->at), 100 * mean(levels->of + step->at, levels->len - step->at));
}

struct onset onset_of(const struct fold *fold)
{
        const struct fold_span *span = fold_window(fold);
        struct onset onset = {.width_ms = fold->point_ms};
        struct levels latency, errors;
        struct step slower, failing;

        if (fold->window < 0 || fold->reduced > 0 || fold->covered < fold->workers)
                return onset;
        levels_take_latency(fold, span, &latency);
        levels_take_errors(fold, span, &errors);
        bool is_slower = find(&latency, ONSET_LATENCY_MIN, &slower), is_failing = find(&errors, ONSET_ERRORS_MIN, &failing);
        if (is_failing && (!is_slower || failing.p <= slower.p)) {
                onset.at_ms = errors.from_ms[failing.at];
                tell_errors(&errors, &failing, onset.text);
        } else if (is_slower) {
                onset.at_ms = latency.from_ms[slower.at];
                tell_latency(&slower, onset.text);
        }
        onset.known = is_slower || is_failing;
        return onset;
}
