/* SPDX-License-Identifier: Apache-2.0 */
#include "data/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define DURATION_MAX_NS (INT64_C(10000) * 3600 * 1000000000)
#define RATE_MAX_RPS 1e7

/* A decimal number without sign or exponent, as strtod would read it in the C locale. Returns the characters used, 0 when
 * there is none. */
static size_t parse_number(const char *text, double *ret_value)
{
        double value = 0, scale = 1;
        size_t at = 0, digits = 0;

        for (; text[at] >= '0' && text[at] <= '9'; at++, digits++)
                value = value * 10 + (text[at] - '0');
        if (text[at] == '.')
                for (at++; text[at] >= '0' && text[at] <= '9'; at++, digits++)
                        value += (text[at] - '0') * (scale /= 10);
        if (digits == 0 || digits > 18)
                return 0;
        *ret_value = value;
        return at;
}

static const struct duration_unit {
        const char *name;
        double ns;
} duration_units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

static const struct duration_unit *parse_unit(const char *text, size_t *ret_len)
{
        size_t len = strspn(text, "nusmh");

        for (size_t i = 0; i < ARRAY_LEN(duration_units); i++)
                if (strlen(duration_units[i].name) == len && strncmp(text, duration_units[i].name, len) == 0) {
                        *ret_len = len;
                        return &duration_units[i];
                }
        return NULL;
}

enum fail_kind unit_parse_duration_ns(const char *text, int64_t *ret_ns, struct fail *fail)
{
        double total = 0;
        const char *at = text;

        if (!text || !*text)
                return fail_set(fail, FAIL_INVALID, "must be a duration, for example 90s or 1m30s");
        if (strcmp(text, "0") == 0) {
                *ret_ns = 0;
                return FAIL_NONE;
        }
        while (*at) {
                double value;
                size_t used = parse_number(at, &value), len = 0;
                const struct duration_unit *unit = used ? parse_unit(at + used, &len) : NULL;
                if (!unit)
                        return fail_set(fail, FAIL_INVALID, "'%.40s' is not a duration; write for example 90s or 1m30s", text);
                total += value * unit->ns;
                at += used + len;
        }
        if (total > (double)DURATION_MAX_NS)
                return fail_set(fail, FAIL_INVALID, "'%.40s' is longer than 10000h", text);
        *ret_ns = (int64_t)(total + 0.5);
        return FAIL_NONE;
}

enum fail_kind unit_parse_rate_rps(const char *text, double *ret_rps, struct fail *fail)
{
        double value = 0;
        size_t used = text ? parse_number(text, &value) : 0;
        bool per_second = used && strcmp(text + used, "/s") == 0, per_minute = used && strcmp(text + used, "/m") == 0;

        if (!per_second && !per_minute)
                return fail_set(fail, FAIL_INVALID, "'%.40s' is not a rate; write for example 500/s or 30000/m", text ? text : "");
        value = per_minute ? value / 60 : value;
        if (value > RATE_MAX_RPS)
                return fail_set(fail, FAIL_INVALID, "rate '%.40s' is above 10000000/s", text);
        *ret_rps = value;
        return FAIL_NONE;
}

enum fail_kind unit_parse_percent(const char *text, double *ret_ratio, struct fail *fail)
{
        double value = 0;
        size_t used = text ? parse_number(text, &value) : 0;

        if (!used || strcmp(text + used, "%") != 0 || value > 100)
                return fail_set(fail, FAIL_INVALID, "'%.40s' is not a percentage; write for example 0.1%%", text ? text : "");
        *ret_ratio = value / 100;
        return FAIL_NONE;
}

static const struct quantity_suffix {
        const char *name;
        double factor;
} quantity_suffixes[] = {
        {"", 1},        {"n", 1e-9},   {"u", 1e-6},        {"m", 1e-3},         {"k", 1e3},         {"M", 1e6},
        {"G", 1e9},     {"T", 1e12},   {"P", 1e15},        {"E", 1e18},         {"Ki", 1024.0},     {"Mi", 1048576.0},
        {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50},    {"Ei", 0x1p60},
};

/* "e3", "E-2": the decimal exponent form. */
static bool parse_exponent(const char *text, double *ret_factor)
{
        bool negative = text[1] == '-';
        const char *digits = text + 1 + (text[1] == '-' || text[1] == '+');
        size_t len = strspn(digits, "0123456789");

        if ((text[0] != 'e' && text[0] != 'E') || len < 1 || len > 2 || digits[len] != '\0')
                return false;
        int exponent = digits[0] - '0';
        if (len == 2)
                exponent = exponent * 10 + digits[1] - '0';
        for (*ret_factor = 1; exponent > 0 && exponent <= 18; exponent--)
                *ret_factor *= negative ? 0.1 : 10;
        return exponent == 0;
}

enum fail_kind unit_parse_quantity(const char *text, double *ret_value, struct fail *fail)
{
        double value = 0, factor = 0;
        size_t used = text ? parse_number(text, &value) : 0;

        for (size_t i = 0; used && i < ARRAY_LEN(quantity_suffixes); i++)
                if (strcmp(text + used, quantity_suffixes[i].name) == 0)
                        factor = quantity_suffixes[i].factor;
        if (!used || (factor == 0 && !parse_exponent(text + used, &factor)))
                return fail_set(fail, FAIL_INVALID, "'%.40s' is not a quantity; write for example 500m or 64Mi", text ? text : "");
        *ret_value = value * factor;
        return FAIL_NONE;
}

void unit_format_latency(int64_t ns, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.3fms", (double)ns / 1e6);
}

void unit_format_rate(double rps, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.1f/s", rps);
}

void unit_format_percent(double ratio, char text[static UNIT_TEXT_MAX])
{
        double percent = ratio * 100;

        if (percent == 0 || percent >= 99.995)
                snprintf(text, UNIT_TEXT_MAX, "%.0f%%", percent);
        else if (percent < 0.01)
                snprintf(text, UNIT_TEXT_MAX, "<0.01%%");
        else
                snprintf(text, UNIT_TEXT_MAX, "%.2f%%", percent);
}

void unit_format_duration(int64_t ns, char text[static UNIT_TEXT_MAX])
{
        int64_t seconds = ns / 1000000000, rest_ns = ns % 1000000000;
        size_t used = 0;

        if (seconds == 0 && rest_ns) {
                bool whole_ms = rest_ns % 1000000 == 0;
                snprintf(text, UNIT_TEXT_MAX, whole_ms ? "%.0fms" : "%.3fms", (double)rest_ns / 1e6);
                return;
        }
        if (seconds >= 3600)
                used += (size_t)snprintf(text + used, UNIT_TEXT_MAX - used, "%dh", (int)(seconds / 3600));
        if (seconds % 3600 >= 60)
                used += (size_t)snprintf(text + used, UNIT_TEXT_MAX - used, "%dm", (int)(seconds % 3600 / 60));
        if (rest_ns)
                snprintf(text + used, UNIT_TEXT_MAX - used, "%.3fs", (double)(seconds % 60) + (double)rest_ns / 1e9);
        else if (seconds % 60 || !used)
                snprintf(text + used, UNIT_TEXT_MAX - used, "%ds", (int)(seconds % 60));
}
