/* SPDX-License-Identifier: Apache-2.0
 *
 * From the documents of probes to where the search stands, and what it says at its end. */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "result/probe.h"
#include "result/verdict.h"

static bool outcome_in(struct json_object *doc, enum capacity_outcome *ret_outcome)
{
        const char *name = doc_text(doc, "probe.outcome");

        for (size_t i = 0; i < ARRAY_LEN(probe_outcomes); i++)
                if (text_equal(name, probe_outcomes[i])) {
                        *ret_outcome = (enum capacity_outcome)i;
                        return true;
                }
        return false;
}

static bool is_invalid(struct json_object *doc)
{
        const char *validity = doc_text(doc, "validity");

        return text_equal(validity, validity_name(VALIDITY_INVALID)) || text_equal(validity, validity_name(VALIDITY_UNKNOWN));
}

/* Those at the end: of what is found the probes that confirm it, else the last one. */
static void take_last(struct probe_search *search, struct json_object *const *kept, size_t len)
{
        bool found = search->step.end == CAPACITY_FOUND || search->step.end == CAPACITY_ABOVE_LIMIT;
        size_t wanted = found ? CAPACITY_CONFIRMATIONS : 1;

        search->last_len = len < wanted ? len : wanted;
        for (size_t i = 0; i < search->last_len; i++)
                search->last[i] = kept[len - search->last_len + i];
}

struct probe_search probe_search(const struct profile *profile, struct json_object *const *docs, size_t len)
{
        const struct capacity_search *plan = &profile->capacity.search;
        enum capacity_outcome outcomes[PROFILE_TRIALS_MAX];
        struct json_object *kept[PROFILE_TRIALS_MAX];
        struct probe_search search = {.step = capacity_next(plan, NULL, 0)};
        size_t kept_len = 0;
        search.asked = search.step;
        bool again = false; /* the probe before was invalid, and this one is its repeat */

        for (size_t i = 0; i < len && i < PROFILE_TRIALS_MAX && !search.step.end; i++) {
                double high_rps = search.step.high_rps;
                if (!outcome_in(docs[i], &outcomes[kept_len]))
                        continue;
                again = is_invalid(docs[i]) && !again;
                if (again)
                        continue;
                kept[kept_len++] = docs[i];
                search.asked = search.step;
                search.step = capacity_next(plan, outcomes, kept_len);
                if (search.step.high_rps != high_rps)
                        search.failed = doc_at(docs[i], "probe");
        }
        if (len >= PROFILE_TRIALS_MAX && !search.step.end)
                search.step.end = CAPACITY_UNCONFIRMED;
        take_last(&search, kept, kept_len);
        return search;
}

/* ---- what it says ---- */

static const char *limited_by(const struct probe_search *search)
{
        return search->step.end == CAPACITY_ABOVE_LIMIT ? "limit" : doc_text(search->failed, "limitedBy");
}

static bool has_rate(const struct probe_search *search)
{
        return search->step.end == CAPACITY_FOUND || search->step.end == CAPACITY_ABOVE_LIMIT;
}

static void set_rate(struct json_object *out, const char *key, double rate_rps)
{
        char text[UNIT_TEXT_MAX];

        if (!(rate_rps > 0))
                return;
        unit_format_rate(rate_rps, text);
        doc_set_text(out, key, text);
}

struct json_object *probe_encode_capacity(const struct probe_search *search)
{
        const struct capacity_step *step = &search->step;
        struct json_object *out = doc_object();

        if (has_rate(search))
                set_rate(out, "rate", step->rate_rps);
        set_rate(out, "low", step->low_rps);
        set_rate(out, "high", step->high_rps);
        if (!step->end || !limited_by(search))
                return out;
        auto_free char *by = xasprintf("%.120s", limited_by(search)); /* anybody may have written the document */
        text_scrub(by);
        return doc_set_text(out, "limitedBy", by);
}

void probe_limit(const struct probe_search *search, struct gates *gates)
{
        if (!text_equal(limited_by(search), "generator") || gates->len == GATES_REASONS)
                return;
        struct gates_reason *reason = &gates->reasons[gates->len++];
        *reason = (struct gates_reason){.kind = GATES_GENERATOR_LIMIT, .makes = VALIDITY_LIMITED};
        snprintf(reason->text, sizeof reason->text, "the search ended where the generator did: the target may carry more");
        gates->validity = gates->validity < VALIDITY_LIMITED ? VALIDITY_LIMITED : gates->validity;
}

/* The probes hold by their shares, also where they are too few requests for a percentile to be told. */
static void confirm(struct verdict_judged *judged)
{
        if (judged->verdict != VERDICT_INCONCLUSIVE)
                return;
        judged->verdict = VERDICT_PASS;
        judged->reason = "ObjectivesMet";
        snprintf(judged->text, sizeof judged->text, "fresh probes held every objective");
}

void probe_decide(const struct probe_search *search, struct verdict_judged *judged)
{
        bool below = search->step.end == CAPACITY_BELOW_FROM;

        if (search->step.end == CAPACITY_GOES_ON || judged->verdict == VERDICT_NONE)
                return;
        if (has_rate(search)) {
                confirm(judged);
                return;
        }
        auto_free char *text = probe_message(search);
        judged->verdict = below ? VERDICT_FAIL : VERDICT_INCONCLUSIVE;
        judged->reason = below ? "ObjectiveMissed" : "ObjectiveUnresolved";
        snprintf(judged->text, sizeof judged->text, "%s", text);
}

char *probe_message(const struct probe_search *search)
{
        const struct capacity_step *step = &search->step;
        const char *why = doc_text(search->failed, "text");
        char rate[UNIT_TEXT_MAX], low[UNIT_TEXT_MAX], high[UNIT_TEXT_MAX];

        unit_format_rate(step->rate_rps, rate);
        unit_format_rate(step->low_rps, low);
        unit_format_rate(step->high_rps, high);
        why = why ? why : "it did not hold";
        switch (step->end) {
        case CAPACITY_FOUND:
                return xasprintf("carries %s (%s to %s); at %s %.200s", rate, low, high, high, why);
        case CAPACITY_ABOVE_LIMIT:
                return xasprintf("carries %s, which is capacity.limit: it may carry more", rate);
        case CAPACITY_BELOW_FROM:
                return xasprintf("does not carry %s, which is capacity.from: %.200s", high, why);
        case CAPACITY_UNCONFIRMED:
                return xasprintf("no rate was confirmed down to %s; there %.200s", high, why);
        case CAPACITY_GOES_ON:
                break;
        }
        if (step->high_rps > 0)
                return xasprintf("the search had come to between %s and %s", low, high);
        return step->low_rps > 0 ? xasprintf("the search had come to %s, which held", low) : xstrdup("no probe was over");
}
