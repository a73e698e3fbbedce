/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may read metrics: what is remembered for how long, what is asked, and who displaces whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "serve/access.h"

#define AT(seconds) ((seconds) * NS_PER_S)
#define ALICE "{\"username\":\"alice\"}"

static struct access access_table;

static int tear_down(void **state)
{
        (void)state;
        access_done(&access_table);
        memset(&access_table, 0, sizeof access_table);
        return 0;
}

static struct access_key key(unsigned number)
{
        struct access_key key = {0};

        memcpy(key.bytes, &number, sizeof number);
        return key;
}

static void expect(unsigned number, int64_t now_ns, enum access_step step)
{
        struct access_key asked = key(number);
        assert_int_equal(access_decide(&access_table, &asked, now_ns), step);
}

static void who(unsigned number, const char *user, int64_t now_ns)
{
        struct access_key about = key(number);
        access_learn_who(&access_table, &about, user, now_ns);
}

static void right(unsigned number, bool allowed, int64_t now_ns)
{
        struct access_key about = key(number);
        access_learn_right(&access_table, &about, allowed, now_ns);
}

static void let_in(unsigned number, int64_t now_ns)
{
        expect(number, now_ns, ACCESS_ASK_WHO);
        who(number, ALICE, now_ns);
        expect(number, now_ns, ACCESS_ASK_RIGHT);
        right(number, true, now_ns);
        expect(number, now_ns, ACCESS_SERVE);
}

static void both_questions_come_before_the_answer(void **state)
{
        (void)state;
        expect(1, 0, ACCESS_ASK_WHO);
        expect(1, 0, ACCESS_WAIT); /* the same token again, meanwhile */
        who(1, ALICE, 0);
        expect(1, 0, ACCESS_ASK_RIGHT);
        expect(1, 0, ACCESS_WAIT);
        right(1, true, 0);
        expect(1, 0, ACCESS_SERVE);
}

static void who_somebody_is_counts_for_a_minute_and_what_they_may_for_five(void **state)
{
        (void)state;
        let_in(1, 0);
        expect(1, AT(60) - 1, ACCESS_SERVE);
        expect(1, AT(60), ACCESS_ASK_WHO);
        who(1, ALICE, AT(60));
        expect(1, AT(60), ACCESS_SERVE);
        who(1, ALICE, AT(299));
        expect(1, AT(300) - 1, ACCESS_SERVE);
        expect(1, AT(300), ACCESS_ASK_RIGHT);
}

static void a_refusal_counts_for_half_a_minute(void **state)
{
        (void)state;
        expect(1, 0, ACCESS_ASK_WHO);
        who(1, ALICE, 0);
        expect(1, 0, ACCESS_ASK_RIGHT);
        right(1, false, 0);
        expect(1, AT(30) - 1, ACCESS_DENIED);
        expect(1, AT(30), ACCESS_ASK_RIGHT);
}

static void a_token_that_changes_hands_brings_no_right_with_it(void **state)
{
        (void)state;
        let_in(1, 0);
        expect(1, AT(60), ACCESS_ASK_WHO);
        who(1, "{\"username\":\"bob\"}", AT(60));
        expect(1, AT(60), ACCESS_ASK_RIGHT);
}

static void a_token_that_is_withdrawn_lets_nobody_in(void **state)
{
        (void)state;
        let_in(1, 0);
        expect(1, AT(60), ACCESS_ASK_WHO);
        who(1, NULL, AT(60));
        expect(1, AT(60), ACCESS_STRANGER);
        expect(1, AT(70) - 1, ACCESS_STRANGER);
        expect(1, AT(70), ACCESS_ASK_WHO);
        who(1, ALICE, AT(70)); /* valid again: its old right is not remembered */
        expect(1, AT(70), ACCESS_ASK_RIGHT);
}

static void without_an_answer_nobody_gets_in(void **state)
{
        struct access_key one = key(1), two = key(2);

        (void)state;
        let_in(1, 0);
        expect(1, AT(60), ACCESS_ASK_WHO);
        access_learn_nothing(&access_table, &one);
        expect(1, AT(61), ACCESS_ASK_WHO);
        expect(2, AT(61), ACCESS_ASK_WHO);
        access_learn_nothing(&access_table, &two);
        expect(2, AT(62), ACCESS_ASK_WHO);
}

static void strangers_are_asked_about_at_a_bounded_rate(void **state)
{
        unsigned number = 100;

        (void)state;
        for (int i = 0; i < ACCESS_STRANGERS_BURST; i++)
                expect(number++, AT(1), ACCESS_ASK_WHO);
        expect(number, AT(1), ACCESS_BUSY);
        expect(number, AT(1) + NS_PER_S / ACCESS_STRANGERS_PER_S, ACCESS_ASK_WHO);
        expect(number + 1, AT(1) + NS_PER_S / ACCESS_STRANGERS_PER_S, ACCESS_BUSY);
}

/* An hour of a new wrong token every 10 ms. */
static void a_flood_of_strangers_does_not_displace_who_is_known(void **state)
{
        unsigned number = 100, asked = 0;

        (void)state;
        let_in(1, 0);
        for (int64_t now_ns = 0; now_ns < AT(3600); now_ns += 10 * NS_PER_MS, number++) {
                struct access_key stranger = key(number);
                enum access_step step = access_decide(&access_table, &stranger, now_ns);
                assert_true(step == ACCESS_ASK_WHO || step == ACCESS_BUSY);
                if (step == ACCESS_ASK_WHO) {
                        access_learn_who(&access_table, &stranger, NULL, now_ns);
                        asked++;
                }
        }
        assert_true(asked <= ACCESS_STRANGERS_BURST + 3600 * ACCESS_STRANGERS_PER_S);
        expect(1, AT(3600), ACCESS_ASK_WHO); /* by its own token, not as a stranger: those are used up */
}

static void a_full_table_of_open_questions_takes_nobody(void **state)
{
        int64_t now_ns = 0;

        (void)state;
        for (unsigned i = 0; i < ACCESS_ENTRIES; i++, now_ns += NS_PER_S)
                expect(i, now_ns, ACCESS_ASK_WHO);
        expect(1000, now_ns, ACCESS_BUSY);
        who(5, NULL, now_ns);
        expect(1000, now_ns, ACCESS_ASK_WHO);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(both_questions_come_before_the_answer, tear_down),
                cmocka_unit_test_teardown(who_somebody_is_counts_for_a_minute_and_what_they_may_for_five, tear_down),
                cmocka_unit_test_teardown(a_refusal_counts_for_half_a_minute, tear_down),
                cmocka_unit_test_teardown(a_token_that_changes_hands_brings_no_right_with_it, tear_down),
                cmocka_unit_test_teardown(a_token_that_is_withdrawn_lets_nobody_in, tear_down),
                cmocka_unit_test_teardown(without_an_answer_nobody_gets_in, tear_down),
                cmocka_unit_test_teardown(strangers_are_asked_about_at_a_bounded_rate, tear_down),
                cmocka_unit_test_teardown(a_flood_of_strangers_does_not_displace_who_is_known, tear_down),
                cmocka_unit_test_teardown(a_full_table_of_open_questions_takes_nobody, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
