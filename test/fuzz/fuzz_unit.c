/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations, rates, percentages, quantities and times out of one text: within their bounds, never negative, and the same
 * again after printing, as exactly as the printed form is. */
#include <math.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/unit.h"
#include "fuzz.h"

static void try_duration(const char *text)
{
        char printed[UNIT_TEXT_MAX];
        int64_t ns = -1, again_ns = -1;

        if (unit_parse_duration_ns(text, &ns, NULL))
                return;
        must(ns >= 0 && ns <= INT64_C(10000) * 3600 * NS_PER_S);
        unit_format_duration(ns, printed);
        must(!unit_parse_duration_ns(printed, &again_ns, NULL));
        /* Microseconds below a second, milliseconds above. */
        must(llabs(again_ns - ns) <= (ns < NS_PER_S ? 500 : NS_PER_MS / 2));
}

static void try_rate(const char *text)
{
        char printed[UNIT_TEXT_MAX];
        double rps = -1, again_rps = -1;

        if (unit_parse_rate_rps(text, &rps, NULL))
                return;
        must(rps >= 0 && rps <= 1e7);
        unit_format_rate(rps, printed);
        must(!unit_parse_rate_rps(printed, &again_rps, NULL) && fabs(rps - again_rps) < 0.051);
}

static void try_percent(const char *text)
{
        char printed[UNIT_TEXT_MAX];
        double ratio = -1, again = -1;

        if (unit_parse_percent(text, &ratio, NULL))
                return;
        must(ratio >= 0 && ratio <= 1);
        unit_format_percent(ratio, printed);
        must(printed[0] == '<' || (!unit_parse_percent(printed, &again, NULL) && fabs(ratio - again) < 0.000051));
}

static void try_time(const char *text)
{
        char seconds[CLOCK_TEXT_MAX], micros[CLOCK_TEXT_MAX];
        int64_t wall_ms = clock_parse(text);

        must(wall_ms >= -1);
        if (wall_ms < 0)
                return;
        clock_format_seconds(wall_ms, seconds);
        clock_format_micros(wall_ms, micros);
        must(clock_parse(seconds) == wall_ms / 1000 * 1000 && clock_parse(micros) == wall_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *text = fuzz_text(data, size);
        double quantity = -1;

        try_duration(text);
        try_rate(text);
        try_percent(text);
        try_time(text);
        if (!unit_parse_quantity(text, &quantity, NULL))
                must(quantity >= 0 && isfinite(quantity));
        return 0;
}
