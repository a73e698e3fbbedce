/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/session_metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/metric_query.h"
#include "probe/promql.h"

#define ONE_NS (5 * NS_PER_S)   /* for one answer */
#define ALL_NS (12 * NS_PER_S)  /* for all of a trial's: results wait for them */
#define PROBLEM_MAX 240

struct asked {
        struct promql *answer;     /* of this trial; NULL: there is none */
        struct promql_summary sum; /* over all trials */
        char problem[PROBLEM_MAX]; /* the first one of any trial, "" when there was none */
};

struct session_metrics {
        struct session *session;
        struct asked asked[PROFILE_METRICS_MAX];
        size_t next;               /* that is being asked for, or will be */
        struct promql_grid grid;
        int64_t until_ns;
        struct metric_query *query; /* NULL: nothing is under way */
        bool begun, closed;
};

static void forget_trial(struct session_metrics *metrics)
{
        metrics->query = metric_query_end(metrics->query);
        for (size_t i = 0; i < PROFILE_METRICS_MAX; i++)
                free(take(metrics->asked[i].answer));
        metrics->begun = metrics->closed = false;
        metrics->next = 0;
}

struct session_metrics *session_metrics_free(struct session_metrics *metrics)
{
        if (!metrics)
                return NULL;
        forget_trial(metrics);
        free(metrics);
        return NULL;
}

void session_metrics_begin_trial(struct session *session)
{
        if (session->metrics)
                forget_trial(session->metrics);
}

/* ---- asking ---- */

static void miss(struct asked *asked, const char *problem)
{
        if (asked->problem[0])
                return;
        snprintf(asked->problem, sizeof asked->problem, "%s", problem);
        text_scrub(asked->problem);
}

static void tell_gaps(struct asked *asked, const struct promql_summary *sum)
{
        char text[PROBLEM_MAX];

        if (asked->answer->len == 0)
                miss(asked, "the query has no series in that time");
        else if (sum->count == 0)
                miss(asked, "its series have no values in that time");
        if (asked->answer->cut == 0)
                return;
        snprintf(text, sizeof text, "%zu of %zu series are kept: aggregate in the query", asked->answer->len, asked->answer->len + asked->answer->cut);
        miss(asked, text);
}

static void take_answer(struct session_metrics *metrics, struct asked *asked, const char *text, size_t size)
{
        struct promql_summary sum = {0};
        struct fail fail = {0};

        asked->answer = xnew(struct promql);
        if (promql_read(text, size, &metrics->grid, asked->answer, &fail)) {
                free(take(asked->answer));
                miss(asked, fail.text);
                return;
        }
        promql_summary_add(&sum, asked->answer);
        promql_summary_add(&asked->sum, asked->answer);
        tell_gaps(asked, &sum);
}

static void ask_on(struct session_metrics *metrics);

static void answered(void *owner, const char *text, size_t size, const struct fail *fail)
{
        struct session_metrics *metrics = owner;
        struct asked *asked = &metrics->asked[metrics->next++];

        if (fail->kind)
                miss(asked, fail->text);
        else
                take_answer(metrics, asked, text, size);
        metrics->query = metric_query_end(metrics->query);
        ask_on(metrics);
}

/* NULL, and the reason is told: this profile may not ask it. */
static const struct admin_source *source_of(const struct session *session, const struct profile_metric *metric, struct asked *asked)
{
        const struct admin_source *source = admin_find_source(settings_admin(session->manager->settings), metric->source);
        auto_free char *problem = NULL;

        if (source && admin_source_serves(source, session->namespace))
                return source;
        problem = source ? xasprintf("the administrator's configuration lets namespace %.63s ask nothing of source %.63s", session->namespace, metric->source)
                         : xasprintf("the administrator's configuration has no source %.63s", metric->source);
        miss(asked, problem);
        return NULL;
}

static void ask_on(struct session_metrics *metrics)
{
        struct session *session = metrics->session;
        const struct profile *profile = session->profile;
        struct loop *loop = session->manager->loop;

        for (; metrics->next < profile->metrics_len; metrics->next++) {
                const struct profile_metric *metric = &profile->metrics[metrics->next];
                struct asked *asked = &metrics->asked[metrics->next];
                const struct admin_source *source = source_of(session, metric, asked);
                int64_t left_ns = metrics->until_ns - loop_now_ns(loop);
                if (source && left_ns <= 0)
                        miss(asked, "the time for all series was used up by those before");
                if (!source || left_ns <= 0)
                        continue;
                metrics->query = metric_query_begin(loop, source, metric->query, &metrics->grid, left_ns < ONE_NS ? left_ns : ONE_NS, answered, metrics);
                return;
        }
        metrics->closed = true;
        session_wake(session);
}

/* The time of the grid: the shape, as far as it came. */
static void begin(struct session_metrics *metrics, const struct run_sight *sight)
{
        struct session *session = metrics->session;
        int64_t from_wall_ms = sight->begun_wall_ms + session_warmup_ms(session);
        int64_t to_wall_ms = from_wall_ms + (session->load_plan ? session->load_plan->shape_ms : 0);

        metrics->begun = true;
        metrics->until_ns = sight->now_ns + ALL_NS;
        metrics->grid = promql_grid_of(from_wall_ms, to_wall_ms < sight->wall_ms ? to_wall_ms : sight->wall_ms);
        if (sight->begun_wall_ms < 0 || metrics->grid.len == 0) {
                for (size_t i = 0; i < session->profile->metrics_len; i++)
                        miss(&metrics->asked[i], "no time was measured");
                metrics->next = session->profile->metrics_len;
        }
        ask_on(metrics);
}

void session_metrics_look(struct session *session, const struct run_sight *sight, bool ended)
{
        if (!session->profile || session->profile->metrics_len == 0 || !ended)
                return;
        if (!session->metrics) {
                session->metrics = xnew(struct session_metrics);
                session->metrics->session = session;
        }
        if (!session->metrics->begun)
                begin(session->metrics, sight);
}

bool session_metrics_closed(const struct session *session)
{
        return !session->metrics || !session->metrics->begun || session->metrics->closed;
}

/* ---- what it came to ---- */

static void set_number(struct json_object *entry, const char *key, double value)
{
        char text[32];

        snprintf(text, sizeof text, "%.6g", value);
        if (isfinite(value))
                doc_set_text(entry, key, text);
}

static struct json_object *encode_one(const struct profile_metric *metric, const struct asked *asked, bool full)
{
        struct json_object *entry = doc_set_text(doc_set_text(doc_object(), "name", metric->name), "source", metric->source);

        if (metric->unit[0])
                doc_set_text(entry, "unit", metric->unit);
        if (full)
                doc_set_text(entry, "query", metric->query);
        if (asked->answer)
                doc_set_int(entry, "series", (int64_t)asked->answer->len);
        if (asked->sum.count > 0) {
                set_number(entry, "min", asked->sum.least);
                set_number(entry, "mean", asked->sum.sum / (double)asked->sum.count);
                set_number(entry, "max", asked->sum.most);
        }
        if (asked->problem[0])
                doc_set_text(entry, "problem", asked->problem);
        return entry;
}

void session_metrics_put(const struct session *session, struct json_object *context, bool full)
{
        struct json_object *list;

        if (!session->metrics || !context)
                return;
        list = doc_array();
        for (size_t i = 0; i < session->profile->metrics_len; i++)
                doc_push(list, encode_one(&session->profile->metrics[i], &session->metrics->asked[i], full));
        doc_set(context, "metrics", list);
}

static struct json_object *encode_series(const struct profile_metric *metric, const struct promql *answer, size_t series, int64_t zero_wall_ms)
{
        struct json_object *entry = promql_encode(answer, series, zero_wall_ms);

        doc_set_text(doc_set_text(entry, "name", metric->name), "source", metric->source);
        return metric->unit[0] ? doc_set_text(entry, "unit", metric->unit) : entry;
}

struct json_object *session_metrics_add(const struct session *session, struct json_object *samples, size_t bytes_max)
{
        const struct session_metrics *metrics = session->metrics;
        size_t used = 0;

        for (size_t i = 0; metrics && i < session->profile->metrics_len; i++) {
                const struct promql *answer = metrics->asked[i].answer;
                for (size_t k = 0; answer && k < answer->len; k++) {
                        struct json_object *entry = encode_series(&session->profile->metrics[i], answer, k, session->measured_from_wall_ms);
                        used += strlen(doc_print(entry)) + 1;
                        if (used > bytes_max) { /* status has their sums */
                                json_object_put(entry);
                                return samples;
                        }
                        samples = doc_push(samples ? samples : doc_array(), entry);
                }
        }
        return samples;
}
