/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of conditions, row by row, and kstatus's reading of it. */
#include "api/condition.h"
#include "api_fixture.h"
#include "base/text.h"

static struct json_object *list_of(const char *phase, const char *validity, const char *verdict, const char *reason)
{
        const struct condition_facts facts = {.phase = phase, .validity = validity, .verdict = verdict, .reason = reason,
                                              .message = "m", .generation = 3, .wall_ms = 1000};
        return condition_list(&facts, NULL);
}

static const char *status_of(struct json_object *list, const char *type)
{
        return doc_text(doc_find(list, "type", type), "status");
}

/* kstatus (sigs.k8s.io/cli-utils): the first of Reconciling and Stalled in list order wins, then Ready. */
static const char *kstatus(struct json_object *list)
{
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *type = doc_text(doc_item(list, i), "type");
                bool is_true = text_equal(doc_text(doc_item(list, i), "status"), "True");
                if (is_true && text_equal(type, "Reconciling"))
                        return "InProgress";
                if (is_true && text_equal(type, "Stalled"))
                        return "Failed";
        }
        return text_equal(status_of(list, "Ready"), "True") ? "Current" : "InProgress";
}

static void every_row_of_the_table_holds(void **state)
{
        static const struct {
                const char *phase, *validity, *verdict, *reconciling, *stalled, *ready, *finished, *succeeded, *valid, *passed, *kstatus;
        } rows[] = {
                {"Pending", "Unknown", "None", "True", NULL, "False", "False", "Unknown", "Unknown", "Unknown", "InProgress"},
                {"Queued", "Unknown", "None", "True", NULL, "False", "False", "Unknown", "Unknown", "Unknown", "InProgress"},
                {"Running", "Unknown", "None", "True", NULL, "False", "False", "Unknown", "Unknown", "Unknown", "InProgress"},
                {"Collecting", "Unknown", "None", "True", NULL, "False", "False", "Unknown", "Unknown", "Unknown", "InProgress"},
                {"Succeeded", "Valid", "Pass", NULL, NULL, "True", "True", "True", "True", "True", "Current"},
                {"Succeeded", "Valid", "None", NULL, NULL, "True", "True", "True", "True", "Unknown", "Current"},
                {"Succeeded", "Valid", "Inconclusive", NULL, NULL, "True", "True", "True", "True", "Unknown", "Current"},
                {"Succeeded", "Valid", "Fail", NULL, "True", "False", "True", "True", "True", "False", "Failed"},
                {"Succeeded", "Limited", "Pass", NULL, NULL, "True", "True", "True", "True", "True", "Current"},
                {"Succeeded", "Limited", "Fail", NULL, "True", "False", "True", "True", "True", "False", "Failed"},
                {"Succeeded", "Invalid", "None", NULL, "True", "False", "True", "True", "False", "Unknown", "Failed"},
                {"Failed", "Unknown", "None", NULL, "True", "False", "True", "False", "Unknown", "Unknown", "Failed"},
                {"Failed", "Limited", "None", NULL, "True", "False", "True", "False", "True", "Unknown", "Failed"},
                {"Cancelled", "Limited", "None", NULL, "True", "False", "True", "False", "True", "Unknown", "Failed"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *list = list_of(rows[i].phase, rows[i].validity, rows[i].verdict, "Reason");
                const struct { const char *type, *status; } wanted[] = {
                        {"Reconciling", rows[i].reconciling}, {"Stalled", rows[i].stalled},     {"Ready", rows[i].ready},
                        {"Finished", rows[i].finished},       {"Succeeded", rows[i].succeeded}, {"Valid", rows[i].valid},
                        {"Passed", rows[i].passed}};
                for (size_t k = 0; k < ARRAY_LEN(wanted); k++)
                        if (!text_equal(status_of(list, wanted[k].type), wanted[k].status))
                                fail_msg("%s %s %s: %s is %s", rows[i].phase, rows[i].validity, rows[i].verdict, wanted[k].type,
                                         status_of(list, wanted[k].type));
                assert_string_equal(kstatus(list), rows[i].kstatus);
        }
}

static void why_it_stalled_is_its_reason(void **state)
{
        auto_json struct json_object *cancelled = list_of("Cancelled", "Limited", "None", "Cancelled");
        auto_json struct json_object *invalid = list_of("Succeeded", "Invalid", "None", "NotValid");
        auto_json struct json_object *failed = list_of("Failed", "Unknown", "None", "QuotaExceeded");
        auto_json struct json_object *missed = list_of("Succeeded", "Valid", "Fail", "ObjectiveMissed");
        (void)state;

        assert_string_equal(doc_text(doc_find(cancelled, "type", "Stalled"), "reason"), "Cancelled");
        assert_string_equal(doc_text(doc_find(invalid, "type", "Stalled"), "reason"), "Invalid");
        assert_string_equal(doc_text(doc_find(failed, "type", "Stalled"), "reason"), "QuotaExceeded");
        assert_string_equal(doc_text(doc_find(missed, "type", "Stalled"), "reason"), "VerdictFailed");
}

static void each_condition_is_complete(void **state)
{
        auto_json struct json_object *list = list_of("Running", "Unknown", "None", NULL);
        (void)state;

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *condition = doc_item(list, i);
                assert_int_equal(doc_int(condition, "observedGeneration", 0), 3);
                assert_string_equal(doc_text(condition, "lastTransitionTime"), "1970-01-01T00:00:01Z");
                assert_true(strlen(doc_text(condition, "reason")) > 0); /* the API refuses an empty one */
                assert_non_null(doc_text(condition, "message"));
        }
}

static void the_time_moves_only_when_the_status_flips(void **state)
{
        struct condition_facts facts = {.phase = "Preparing", .validity = "Unknown", .verdict = "None", .reason = "Preparing",
                                        .generation = 1, .wall_ms = 1000};
        auto_json struct json_object *first = condition_list(&facts, NULL);
        (void)state;

        facts.phase = facts.reason = "Running";
        facts.wall_ms = 60000;
        auto_json struct json_object *second = condition_list(&facts, first);
        assert_string_equal(doc_text(doc_find(second, "type", "Reconciling"), "lastTransitionTime"), "1970-01-01T00:00:01Z");
        assert_string_equal(doc_text(doc_find(second, "type", "Reconciling"), "reason"), "Running");
        facts.phase = "Succeeded";
        facts.validity = "Valid";
        facts.verdict = "Pass";
        facts.wall_ms = 120000;
        auto_json struct json_object *third = condition_list(&facts, second);
        assert_string_equal(doc_text(doc_find(third, "type", "Ready"), "lastTransitionTime"), "1970-01-01T00:02:00Z");
        assert_string_equal(doc_text(doc_find(third, "type", "Finished"), "lastTransitionTime"), "1970-01-01T00:02:00Z");
        assert_null(doc_find(third, "type", "Reconciling"));
}

static void saying_the_same_again_changes_nothing(void **state)
{
        struct condition_facts facts = {.phase = "Running", .validity = "Unknown", .verdict = "None", .reason = "Running",
                                        .generation = 1, .wall_ms = 1000};
        auto_json struct json_object *first = condition_list(&facts, NULL);
        (void)state;

        facts.wall_ms = 99000;
        auto_json struct json_object *second = condition_list(&facts, first);
        assert_true(doc_equal(first, second));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_row_of_the_table_holds),
                cmocka_unit_test(why_it_stalled_is_its_reason),
                cmocka_unit_test(each_condition_is_complete),
                cmocka_unit_test(the_time_moves_only_when_the_status_flips),
                cmocka_unit_test(saying_the_same_again_changes_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
