/* SPDX-License-Identifier: Apache-2.0
 *
 * Candidates and one Lease with compare-and-swap, all in one toy world with a clock in hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/election.h"

static struct json_object *lease; /* what the server has */
static int version;
static int64_t now_ns;
static struct election a, b;

static void begin(struct election *election, const char *identity)
{
        struct election_options options = {.namespace = "n",
                                           .name = "l",
                                           .identity = identity,
                                           .duration_ns = 15 * NS_PER_S,
                                           .renew_ns = 10 * NS_PER_S,
                                           .retry_ns = 2 * NS_PER_S,
                                           .look_ns = NS_PER_S};
        election_init(election, &options, now_ns);
}

static int set_up(void **state)
{
        (void)state;
        now_ns = 100 * NS_PER_S;
        lease = NULL;
        version = 0;
        begin(&a, "a");
        begin(&b, "b");
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        election_done(&a);
        election_done(&b);
        json_object_put(take(lease));
        return 0;
}

static enum fail_kind store(struct json_object *record, bool create)
{
        auto_json struct json_object *wanted = record;
        char text[16];

        if (create && lease)
                return FAIL_EXISTS;
        if (!create && !lease)
                return FAIL_MISSING;
        if (!create && !text_equal(doc_text(wanted, "metadata.resourceVersion"), doc_text(lease, "metadata.resourceVersion")))
                return FAIL_CONFLICT;
        snprintf(text, sizeof text, "%d", ++version);
        doc_set_text(doc_at(wanted, "metadata"), "resourceVersion", text);
        json_object_put(lease);
        lease = take(wanted);
        return FAIL_NONE;
}

enum network { ANSWERS, SILENT, LOSES_ANSWER };

/* One action, answered at once; an unanswered one takes the five seconds of its time limit. */
static enum election_action step(struct election *election, enum network network)
{
        enum election_action action = election_run(election, now_ns);
        struct fail fail = {0};

        if (action == ELECTION_IDLE)
                return action;
        if (action == ELECTION_READ) {
                fail.kind = network == ANSWERS ? (lease ? FAIL_NONE : FAIL_MISSING) : FAIL_TIMEOUT;
                now_ns += network == ANSWERS ? 0 : 5 * NS_PER_S;
                auto_json struct json_object *copy = doc_copy(lease);
                election_read(election, fail.kind ? NULL : copy, &fail, now_ns);
                return action;
        }
        if (network != SILENT)
                fail.kind = store(election_record(election, now_ns / NS_PER_MS), action == ELECTION_CREATE);
        if (network != ANSWERS) {
                fail.kind = FAIL_UNKNOWN;
                now_ns += 5 * NS_PER_S;
        }
        auto_json struct json_object *copy = doc_copy(lease);
        election_wrote(election, fail.kind ? NULL : copy, &fail, now_ns);
        return action;
}

static void settle(struct election *election)
{
        while (step(election, ANSWERS) != ELECTION_IDLE)
                ;
}

static void the_first_to_come_creates_and_leads(void **state)
{
        (void)state;
        assert_int_equal(step(&a, ANSWERS), ELECTION_READ);
        assert_int_equal(step(&a, ANSWERS), ELECTION_CREATE);
        assert_true(election_holds(&a, now_ns));
        assert_string_equal(doc_text(lease, "spec.holderIdentity"), "a");
        assert_int_equal(doc_int(lease, "spec.leaseTransitions", -1), 0);
        assert_int_equal(doc_int(lease, "spec.leaseDurationSeconds", -1), 15);
        settle(&b);
        assert_false(election_holds(&b, now_ns));
        assert_string_equal(election_holder(&b), "a");
}

static void two_that_come_at_once_do_not_both_lead(void **state)
{
        (void)state;
        step(&a, ANSWERS);
        step(&b, ANSWERS);
        assert_int_equal(step(&a, ANSWERS), ELECTION_CREATE);
        assert_int_equal(step(&b, ANSWERS), ELECTION_CREATE);
        settle(&b);
        assert_true(election_holds(&a, now_ns));
        assert_false(election_holds(&b, now_ns));
}

static void a_leader_renews_every_retry_and_keeps_leading(void **state)
{
        (void)state;
        settle(&a);
        for (int i = 0; i < 100; i++) {
                int64_t before_ns = now_ns;
                now_ns = election_wake_ns(&a);
                assert_int_equal(now_ns - before_ns, 2 * NS_PER_S);
                assert_int_equal(step(&a, ANSWERS), ELECTION_WRITE);
                assert_true(election_holds(&a, now_ns));
                settle(&b);
                assert_false(election_holds(&b, now_ns));
        }
}

static void leading_ends_when_renewals_stay_away_whatever_is_under_way(void **state)
{
        (void)state;
        settle(&a);
        int64_t renewed_ns = now_ns;
        now_ns += 2 * NS_PER_S;
        assert_int_equal(election_run(&a, now_ns), ELECTION_WRITE); /* and no answer ever comes */
        assert_int_equal(election_wake_ns(&a), renewed_ns + 10 * NS_PER_S);
        assert_true(election_holds(&a, renewed_ns + 10 * NS_PER_S - 1));
        assert_false(election_holds(&a, renewed_ns + 10 * NS_PER_S));
}

static void the_standby_takes_over_after_the_duration_and_not_before(void **state)
{
        (void)state;
        settle(&a);
        settle(&b);
        int64_t seen_ns = now_ns;
        while (!election_holds(&b, now_ns)) {
                now_ns = election_wake_ns(&b);
                settle(&b);
        }
        assert_int_equal(now_ns - seen_ns, 15 * NS_PER_S);
        assert_false(election_holds(&a, now_ns));
        assert_int_equal(doc_int(lease, "spec.leaseTransitions", -1), 1);
        /* The old leader wakes up, sees, and stays down. */
        settle(&a);
        assert_false(election_holds(&a, now_ns));
        assert_string_equal(election_holder(&a), "b");
}

static void a_released_lease_is_taken_at_the_next_look(void **state)
{
        (void)state;
        settle(&a);
        settle(&b);
        election_stop(&a);
        assert_false(election_holds(&a, now_ns));
        assert_int_equal(store(election_release(&a, 1000), false), FAIL_NONE);
        assert_int_equal(doc_int(lease, "spec.leaseDurationSeconds", -1), 1);
        int64_t released_ns = now_ns;
        now_ns = election_wake_ns(&b);
        settle(&b);
        assert_true(election_holds(&b, now_ns));
        assert_true(now_ns - released_ns <= NS_PER_S);
        assert_int_equal(election_run(&a, now_ns + 100 * NS_PER_S), ELECTION_IDLE);
}

static void an_unclear_write_is_looked_up_before_anything_else(void **state)
{
        (void)state;
        step(&a, ANSWERS);
        assert_int_equal(step(&a, LOSES_ANSWER), ELECTION_CREATE);
        assert_false(election_holds(&a, now_ns));
        now_ns = election_wake_ns(&a);
        assert_int_equal(step(&a, ANSWERS), ELECTION_READ);
        assert_int_equal(step(&a, ANSWERS), ELECTION_WRITE);
        assert_true(election_holds(&a, now_ns));
        assert_int_equal(doc_int(lease, "spec.leaseTransitions", -1), 0);
}

static void one_slow_renewal_does_not_cost_the_lead(void **state)
{
        (void)state;
        settle(&a);
        now_ns = election_wake_ns(&a);
        step(&a, SILENT);
        assert_true(election_holds(&a, now_ns));
        now_ns = election_wake_ns(&a);
        settle(&a);
        assert_true(election_holds(&a, now_ns));
}

static void a_holder_with_a_longer_promise_is_waited_for(void **state)
{
        (void)state;
        settle(&a);
        doc_set_int(doc_at(lease, "spec"), "leaseDurationSeconds", 60);
        settle(&b);
        int64_t seen_ns = now_ns;
        while (!election_holds(&b, now_ns)) {
                now_ns = election_wake_ns(&b);
                settle(&b);
        }
        assert_int_equal(now_ns - seen_ns, 60 * NS_PER_S);
}

static void a_deleted_lease_ends_the_lead_until_it_is_made_anew(void **state)
{
        (void)state;
        settle(&a);
        json_object_put(take(lease));
        now_ns = election_wake_ns(&a);
        assert_int_equal(step(&a, ANSWERS), ELECTION_WRITE);
        assert_false(election_holds(&a, now_ns));
        assert_int_equal(step(&a, ANSWERS), ELECTION_CREATE);
        assert_true(election_holds(&a, now_ns));
}

static void labels_of_others_survive(void **state)
{
        (void)state;
        settle(&a);
        doc_set_text(doc_at(lease, "metadata"), "note", "mine");
        doc_set_text(doc_at(lease, "spec"), "strategy", "new");
        settle(&b);
        now_ns += 16 * NS_PER_S;
        settle(&b);
        assert_string_equal(doc_text(lease, "metadata.note"), "mine");
        assert_string_equal(doc_text(lease, "spec.strategy"), "new");
}

/* Two candidates, every kind of network trouble, pauses of any length: never two who may act. */
static void never_two_leaders_whatever_the_network_does(void **state)
{
        uint64_t random = 5;
        int leads[2] = {0, 0};
        (void)state;

        for (int i = 0; i < 200000; i++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                unsigned pick = (unsigned)(random >> 40);
                struct election *who = pick & 1 ? &a : &b;
                step(who, pick % 11 == 0 ? SILENT : pick % 13 == 0 ? LOSES_ANSWER : ANSWERS);
                assert_false(election_holds(&a, now_ns) && election_holds(&b, now_ns));
                leads[0] += election_holds(&a, now_ns);
                leads[1] += election_holds(&b, now_ns);
                now_ns += pick % 97 == 0 ? (int64_t)(pick % 40) * NS_PER_S : (int64_t)(pick % 700) * NS_PER_MS;
        }
        assert_true(leads[0] > 1000 && leads[1] > 1000);
}

/* Who stood still between the question and its answer must not spin until the next one. */
static void a_renewal_that_is_answered_too_late_leads_nobody_and_wakes_nobody(void **state)
{
        const struct fail none = {0}, missing = {.kind = FAIL_MISSING};
        (void)state;

        assert_int_equal(election_run(&a, now_ns), ELECTION_READ);
        election_read(&a, NULL, &missing, now_ns);
        assert_int_equal(election_run(&a, now_ns), ELECTION_CREATE);
        auto_json struct json_object *record = election_record(&a, INT64_C(1780000000000));
        doc_set_text(doc_at(record, "metadata"), "resourceVersion", "1");
        now_ns += 17 * NS_PER_S;
        election_wrote(&a, record, &none, now_ns);
        assert_false(election_holds(&a, now_ns));
        assert_int_equal(election_run(&a, now_ns), ELECTION_WRITE);
        assert_true(election_wake_ns(&a) > now_ns);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_first_to_come_creates_and_leads, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_renewal_that_is_answered_too_late_leads_nobody_and_wakes_nobody, set_up, tear_down),
                cmocka_unit_test_setup_teardown(two_that_come_at_once_do_not_both_lead, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_leader_renews_every_retry_and_keeps_leading, set_up, tear_down),
                cmocka_unit_test_setup_teardown(leading_ends_when_renewals_stay_away_whatever_is_under_way, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_standby_takes_over_after_the_duration_and_not_before, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_released_lease_is_taken_at_the_next_look, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_unclear_write_is_looked_up_before_anything_else, set_up, tear_down),
                cmocka_unit_test_setup_teardown(one_slow_renewal_does_not_cost_the_lead, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_holder_with_a_longer_promise_is_waited_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_deleted_lease_ends_the_lead_until_it_is_made_anew, set_up, tear_down),
                cmocka_unit_test_setup_teardown(labels_of_others_survive, set_up, tear_down),
                cmocka_unit_test_setup_teardown(never_two_leaders_whatever_the_network_does, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
