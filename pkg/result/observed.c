/* SPDX-License-Identifier: Apache-2.0 */
#include "result/observed.h"

#include <math.h>

#include "base/mem.h"
#include "data/doc.h"

enum joins { JOINS_MEAN, JOINS_MOST, JOINS_SUM };

static const struct figure_row {
        enum metric_family family;
        const char *name;
        enum joins joins;
} rows[] = {
        {METRIC_TARGET_CPU, "target.cpu", JOINS_MEAN},
        {METRIC_TARGET_MEMORY, "target.memory", JOINS_MOST},
        {METRIC_TARGET_THROTTLED, "target.throttled", JOINS_MEAN},
        {METRIC_TARGET_RESTARTS, "target.restarts", JOINS_SUM},
        {METRIC_PROXY_CPU, "proxy.cpu", JOINS_MEAN},
        {METRIC_PROXY_MEMORY, "proxy.memory", JOINS_MOST},
};

struct observed_figure *observed_figure(struct observed *observed, enum metric_family family)
{
        return &observed->of[family - METRIC_OBSERVED];
}

const struct observed_figure *observed_find(const struct observed *observed, enum metric_family family)
{
        return &observed->of[family - METRIC_OBSERVED];
}

bool observed_is_mean(enum metric_family family)
{
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (rows[i].family == family)
                        return rows[i].joins == JOINS_MEAN;
        return false;
}

/* ---- several trials ---- */

static double join(enum joins joins, double number, double ms, double other, double other_ms)
{
        switch (joins) {
        case JOINS_MEAN:
                return ms + other_ms > 0 ? (number * ms + other * other_ms) / (ms + other_ms) : other;
        case JOINS_MOST:
                return fmax(number, other);
        case JOINS_SUM:
                return number + other;
        }
        return other;
}

static void add_figure(enum joins joins, struct observed_figure *into, double ms, const struct observed_figure *other, double other_ms)
{
        if (into->known && other->known)
                into->number = join(joins, into->number, ms * into->covered, other->number, other_ms * other->covered);
        else if (other->known)
                into->number = other->number;
        into->known = into->known || other->known;
        into->covered = ms > 0 ? fmin(into->covered, other->covered) : other->covered;
}

void observed_add(struct observed *observed, const struct observed *other)
{
        bool first = observed->window_ms == 0;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                add_figure(rows[i].joins, observed_figure(observed, rows[i].family), first ? 0 : (double)observed->window_ms,
                           observed_find(other, rows[i].family), (double)other->window_ms);
        observed->window_ms += other->window_ms > 0 ? other->window_ms : 1; /* it was, though nobody knows how long */
}

/* ---- as a document ---- */

struct json_object *observed_encode(const struct observed *observed)
{
        struct json_object *figures = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                const struct observed_figure *figure = observed_find(observed, rows[i].family);
                if (figure->known)
                        doc_set(figures, rows[i].name, doc_set_double(doc_set_double(doc_object(), "value", figure->number, 6), "covered", figure->covered, 3));
        }
        return doc_set(doc_set_int(doc_object(), "windowMs", observed->window_ms), "figures", figures);
}

void observed_decode(struct json_object *doc, struct observed *ret_observed)
{
        struct json_object *figures = doc_at(doc, "figures"), *one;

        *ret_observed = (struct observed){.window_ms = doc_int(doc, "windowMs", 0)};
        if (ret_observed->window_ms < 0 || ret_observed->window_ms > INT64_C(1) << 40)
                ret_observed->window_ms = 0;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                if (!json_object_object_get_ex(figures, rows[i].name, &one))
                        continue;
                double number = doc_double(one, "value", -1), covered = doc_double(one, "covered", 0);
                if (number >= 0 && number <= 1e15 && covered >= 0 && covered <= 1)
                        *observed_figure(ret_observed, rows[i].family) = (struct observed_figure){true, number, covered};
        }
}
