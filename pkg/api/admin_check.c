/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run asks for, held against the administrator's caps. */
#include <stdio.h>
#include <string.h>

#include "api/admin.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"

static struct admin_load load_of_arm(const struct profile *profile)
{
        return (struct admin_load){.rate_rps = profile->peak_rps,
                                   /* A stream asks as much of a target as a connection of HTTP/1.1. */
                                   .connections = (int64_t)profile->connections_max * profile->streams,
                                   .workers = profile->workers,
                                   .duration_ms = profile->warmup_ms + profile->shape_ms,
                                   .runs = 1};
}

static int64_t larger(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

struct admin_load admin_load_of(const struct profile *profile)
{
        struct admin_load load = load_of_arm(profile_arm(profile, 0));

        for (uint32_t i = 1; i < profile_arms(profile); i++) {
                struct admin_load other = load_of_arm(profile_arm(profile, i));
                load.rate_rps = other.rate_rps > load.rate_rps ? other.rate_rps : load.rate_rps;
                load.connections = larger(load.connections, other.connections);
                load.workers = larger(load.workers, other.workers);
                load.duration_ms = larger(load.duration_ms, other.duration_ms);
        }
        return load;
}

void admin_load_add(struct admin_load *into, const struct admin_load *load)
{
        into->rate_rps += load->rate_rps;
        into->connections += load->connections;
        into->workers += load->workers;
        into->runs += load->runs;
}

/* A value in the words in which it is written. */
enum unit { UNIT_RATE, UNIT_COUNT, UNIT_DURATION };

static void format_value(enum unit unit, double value, char text[static UNIT_TEXT_MAX])
{
        if (unit == UNIT_RATE)
                snprintf(text, UNIT_TEXT_MAX, "%.10g/s", value);
        else if (unit == UNIT_COUNT)
                snprintf(text, UNIT_TEXT_MAX, "%.0f", value);
        else
                unit_format_duration((int64_t)value * 1000000, text);
}

struct check {
        double asked, cap; /* cap 0: none */
        enum unit unit;
        const char *asks, *name; /* what asks for it, and the cap's name */
};

static const struct check *first_over(const struct check *checks, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (checks[i].cap > 0 && checks[i].asked > checks[i].cap)
                        return &checks[i];
        return NULL;
}

static enum fail_kind check_alone(const struct profile *profile, const struct admin_caps *caps, const char *level, struct fail *fail)
{
        struct admin_load load = load_of_arm(profile);
        const char *connections = profile->streams > 1                                ? "load.concurrency: connections times streamsPerConnection"
                                  : profile->connections_max > profile->connections ? "load.concurrency.maxConnections"
                                                                                    : "load.concurrency.connections";
        const struct check checks[] = {
                {load.rate_rps, caps->rate_rps, UNIT_RATE, "load.shape", "rate"},
                {(double)load.connections, (double)caps->connections, UNIT_COUNT, connections, "connections"},
                {(double)load.workers, (double)caps->workers, UNIT_COUNT, "load.workers", "workers"},
                {(double)load.duration_ms, (double)caps->duration_ms, UNIT_DURATION, "load.warmup and load.shape", "duration"},
        };
        const struct check *over = first_over(checks, ARRAY_LEN(checks));
        char asked[UNIT_TEXT_MAX], cap[UNIT_TEXT_MAX];

        if (over) {
                format_value(over->unit, over->asked, asked);
                format_value(over->unit, over->cap, cap);
                return fail_set(fail, FAIL_DENIED, "spec.%s: asks for %s, the administrator's caps.%s.%s is %s: ask for less", over->asks, asked,
                                level, over->name, cap);
        }
        return FAIL_NONE;
}

static enum fail_kind check_arm(const struct admin *admin, const struct profile *profile, struct fail *fail)
{
        if (check_alone(profile, &admin->run, "run", fail) || check_alone(profile, &admin->namespace, "namespace", fail))
                return FAIL_DENIED;
        return check_alone(profile, &admin->cluster, "cluster", fail);
}

enum fail_kind admin_check_run(const struct admin *admin, const struct profile *profile, struct fail *fail)
{
        for (uint32_t i = 0; i < profile_arms(profile); i++)
                if (check_arm(admin, profile_arm(profile, i), fail))
                        return profile->variants_len ? fail_wrap(fail, "variant %s", profile_arm_name(profile, i)) : FAIL_DENIED;
        return FAIL_NONE;
}

enum fail_kind admin_check_sum(const struct admin_caps *caps, const char *where, const struct admin_load *sum, const struct admin_load *more,
                               struct fail *fail)
{
        const struct check checks[] = {
                {sum->rate_rps + more->rate_rps, caps->rate_rps, UNIT_RATE, "", "rate"},
                {(double)(sum->connections + more->connections), (double)caps->connections, UNIT_COUNT, " connections", "connections"},
                {(double)(sum->workers + more->workers), (double)caps->workers, UNIT_COUNT, " workers", "workers"},
                {(double)(sum->runs + more->runs), (double)caps->runs, UNIT_COUNT, " runs", "runs"},
        };
        const struct check *over = first_over(checks, ARRAY_LEN(checks));
        char asked[UNIT_TEXT_MAX], cap[UNIT_TEXT_MAX];

        if (!over)
                return FAIL_NONE;
        format_value(over->unit, over->asked, asked);
        format_value(over->unit, over->cap, cap);
        return fail_set(fail, FAIL_BUSY, "with the runs under way in the %s it would be %s%s, the administrator's caps.%s.%s is %s", where, asked,
                        over->asks, where, over->name, cap);
}

/* ---- URLs ---- */

static bool has_port(const struct admin_allow *allow, int port)
{
        for (size_t i = 0; i < allow->ports_len; i++)
                if (allow->ports[i] == port)
                        return true;
        return false;
}

static bool has_host(const struct admin_allow *allow, const char *host)
{
        const char *pattern = allow->host;
        size_t host_len = strlen(host), tail_len;

        if (!text_starts(pattern, "*."))
                return strcmp(pattern, host) == 0;
        tail_len = strlen(pattern) - 1; /* with its dot */
        return host_len > tail_len && strcmp(host + host_len - tail_len, pattern + 1) == 0;
}

/* Could this entry allow the host? An address has to lie in the range at once; a name's addresses are looked at by the worker. */
static bool fits(const struct admin_allow *allow, const char *host, const struct address *address)
{
        if (allow->host && !has_host(allow, host))
                return false;
        return !address || !allow->by_range || address_within(address, &allow->range);
}

enum fail_kind admin_check_url(const struct admin *admin, const struct profile *profile, struct json_object **ret_allow, struct fail *fail)
{
        auto_json struct json_object *ranges = doc_array();
        const struct admin_load asked = admin_load_of(profile);
        struct address literal;
        const struct address *address = address_parse(profile->url_host, &literal) ? &literal : NULL;
        bool anywhere = false, by_rate = true;
        double most_rps = 0;

        for (size_t i = 0; i < admin->allow_len; i++) {
                const struct admin_allow *allow = &admin->allow[i];
                if (!has_port(allow, profile->url_port) || !fits(allow, profile->url_host, address))
                        continue;
                if (allow->rate_rps > 0 && (profile->closed || asked.rate_rps > allow->rate_rps)) {
                        most_rps = allow->rate_rps > most_rps ? allow->rate_rps : most_rps;
                        continue;
                }
                by_rate = false;
                anywhere = anywhere || !allow->by_range;
                if (allow->by_range)
                        doc_push_text(ranges, allow->range_text);
        }
        if (by_rate && most_rps > 0)
                return fail_set(fail, FAIL_DENIED, "spec.load.shape: the administrator's targets.allow lets at most %.10g/s go to %s, in a shape "
                                                   "that has a rate: ask for less", most_rps, profile->url_host);
        if (by_rate)
                return fail_set(fail, FAIL_DENIED, "spec.target.url: %s port %d is not in the administrator's targets.allow (ConfigMap "
                                                   ADMIN_CONFIGMAP "): have it added, or name a Service", profile->url_host, profile->url_port);
        if (anywhere) {
                json_object_put(ranges);
                ranges = doc_array();
        }
        if (ret_allow)
                *ret_allow = take(ranges);
        return FAIL_NONE;
}

bool admin_denies(const struct admin *admin, const struct address *address)
{
        for (size_t i = 0; i < admin->deny_len; i++)
                if (address_within(address, &admin->deny[i]))
                        return true;
        return false;
}

bool admin_caps_sums(const struct admin_caps *caps)
{
        return caps->rate_rps > 0 || caps->connections > 0 || caps->workers > 0 || caps->runs > 0;
}
