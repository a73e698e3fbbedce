/* SPDX-License-Identifier: Apache-2.0 */
#include "load/limit.h"

#include "base/text.h"

#define LATE_NS 2000000
#define THROTTLED_RATIO 0.01
#define BUSY_RATIO 0.9
#define SHED_RATIO 0.01

const char *const load_limit_names[LOAD_LIMITS] = {
        [LOAD_LIMIT_NONE] = "none", [LOAD_LIMIT_CLIENT] = "client", [LOAD_LIMIT_SERVER] = "server"};

static bool is_over(double part, double whole, double ratio)
{
        return whole > 0 && part > ratio * whole;
}

enum load_limit load_limit_of(const struct load_sight *sight)
{
        double span_us = (double)sight->span_us;

        if (is_over((double)sight->throttled_us, span_us, THROTTLED_RATIO))
                return LOAD_LIMIT_CLIENT;
        if (sight->closed)
                return is_over((double)sight->cpu_us, span_us * sight->threads, BUSY_RATIO) ? LOAD_LIMIT_CLIENT : LOAD_LIMIT_SERVER;
        if (sight->pacing_p90_ns > LATE_NS)
                return LOAD_LIMIT_CLIENT;
        if (sight->backlog > sight->in_flight || is_over((double)sight->shed, (double)sight->offered, SHED_RATIO))
                return LOAD_LIMIT_SERVER;
        return LOAD_LIMIT_NONE;
}

enum load_limit load_limit_named(const char *name)
{
        enum load_limit limit = LOAD_LIMITS;

        while (limit > LOAD_LIMIT_NONE && !text_equal(name, load_limit_names[limit - 1]))
                limit--;
        return limit > LOAD_LIMIT_NONE ? limit - 1 : LOAD_LIMIT_NONE;
}
