/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/capacity.h"

#include <assert.h>
#include <math.h>

#include "stat/dist.h"
#include "stat/moments.h"
#include "stat/steady.h"

#define CONFIDENCE 0.975 /* one-sided, of one probe */
#define PARTS_MAX 100
#define DIGITS 4

/* ---- one probe ---- */

enum stat_kind capacity_judge(const double *shares, size_t len, uint64_t count, double allowed, enum capacity_outcome *ret_outcome)
{
        struct moments moments;

        assert(allowed >= 0 && allowed <= 1);
        if (len < 3)
                return STAT_TOO_FEW;
        if (len > PARTS_MAX)
                return STAT_TOO_MANY;
        enum stat_kind kind = moments_of(shares, len, &moments);
        if (kind)
                return kind;
        double share = fmin(fmax(moments.mean, 0), 1), bad = fmin(round(share * (double)count), (double)count);
        double over = dist_t_quantile(CONFIDENCE, (double)len - 1) * sqrt(moments.variance / (double)len), under = over;
        if (count > 0) {
                over = fmax(over, dist_share_high((uint64_t)bad, count, CONFIDENCE) - share);
                under = fmax(under, share - dist_share_low((uint64_t)bad, count, CONFIDENCE));
        }

        if (share <= allowed)
                *ret_outcome = share + over <= allowed ? CAPACITY_HELD : CAPACITY_LIKELY;
        else
                *ret_outcome = share - under > allowed ? CAPACITY_FAILED : CAPACITY_UNLIKELY;
        return STAT_OK;
}

bool capacity_grows(const double *waiting, size_t len, double offered)
{
        struct steady_trend trend;

        assert(offered > 0);
        return !steady_trend(waiting, len, CAPACITY_LEFT * offered, &trend) && !trend.steady && trend.drift > 0;
}

/* ---- the search ---- */

static double rounded(double rate_rps)
{
        double unit = pow(10, floor(log10(rate_rps)) - DIGITS + 1);

        return round(rate_rps / unit) * unit;
}

static bool confirming(const struct capacity_step *at, const struct capacity_search *search)
{
        return (at->high_rps > 0 && at->low_rps > 0 && at->high_rps / at->low_rps <= 1 + search->precision) || at->low_rps >= search->limit_rps;
}

static void ask(struct capacity_step *at, double rate_rps, uint32_t lengths)
{
        at->rate_rps = rate_rps;
        at->lengths = lengths;
}

/* After a rate was decided by ramp or bisection. */
static void go_on(struct capacity_step *at, const struct capacity_search *search)
{
        if (at->low_rps == 0)
                at->end = CAPACITY_BELOW_FROM;
        else if (confirming(at, search))
                ask(at, at->low_rps, CAPACITY_CONFIRM_LENGTHS);
        else if (at->high_rps == 0)
                ask(at, fmin(rounded(at->low_rps * CAPACITY_GROWTH), search->limit_rps), 1);
        else
                ask(at, rounded(sqrt(at->low_rps * at->high_rps)), 1);
}

static void look_for(struct capacity_step *at, const struct capacity_search *search, enum capacity_outcome outcome)
{
        bool undecided = outcome == CAPACITY_LIKELY || outcome == CAPACITY_UNLIKELY;

        if (undecided && at->lengths < CAPACITY_AGAIN_LENGTHS) {
                at->lengths = CAPACITY_AGAIN_LENGTHS;
                return;
        }
        if (outcome <= CAPACITY_LIKELY)
                at->low_rps = at->rate_rps;
        else
                at->high_rps = at->rate_rps;
        go_on(at, search);
}

static void confirm(struct capacity_step *at, const struct capacity_search *search, enum capacity_outcome outcome, uint32_t *steps_down)
{
        double margin = 1 + search->precision / 2;

        if (outcome == CAPACITY_HELD) {
                if (++at->confirmed < CAPACITY_CONFIRMATIONS)
                        return;
                at->end = at->high_rps > 0 ? CAPACITY_FOUND : CAPACITY_ABOVE_LIMIT;
                at->low_rps = rounded(at->rate_rps / margin);
                return;
        }
        at->confirmed = 0;
        at->high_rps = at->rate_rps;
        at->low_rps = rounded(at->rate_rps / margin);
        ask(at, at->low_rps, CAPACITY_CONFIRM_LENGTHS);
        if (++*steps_down >= CAPACITY_STEPS_DOWN) {
                at->end = CAPACITY_UNCONFIRMED;
                at->low_rps = 0;
        }
}

struct capacity_step capacity_next(const struct capacity_search *search, const enum capacity_outcome *outcomes, size_t len)
{
        struct capacity_step at = {.rate_rps = search->from_rps, .lengths = 1};
        uint32_t steps_down = 0;

        assert(search->from_rps > 0 && search->from_rps <= search->limit_rps);
        assert(search->precision >= CAPACITY_PRECISION_MIN && search->precision <= CAPACITY_PRECISION_MAX);
        for (size_t i = 0; i < len && !at.end; i++) {
                if (confirming(&at, search))
                        confirm(&at, search, outcomes[i], &steps_down);
                else
                        look_for(&at, search, outcomes[i]);
        }
        return at;
}

/* Every probe of ramp and bisection undecided at first, and as many steps down as there are. */
struct capacity_cost capacity_most(const struct capacity_search *search)
{
        double ramp = ceil(log(search->limit_rps / search->from_rps) / log(CAPACITY_GROWTH)) + 1;
        double bisect = ceil(log2(log(CAPACITY_GROWTH) / log1p(search->precision)));
        uint32_t looked = (uint32_t)(ramp + fmax(bisect, 0)), confirmed = CAPACITY_STEPS_DOWN * CAPACITY_CONFIRMATIONS;

        return (struct capacity_cost){2 * looked + confirmed, (1 + CAPACITY_AGAIN_LENGTHS) * looked + CAPACITY_CONFIRM_LENGTHS * confirmed};
}
