/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults on the wire, HTTP/2: a table of what the server does to a stream or to the connection, and what a read, a write and
 * a stream come to. Whatever it was, the call after it succeeds: on a new connection where the old one is spoilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs.h"
#include "fake_h2.h"
#include "kube/cache.h"
#include "stage.h"

#define GOOD "{\"ok\":1}"

static struct stage stage;
static struct authority *authority;
static SSL_CTX *tls;
static struct h2_server *server;
static char *ca;
static unsigned handled;

typedef void act_fn(struct h2_connection *connection, uint32_t stream);

struct fault {
        const char *name;
        act_fn *act;                 /* when a request is complete */
        enum fail_kind read, write, stream;
        unsigned requests_max;       /* of a read */
        bool spoilt;                 /* the next call needs a new connection */
};

/* ---- What the server does ---- */

static void answers(struct h2_connection *connection, uint32_t stream)
{
        h2_answer(connection, stream, 200, GOOD);
}

static void resets(struct h2_connection *connection, uint32_t stream)
{
        h2_reset(connection, stream, H2_INTERNAL_ERROR);
}

static void refuses(struct h2_connection *connection, uint32_t stream)
{
        h2_reset(connection, stream, H2_REFUSED_STREAM);
}

static void wants_calm(struct h2_connection *connection, uint32_t stream)
{
        h2_reset(connection, stream, H2_ENHANCE_YOUR_CALM);
}

static void resets_in_the_body(struct h2_connection *connection, uint32_t stream)
{
        h2_head(connection, stream, 200, false);
        h2_data(connection, stream, "{\"o", false);
        h2_reset(connection, stream, H2_INTERNAL_ERROR);
}

static void ends_early(struct h2_connection *connection, uint32_t stream)
{
        h2_head(connection, stream, 200, false);
        h2_data(connection, stream, "{\"o", true);
}

static void hangs_up(struct h2_connection *connection, uint32_t stream)
{
        (void)stream;
        wire_cut(connection->wire);
}

static void goes_away_before_it(struct h2_connection *connection, uint32_t stream)
{
        h2_goaway(connection, stream > 2 ? stream - 2 : 0, H2_NO_ERROR);
}

static void goes_away_and_answers(struct h2_connection *connection, uint32_t stream)
{
        h2_goaway(connection, stream, H2_NO_ERROR);
        h2_answer(connection, stream, 200, GOOD);
}

static void answers_and_goes_away(struct h2_connection *connection, uint32_t stream)
{
        h2_answer(connection, stream, 200, GOOD);
        h2_goaway(connection, stream, H2_NO_ERROR);
}

static void goes_away_in_anger(struct h2_connection *connection, uint32_t stream)
{
        h2_goaway(connection, stream, H2_PROTOCOL_ERROR);
        wire_close(connection->wire);
}

static void floods_settings(struct h2_connection *connection, uint32_t stream)
{
        for (int i = 0; i < 4000; i++)
                h2_send(connection, H2_SETTINGS, 0, 0, "\x00\x03\x00\x00\x00\x64", 6);
        h2_answer(connection, stream, 200, GOOD);
}

static void floods_pings(struct h2_connection *connection, uint32_t stream)
{
        for (int i = 0; i < 4000; i++)
                h2_send(connection, H2_PING, 0, 0, "12345678", 8);
        h2_answer(connection, stream, 200, GOOD);
}

static void floods_empty_data(struct h2_connection *connection, uint32_t stream)
{
        h2_head(connection, stream, 200, false);
        for (int i = 0; i < 4000; i++)
                h2_data(connection, stream, "", false);
        h2_data(connection, stream, GOOD, true);
}

/* 4,000 headers of 50 bytes, in CONTINUATION frames. */
static void floods_headers(struct h2_connection *connection, uint32_t stream)
{
        uint8_t status = 0x88, header[50] = {0x00, 0x07, 'x', '-', 'f', 'l', 'o', 'o', 'd', 40};

        memset(header + 10, 'a', 40);
        h2_send(connection, H2_HEADERS, 0, stream, &status, 1);
        for (int i = 0; i < 4000; i++)
                h2_send(connection, H2_CONTINUATION, i == 3999 ? H2_END_HEADERS : 0, stream, header, sizeof header);
        h2_data(connection, stream, GOOD, true);
}

static void sends_headers_that_are_none(struct h2_connection *connection, uint32_t stream)
{
        h2_send(connection, H2_HEADERS, H2_END_HEADERS, stream, "\xff\xff\xff\xff\xff\xff", 6);
}

static void sends_no_status(struct h2_connection *connection, uint32_t stream)
{
        uint8_t header[] = {0x00, 0x01, 'x', 0x01, 'y'};

        h2_send(connection, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, stream, header, sizeof header);
}

static void sends_data_first(struct h2_connection *connection, uint32_t stream)
{
        h2_data(connection, stream, GOOD, true);
}

static void answers_a_stream_that_nobody_opened(struct h2_connection *connection, uint32_t stream)
{
        h2_answer(connection, stream + 100, 200, "{\"evil\":1}");
}

static void pushes(struct h2_connection *connection, uint32_t stream)
{
        h2_send(connection, H2_PUSH_PROMISE, H2_END_HEADERS, stream, "\x00\x00\x00\x02\x82\x84\x87", 7);
        h2_answer(connection, 2, 200, "{\"evil\":1}");
        h2_answer(connection, stream, 200, GOOD);
}

static void sends_a_frame_beyond_the_size(struct h2_connection *connection, uint32_t stream)
{
        auto_free char *large = xcalloc(1 << 17, 1);

        memset(large, ' ', (1 << 17) - 1);
        h2_head(connection, stream, 200, false);
        h2_data(connection, stream, large, true);
}

/* 16 KiB more than the window that the client has opened can be sent by nobody who keeps to it; here 50 MiB are. */
static void overruns_the_window(struct h2_connection *connection, uint32_t stream)
{
        auto_free char *block = xcalloc((1 << 14) + 1, 1);

        memset(block, ' ', 1 << 14);
        h2_head(connection, stream, 200, false);
        for (int i = 0; i < 3200; i++)
                h2_data(connection, stream, block, false);
}

static void falls_silent(struct h2_connection *connection, uint32_t stream)
{
        (void)connection;
        (void)stream;
}

static void falls_silent_after_the_head(struct h2_connection *connection, uint32_t stream)
{
        h2_head(connection, stream, 200, false);
}

static void sends_an_interim_answer_and_trailers(struct h2_connection *connection, uint32_t stream)
{
        uint8_t interim[] = {0x08, 0x03, '1', '0', '3'}, trailer[] = {0x00, 0x03, 'x', '-', 't', 0x01, '1'};

        h2_send(connection, H2_HEADERS, H2_END_HEADERS, stream, interim, sizeof interim);
        h2_head(connection, stream, 200, false);
        h2_data(connection, stream, GOOD, false);
        h2_send(connection, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, stream, trailer, sizeof trailer);
}

static void babbles(struct h2_connection *connection, uint32_t stream)
{
        (void)stream;
        wire_send(connection->wire, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"ok\":1}", 46);
}

#define ONCE 1
#define FIVE 6 /* a kept connection that turns out to be gone costs one more, of libcurl */
#define FOUR 4 /* silences */

static const struct fault faults[] = {
        {"a plain answer", answers, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, false},
        {"RST_STREAM", resets, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, false},
        {"RST_STREAM in the body", resets_in_the_body, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, false},
        {"RST_STREAM that asks for calm", wants_calm, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, false},
        {"half an object", ends_early, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE, false},
        {"the end of the connection", hangs_up, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"GOAWAY and the answer", goes_away_and_answers, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, true},
        {"the answer and GOAWAY", answers_and_goes_away, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, true},
        {"GOAWAY in anger", goes_away_in_anger, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"4,000 SETTINGS", floods_settings, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, false},
        {"4,000 PINGs", floods_pings, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, false},
        {"4,000 empty frames", floods_empty_data, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, false},
        {"4,000 headers", floods_headers, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"headers that are none", sends_headers_that_are_none, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"no status", sends_no_status, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, false},
        {"data before the head", sends_data_first, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"an answer to nobody", answers_a_stream_that_nobody_opened, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"a push", pushes, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        /* libcurl 7.88 calls this the end of a good answer; that it is no JSON gives it away. */
        {"a frame beyond the size", sends_a_frame_beyond_the_size, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE, true},
        {"more than the window", overruns_the_window, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
        {"silence", falls_silent, FAIL_TIMEOUT, FAIL_UNKNOWN, FAIL_TIMEOUT, FOUR, true},
        {"silence after the head", falls_silent_after_the_head, FAIL_TIMEOUT, FAIL_UNKNOWN, FAIL_TIMEOUT, FOUR, true},
        {"an interim answer and trailers", sends_an_interim_answer_and_trailers, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE, false},
        {"another protocol", babbles, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE, true},
};

static const struct fault *fault;

static void handle(void *owner, struct h2_connection *connection, uint32_t stream, bool complete)
{
        (void)owner;
        assert_string_equal(wire_protocol(connection->wire), "h2");
        if (!complete)
                return;
        handled++;
        fault->act(connection, stream);
}

static int set_up(void **state)
{
        (void)state;
        stage_open(&stage);
        authority = authority_new("the cluster's");
        ca = authority_pem(authority);
        tls = authority_serve(authority, &(struct certificate){.names = "IP:127.0.0.1"});
        server = h2_server_new(stage.loop, tls, handle, NULL);
        stage.config = (struct kube_config){.server = (char *)h2_server_url(server), .ca_pem = ca, .token = (char *)"secret-token"};
        stage_client(&stage);
        handled = 0;
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage.client = kube_client_free(stage.client);
        server = h2_server_free(server);
        stage_close(&stage);
        SSL_CTX_free(tls);
        authority = authority_free(authority);
        free(ca);
        return 0;
}

static void expect(const struct fault *tried, enum stage_call call, enum fail_kind wanted, unsigned requests_max)
{
        static const char *const names[] = {"read", "write", "lease", "stream"};

        handled = 0;
        fault = tried;
        struct outcome outcome = stage_call(&stage, call);
        if (outcome.fail.kind != wanted || strstr(outcome.text, "evil"))
                fail_msg("%s, %s: %s, not %s: %s", tried->name, names[call], fail_kind_name(outcome.fail.kind), fail_kind_name(wanted), outcome.fail.text);
        if (handled > requests_max)
                fail_msg("%s, %s: %u requests", tried->name, names[call], handled);
        fault = &faults[0];
        unsigned before = wire_server_accepted(h2_server_wires(server));
        outcome = stage_call(&stage, call);
        if (outcome.fail.kind || !text_equal(outcome.text, GOOD))
                fail_msg("after %s, %s: %s", tried->name, names[call], outcome.fail.text);
        bool anew = wire_server_accepted(h2_server_wires(server)) > before;
        if (tried->spoilt && !anew)
                fail_msg("after %s, %s: the old connection", tried->name, names[call]);
}

static void every_frame_has_its_outcome(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
                expect(&faults[i], STAGE_READ, faults[i].read, faults[i].requests_max);
                expect(&faults[i], STAGE_WRITE, faults[i].write, 1);
                expect(&faults[i], STAGE_LEASE, faults[i].write, 1);
                expect(&faults[i], STAGE_STREAM, faults[i].stream, faults[i].requests_max == ONCE ? 1 : 2);
        }
}

/* A server that has seen nothing of a write says so with these two; libcurl may try again, once we know that it was not done. */
static void what_was_refused_unseen_is_done_at_most_once(void **state)
{
        static const struct fault refused = {.name = "refused", .act = refuses}, left = {.name = "left", .act = goes_away_before_it};
        static const struct fault *const both[] = {&refused, &left};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(both); i++)
                for (enum stage_call call = 0; call < STAGE_CALLS; call++) {
                        fault = both[i];
                        handled = 0;
                        struct outcome outcome = stage_call(&stage, call);
                        assert_true(outcome.fail.kind);
                        if (outcome.took_ns > 125 * NS_PER_S || handled > (call == STAGE_READ ? 30u : 6u))
                                fail_msg("%s, %d: %u requests in %lld s", fault->name, call, handled, (long long)(outcome.took_ns / NS_PER_S));
                        fault = &faults[0];
                        assert_int_equal(stage_call(&stage, call).fail.kind, FAIL_NONE);
                }
}

/* A server that never opens its window: nothing of a write's body can go out, and somebody has to lose patience. (libcurl
 * 7.88 has none: it tries to send as often as the socket lets it, so the deadline is what ends the turning, too.) */
static void a_window_that_never_opens_is_not_waited_for(void **state)
{
        static const char closed[] = "\x00\x04\x00\x00\x00\x00"; /* SETTINGS_INITIAL_WINDOW_SIZE 0 */
        (void)state;

        h2_server_settings(server, closed, 6);
        fault = &faults[0];
        assert_int_equal(stage_call(&stage, STAGE_READ).fail.kind, FAIL_NONE);
        struct outcome outcome = stage_call(&stage, STAGE_WRITE); /* on the connection that knows it by now */
        assert_true(outcome.fail.kind == FAIL_UNKNOWN || outcome.fail.kind == FAIL_TIMEOUT);
        assert_true(outcome.took_ns <= 14 * NS_PER_S);
        h2_server_settings(server, NULL, 0);
        assert_int_equal(stage_call(&stage, STAGE_WRITE).fail.kind, FAIL_NONE);
}

static int watches;
static unsigned watch_was[2]; /* which request of its connection each watch was */

/* A list, a watch that brings nothing, an answer to who asks whether there is anything, and the next watch. */
static void lists_and_is_watched(struct h2_connection *connection, uint32_t stream)
{
        if (handled % 2 == 1) {
                h2_answer(connection, stream, 200, "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
                return;
        }
        h2_head(connection, stream, 200, false);
        if (watches < (int)ARRAY_LEN(watch_was))
                watch_was[watches] = connection->requests;
        watches++;
}

static void a_watch_that_fell_silent_is_begun_again_on_a_new_connection(void **state)
{
        static const struct fault watched = {.name = "watched", .act = lists_and_is_watched};
        (void)state;

        fault = &watched;
        watches = 0;
        struct kube_cache *cache = kube_cache_new(stage.client, &(struct kube_cache_options){.kind = &kube_pods});
        assert_true(stage_until(&stage, &watches, 2, 600 * NS_PER_S));
        assert_int_equal(handled, 4);
        assert_int_equal(watch_was[0], 1);
        assert_int_equal(watch_was[1], 1);
        kube_cache_free(cache);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_frame_has_its_outcome, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_was_refused_unseen_is_done_at_most_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_window_that_never_opens_is_not_waited_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_watch_that_fell_silent_is_begun_again_on_a_new_connection, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
