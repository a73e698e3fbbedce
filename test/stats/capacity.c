/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches for the highest rate that keeps 99 % of the requests under 50 ms, of servers of which it is known: a search errs when it ends above
 * the truth, and is of little use when it ends far below. No server is as fast as another, or all searches would try the same rates. */
#include <math.h>

#include "base/mem.h"
#include "claims.h"
#include "stat/capacity.h"

enum { PARTS = 10, SLOTS_MAX = 8, PROBES_MAX = 200 };

#define SPEED_RPS 800.0 /* of all slots together; up to a half more */
#define LIMIT_S 0.05
#define ALLOWED 0.01
#define WARMUP_S 5.0
#define TIMEOUT_S 5.0
#define NOT_LESS 0.94

static const struct capacity_search wide = {.from_rps = 200, .limit_rps = 20000};

struct server {
        int slots;
        bool steady;     /* evenly spaced arrivals, service within 20 % of its mean; else both exponential */
        double differs;  /* of the speed, from probe to probe: standard deviation, relative */
        double probe_s, precision;
        double (*truth_rps)(const struct server *server);
        double speed_rps; /* drawn for each search */
};

/* ---- servers of which the truth is known ---- */

/* A single server's times are exponential themselves, with what its speed is above the rate. Over all probes, when that speed is normal with
 * variance v, the share beyond LIMIT_S is exp(-(speed - rate) LIMIT_S + v LIMIT_S^2 / 2). */
static double single_truth_rps(const struct server *server)
{
        double sd_rps = server->speed_rps * server->differs;

        return server->speed_rps + log(ALLOWED) / LIMIT_S - sd_rps * sd_rps * LIMIT_S / 2;
}

/* Erlang's C: the share of requests that have to wait. */
static double share_waiting(int slots, double load)
{
        double term = 1, sum = 0;

        for (int k = 0; k < slots; k++) {
                sum += term;
                term *= load * slots / (k + 1);
        }
        return term / (1 - load) / (sum + term / (1 - load));
}

/* Who waits does so for an exponential time before the exponential service. */
static double share_beyond(const struct server *server, double rate_rps, double t_s)
{
        double each_rps = server->speed_rps / server->slots, spare_rps = server->speed_rps - rate_rps;
        double waiting = share_waiting(server->slots, rate_rps / server->speed_rps);
        double both = (each_rps * exp(-spare_rps * t_s) - spare_rps * exp(-each_rps * t_s)) / (each_rps - spare_rps);

        return (1 - waiting) * exp(-each_rps * t_s) + waiting * both;
}

static double several_truth_rps(const struct server *server)
{
        double low = 1, high = server->speed_rps;

        for (int i = 0; i < 60; i++) {
                double middle = (low + high) / 2;
                *(share_beyond(server, middle, LIMIT_S) <= ALLOWED ? &low : &high) = middle;
        }
        return low;
}

static double steady_truth_rps(const struct server *server)
{
        return server->speed_rps; /* nobody waits long until everybody does */
}

/* ---- a probe ---- */

struct queue {
        const struct server *server;
        double free_s[SLOTS_MAX], service_s, gap_s;
};

/* How long the request that comes at 'at_s' takes: first come, first served, by the slot that is free first. */
static double take_s(struct random *random, struct queue *queue, double at_s)
{
        int first = 0;

        for (int i = 1; i < queue->server->slots; i++)
                if (queue->free_s[i] < queue->free_s[first])
                        first = i;
        double part = queue->server->steady ? 0.8 + 0.4 * random_unit(random) : random_exponential(random);
        queue->free_s[first] = fmax(at_s, queue->free_s[first]) + queue->service_s * part;
        return queue->free_s[first] - at_s;
}

struct seen {
        double shares[PARTS], waiting[PARTS]; /* in tenths of the probe: beyond the limit; on their way */
        double count, done;   /* requests due in it, and answered in it */
};

/* A server that is beyond all help stays so. */
static struct seen probe(struct random *random, const struct server *server, double rate_rps, double probe_s)
{
        double counts[PARTS] = {0}, bad[PARTS] = {0}, at_s = 0, late_from_s = INFINITY;
        struct seen seen = {.count = floor(rate_rps * probe_s) + 1};
        struct queue queue = {.server = server, .gap_s = 1 / rate_rps};

        queue.service_s = server->slots / (server->speed_rps * (1 + server->differs * random_normal(random)));
        while (late_from_s == INFINITY) {
                at_s += queue.gap_s * (server->steady ? 1 : random_exponential(random));
                if (at_s >= WARMUP_S + probe_s)
                        break;
                double took_s = take_s(random, &queue, at_s);
                if (took_s > TIMEOUT_S)
                        late_from_s = at_s;
                seen.done += at_s + took_s >= WARMUP_S && at_s + took_s < WARMUP_S + probe_s;
                if (at_s < WARMUP_S)
                        continue;
                int part = (int)((at_s - WARMUP_S) / probe_s * PARTS);
                counts[part]++;
                bad[part] += took_s > LIMIT_S;
                seen.waiting[part] += took_s / (probe_s / PARTS);
        }
        for (int i = 0; i < PARTS; i++)
                seen.shares[i] = late_from_s <= WARMUP_S + probe_s * (i + 1) / PARTS ? 1 : counts[i] > 0 ? bad[i] / counts[i] : 0;
        return seen;
}

static enum capacity_outcome outcome_of(struct random *random, const struct server *server, double rate_rps, uint32_t lengths)
{
        enum capacity_outcome outcome = CAPACITY_FAILED;
        struct seen seen = probe(random, server, rate_rps, server->probe_s * lengths);

        if (capacity_judge(seen.shares, PARTS, (uint64_t)seen.count, ALLOWED, &outcome))
                return CAPACITY_FAILED;
        return outcome < CAPACITY_UNLIKELY && capacity_grows(seen.waiting, PARTS, seen.count) ? CAPACITY_UNLIKELY : outcome;
}

/* ---- the search, and how people search ---- */

static struct capacity_step search(struct random *random, const struct server *server)
{
        enum capacity_outcome outcomes[PROBES_MAX];
        struct capacity_search plan = wide;
        struct capacity_step step;
        size_t len = 0;

        plan.precision = server->precision;
        for (;;) {
                step = capacity_next(&plan, outcomes, len);
                if (step.end || len == PROBES_MAX)
                        return step;
                outcomes[len++] = outcome_of(random, server, step.rate_rps, step.lengths);
        }
}

struct naive {
        double bisected_rps, ramped_rps;
};

/* Each probe's value decides, of the latency or of the rate that is achieved, and what held last is the answer: at the end of the ramp already, or
 * of the bisection. */
static bool holds_naively(struct random *random, const struct server *server, double rate_rps)
{
        struct seen seen = probe(random, server, rate_rps, server->probe_s);
        double beyond = 0;

        for (int i = 0; i < PARTS; i++)
                beyond += seen.shares[i] / PARTS;
        return server->steady ? seen.done >= 0.99 * seen.count : beyond <= ALLOWED;
}

static struct naive search_naively(struct random *random, const struct server *server)
{
        double low = 0, high = 0, rate = wide.from_rps;
        struct naive found = {0};

        while (high == 0 || high / low > 1 + server->precision) {
                *(holds_naively(random, server, rate) ? &low : &high) = rate;
                if (high == 0)
                        found.ramped_rps = low;
                rate = high == 0 ? rate * CAPACITY_GROWTH : sqrt(low * high);
        }
        found.bisected_rps = low;
        return found;
}

enum { RATE_NOT_ABOVE, RATE_NOT_FAR_BELOW, LOW_NOT_ABOVE, LOW_NOT_FAR_BELOW };

static void play_search(struct random *random, const void *of, struct hit *hits)
{
        struct server drawn = *(const struct server *)of, *server = &drawn;

        server->speed_rps = SPEED_RPS * pow(CAPACITY_GROWTH, random_unit(random));
        double truth_rps = server->truth_rps(server), least_rps = NOT_LESS * truth_rps;
        struct naive naive = search_naively(random, server);
        struct capacity_step step = search(random, server);
        bool found = step.end == CAPACITY_FOUND;

        hits[RATE_NOT_ABOVE] = (struct hit){found && step.rate_rps <= truth_rps, naive.bisected_rps <= truth_rps};
        hits[RATE_NOT_FAR_BELOW] = (struct hit){found && step.rate_rps >= least_rps, naive.ramped_rps >= least_rps};
        hits[LOW_NOT_ABOVE] = (struct hit){found && step.low_rps <= truth_rps, naive.bisected_rps <= truth_rps};
        hits[LOW_NOT_FAR_BELOW] = (struct hit){found && step.low_rps >= least_rps, naive.ramped_rps >= least_rps};
}

#define SINGLE(differs, probe_s, precision) &(const struct server){1, false, differs, probe_s, precision, single_truth_rps, 0}
#define SEVERAL(probe_s, precision) &(const struct server){8, false, 0, probe_s, precision, several_truth_rps, 0}
#define STEADY(probe_s, precision) &(const struct server){8, true, 0, probe_s, precision, steady_truth_rps, 0}

#define PLAIN "bisection by single values, unconfirmed"
#define ACHIEVED "bisection by 99 % of the rate achieved"
#define RAMPED "the ramp's last rate that held"
#define RATE(promised, rival) \
        {"the rate found is not above the truth", 0.95, 1, rival, promised}, {"it is at least 94 % of the truth", 0.95, 1, RAMPED, promised}
#define LOW(promised) \
        {"its low end is not above the truth", 0.95, 1, PLAIN, promised}, {"the low end is at least 94 % of the truth", 0.95, 1, RAMPED, promised}

const struct experiment capacity_experiments[] = {
        {"capacity of an M/M/1 of 800 to 1200/s, p99 <= 50 ms, probes of 30 s, precision 2 %", PLAY_SEARCH, play_search, SINGLE(0, 30, 0.02), 2, {RATE(true, PLAIN)}},
        {"the same of an M/M/8", PLAY_SEARCH, play_search, SEVERAL(30, 0.02), 2, {RATE(true, PLAIN)}},
        {"the same of 8 slots with even arrivals", PLAY_SEARCH, play_search, STEADY(30, 0.02), 2, {RATE(true, ACHIEVED)}},
        {"the same with probes of 5 s, precision 5 %", PLAY_SEARCH, play_search, STEADY(5, 0.05), 2, {RATE(true, ACHIEVED)}},
        {"the M/M/1, its speed differs by 1 % from probe to probe", PLAY_SEARCH, play_search, SINGLE(0.01, 30, 0.02), 4, {RATE(false, PLAIN), LOW(true)}},
        {"the same by 2 %", PLAY_SEARCH, play_search, SINGLE(0.02, 30, 0.02), 4, {RATE(false, PLAIN), LOW(false)}},
        {"the M/M/1, probes of 10 s, precision 5 %", PLAY_SEARCH, play_search, SINGLE(0, 10, 0.05), 2, {RATE(false, PLAIN)}},
};
const size_t capacity_len = ARRAY_LEN(capacity_experiments);
