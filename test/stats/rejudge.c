/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-rejudge FILE…: judges again what was measured on a real cluster, from what each trial left, and compares with what was said then, and
 * with what the server itself had logged. A record (test/stats/record.py writes it): {"what", "spec": of the profile, "trials": [documents of trials
 * without their folds, with "server": {"requests", "p50Micros", "meanMicros"} where there is a log], "comparison" or "capacity": as status had it,
 * "slots": of the server that a capacity was found of}. Prints a line for each; 1: one of them is judged otherwise today, or is too far from the
 * log. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/profile.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/arms.h"
#include "result/pairs.h"
#include "result/probe.h"
#include "result/repeats.h"
#include "stat/dist.h"

#define RECORD_BYTES_MAX (256 * 1024)
#define ERRORS_MAX 3.0         /* standard errors between what was measured and what the server logged */
#define CAPACITY_UNDER_MAX 0.05 /* of slots by the service time that the server logged */
#define CAPACITY_OVER_MAX 0.02
#define TEXT_MAX 256

struct judged {
        struct json_object *said; /* owned: as status has it; NULL: nothing */
        char logged[TEXT_MAX];    /* how far it is from what the server logged, "" where there is no log */
        bool far;
};

static struct json_object *read_record(const char *path, struct fail *fail)
{
        auto_free char *text = xcalloc(1, RECORD_BYTES_MAX);
        struct json_object *record = NULL;
        FILE *file = fopen(path, "r");

        if (!file) {
                fail_set(fail, FAIL_MISSING, "cannot be read");
                return NULL;
        }
        size_t size = fread(text, 1, RECORD_BYTES_MAX, file);
        fclose(file);
        doc_parse(text, size, &record, fail);
        return record;
}

/* What each arm's load was does not matter to a comparison: it is of what the trials said. */
static struct load_plan *any_plan(void)
{
        struct load_plan *plan = xnew(struct load_plan);

        *plan = (struct load_plan){.workers = 1, .timeout_ms = 1000, .interval_ms = 1000, .shape_ms = 1000, .shape_len = 1};
        plan->shape[0] = (struct load_piece){LOAD_HOLD, 1, 1, 1000};
        return plan;
}

/* ---- pairs ---- */

static double logged_ns(const struct trial *trial)
{
        return 1e3 * doc_double(trial->doc, "server.p50Micros", NAN);
}

/* The mean over the pairs of how much longer the server itself took; NAN: there is no log. */
static double logged_added_ns(const struct profile *profile, struct json_object *const *docs, size_t len, double *ret_pairs)
{
        auto_free struct trial *trials = xcalloc(len + 1, sizeof *trials);
        struct pairs pairs;
        double sum = 0;

        for (size_t i = 0; i < len; i++)
                trial_decode(docs[i], &trials[i]);
        pairs_of(profile, trials, len, 1, &pairs);
        for (size_t i = 0; i < pairs.len; i++)
                sum += logged_ns(&trials[pairs.b[i]]) - logged_ns(&trials[pairs.a[i]]);
        *ret_pairs = (double)pairs.len;
        return pairs.len > 0 ? sum / (double)pairs.len : NAN;
}

static void hold_against_log(const struct profile *profile, struct json_object *const *docs, size_t len, const struct arms_added_value *added,
                             struct judged *judged)
{
        double pairs, logged = logged_added_ns(profile, docs, len, &pairs);

        if (isnan(logged))
                return;
        double error = added->interval ? (added->high_ns - added->low_ns) / 2 / dist_t_quantile(0.975, pairs - 1) : NAN;
        double errors = fabs(added->ns - logged) / error;
        judged->far = !(errors <= ERRORS_MAX);
        snprintf(judged->logged, sizeof judged->logged, "; the median is %.3f ms higher, the server logged %.3f ms: %.1f standard errors of %.3f ms apart, "
                 "at most %.0f", added->ns / 1e6, logged / 1e6, errors, error / 1e6, ERRORS_MAX);
}

static void judge_pairs(const struct profile *profile, struct json_object *trials, struct judged *judged)
{
        struct json_object *docs[PROFILE_TRIALS_MAX], *kept[PROFILE_TRIALS_MAX];
        auto_free struct arms *arms = xnew(struct arms);
        struct load_plan *plan = any_plan(), *plans[PROFILE_VARIANTS_MAX];
        size_t len = 0;

        for (size_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                plans[i] = plan;
        for (size_t i = 0; i < doc_len(trials, "") && len < PROFILE_TRIALS_MAX; i++)
                docs[len++] = doc_item(trials, i);
        len = repeats_keep(docs, len, profile_arms(profile), true, kept);
        arms_merge(profile, plans, kept, len, false, arms);
        if (arms->compared_len > 0) {
                judged->said = compare_encode(arms->compared, arms->compared_len, NULL, NULL);
                hold_against_log(profile, kept, len, &arms->added[0].p50, judged);
        }
        arms_done(arms);
        load_plan_free(plan);
}

/* ---- capacity ---- */

/* What so many slots carry, each taken for the time that the server logged in the probes that confirmed the rate. */
static double carried_rps(const struct probe_search *search, double slots)
{
        double sum = 0;

        for (size_t i = 0; i < search->last_len; i++)
                sum += doc_double(search->last[i], "server.meanMicros", NAN);
        return slots * 1e6 * (double)search->last_len / sum;
}

static void judge_search(const struct profile *profile, struct json_object *record, struct judged *judged)
{
        struct json_object *docs[PROFILE_TRIALS_MAX], *trials = doc_at(record, "trials");
        size_t len = 0;

        for (size_t i = 0; i < doc_len(trials, "") && len < PROFILE_TRIALS_MAX; i++)
                docs[len++] = doc_item(trials, i);
        struct probe_search search = probe_search(profile, docs, len);
        double carried = carried_rps(&search, doc_double(record, "slots", NAN)), ratio = search.step.rate_rps / carried;
        judged->said = probe_encode_capacity(&search);
        judged->far = search.step.end != CAPACITY_FOUND || !(ratio >= 1 - CAPACITY_UNDER_MAX && ratio <= 1 + CAPACITY_OVER_MAX);
        snprintf(judged->logged, sizeof judged->logged, "%.1f/s found; slots by the time that the server logged carry %.1f/s: %+.1f %%, from -%.0f %% to +%.0f %%",
                 search.step.rate_rps, carried, 100 * (ratio - 1), 100 * CAPACITY_UNDER_MAX, 100 * CAPACITY_OVER_MAX);
}

/* ---- all of it ---- */

static bool rejudge(const char *path)
{
        struct fail fail = {0};
        auto_profile struct profile *profile = NULL;
        auto_json struct json_object *record = read_record(path, &fail);
        struct judged judged = {0};

        if (!fail.kind)
                profile_decode(doc_at(record, "spec"), &profile, &fail);
        if (fail.kind) {
                printf("not ok %s: %s\n", path, fail.text);
                return false;
        }
        if (profile->capacity.given)
                judge_search(profile, record, &judged);
        else
                judge_pairs(profile, doc_at(record, "trials"), &judged);
        auto_json struct json_object *said = judged.said;
        bool same = said && doc_equal(said, doc_at(record, profile->capacity.given ? "capacity" : "comparison"));
        const char *what = doc_text(record, "what"), *message = doc_text(said, "message");
        printf("%s %s: %s%s%s\n", same && !judged.far ? "ok    " : "not ok", what, message ? message : "", judged.logged,
               same ? "" : "; it is not judged as it was then");
        return same && !judged.far;
}

int main(int argc, char **argv)
{
        bool same = argc > 1;

        for (int i = 1; i < argc; i++)
                same = rejudge(argv[i]) && same;
        return same ? 0 : 1;
}
