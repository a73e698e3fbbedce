/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of list-and-watch, played with a clock in hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "data/doc.h"
#include "kube/watch.h"

static struct watch watch;
static struct sift *sift;
static int64_t now_ns;
static char seen[4096]; /* "ADDED a@5;DELETED a@6;" */

static int set_up(void **state)
{
        (void)state;
        now_ns = 1000 * NS_PER_S;
        seen[0] = '\0';
        sift = sift_new(NULL);
        watch_init(&watch, sift, 7, now_ns);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        watch_done(&watch);
        sift = sift_free(sift);
        return 0;
}

static void note(void *owner, enum watch_event event, const struct sifted *object)
{
        static const char *const names[] = {"ADDED", "MODIFIED", "DELETED"};
        size_t used = strlen(seen);

        (void)owner;
        snprintf(seen + used, sizeof seen - used, "%s %s@%s;", names[event], object->name, object->version);
}

static void expect(enum watch_action action)
{
        assert_int_equal(watch_run(&watch, now_ns), action);
}

static void feed(const char *text)
{
        watch_data(&watch, text, strlen(text), now_ns, note, NULL);
}

static struct fail failed(enum fail_kind kind, int status)
{
        return (struct fail){.kind = kind, .status = status, .text = "it failed"};
}

static void close_with(enum fail_kind kind, int status)
{
        struct fail fail = failed(kind, status);

        watch_closed(&watch, &fail, now_ns);
}

/* How long it pauses from now; then that time has passed. */
static int64_t pause_ns(void)
{
        expect(WATCH_IDLE);
        int64_t wait_ns = watch_wake_ns(&watch) - now_ns;
        assert_true(wait_ns > 0);
        now_ns += wait_ns;
        return wait_ns;
}

static void to_stream(const char *version)
{
        expect(WATCH_LIST);
        watch_listed(&watch, version, now_ns);
        expect(WATCH_STREAM);
        assert_string_equal(watch_version(&watch), version);
}

#define EVENT(type, name, version) \
        "{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version \
        "\",\"uid\":\"u\"}}}\n"
#define BOOKMARK(version) "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
#define ERROR(code) "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":" #code "}}\n"

static void it_lists_first_then_streams_from_there(void **state)
{
        (void)state;
        assert_false(watch_synced(&watch));
        expect(WATCH_LIST);
        expect(WATCH_IDLE);
        assert_int_equal(watch_wake_ns(&watch), INT64_MAX);
        watch_listed(&watch, "100", now_ns);
        assert_true(watch_synced(&watch));
        expect(WATCH_STREAM);
        expect(WATCH_IDLE);
        assert_true(watch_timeout_s(&watch) >= 300 && watch_timeout_s(&watch) < 600);
}

static void events_move_the_position_and_are_delivered_in_order(void **state)
{
        (void)state;
        to_stream("1");
        feed(EVENT("ADDED", "a", "2") EVENT("MODIFIED", "a", "3") "\n\r\n" EVENT("DELETED", "a", "4"));
        assert_string_equal(seen, "ADDED a@2;MODIFIED a@3;DELETED a@4;");
        assert_string_equal(watch_version(&watch), "4");
}

static void the_type_may_come_last(void **state)
{
        (void)state;
        to_stream("1");
        feed("{\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"2\"}},\"more\":[{}],\"type\":\"ADDED\"}\n");
        assert_string_equal(seen, "ADDED a@2;");
        feed("{\"object\":{\"kind\":\"Status\",\"code\":410},\"type\":\"ERROR\"}\n");
        expect(WATCH_DROP);
        expect(WATCH_LIST);
}

static void bookmarks_only_move_the_position(void **state)
{
        (void)state;
        to_stream("1");
        feed(BOOKMARK("77"));
        assert_string_equal(seen, "");
        assert_string_equal(watch_version(&watch), "77");
}

/* A store that came back from a backup: nothing would ever come on a watch from where we were. */
static void a_bookmark_behind_us_lists_again(void **state)
{
        (void)state;
        to_stream("90");
        feed(BOOKMARK("100"));
        feed(BOOKMARK("100"));
        expect(WATCH_IDLE);
        feed(BOOKMARK("99"));
        expect(WATCH_DROP);
        expect(WATCH_LIST);
        /* And not in a hurry when the list has helped nothing. */
        watch_listed(&watch, "200", now_ns);
        expect(WATCH_STREAM);
        feed(BOOKMARK("99"));
        expect(WATCH_DROP);
        expect(WATCH_IDLE);
        assert_true(watch_wake_ns(&watch) > now_ns);
}

static void an_old_event_takes_the_position_nowhere(void **state)
{
        (void)state;
        to_stream("90");
        feed(EVENT("ADDED", "a", "100"));
        feed(EVENT("MODIFIED", "a", "99"));
        assert_string_equal(watch_version(&watch), "100");
        feed(EVENT("MODIFIED", "a", "odd"));
        assert_string_equal(watch_version(&watch), "odd"); /* not comparable: believed */
}

static void a_probe_behind_us_lists_again(void **state)
{
        (void)state;
        to_stream("90");
        now_ns = watch_wake_ns(&watch);
        expect(WATCH_PROBE);
        watch_probed(&watch, true, "89", now_ns);
        expect(WATCH_DROP);
        now_ns = watch_wake_ns(&watch);
        expect(WATCH_LIST);
}

static void frames_may_come_byte_by_byte(void **state)
{
        const char *text = EVENT("ADDED", "a", "2") BOOKMARK("3") EVENT("ADDED", "b", "4");
        (void)state;

        to_stream("1");
        for (size_t i = 0; text[i]; i++)
                watch_data(&watch, text + i, 1, now_ns, note, NULL);
        assert_string_equal(seen, "ADDED a@2;ADDED b@4;");
}

static void frames_may_be_cut_at_any_two_places(void **state)
{
        const char *text = EVENT("ADDED", "a", "2") EVENT("ADDED", "b", "3");
        size_t len = strlen(text);
        (void)state;

        for (size_t a = 0; a <= len; a++)
                for (size_t b = a; b <= len; b++) {
                        tear_down(NULL);
                        set_up(NULL);
                        to_stream("1");
                        watch_data(&watch, text, a, now_ns, note, NULL);
                        watch_data(&watch, text + a, b - a, now_ns, note, NULL);
                        watch_data(&watch, text + b, len - b, now_ns, note, NULL);
                        assert_string_equal(seen, "ADDED a@2;ADDED b@3;");
                }
}

static void a_clean_end_streams_again_at_once_from_the_last_position(void **state)
{
        (void)state;
        to_stream("1");
        feed(EVENT("ADDED", "a", "5"));
        now_ns += 400 * NS_PER_S;
        close_with(FAIL_NONE, 0);
        expect(WATCH_STREAM);
        assert_string_equal(watch_version(&watch), "5");
}

static void half_a_frame_at_the_end_is_not_an_event(void **state)
{
        (void)state;
        to_stream("1");
        feed(EVENT("ADDED", "a", "5") "{\"type\":\"ADDED\",\"object\":{\"metadata\":{");
        now_ns += 10 * NS_PER_S;
        close_with(FAIL_NONE, 0);
        expect(WATCH_STREAM);
        feed(EVENT("ADDED", "b", "6"));
        assert_string_equal(seen, "ADDED a@5;ADDED b@6;");
}

static void a_stream_that_closes_at_once_counts_as_failed(void **state)
{
        (void)state;
        to_stream("1");
        now_ns += 10 * NS_PER_MS;
        close_with(FAIL_NONE, 0);
        int64_t first_ns = pause_ns();
        assert_true(first_ns >= 800 * NS_PER_MS && first_ns <= 1600 * NS_PER_MS);
        expect(WATCH_STREAM);
        /* One event makes even a short life a good one. */
        feed(BOOKMARK("2"));
        close_with(FAIL_NONE, 0);
        expect(WATCH_STREAM);
}

static void pauses_double_up_to_thirty_seconds_with_jitter(void **state)
{
        int64_t least_ns = 800 * NS_PER_MS;
        bool jittered = false;
        (void)state;

        for (int i = 0; i < 12; i++) {
                struct fail fail = failed(FAIL_IO, 0);
                expect(WATCH_LIST);
                watch_list_failed(&watch, &fail, now_ns);
                assert_string_equal(watch_problem(&watch), "it failed");
                int64_t waited_ns = pause_ns();
                assert_true(waited_ns >= least_ns && waited_ns <= 2 * least_ns);
                jittered |= waited_ns != least_ns;
                least_ns = least_ns * 2 < 30 * NS_PER_S ? least_ns * 2 : 30 * NS_PER_S;
        }
        assert_true(jittered);
        assert_false(watch_synced(&watch));
}

static void two_good_minutes_make_the_next_pause_short_again(void **state)
{
        (void)state;
        to_stream("1");
        for (int i = 0; i < 6; i++) {
                close_with(FAIL_IO, 0);
                pause_ns();
                expect(WATCH_STREAM);
        }
        now_ns += 121 * NS_PER_S;
        close_with(FAIL_IO, 0);
        assert_true(pause_ns() <= 1600 * NS_PER_MS);
}

static void a_longer_wait_that_the_server_asks_for_is_kept(void **state)
{
        struct fail fail = {.kind = FAIL_BUSY, .status = 429, .retry_after_s = 20};
        (void)state;

        to_stream("1");
        watch_closed(&watch, &fail, now_ns);
        assert_int_equal(pause_ns(), 20 * NS_PER_S);
        expect(WATCH_STREAM);
}

static void a_lost_connection_never_lists_again(void **state)
{
        (void)state;
        to_stream("9");
        for (int i = 0; i < 50; i++) {
                close_with(i % 2 ? FAIL_IO : FAIL_TIMEOUT, 0);
                pause_ns();
                expect(WATCH_STREAM);
                assert_string_equal(watch_version(&watch), "9");
        }
}

static void an_expired_position_lists_again_at_once(void **state)
{
        (void)state;
        to_stream("1");
        feed(EVENT("ADDED", "a", "2") ERROR(410));
        expect(WATCH_DROP);
        to_stream("50");
        assert_true(watch_synced(&watch));
        /* As an HTTP answer too. */
        feed(BOOKMARK("51"));
        close_with(FAIL_EXPIRED, 410);
        expect(WATCH_LIST);
}

static void lists_that_expire_before_anything_came_of_them_are_not_hurried(void **state)
{
        (void)state;
        to_stream("1");
        feed(ERROR(410));
        expect(WATCH_DROP);
        assert_true(pause_ns() >= 800 * NS_PER_MS);
        to_stream("2");
}

static void a_server_behind_our_position_is_waited_for_and_then_listed(void **state)
{
        (void)state;
        to_stream("1000");
        for (int i = 1; i < WATCH_FRUITLESS_MAX; i++) {
                close_with(FAIL_TIMEOUT, 504);
                pause_ns();
                expect(WATCH_STREAM);
        }
        close_with(FAIL_TIMEOUT, 504);
        pause_ns();
        expect(WATCH_LIST);
}

static void refused_rights_and_vanished_kinds_list_again_after_a_pause(void **state)
{
        static const struct { enum fail_kind kind; int status; } ends[] = {
                {FAIL_DENIED, 403}, {FAIL_DENIED, 401}, {FAIL_MISSING, 404}, {FAIL_INVALID, 400}};
        (void)state;

        to_stream("1");
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
                close_with(ends[i].kind, ends[i].status);
                assert_true(pause_ns() > 0);
                to_stream("2");
        }
}

static void what_is_not_understood_ends_the_stream_and_in_the_end_lists(void **state)
{
        static const char *const nonsense[WATCH_FRUITLESS_MAX] = {
                "{not json}\n", EVENT("RENAMED", "a", "2"), "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n", "17\n"};
        (void)state;

        to_stream("1");
        for (int i = 0; i < WATCH_FRUITLESS_MAX; i++) {
                feed(nonsense[i]);
                feed(EVENT("ADDED", "later", "9")); /* what libcurl had already read */
                assert_true(strncmp(watch_problem(&watch), "watch: ", 7) == 0);
                expect(WATCH_DROP);
                pause_ns();
                expect(i < WATCH_FRUITLESS_MAX - 1 ? WATCH_STREAM : WATCH_LIST);
        }
        assert_string_equal(seen, "");
}

static void a_frame_beyond_the_bound_ends_the_stream(void **state)
{
        static char block[1 << 20];
        (void)state;

        to_stream("1");
        memset(block, 'x', sizeof block);
        for (int i = 0; i < 9; i++)
                watch_data(&watch, block, sizeof block, now_ns, note, NULL);
        expect(WATCH_DROP);
}

static void errors_of_the_server_stream_again_after_a_pause(void **state)
{
        (void)state;
        to_stream("1");
        feed(ERROR(500));
        expect(WATCH_DROP);
        pause_ns();
        expect(WATCH_STREAM);
        assert_string_equal(watch_version(&watch), "1");
}

static void a_silent_stream_is_dropped_only_if_the_server_answers(void **state)
{
        (void)state;
        to_stream("1");
        now_ns = watch_wake_ns(&watch);
        assert_int_equal(now_ns, 1000 * NS_PER_S + WATCH_SILENCE_S * NS_PER_S);
        expect(WATCH_PROBE);
        expect(WATCH_IDLE);
        watch_probed(&watch, false, NULL, now_ns);
        expect(WATCH_IDLE);
        now_ns = watch_wake_ns(&watch);
        expect(WATCH_PROBE);
        watch_probed(&watch, true, NULL, now_ns);
        expect(WATCH_DROP);
        expect(WATCH_STREAM);
        assert_string_equal(watch_version(&watch), "1");
}

static void a_byte_during_the_probe_saves_the_stream(void **state)
{
        (void)state;
        to_stream("1");
        now_ns = watch_wake_ns(&watch);
        expect(WATCH_PROBE);
        feed(BOOKMARK("3"));
        watch_probed(&watch, true, NULL, now_ns);
        expect(WATCH_IDLE);
        assert_int_equal(watch_wake_ns(&watch), now_ns + WATCH_SILENCE_S * NS_PER_S);
}

static void a_server_that_overruns_its_time_is_left(void **state)
{
        int64_t ends_ns;
        (void)state;

        to_stream("1");
        ends_ns = now_ns + (watch_timeout_s(&watch) + WATCH_OVERTIME_S) * NS_PER_S;
        for (; now_ns < ends_ns; now_ns += 10 * NS_PER_S) {
                feed(BOOKMARK("2"));
                expect(WATCH_IDLE);
        }
        expect(WATCH_DROP);
        expect(WATCH_STREAM);
}

static void problems_are_forgotten_when_the_server_accepts_again(void **state)
{
        (void)state;
        to_stream("1");
        close_with(FAIL_IO, 0);
        assert_string_equal(watch_problem(&watch), "it failed");
        pause_ns();
        expect(WATCH_STREAM);
        feed("");
        assert_string_equal(watch_problem(&watch), "");
}

static void a_list_without_a_version_is_no_list(void **state)
{
        (void)state;
        expect(WATCH_LIST);
        watch_listed(&watch, NULL, now_ns);
        assert_false(watch_synced(&watch));
        pause_ns();
        to_stream("1");
}

static void answers_that_come_late_change_nothing(void **state)
{
        struct fail fail = failed(FAIL_IO, 0);
        (void)state;

        to_stream("1");
        watch_listed(&watch, "5", now_ns);
        watch_list_failed(&watch, &fail, now_ns);
        watch_probed(&watch, true, NULL, now_ns);
        expect(WATCH_IDLE);
        assert_string_equal(watch_version(&watch), "1");
        close_with(FAIL_IO, 0);
        watch_closed(&watch, &fail, now_ns);
        feed(EVENT("ADDED", "late", "8"));
        assert_string_equal(seen, "");
}

/* Whatever happens, in any order: the position never goes back, nothing is asked for twice, and there is always either
 * something under way or a time to wake up. */
static void no_sequence_of_events_stops_it(void **state)
{
        uint64_t random = 99;
        long version = 1;
        bool listing = false, streaming = false, probing = false;
        (void)state;

        for (int step = 0; step < 300000; step++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                unsigned pick = (unsigned)(random >> 40);
                char text[256];
                static const int codes[] = {0, 0, 410, 429, 500, 503, 504, 403, 404};
                int code = codes[pick / 16 % 9];
                enum fail_kind kind = code == 410 ? FAIL_EXPIRED : code == 0 ? FAIL_IO : code == 504 ? FAIL_TIMEOUT
                                    : code == 403 ? FAIL_DENIED : code == 404 ? FAIL_MISSING : FAIL_BUSY;
                switch (watch_run(&watch, now_ns)) {
                case WATCH_LIST:
                        assert_false(listing || streaming);
                        listing = true;
                        break;
                case WATCH_STREAM:
                        assert_false(listing || streaming);
                        streaming = true;
                        break;
                case WATCH_PROBE:
                        assert_true(streaming && !probing);
                        probing = true;
                        break;
                case WATCH_DROP:
                        assert_true(streaming);
                        streaming = probing = false;
                        continue;
                case WATCH_IDLE:
                        assert_true(listing || streaming || watch_wake_ns(&watch) != INT64_MAX);
                }
                seen[0] = '\0';
                if (pick % 16 < 4) {
                        now_ns = watch_wake_ns(&watch) != INT64_MAX && watch_wake_ns(&watch) > now_ns ? watch_wake_ns(&watch)
                                                                                                   : now_ns + NS_PER_S;
                } else if (listing) {
                        struct fail fail = failed(kind, code);
                        listing = false;
                        snprintf(text, sizeof text, "%ld", ++version);
                        if (pick & 1)
                                watch_list_failed(&watch, &fail, now_ns);
                        else
                                watch_listed(&watch, text, now_ns);
                } else if (streaming && pick % 16 < 12) {
                        snprintf(text, sizeof text, EVENT("ADDED", "a", "%ld"), ++version);
                        watch_data(&watch, text, strlen(text) - (pick % 16 == 11), now_ns, note, NULL);
                } else if (streaming) {
                        struct fail fail = failed(pick % 16 == 12 ? FAIL_NONE : kind, code);
                        if (watch_run(&watch, now_ns) == WATCH_DROP) {
                                streaming = probing = false;
                                continue;
                        }
                        watch_closed(&watch, &fail, now_ns);
                        streaming = probing = false;
                }
                if (probing && pick % 7 == 0) {
                        probing = false;
                        watch_probed(&watch, pick & 1, NULL, now_ns);
                }
                assert_true(watch.state != WATCH_STREAMING || watch_version(&watch));
        }
        assert_true(watch_synced(&watch));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(it_lists_first_then_streams_from_there, set_up, tear_down),
                cmocka_unit_test_setup_teardown(events_move_the_position_and_are_delivered_in_order, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_type_may_come_last, set_up, tear_down),
                cmocka_unit_test_setup_teardown(bookmarks_only_move_the_position, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_bookmark_behind_us_lists_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_old_event_takes_the_position_nowhere, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_probe_behind_us_lists_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(frames_may_come_byte_by_byte, set_up, tear_down),
                cmocka_unit_test_setup_teardown(frames_may_be_cut_at_any_two_places, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_clean_end_streams_again_at_once_from_the_last_position, set_up, tear_down),
                cmocka_unit_test_setup_teardown(half_a_frame_at_the_end_is_not_an_event, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_stream_that_closes_at_once_counts_as_failed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(pauses_double_up_to_thirty_seconds_with_jitter, set_up, tear_down),
                cmocka_unit_test_setup_teardown(two_good_minutes_make_the_next_pause_short_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_longer_wait_that_the_server_asks_for_is_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_lost_connection_never_lists_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_expired_position_lists_again_at_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(lists_that_expire_before_anything_came_of_them_are_not_hurried, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_server_behind_our_position_is_waited_for_and_then_listed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(refused_rights_and_vanished_kinds_list_again_after_a_pause, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_not_understood_ends_the_stream_and_in_the_end_lists, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_frame_beyond_the_bound_ends_the_stream, set_up, tear_down),
                cmocka_unit_test_setup_teardown(errors_of_the_server_stream_again_after_a_pause, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_silent_stream_is_dropped_only_if_the_server_answers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_byte_during_the_probe_saves_the_stream, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_server_that_overruns_its_time_is_left, set_up, tear_down),
                cmocka_unit_test_setup_teardown(problems_are_forgotten_when_the_server_accepts_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_list_without_a_version_is_no_list, set_up, tear_down),
                cmocka_unit_test_setup_teardown(answers_that_come_late_change_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(no_sequence_of_events_stops_it, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
