/* SPDX-License-Identifier: Apache-2.0 */
#include "result/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/pairs.h"
#include "stat/dist.h"
#include "stat/moments.h"
#include "stat/plan.h"

#define CONFIDENCE 0.95

/* ---- which trials count ---- */

/* The better a trial is, the lower. */
enum worth { WORTH_WHOLE, WORTH_PART, WORTH_INVALID, WORTH_NOTHING };

static enum worth worth_of(const struct trial *trial)
{
        if (!doc_at(trial->doc, "fold"))
                return WORTH_NOTHING;
        if (trial->validity == VALIDITY_INVALID || trial->validity == VALIDITY_UNKNOWN)
                return WORTH_INVALID;
        return trial_is_sound(trial) ? WORTH_WHOLE : WORTH_PART;
}

/* Only the best count. */
struct choice {
        bool counts[PROFILE_TRIALS_MAX];
        size_t len;        /* how many do */
        enum worth worth;
};

static struct choice choose(const struct trial *trials, size_t len)
{
        struct choice choice = {.worth = WORTH_NOTHING};

        for (size_t i = 0; i < len; i++)
                if (worth_of(&trials[i]) < choice.worth)
                        choice.worth = worth_of(&trials[i]);
        for (size_t i = 0; i < len && choice.worth != WORTH_NOTHING; i++) {
                choice.counts[i] = worth_of(&trials[i]) == choice.worth;
                choice.len += choice.counts[i];
        }
        return choice;
}

static struct trial *decode_all(struct json_object *const *docs, size_t len)
{
        struct trial *trials = xcalloc(len + 1, sizeof *trials);

        for (size_t i = 0; i < len; i++)
                trial_decode(docs[i], &trials[i]);
        return trials;
}

/* ---- how many ---- */

/* The values of one metric over the trials that count, in the scale of its shifts; the number of them, 0 when one has none. */
static size_t values_of(const struct trial *trials, const bool *counts, size_t len, const struct comparable *what, double *ret_values)
{
        size_t values = 0;

        for (size_t i = 0; i < len; i++) {
                const struct estimate *one = estimates_find(&trials[i].estimates, what->metric);
                if (!counts[i])
                        continue;
                if (!one->known || one->censored || (!what->is_share && one->value <= 0))
                        return 0;
                ret_values[values++] = what->is_share ? one->value : log(one->value);
        }
        return values;
}

/* What the rounds of the first stage say about one arm: how its trials differ, or how its pairs with the reference do. */
static size_t spread_of(const struct profile *profile, const struct trial *trials, size_t len, uint32_t arm, const struct comparable *what,
                        double *ret_values)
{
        struct pairs pairs;

        if (profile->variants_len) {
                pairs_of(profile, trials, len, arm, &pairs);
                return pairs_differences(&pairs, trials, what, ret_values);
        }
        struct choice choice = choose(trials, len);
        return values_of(trials, choice.counts, len, what, ret_values);
}

/* The rounds that are needed, from 'first' values of the first stage: one that does not know how they differ cannot say that fewer are
 * enough. */
static uint32_t needed(const struct profile_trials *plan, const double *values, size_t first)
{
        struct moments moments;
        uint32_t rounds = plan->max;

        if (first < 2 || moments_of(values, first, &moments) ||
            plan_stein_pairs(sqrt(moments.variance), (uint32_t)first, log1p(plan->until), CONFIDENCE, plan->max, &rounds))
                return plan->max;
        return rounds < plan->min ? plan->min : rounds;
}

uint32_t series_planned(const struct profile *profile, struct json_object *const *docs, size_t len, bool *ret_known)
{
        const struct profile_trials *plan = &profile->trials;
        const struct comparable *what = comparable_find(profile->baseline.primary);
        uint32_t arms = profile_arms(profile), first = plan->min * arms, rounds = plan->min;
        double values[PROFILE_TRIALS_MAX];

        *ret_known = plan->min == plan->max || len >= first;
        if (plan->min == plan->max || len < first || what->is_share)
                return profile_trials_planned(profile);
        auto_free struct trial *trials = decode_all(docs, first);
        for (uint32_t arm = profile->variants_len ? 1 : 0; arm < arms; arm++) {
                size_t known = spread_of(profile, trials, first, arm, what, values);
                uint32_t of_arm = needed(plan, values, known);
                rounds = of_arm > rounds ? of_arm : rounds;
        }
        return rounds * arms;
}

int64_t series_warmup_ms(struct json_object *const *docs, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (trial_warmup_ms(docs[i]) >= 0)
                        return trial_warmup_ms(docs[i]);
        return -1;
}

/* ---- intervals between trials ---- */

/* The mean of all with the spread of the first stage only: what was looked at once is not looked at again. */
static void know(struct estimate *estimate, const struct comparable *what, const double *values, size_t len, size_t first)
{
        struct moments all, stage;

        estimate->se = estimate->df = estimate->low = estimate->high = 0;
        estimate->high_open = false;
        first = first < len ? first : len;
        if (first < 2 || moments_of(values, len, &all) || moments_of(values, first, &stage))
                return;
        /* Values are rounded: never surer than that leaves room for. */
        double rounding = what->is_share || what->higher_is_better ? estimate->rounding : fmax(estimate->rounding, 0.001);
        estimate->se = sqrt(stage.variance / (double)len + rounding * rounding / 12);
        estimate->df = (double)first - 1;
        double half = dist_t_quantile(0.5 + CONFIDENCE / 2, estimate->df) * estimate->se;
        estimate->low = what->is_share ? fmax(0, all.mean - half) : exp(all.mean - half);
        estimate->high = what->is_share ? fmin(1, all.mean + half) : exp(all.mean + half);
}

static void know_all(const struct profile *profile, const struct trial *trials, const bool *counts, size_t len, struct estimates *estimates)
{
        double values[PROFILE_TRIALS_MAX];

        for (size_t i = 0; i < comparables_len; i++) {
                struct estimate *one = &estimates->of[i];
                size_t known = values_of(trials, counts, len, &comparables[i], values);
                bool two_stages = profile->trials.min < profile->trials.max;
                if (one->known && !one->censored)
                        know(one, &comparables[i], values, known, two_stages ? profile->trials.min : known);
        }
}

/* ---- how much it is worth ---- */

static void add_reason(struct gates *gates, enum gates_reason_kind kind, enum validity makes, const char *text)
{
        if (gates->len == GATES_REASONS)
                return;
        struct gates_reason *reason = &gates->reasons[gates->len++];
        *reason = (struct gates_reason){.kind = kind, .makes = makes};
        snprintf(reason->text, sizeof reason->text, "%s", text);
        text_scrub(reason->text);
        gates->validity = makes > gates->validity ? makes : gates->validity;
}

static enum gates_reason_kind kind_of(const char *name)
{
        enum gates_reason_kind kind = 0;

        while (kind < GATES_REASONS && !text_equal(name, gates_reason_name(kind)))
                kind++;
        return kind;
}

static bool has_reason(const struct gates *gates, enum gates_reason_kind kind)
{
        for (size_t i = 0; i < gates->len; i++)
                if (gates->reasons[i].kind == kind)
                        return true;
        return false;
}

/* Each reason of a trial that counts limits the whole, told once, by the first trial that has it. */
static void add_limits(struct gates *gates, const struct trial *trial)
{
        struct json_object *reasons = doc_at(trial->doc, "reasons");

        for (size_t i = 0; i < doc_len(reasons, ""); i++) {
                enum gates_reason_kind kind = kind_of(doc_text(doc_item(reasons, i), "reason"));
                const char *text = doc_text(doc_item(reasons, i), "message");
                if (kind == GATES_REASONS || has_reason(gates, kind))
                        continue;
                auto_free char *told = xasprintf("trial %d: %s", trial->index + 1, text ? text : "");
                add_reason(gates, kind, VALIDITY_LIMITED, told);
        }
}

static void judge(const struct trial *trials, const struct choice *choice, size_t len, bool stopped, struct gates *gates)
{
        const struct trial *left_out = NULL;

        *gates = (struct gates){.validity = VALIDITY_VALID};
        for (size_t i = 0; i < len && !left_out; i++)
                if (!choice->counts[i] || choice->worth == WORTH_INVALID)
                        left_out = &trials[i];
        if (left_out) {
                bool none = choice->worth >= WORTH_INVALID;
                auto_free char *text = xasprintf("%zu of %zu trials do not count; trial %d: %s", none ? len : len - choice->len, len,
                                                 left_out->index + 1, left_out->reason ? left_out->reason : "its result is lost");
                add_reason(gates, GATES_TRIALS_LEFT_OUT, none ? VALIDITY_INVALID : VALIDITY_LIMITED, text);
        }
        if (stopped) {
                auto_free char *text = xasprintf("the series was stopped after %zu trials", len);
                add_reason(gates, GATES_PARTIAL, VALIDITY_LIMITED, text);
        }
        for (size_t i = 0; i < len; i++)
                if (choice->counts[i])
                        add_limits(gates, &trials[i]);
}

void series_judge(struct json_object *const *docs, size_t len, bool stopped, struct gates *ret_gates)
{
        auto_free struct trial *trials = decode_all(docs, len);
        struct choice choice = choose(trials, len);

        judge(trials, &choice, len, stopped, ret_gates);
}

/* ---- all of it ---- */

struct json_object *series_encode_rows(struct json_object *const *docs, size_t len)
{
        struct json_object *rows = doc_array();

        for (size_t i = 0; i < len; i++) {
                struct json_object *row = doc_at(docs[i], "row");
                doc_push(rows, json_object_is_type(row, json_type_object) ? json_object_get(row) : doc_set_int(doc_object(), "index", (int64_t)i));
        }
        return rows;
}

static void merge(const struct trial *trials, const struct choice *choice, size_t len, struct series_result *result)
{
        for (size_t i = 0; i < len; i++) {
                if (!choice->counts[i])
                        continue;
                trial_fold_add(result->fold, trials[i].doc);
                observed_add(&result->observed, &trials[i].observed);
                result->trials[result->trials_len++] = trials[i].estimates;
        }
        trial_fold_done(result->fold);
        for (size_t i = 0; i < len; i++) /* a brake is a finding, whether the trial counts or not */
                result->fold->braked += doc_int(trials[i].doc, "fold.braked", 0) > 0;
}

bool series_merge(const struct profile *profile, const struct load_plan *plan, struct json_object *const *docs, size_t len, bool stopped,
                  struct series_result *ret_result)
{
        auto_free struct trial *trials = decode_all(docs, len);
        struct choice choice = choose(trials, len);

        *ret_result = (struct series_result){.fold = trial_fold_new(plan), .trials = xcalloc(len + 1, sizeof *ret_result->trials)};
        for (size_t i = len; i > 0 && !ret_result->workers; i--)
                if (doc_at(docs[i - 1], "fold"))
                        ret_result->workers = json_object_get(doc_at(docs[i - 1], "workers"));
        judge(trials, &choice, len, stopped, &ret_result->gates);
        if (choice.len == 0)
                return false;
        merge(trials, &choice, len, ret_result);
        estimates_of(ret_result->fold, &ret_result->estimates);
        know_all(profile, trials, choice.counts, len, &ret_result->estimates);
        return true;
}

void series_done(struct series_result *result)
{
        fold_free(result->fold);
        free(result->trials);
        json_object_put(result->workers);
        *result = (struct series_result){0};
}
