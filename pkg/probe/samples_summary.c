/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "probe/samples_internal.h"

#define AT_LIMIT 0.95

/* What one subject did within a window of time. */
struct window {
        int64_t from_wall_ms, to_wall_ms;
        bool begun; /* rows that began before it do not count at all */
};

struct course { /* of one metric */
        double sum, ms; /* values times milliseconds, and the milliseconds that had one */
        double most;
        bool known;
};

/* How much of the row lies in the window. */
static double inside_ms(const struct rows *rows, size_t row, const struct window *window)
{
        int64_t from = rows->from_wall_ms[row] > window->from_wall_ms ? rows->from_wall_ms[row] : window->from_wall_ms;
        int64_t to = rows->to_wall_ms[row] < window->to_wall_ms ? rows->to_wall_ms[row] : window->to_wall_ms;

        if (window->begun && rows->from_wall_ms[row] < window->from_wall_ms)
                return 0;
        return to > from ? (double)(to - from) : 0;
}

/* A row that is mostly of another time tells nothing about the most that there was. */
static bool is_of(const struct rows *rows, size_t row, const struct window *window)
{
        return inside_ms(rows, row, window) * 2 >= (double)(rows->to_wall_ms[row] - rows->from_wall_ms[row]);
}

static struct course course_in(const struct rows *rows, enum sample_metric metric, const struct window *window)
{
        struct course course = {0};

        for (size_t i = 0; rows && i < rows->len; i++) {
                double ms = inside_ms(rows, i, window), value = (double)rows_value(rows, metric, i);
                if (ms <= 0 || isnan(value))
                        continue;
                course.sum += value * ms;
                course.ms += ms;
                if (is_of(rows, i, window) || !course.known)
                        course.most = fmax(course.most, value);
                course.known = true;
        }
        return course;
}

/* Of the source that has most to say of it in the window. */
static const struct rows *best_of(const struct subject *subject, enum sample_metric metric, const struct window *window)
{
        const struct rows *best = NULL;
        size_t most = 0;

        for (size_t i = 0; i < SAMPLES_SOURCES; i++) {
                const struct rows *rows = subject->tracks[i].rows;
                size_t len = 0;
                for (size_t k = 0; rows && k < rows->len; k++)
                        len += inside_ms(rows, k, window) > 0 && !isnan(rows_value(rows, metric, k));
                if (len > most) {
                        most = len;
                        best = rows;
                }
        }
        return best;
}

static struct course course_of(const struct subject *subject, enum sample_metric metric, const struct window *window)
{
        return course_in(best_of(subject, metric, window), metric, window);
}

static void add(struct course *all, const struct course *one)
{
        all->sum += one->sum;
        all->ms += one->ms;
        all->most = fmax(all->most, one->most);
        all->known = all->known || one->known;
}

static double mean_of(const struct course *course)
{
        return course->ms > 0 ? course->sum / course->ms : 0;
}

static double part_of(double value, double whole)
{
        return whole > 0 ? value / whole : -1;
}

/* The least limit that any row in the window says; 0: none does. */
static double limit_of(const struct subject *subject, enum sample_metric metric, const struct window *window)
{
        const struct rows *rows = best_of(subject, metric, window);
        double least = 0;

        for (size_t i = 0; rows && i < rows->len; i++) {
                double value = (double)rows_value(rows, metric, i);
                if (inside_ms(rows, i, window) > 0 && value > 0 && (least <= 0 || value < least))
                        least = value;
        }
        return least;
}

/* The time at the limit that held at the end of the row, by the source that knows limits, of the time that it tells of. */
static struct course at_limit(const struct subject *subject, const struct window *window)
{
        const struct rows *rows = best_of(subject, SAMPLE_CPU_LIMIT, window);
        struct course course = {0};

        for (size_t i = 0; rows && i < rows->len; i++) {
                double limit = (double)rows_value(rows, SAMPLE_CPU_LIMIT, i), ms = inside_ms(rows, i, window);
                if (limit > 0 && (double)rows_value(rows, SAMPLE_CPU, i) >= AT_LIMIT * limit)
                        course.sum += ms;
                course.ms += ms;
        }
        return course;
}

static double lower(double limit, double other)
{
        return limit <= 0 || (other > 0 && other < limit) ? other : limit;
}

struct totals {
        struct course cpu, memory, throttled, at_limit;
        double covered_ms, wanted_ms;
        size_t rows;
};

static void note_worst(struct samples_summary *summary, const char *pod, double throttled)
{
        if (throttled <= summary->worst_throttled)
                return;
        summary->worst_throttled = throttled;
        snprintf(summary->worst_pod, sizeof summary->worst_pod, "%s", pod);
}

/* Pods behind one Service may have different limits: the most of one is nothing beside the limit of another. */
static void note_fullest(struct samples_summary *summary, double share, double limit)
{
        if (share <= summary->memory_fullest)
                return;
        summary->memory_fullest = share;
        summary->fullest_limit = limit;
}

/* 'subject' is the pod of that name, or one of its containers. What stood in its way is only told by rows that began in the window: one that is
 * half of the load before, or of the start of the pod, would explain this one by that. */
static void add_subject(struct samples_summary *summary, struct totals *totals, const char *pod, const struct subject *subject,
                        const struct window *window)
{
        const struct window begun = {window->from_wall_ms, window->to_wall_ms, true};
        struct course cpu = course_of(subject, SAMPLE_CPU, window), memory = course_of(subject, SAMPLE_MEMORY, window);
        struct course throttled = course_of(subject, SAMPLE_THROTTLED, &begun), limited = at_limit(subject, &begun);
        double memory_limit = limit_of(subject, SAMPLE_MEMORY_LIMIT, window);
        const struct rows *rows = best_of(subject, SAMPLE_CPU, window);

        add(&totals->cpu, &cpu);
        add(&totals->memory, &memory);
        add(&totals->throttled, &throttled);
        summary->cpu_limit = lower(summary->cpu_limit, limit_of(subject, SAMPLE_CPU_LIMIT, window) / 1e3);
        summary->memory_limit = lower(summary->memory_limit, memory_limit * 1024);
        note_fullest(summary, part_of(memory.most, memory_limit), memory_limit * 1024);
        note_worst(summary, pod, mean_of(&throttled) / 1e3);
        add(&totals->at_limit, &limited);
        for (size_t i = 0; rows && i < rows->len; i++) {
                totals->covered_ms += inside_ms(rows, i, window);
                totals->rows += inside_ms(rows, i, window) > 0;
        }
        totals->wanted_ms += (double)(window->to_wall_ms - window->from_wall_ms);
        summary->pods++;
}

/* The pod, or its container of that name; NULL: it has none that was sampled. */
static const struct subject *subject_of(const struct samples_pod *pod, const char *container)
{
        if (!container)
                return &pod->whole;
        for (size_t i = 0; i < pod->containers_len; i++)
                if (text_equal(pod->containers[i].name, container))
                        return &pod->containers[i];
        return NULL;
}

void samples_summary(const struct samples *samples, enum samples_role role, const char *container, int64_t from_wall_ms, int64_t to_wall_ms,
                     struct samples_summary *ret_summary)
{
        const struct window window = {from_wall_ms, to_wall_ms, false};
        struct samples_summary summary = {0};
        struct totals totals = {0};

        for (size_t i = 0; i < samples->pods_len; i++) {
                const struct samples_pod *pod = samples->pods[i];
                const struct subject *subject = pod->role == role ? subject_of(pod, container) : NULL;
                if (subject)
                        add_subject(&summary, &totals, pod->whole.name, subject, &window);
        }
        summary.cpu_known = totals.cpu.known;
        summary.cpu_mean = mean_of(&totals.cpu) / 1e3;
        summary.cpu_max = totals.cpu.most / 1e3;
        summary.memory_known = totals.memory.known;
        summary.memory_mean = mean_of(&totals.memory) * 1024;
        summary.memory_max = totals.memory.most * 1024;
        summary.throttled_known = totals.throttled.known;
        summary.throttled = mean_of(&totals.throttled) / 1e3;
        summary.at_limit = mean_of(&totals.at_limit);
        summary.pods_ms = totals.wanted_ms;
        summary.covered = totals.wanted_ms > 0 ? fmin(1, totals.covered_ms / totals.wanted_ms) : 0;
        summary.row_ms = totals.rows > 0 ? (int64_t)(totals.covered_ms / (double)totals.rows) : 0;
        *ret_summary = summary;
}

static void join(double *mean, double ms, bool known, double other, double other_ms, bool other_known)
{
        if (other_known)
                *mean = known && ms + other_ms > 0 ? (*mean * ms + other * other_ms) / (ms + other_ms) : other;
}

void samples_summary_add(struct samples_summary *summary, const struct samples_summary *other)
{
        double ms = summary->pods_ms * summary->covered, other_ms = other->pods_ms * other->covered;

        join(&summary->cpu_mean, ms, summary->cpu_known, other->cpu_mean, other_ms, other->cpu_known);
        join(&summary->memory_mean, ms, summary->memory_known, other->memory_mean, other_ms, other->memory_known);
        join(&summary->throttled, ms, summary->throttled_known, other->throttled, other_ms, other->throttled_known);
        join(&summary->at_limit, ms, summary->cpu_known, other->at_limit, other_ms, other->cpu_known);
        join(&summary->covered, summary->pods_ms, true, other->covered, other->pods_ms, true);
        summary->cpu_max = fmax(summary->cpu_max, other->cpu_max);
        summary->memory_max = fmax(summary->memory_max, other->memory_max);
        summary->cpu_limit = lower(summary->cpu_limit, other->cpu_limit);
        summary->memory_limit = lower(summary->memory_limit, other->memory_limit);
        note_worst(summary, other->worst_pod, other->worst_throttled);
        note_fullest(summary, other->memory_fullest, other->fullest_limit);
        summary->cpu_known = summary->cpu_known || other->cpu_known;
        summary->memory_known = summary->memory_known || other->memory_known;
        summary->throttled_known = summary->throttled_known || other->throttled_known;
        summary->row_ms = other->row_ms ? other->row_ms : summary->row_ms;
        summary->pods = other->pods > summary->pods ? other->pods : summary->pods;
        summary->pods_ms += other->pods_ms;
}

/* ---- at rest ---- */

/* Of the source that has most to say. */
static void add_whole_rows(struct course *all, const struct subject *pod, const struct window *window, bool newest)
{
        const struct rows *rows = best_of(pod, SAMPLE_CPU, window);

        for (size_t i = rows ? rows->len : 0; i > 0; i--) {
                double ms = (double)(rows->to_wall_ms[i - 1] - rows->from_wall_ms[i - 1]), value = (double)rows_value(rows, SAMPLE_CPU, i - 1);
                if (rows->to_wall_ms[i - 1] > window->to_wall_ms || rows->from_wall_ms[i - 1] < window->from_wall_ms || isnan(value))
                        continue;
                add(all, &(struct course){.sum = value * ms, .ms = ms, .known = true});
                if (newest)
                        return;
        }
}

bool samples_target_cpu(const struct samples *samples, int64_t from_wall_ms, int64_t to_wall_ms, bool newest, double *ret_cores)
{
        const struct window window = {from_wall_ms, to_wall_ms, true};
        struct course all = {0};

        for (size_t i = 0; i < samples->pods_len; i++)
                if (samples->pods[i]->role == SAMPLES_TARGET)
                        add_whole_rows(&all, &samples->pods[i]->whole, &window, newest);
        *ret_cores = mean_of(&all) / 1e3;
        return all.known;
}

/* ---- nodes ---- */

/* Of 1000, as a share; below 0 when no row told. */
static double share_of(const struct subject *node, enum sample_metric metric, const struct window *window)
{
        struct course course = course_of(node, metric, window);

        return course.known ? mean_of(&course) / 1e3 : -1;
}

size_t samples_strains(const struct samples *samples, int64_t from_wall_ms, int64_t to_wall_ms,
                       struct samples_strain ret_strains[static SAMPLES_NODES_MAX])
{
        const struct window window = {from_wall_ms, to_wall_ms, false};
        double wanted_ms = (double)(to_wall_ms - from_wall_ms);

        for (size_t i = 0; i < samples->nodes_len; i++) {
                const struct samples_node *node = samples->nodes[i];
                const struct subject *whole = &node->whole;
                struct course cpu = course_of(whole, SAMPLE_CPU, &window), memory = course_of(whole, SAMPLE_MEMORY, &window);
                double cores = limit_of(whole, SAMPLE_CPU_LIMIT, &window), bytes = limit_of(whole, SAMPLE_MEMORY_LIMIT, &window);
                ret_strains[i] = (struct samples_strain){
                        .node = node->whole.name,
                        .roles = node->roles,
                        .cpu_mean = cpu.known ? part_of(mean_of(&cpu), cores) : -1,
                        .cpu_max = cpu.known ? part_of(cpu.most, cores) : -1,
                        .memory_max = memory.known ? part_of(memory.most, bytes) : -1,
                        .cpu_pressure = share_of(whole, SAMPLE_CPU_PRESSURE, &window),
                        .memory_pressure = share_of(whole, SAMPLE_MEMORY_PRESSURE, &window),
                        .io_pressure = share_of(whole, SAMPLE_IO_PRESSURE, &window),
                        .steal = share_of(whole, SAMPLE_STEAL, &window),
                        .covered = wanted_ms > 0 ? fmin(1, cpu.ms / wanted_ms) : 0,
                        .problem = samples_problem(node),
                };
        }
        return samples->nodes_len;
}
