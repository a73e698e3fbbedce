/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-rejudge FILE…: judges again what was measured on a real cluster, from what each trial left, and compares with what was said then.
 * A record (test/stats/record.py writes it): {"what", "spec": of the profile, "trials": [documents of trials without their folds],
 * "comparison": as status had it}. Prints a line for each; 1: one of them is judged otherwise today. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/profile.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/arms.h"
#include "result/repeats.h"

#define RECORD_BYTES_MAX (256 * 1024)

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

static struct json_object *judge(const struct profile *profile, struct json_object *trials)
{
        struct json_object *docs[PROFILE_TRIALS_MAX], *kept[PROFILE_TRIALS_MAX], *comparison = NULL;
        auto_free struct arms *arms = xnew(struct arms);
        struct load_plan *plan = any_plan(), *plans[PROFILE_VARIANTS_MAX];
        size_t len = 0;

        for (size_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                plans[i] = plan;
        for (size_t i = 0; i < doc_len(trials, "") && len < PROFILE_TRIALS_MAX; i++)
                docs[len++] = doc_item(trials, i);
        len = repeats_keep(docs, len, profile_arms(profile), true, kept);
        arms_merge(profile, plans, kept, len, false, arms);
        if (arms->compared_len > 0)
                comparison = compare_encode(arms->compared, arms->compared_len, NULL, NULL);
        arms_done(arms);
        load_plan_free(plan);
        return comparison;
}

static bool rejudge(const char *path)
{
        struct fail fail = {0};
        auto_profile struct profile *profile = NULL;
        auto_json struct json_object *record = read_record(path, &fail), *comparison = NULL;

        if (!fail.kind)
                profile_decode(doc_at(record, "spec"), &profile, &fail);
        if (fail.kind) {
                printf("not ok %s: %s\n", path, fail.text);
                return false;
        }
        comparison = judge(profile, doc_at(record, "trials"));
        bool same = comparison && doc_equal(comparison, doc_at(record, "comparison"));
        const char *said = doc_text(record, "comparison.message"), *says = doc_text(comparison, "message");
        if (same)
                printf("ok     %s: %s\n", doc_text(record, "what"), says);
        else
                printf("not ok %s: '%s' is judged as '%s'\n", doc_text(record, "what"), said ? said : "", says ? says : "nothing");
        return same;
}

int main(int argc, char **argv)
{
        bool same = argc > 1;

        for (int i = 1; i < argc; i++)
                same = rejudge(argv[i]) && same;
        return same ? 0 : 1;
}
