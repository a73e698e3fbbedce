/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t system_now_ns(const struct clock *clock)
{
        struct timespec ts;

        (void)clock;
        clock_gettime(CLOCK_BOOTTIME, &ts);
        return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t system_wall_ms(const struct clock *clock)
{
        struct timespec ts;

        (void)clock;
        clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / NS_PER_MS;
}

const struct clock *clock_system(void)
{
        static const struct clock system = {.now_ns = system_now_ns, .wall_ms = system_wall_ms};
        return &system;
}

static struct tm broken_down(int64_t wall_ms)
{
        time_t seconds = (time_t)(wall_ms / 1000);
        struct tm tm = {0};

        gmtime_r(&seconds, &tm);
        return tm;
}

void clock_format_seconds(int64_t wall_ms, char text[static CLOCK_TEXT_MAX])
{
        struct tm tm = broken_down(wall_ms);
        strftime(text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_format_micros(int64_t wall_ms, char text[static CLOCK_TEXT_MAX])
{
        struct tm tm = broken_down(wall_ms);
        size_t used = strftime(text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + used, CLOCK_TEXT_MAX - used, ".%03d000Z", (int)(wall_ms % 1000));
}

/* The fraction after the seconds, to the millisecond; *text moves behind it. */
static int parse_fraction_ms(const char **text)
{
        int ms = 0, scale = 100;

        if (**text != '.')
                return 0;
        for ((*text)++; **text >= '0' && **text <= '9'; (*text)++) {
                ms += (**text - '0') * scale;
                scale /= 10;
        }
        return ms;
}

/* Minutes east of UTC, or a value beyond any offset when malformed. */
static int parse_offset_minutes(const char *text)
{
        int hours = 0, minutes = 0, used = 0;

        if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
                return 0;
        if ((text[0] != '+' && text[0] != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
            used != 5 || text[1 + used] != '\0')
                return 24 * 60;
        return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

int64_t clock_parse(const char *text)
{
        struct tm tm = {0};

        if (!text)
                return -1;
        const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
        if (!rest)
                return -1;
        int ms = parse_fraction_ms(&rest);
        int offset = parse_offset_minutes(rest);
        if (offset >= 24 * 60 || offset <= -24 * 60)
                return -1;
        int64_t wall_ms = ((int64_t)timegm(&tm) - offset * INT64_C(60)) * 1000 + ms;
        return wall_ms < 0 ? -1 : wall_ms;
}
