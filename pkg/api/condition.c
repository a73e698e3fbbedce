/* SPDX-License-Identifier: Apache-2.0 */
#include "api/condition.h"

#include <stdbool.h>

#include "base/clock.h"
#include "base/text.h"
#include "data/doc.h"

void condition_add(struct json_object *list, struct json_object *previous, const struct condition_facts *facts,
                   const char *type, const char *status, const char *reason, const char *message)
{
        struct json_object *before = doc_find(previous, "type", type), *condition = doc_object();
        char now[CLOCK_TEXT_MAX];

        if (!status) {
                json_object_put(condition);
                return;
        }
        clock_format_seconds(facts->wall_ms, now);
        bool same = text_equal(doc_text(before, "status"), status);
        const char *since = same ? doc_text(before, "lastTransitionTime") : NULL;
        doc_set_text(doc_set_text(condition, "type", type), "status", status);
        doc_set_int(condition, "observedGeneration", facts->generation);
        doc_set_text(condition, "lastTransitionTime", since ? since : now);
        doc_set_text(condition, "reason", reason && *reason ? reason : "Unknown");
        doc_push(list, doc_set_text(condition, "message", message ? message : ""));
}

struct standing {
        const char *reconciling, *stalled, *ready, *finished, *succeeded, *valid, *passed;
};

static struct standing standing_of(const struct condition_facts *facts)
{
        bool succeeded = text_equal(facts->phase, "Succeeded"), failed = text_equal(facts->phase, "Failed");
        bool cancelled = text_equal(facts->phase, "Cancelled"), invalid = text_equal(facts->validity, "Invalid");
        bool verdict_fail = text_equal(facts->verdict, "Fail"), verdict_pass = text_equal(facts->verdict, "Pass");
        const char *valid = text_equal(facts->validity, "Unknown") || !facts->validity ? "Unknown" : invalid ? "False" : "True";

        if (!succeeded && !failed && !cancelled)
                return (struct standing){.reconciling = "True", .ready = "False", .finished = "False", .succeeded = "Unknown",
                                         .valid = "Unknown", .passed = "Unknown"};
        if (!succeeded)
                return (struct standing){.stalled = "True", .ready = "False", .finished = "True", .succeeded = "False",
                                         .valid = valid, .passed = "Unknown"};
        bool open = text_equal(facts->verdict, "Inconclusive") && facts->inconclusive_fails;
        bool bad = invalid || verdict_fail || open;
        return (struct standing){.stalled = bad ? "True" : NULL, .ready = bad ? "False" : "True", .finished = "True",
                                 .succeeded = "True", .valid = valid,
                                 .passed = invalid ? "Unknown" : verdict_fail ? "False" : verdict_pass ? "True" : "Unknown"};
}

struct json_object *condition_list(const struct condition_facts *facts, struct json_object *previous)
{
        struct standing standing = standing_of(facts);
        struct json_object *list = doc_array();
        bool invalid = text_equal(facts->validity, "Invalid"), succeeded = text_equal(facts->phase, "Succeeded");
        bool open = text_equal(facts->verdict, "Inconclusive");
        const char *stalled_reason = !succeeded ? facts->reason : invalid ? "Invalid" : open ? "VerdictInconclusive" : "VerdictFailed";

        condition_add(list, previous, facts, "Reconciling", standing.reconciling, facts->reason, facts->message);
        condition_add(list, previous, facts, "Stalled", standing.stalled, stalled_reason, facts->message);
        condition_add(list, previous, facts, "Ready", standing.ready, standing.stalled ? stalled_reason : facts->reason, facts->message);
        condition_add(list, previous, facts, "Finished", standing.finished, facts->phase, facts->message);
        condition_add(list, previous, facts, "Succeeded", standing.succeeded, facts->reason, facts->message);
        condition_add(list, previous, facts, "Valid", standing.valid, facts->validity, facts->valid_message);
        condition_add(list, previous, facts, "Passed", standing.passed, facts->verdict, facts->passed_message);
        return list;
}
