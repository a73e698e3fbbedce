/* SPDX-License-Identifier: Apache-2.0
 *
 * Two clocks, two names. wall_ms: Unix epoch, stands in objects. now_ns / at_ns: monotonic, schedules things.
 * They never meet in one expression. Programs take both from one object, so that a test can own time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

struct clock {
        /* CLOCK_BOOTTIME of this process's host: counts suspend, never jumps with the calendar. */
        int64_t (*now_ns)(const struct clock *clock);
        /* CLOCK_REALTIME in milliseconds since 1970. */
        int64_t (*wall_ms)(const struct clock *clock);
};

/* The machine's own clocks; static, never freed. */
const struct clock *clock_system(void);

static inline int64_t clock_now_ns(const struct clock *clock)
{
        return clock->now_ns(clock);
}

static inline int64_t clock_wall_ms(const struct clock *clock)
{
        return clock->wall_ms(clock);
}

#define CLOCK_TEXT_MAX 32
/* RFC 3339 in UTC: "2026-01-31T10:00:00Z" (metav1.Time) or with six fraction digits (metav1.MicroTime). */
void clock_format_seconds(int64_t wall_ms, char text[static CLOCK_TEXT_MAX]);
void clock_format_micros(int64_t wall_ms, char text[static CLOCK_TEXT_MAX]);
/* Parses RFC 3339 with or without fraction, 'Z' or an offset. Returns -1 when it is none (times before 1970 too). */
int64_t clock_parse(const char *text);
