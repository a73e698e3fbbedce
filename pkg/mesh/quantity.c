/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "mesh/parts.h"

#define SAFE_MAX 9e15 /* what a double, and any reader of JSON, holds exactly */

static const struct unit {
        const char *name;
        double us;
} units[] = {{"ns", 1e-3}, {"us", 1}, {"µs", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 6e7}, {"h", 3.6e9}};

static const struct unit *unit_at(const char *text, size_t *ret_len)
{
        const struct unit *best = NULL;

        *ret_len = 0;
        for (size_t i = 0; i < ARRAY_LEN(units); i++) /* the longest: "ms" is not "m" */
                if (text_starts(text, units[i].name) && strlen(units[i].name) > *ret_len) {
                        best = &units[i];
                        *ret_len = strlen(best->name);
                }
        return best;
}

/* Go's and protobuf's durations are one language: numbers with units, added up. "0" alone is Go's zero. */
bool quantity_text_us(const char *text, int64_t *ret_us)
{
        double sum = 0;

        if (strcmp(text, "0") == 0) {
                *ret_us = 0;
                return true;
        }
        if (!*text)
                return false;
        while (*text) {
                char *end;
                size_t len;
                if (!strchr("0123456789.", *text))
                        return false;
                double number = strtod(text, &end);
                const struct unit *unit = end > text ? unit_at(end, &len) : NULL;
                if (!unit)
                        return false;
                sum += number * unit->us;
                text = end + len;
        }
        if (!(sum >= 0 && sum <= SAFE_MAX))
                return false;
        *ret_us = llround(sum);
        return true;
}

bool quantity_us(struct json_object *value, int64_t *ret_us)
{
        if (json_object_is_type(value, json_type_string))
                return quantity_text_us(json_object_get_string(value), ret_us);
        return json_object_is_type(value, json_type_int) && quantity_scaled(value, 1e3, ret_us);
}

static bool rounded(double number, int64_t *ret_value)
{
        if (!(fabs(number) <= SAFE_MAX))
                return false;
        *ret_value = llround(number);
        return true;
}

bool quantity_text_scaled(const char *text, double scale, int64_t *ret_value)
{
        char *end;
        double number = strtod(text, &end);

        if (end == text || *end || !strchr("-0123456789.", *text))
                return false;
        return rounded(number * scale, ret_value);
}

bool quantity_scaled(struct json_object *value, double scale, int64_t *ret_value)
{
        if (json_object_is_type(value, json_type_string))
                return quantity_text_scaled(json_object_get_string(value), scale, ret_value);
        if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
                return false;
        return rounded(json_object_get_double(value) * scale, ret_value);
}

static bool kubernetes(const char *text, double scale, int64_t *ret_value)
{
        double value;

        if (!text || unit_parse_quantity(text, &value, NULL) || !(value * scale <= SAFE_MAX))
                return false;
        *ret_value = llround(value * scale);
        return true;
}

bool quantity_milli(const char *text, int64_t *ret_milli)
{
        return kubernetes(text, 1000, ret_milli);
}

bool quantity_bytes(const char *text, int64_t *ret_bytes)
{
        return kubernetes(text, 1, ret_bytes);
}
