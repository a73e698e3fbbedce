/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "probe/samples_internal.h"

/* Readings nearer to each other than this are of one moment: a rate over less would be noise. */
#define SPAN_MS_MIN 400

enum form {
        FORM_GAUGE,  /* as it stands */
        FORM_BOUND,  /* the same where 0 is none */
        FORM_RATE,   /* rise per second */
        FORM_WAIT,   /* the same of a counter that stands at 0 for ever where the kernel does not count */
        FORM_SHARE,  /* rise of one counter per rise of another */
        FORM_PART,   /* one gauge of another */
        FORM_RISE,
};

enum join { JOIN_MEAN, JOIN_MOST, JOIN_LAST, JOIN_SUM };

static const struct metric_row {
        const char *name;
        enum form form;
        enum raw raw, base;
        double scale;
        enum join join;
} metrics[SAMPLE_METRICS] = {
        [SAMPLE_CPU] = {"cpuMilli", FORM_RATE, RAW_CPU, 0, 1e3, JOIN_MEAN},
        [SAMPLE_MEMORY] = {"memoryKiB", FORM_GAUGE, RAW_MEMORY, 0, 1.0 / 1024, JOIN_MOST},
        [SAMPLE_THROTTLED] = {"throttledPermille", FORM_SHARE, RAW_STOPPED, RAW_PERIODS, 1e3, JOIN_MEAN},
        [SAMPLE_CPU_LIMIT] = {"cpuLimitMilli", FORM_PART, RAW_QUOTA, RAW_QUOTA_PERIOD, 1e3, JOIN_LAST},
        [SAMPLE_MEMORY_LIMIT] = {"memoryLimitKiB", FORM_BOUND, RAW_MEMORY_LIMIT, 0, 1.0 / 1024, JOIN_LAST},
        [SAMPLE_CPU_PRESSURE] = {"cpuPressurePermille", FORM_WAIT, RAW_CPU_WAIT, 0, 1e3, JOIN_MEAN},
        [SAMPLE_MEMORY_PRESSURE] = {"memoryPressurePermille", FORM_WAIT, RAW_MEMORY_WAIT, 0, 1e3, JOIN_MEAN},
        [SAMPLE_IO_PRESSURE] = {"ioPressurePermille", FORM_WAIT, RAW_IO_WAIT, 0, 1e3, JOIN_MEAN},
        [SAMPLE_STEAL] = {"stealPermille", FORM_RATE, RAW_STEAL, 0, 1e3, JOIN_MEAN},
        [SAMPLE_DROPS] = {"drops", FORM_RISE, RAW_DROPS, 0, 1, JOIN_SUM},
};

const char *sample_metric_name(enum sample_metric metric)
{
        return metrics[metric].name;
}

struct rows *rows_free(struct rows *rows)
{
        for (size_t i = 0; rows && i < SAMPLE_METRICS; i++)
                free(rows->columns[i]);
        free(rows);
        return NULL;
}

float rows_value(const struct rows *rows, enum sample_metric metric, size_t row)
{
        return rows->columns[metric] ? rows->columns[metric][row] : NAN;
}

void rows_set(struct rows *rows, enum sample_metric metric, size_t row, float value)
{
        if (!rows->columns[metric] && isnan(value))
                return;
        if (!rows->columns[metric]) {
                rows->columns[metric] = xcalloc(SAMPLES_ROWS_MAX, sizeof(float));
                for (size_t i = 0; i < SAMPLES_ROWS_MAX; i++)
                        rows->columns[metric][i] = NAN;
        }
        rows->columns[metric][row] = value;
}

/* ---- from readings to values ---- */

/* How much a counter rose. False: one of the readings does not have it, or it was reset in between. */
static bool rise_of(const struct reading *last, const struct reading *next, enum raw raw, double *ret_rise)
{
        bool same = !last->cgroup || !next->cgroup || last->cgroup == next->cgroup;

        if (!last->known[raw] || !next->known[raw] || !same || next->value[raw] < last->value[raw])
                return false;
        *ret_rise = next->value[raw] - last->value[raw];
        return true;
}

static float value_of(const struct metric_row *metric, const struct reading *last, const struct reading *next)
{
        double span_s = (double)(next->wall_ms - last->wall_ms) / 1e3, rise = 0, base = 0;
        bool rises = metric->form != FORM_GAUGE && metric->form != FORM_BOUND && metric->form != FORM_PART;

        if (rises && (last->wall_ms == 0 || !rise_of(last, next, metric->raw, &rise)))
                return NAN;
        switch (metric->form) {
        case FORM_GAUGE:
                return next->known[metric->raw] ? (float)(next->value[metric->raw] * metric->scale) : NAN;
        case FORM_BOUND:
                return next->known[metric->raw] && next->value[metric->raw] > 0 ? (float)(next->value[metric->raw] * metric->scale) : NAN;
        case FORM_PART:
                if (!next->known[metric->raw] || !next->known[metric->base] || next->value[metric->base] <= 0)
                        return NAN;
                return (float)(next->value[metric->raw] / next->value[metric->base] * metric->scale);
        case FORM_WAIT:
                if (next->value[metric->raw] <= 0)
                        return NAN;
                return (float)(rise / span_s * metric->scale);
        case FORM_RATE:
                return (float)(rise / span_s * metric->scale);
        case FORM_RISE:
                return (float)(rise * metric->scale);
        case FORM_SHARE:
                if (!rise_of(last, next, metric->base, &base))
                        return NAN;
                return base > 0 ? (float)(fmin(rise / base, 1) * metric->scale) : 0; /* nothing ran, and nothing was stopped */
        }
        return NAN;
}

/* ---- rows ---- */

static float joined(enum join join, float a, double a_ms, float b, double b_ms)
{
        if (isnan(a) || isnan(b))
                return isnan(a) ? b : a;
        switch (join) {
        case JOIN_MEAN:
                return a_ms + b_ms > 0 ? (float)(((double)a * a_ms + (double)b * b_ms) / (a_ms + b_ms)) : b;
        case JOIN_MOST:
                return a > b ? a : b;
        case JOIN_SUM:
                return a + b;
        case JOIN_LAST:
                break;
        }
        return b;
}

void rows_join(struct rows *rows, size_t into, const struct rows *other, size_t from)
{
        double into_ms = (double)(rows->to_wall_ms[into] - rows->from_wall_ms[into]);
        double from_ms = (double)(other->to_wall_ms[from] - other->from_wall_ms[from]);

        for (enum sample_metric i = 0; i < SAMPLE_METRICS; i++)
                rows_set(rows, i, into, joined(metrics[i].join, rows_value(rows, i, into), into_ms, rows_value(other, i, from), from_ms));
        rows->to_wall_ms[into] = other->to_wall_ms[from];
}

static void copy_row(struct rows *rows, size_t into, size_t from)
{
        rows->from_wall_ms[into] = rows->from_wall_ms[from];
        rows->to_wall_ms[into] = rows->to_wall_ms[from];
        for (size_t i = 0; i < SAMPLE_METRICS; i++)
                if (rows->columns[i])
                        rows->columns[i][into] = rows->columns[i][from];
}

static void halve(struct rows *rows)
{
        size_t len = 0;

        for (size_t i = 0; i < rows->len; i++) {
                /* Rows with a gap between them stay two. */
                bool joins = i % 2 == 1 && rows->from_wall_ms[i] <= rows->to_wall_ms[len - 1];
                if (joins)
                        rows_join(rows, len - 1, rows, i);
                else
                        copy_row(rows, len++, i);
        }
        rows->len = len;
        rows->joined = rows->stride *= 2; /* the last row is whole */
}

static void add_row(struct track *track, int64_t from_wall_ms, int64_t to_wall_ms, const float values[static SAMPLE_METRICS])
{
        if (!track->rows)
                track->rows = xnew(struct rows);
        struct rows *rows = track->rows;
        rows->stride = rows->stride ? rows->stride : 1;
        if (rows->len == SAMPLES_ROWS_MAX)
                halve(rows);
        if (rows->len == SAMPLES_ROWS_MAX) { /* nothing but gaps: the oldest goes */
                for (size_t i = 1; i < rows->len; i++)
                        copy_row(rows, i - 1, i);
                rows->len--;
        }
        size_t at = rows->len++;
        rows->from_wall_ms[at] = from_wall_ms;
        rows->to_wall_ms[at] = to_wall_ms;
        for (enum sample_metric i = 0; i < SAMPLE_METRICS; i++)
                rows_set(rows, i, at, values[i]);
        rows->joined++;
        if (at > 0 && rows->joined <= rows->stride && rows->joined > 1 && from_wall_ms <= rows->to_wall_ms[at - 1]) {
                rows_join(rows, at - 1, rows, at);
                rows->len--;
        } else {
                rows->joined = 1;
        }
}

void rows_commit(struct track *track, float throttled_least, float *ret_throttled)
{
        const struct reading next = track->next, last = track->last;
        float values[SAMPLE_METRICS];

        track->next = (struct reading){0};
        if (next.wall_ms == 0 || next.wall_ms < last.wall_ms + SPAN_MS_MIN)
                return;
        for (enum sample_metric i = 0; i < SAMPLE_METRICS; i++)
                values[i] = value_of(&metrics[i], &last, &next);
        values[SAMPLE_THROTTLED] = fmaxf(values[SAMPLE_THROTTLED], throttled_least); /* a NaN beside a number is nothing */
        if (ret_throttled)
                *ret_throttled = values[SAMPLE_THROTTLED];
        track->last = next;
        /* The first reading has no span: what it says of memory is of that moment. */
        add_row(track, last.wall_ms ? last.wall_ms : next.wall_ms, next.wall_ms, values);
}
