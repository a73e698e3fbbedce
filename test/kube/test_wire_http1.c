/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults on the wire, HTTP/1.1 through TLS: each row of a table is what the server sends, and what a read, a write and a
 * stream come to. Reads end well or as a failure after a few attempts, writes never happen twice and are unknown when they
 * may have happened, nothing is hurried and nobody waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs.h"
#include "fake_server.h"
#include "stage.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define GOOD "{\"ok\":1}"
#define SIZED(size) OK "Content-Length: " size "\r\n\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define MIB (1u << 20)
#define SPACES_64 "                                                                "
#define SPACES_512 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64
#define SPACES_4096 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512

enum ending { STAYS, CLOSES, RESETS, CUTS };

struct fault {
        const char *name;
        const char *begin;          /* sent first */
        const char *again;          /* then this, 'times' times */
        unsigned times;
        const char *end;            /* then this, NULL: nothing */
        enum ending ending;
        enum fail_kind read, write, stream;
        unsigned requests_max;      /* of a read */
};

/* A read is tried at most five times. */
#define ONCE 1
#define FIVE 5

static const struct fault faults[] = {
        {"a plain answer", SIZED("8") GOOD, NULL, 0, NULL, STAYS, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"an error page", "HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\nContent-Length: 60\r\n\r\n<html><head><title>502 Bad Gateway</title></head></html>    ",
         NULL, 0, NULL, STAYS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"500 without a body", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", NULL, 0, NULL, STAYS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, ONCE},
        {"503 as text", "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nbusy\n", NULL, 0, NULL, STAYS, FAIL_BUSY, FAIL_UNKNOWN, FAIL_BUSY, FIVE},
        {"504 cut short", "HTTP/1.1 504 Late\r\nContent-Length: 500\r\n\r\n{\"kind\":", NULL, 0, NULL, CLOSES, FAIL_TIMEOUT, FAIL_UNKNOWN, FAIL_TIMEOUT, FIVE},
        {"50 MiB of an answer", CHUNKED, "1000\r\n" SPACES_4096 "\r\n", 50 * MIB / 4096, "0\r\n\r\n", STAYS, FAIL_TOO_LARGE, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"50 MiB that say so", SIZED("52428800"), SPACES_4096, 50 * MIB / 4096, NULL, STAYS, FAIL_TOO_LARGE, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"50 MiB of an error", "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n" SPACES_4096 "\r\n", 50 * MIB / 4096, "0\r\n\r\n", STAYS, FAIL_IO,
         FAIL_UNKNOWN, FAIL_IO, ONCE},
        {"a length that promises more, then the end", SIZED("80") GOOD, NULL, 0, NULL, CLOSES, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"a length that promises more, then a reset", SIZED("80") GOOD, NULL, 0, NULL, RESETS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"a length that promises less", SIZED("5") GOOD, NULL, 0, NULL, STAYS, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"two lengths that differ", OK "Content-Length: 8\r\nContent-Length: 5\r\n\r\n" GOOD, NULL, 0, NULL, STAYS, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"a negative length", SIZED("-1") GOOD, NULL, 0, NULL, STAYS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"a length beyond any", SIZED("99999999999999999999") GOOD, NULL, 0, NULL, CLOSES, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"a body that ends with the connection", OK "\r\n" GOOD, NULL, 0, NULL, CLOSES, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        /* libcurl takes this for an end. API servers frame what they send, and half an object is no JSON. */
        {"the same, cut without TLS's farewell", OK "\r\n" GOOD, NULL, 0, NULL, CUTS, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"half an object, cut like that", OK "\r\n{\"ok\":", NULL, 0, NULL, CUTS, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"chunks with extensions and trailers", CHUNKED "3;a=b;c=\"d\"\r\n{\"o\r\n5;x\r\nk\":1}\r\n0;last\r\nX-Checksum: 1\r\nX-More: 2\r\n\r\n", NULL, 0,
         NULL, STAYS, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"a thousand trailers", CHUNKED "8\r\n" GOOD "\r\n0\r\n", "X-Trailer: abcdefgh\r\n", 1000, "\r\n", STAYS, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"a chunk size that is none", CHUNKED "zz\r\n" GOOD "\r\n0\r\n\r\n", NULL, 0, NULL, CLOSES, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"a chunk size beyond any", CHUNKED "ffffffffffffffffff\r\n" GOOD "\r\n0\r\n\r\n", NULL, 0, NULL, CLOSES, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"chunks without the last", CHUNKED "8\r\n" GOOD "\r\n", NULL, 0, NULL, CLOSES, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"a hundred interim answers", "", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", 100, SIZED("8") GOOD, STAYS, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"leave to go on that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n" SIZED("8") GOOD, NULL, 0, NULL, STAYS, FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
        {"interim answers and never another", "", "HTTP/1.1 102 Processing\r\n\r\n", 5000, NULL, STAYS, FAIL_TIMEOUT, FAIL_UNKNOWN, FAIL_TIMEOUT, FIVE},
        {"a header of 1 MiB", OK "X-Long: ", "abcdefgh", MIB / 8, "\r\nContent-Length: 8\r\n\r\n" GOOD, STAYS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"20,000 headers", OK, "X-Many: abcdefghijklmnop\r\n", 20000, "Content-Length: 8\r\n\r\n" GOOD, STAYS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", NULL, 0, NULL, CLOSES, FAIL_INVALID, FAIL_UNKNOWN, FAIL_INVALID, ONCE},
        {"the head cut", "HTTP/1.1 200 OK\r\nContent-", NULL, 0, NULL, CLOSES, FAIL_INVALID, FAIL_UNKNOWN, FAIL_INVALID, ONCE},
        {"nothing, and the end", "", NULL, 0, NULL, CLOSES, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"nothing, and a reset", "", NULL, 0, NULL, RESETS, FAIL_IO, FAIL_UNKNOWN, FAIL_IO, FIVE},
        {"another protocol", "HTTP/1.1 101 Switching\r\nUpgrade: spdy\r\nConnection: upgrade\r\n\r\n", NULL, 0, NULL, CLOSES, FAIL_IO, FAIL_UNKNOWN, FAIL_IO,
         FIVE},
        {"a good code and no object", "HTTP/1.1 204 None\r\n\r\n", NULL, 0, NULL, STAYS, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"squeezed, though nobody asked", OK "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x01", NULL, 0, NULL, STAYS, FAIL_INVALID,
         FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"half an object", SIZED("5") "{\"a\":", NULL, 0, NULL, STAYS, FAIL_INVALID, FAIL_UNKNOWN, FAIL_NONE, ONCE},
        {"307 to elsewhere", "HTTP/1.1 307 There\r\nLocation: ELSEWHERE\r\nContent-Length: 0\r\n\r\n", NULL, 0, NULL, STAYS, FAIL_INVALID, FAIL_INVALID,
         FAIL_INVALID, ONCE},
        {"302 to elsewhere", "HTTP/1.1 302 There\r\nLocation: ELSEWHERE\r\nContent-Length: 0\r\n\r\n", NULL, 0, NULL, STAYS, FAIL_INVALID, FAIL_INVALID,
         FAIL_INVALID, ONCE},
        {"a refresh to elsewhere", OK "Refresh: 0; url=ELSEWHERE\r\nAlt-Svc: h2=\"ELSEWHERE\"\r\nContent-Length: 8\r\n\r\n" GOOD, NULL, 0, NULL, STAYS,
         FAIL_NONE, FAIL_NONE, FAIL_NONE, ONCE},
};

static struct stage stage;
static struct authority *authority;
static SSL_CTX *tls;
static struct fake_server *server, *elsewhere;
static char *ca;
static const struct fault *fault;
static unsigned handled, strayed;

static void misbehave(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        auto_buf struct buf answer = {0};
        const char *place = strstr(fault->begin, "ELSEWHERE");

        (void)owner;
        handled++;
        assert_non_null(strstr(request->head, "Authorization: Bearer secret-token\r\n"));
        if (place) {
                buf_add(&answer, fault->begin, (size_t)(place - fault->begin));
                buf_text(&answer, fake_server_url(elsewhere));
                buf_text(&answer, place + strlen("ELSEWHERE"));
        } else {
                buf_text(&answer, fault->begin);
        }
        for (unsigned i = 0; i < fault->times; i++)
                buf_text(&answer, fault->again);
        buf_text(&answer, fault->end ? fault->end : "");
        if (answer.size)
                fake_send(connection, answer.data, answer.size);
        if (fault->ending == CLOSES)
                fake_close(connection);
        else if (fault->ending == RESETS)
                fake_reset(connection);
        else if (fault->ending == CUTS)
                wire_cut(fake_wire(connection));
}

static void stray(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        strayed++;
        fake_answer(connection, 200, NULL, GOOD);
}

static void open_server(fake_handle_fn *handle)
{
        stage_open(&stage);
        authority = authority_new("the cluster's");
        ca = authority_pem(authority);
        tls = authority_serve(authority, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        server = fake_server_new_tls(stage.loop, tls, handle, NULL);
        elsewhere = fake_server_new_tls(stage.loop, tls, stray, NULL);
        stage.config = (struct kube_config){.server = (char *)fake_server_url(server), .ca_pem = ca, .token = (char *)"secret-token"};
        stage_client(&stage);
        handled = strayed = 0;
}

static int close_server(void **state)
{
        (void)state;
        stage.client = kube_client_free(stage.client);
        server = fake_server_free(server);
        elsewhere = fake_server_free(elsewhere);
        stage_close(&stage);
        SSL_CTX_free(tls);
        authority = authority_free(authority);
        free(ca);
        return 0;
}

static int open_misbehaving(void **state)
{
        (void)state;
        open_server(misbehave);
        return 0;
}

/* ---- What is sent ---- */

static void expect(enum stage_call call, const struct outcome *outcome, enum fail_kind wanted, unsigned requests_max)
{
        static const char *const names[] = {"read", "write", "lease", "stream"};

        if (outcome->fail.kind != wanted)
                fail_msg("%s, %s: %s, not %s: %s", fault->name, names[call], fail_kind_name(outcome->fail.kind), fail_kind_name(wanted), outcome->fail.text);
        if (handled > requests_max)
                fail_msg("%s, %s: %u requests", fault->name, names[call], handled);
        if (strstr(outcome->fail.text, "secret-token"))
                fail_msg("%s, %s: the token is told: %s", fault->name, names[call], outcome->fail.text);
        handled = 0;
}

static void every_answer_has_its_outcome(void **state)
{
        struct outcome outcome;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
                fault = &faults[i];
                outcome = stage_call(&stage, STAGE_READ);
                expect(STAGE_READ, &outcome, fault->read, fault->requests_max);
                outcome = stage_call(&stage, STAGE_WRITE);
                expect(STAGE_WRITE, &outcome, fault->write, 1);
                outcome = stage_call(&stage, STAGE_LEASE);
                expect(STAGE_LEASE, &outcome, fault->write, 1);
                outcome = stage_call(&stage, STAGE_STREAM);
                expect(STAGE_STREAM, &outcome, fault->stream, 1);
                assert_int_equal(strayed, 0);
        }
        /* And when it is over, it is over. */
        fault = &faults[0];
        outcome = stage_call(&stage, STAGE_WRITE);
        expect(STAGE_WRITE, &outcome, FAIL_NONE, 1);
}

/* What is left of an answer must not become the beginning of the next one's. */
static void leftovers_of_one_answer_are_not_the_next(void **state)
{
        static const struct fault more = {.begin = SIZED("8") GOOD SIZED("10") "{\"evil\":1}"};
        (void)state;

        fault = &more;
        for (int i = 0; i < 3; i++) {
                struct outcome outcome = stage_call(&stage, i == 1 ? STAGE_WRITE : STAGE_READ);
                assert_true(outcome.fail.kind || text_equal(outcome.text, GOOD));
        }
}

/* ---- Retry-After ---- */

struct patience {
        const char *header;
        int64_t least_ms, most_ms; /* from the first attempt to the second */
};

/* Without a usable number: 250 ms and up to as much again. */
#define SHORT 250, 500
static const struct patience patiences[] = {
        {"", SHORT},
        {"Retry-After: 0\r\n", SHORT},
        {"Retry-After: 1\r\n", 1000, 1100},
        {"Retry-After:  5 \r\n", 5000, 5500},
        {"Retry-After: 32\r\n", 32000, 35200},
        {"Retry-After: 61\r\n", 60000, 66000},
        {"Retry-After: 99999\r\n", 60000, 66000},
        {"Retry-After: 4294967296\r\n", 60000, 66000},
        {"Retry-After: 999999999999999999999999\r\n", 0, 66000},
        {"Retry-After: -5\r\n", SHORT},
        {"Retry-After: 1.5\r\n", 250, 1100},
        {"Retry-After: soon\r\n", SHORT},
        {"Retry-After:\r\n", SHORT},
        {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", SHORT},
        {"Retry-After: Fri, 31 Dec 2199 23:59:59 GMT\r\n", 60000, 66000},
        {"Retry-After: 3\r\nRetry-After: 7\r\n", 3000, 7700},
};

static const struct patience *patience;
static int64_t first_ns, second_ns;

static void busy_first(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        if (handled++ == 0) {
                first_ns = stage_now_ns(&stage);
                fake_answer(connection, 429, patience->header, "Too many requests\n");
                return;
        }
        second_ns = stage_now_ns(&stage);
        fake_answer(connection, 200, NULL, GOOD);
}

static void what_a_server_asks_for_is_waited_within_reason(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(patiences); i++)
                for (int write = 0; write < 2; write++) {
                        patience = &patiences[i];
                        handled = 0;
                        assert_int_equal(stage_call(&stage, write ? STAGE_WRITE : STAGE_READ).fail.kind, FAIL_NONE);
                        int64_t waited_ms = (second_ns - first_ns) / NS_PER_MS;
                        if (handled != 2 || waited_ms < patience->least_ms || waited_ms > patience->most_ms)
                                fail_msg("'%s': %u requests, %lld ms", patience->header, handled, (long long)waited_ms);
                }
}

static int open_busy(void **state)
{
        (void)state;
        open_server(busy_first);
        return 0;
}

/* A server that is always busy gets five requests and then peace. */
static void always_busy(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        handled++;
        fake_answer(connection, 429, "Retry-After: 0\r\n", "");
}

static void a_server_that_is_always_busy_is_left_alone(void **state)
{
        (void)state;
        assert_int_equal(stage_call(&stage, STAGE_READ).fail.kind, FAIL_BUSY);
        assert_int_equal(handled, 5);
        assert_int_equal(stage_call(&stage, STAGE_WRITE).fail.kind, FAIL_BUSY);
        assert_int_equal(handled, 10);
        assert_int_equal(stage_call(&stage, STAGE_LEASE).fail.kind, FAIL_BUSY);
        assert_int_equal(handled, 11);
}

static int open_always_busy(void **state)
{
        (void)state;
        open_server(always_busy);
        return 0;
}

/* ---- Silence ---- */

enum silence { AFTER_ACCEPT, AFTER_REQUEST, IN_HEAD, AFTER_HEAD, IN_BODY, SILENCES };

static enum silence silence;
static bool healed;
static unsigned fell_silent;

static void fall_silent(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        static const char *const heard[SILENCES] = {[IN_HEAD] = OK "Content-", [AFTER_HEAD] = SIZED("8"), [IN_BODY] = SIZED("8") "{\"o"};

        (void)owner;
        (void)request;
        handled++;
        if (healed) {
                fake_answer(connection, 200, NULL, GOOD);
                return;
        }
        fell_silent++;
        if (heard[silence])
                fake_send(connection, heard[silence], strlen(heard[silence]));
}

static int open_silent(void **state)
{
        (void)state;
        open_server(fall_silent);
        return 0;
}

/* Each silence, on a new connection and on one that has served before: the call ends in time, and the next goes elsewhere. */
static void whoever_falls_silent_is_noticed_and_left(void **state)
{
        static const int64_t limits_ns[] = {[STAGE_READ] = 125 * NS_PER_S, [STAGE_WRITE] = 13 * NS_PER_S, [STAGE_LEASE] = 6 * NS_PER_S,
                                            [STAGE_STREAM] = 31 * NS_PER_S};
        (void)state;

        for (silence = 0; silence < SILENCES; silence++)
                for (enum stage_call call = 0; call < STAGE_CALLS; call++)
                        for (int pooled = 0; pooled < 2; pooled++) {
                                stage_client(&stage);
                                healed = true;
                                if (pooled)
                                        assert_int_equal(stage_call(&stage, call).fail.kind, FAIL_NONE);
                                if (pooled && silence == AFTER_ACCEPT)
                                        continue;
                                healed = false;
                                wire_server_mute(fake_server_wires(server), silence == AFTER_ACCEPT);
                                struct outcome outcome = stage_call(&stage, call);
                                bool clear = silence == AFTER_ACCEPT; /* not a byte of the request has gone out */
                                enum fail_kind wanted = call == STAGE_READ || call == STAGE_STREAM || clear ? FAIL_TIMEOUT : FAIL_UNKNOWN;
                                if (outcome.fail.kind != wanted || outcome.took_ns > limits_ns[call])
                                        fail_msg("silence %d, call %d, pooled %d: %s after %lld s", silence, call, pooled, outcome.fail.text,
                                                 (long long)(outcome.took_ns / NS_PER_S));
                                healed = true;
                                wire_server_mute(fake_server_wires(server), false);
                                unsigned before = fake_server_connections(server);
                                assert_int_equal(stage_call(&stage, call).fail.kind, FAIL_NONE);
                                assert_int_equal(fake_server_connections(server), before + 1);
                        }
}

/* A silence that ends while a read is being repeated costs eight seconds. */
static void heal_at_the_second(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        if (handled++ > 0)
                fake_answer(connection, 200, NULL, GOOD);
}

static int open_healing(void **state)
{
        (void)state;
        open_server(heal_at_the_second);
        return 0;
}

static void one_silent_connection_costs_a_read_nine_seconds(void **state)
{
        (void)state;
        struct outcome outcome = stage_call(&stage, STAGE_READ);
        assert_int_equal(outcome.fail.kind, FAIL_NONE);
        assert_true(outcome.took_ns >= 8 * NS_PER_S && outcome.took_ns <= 9 * NS_PER_S);
        assert_int_equal(fake_server_connections(server), 2);
}

/* ---- Pieces ---- */

static const char *whole;
static size_t piece_bytes;

static void by_pieces(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        for (size_t at = 0; at < strlen(whole); at += piece_bytes) {
                size_t left = strlen(whole) - at;
                fake_send(connection, whole + at, left < piece_bytes ? left : piece_bytes); /* a TLS record each */
        }
}

static int open_pieces(void **state)
{
        (void)state;
        open_server(by_pieces);
        return 0;
}

static void answers_may_come_byte_by_byte(void **state)
{
        static const char *const answers[] = {SIZED("8") GOOD, CHUNKED "3;a=b\r\n{\"o\r\n5\r\nk\":1}\r\n0\r\nX-T: 1\r\n\r\n",
                                              "HTTP/1.1 100 Continue\r\n\r\n" SIZED("8") GOOD};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(answers); i++)
                for (piece_bytes = 1; piece_bytes < 8; piece_bytes++) {
                        whole = answers[i];
                        for (enum stage_call call = 0; call < STAGE_CALLS; call++) {
                                struct outcome outcome = stage_call(&stage, call);
                                assert_int_equal(outcome.fail.kind, FAIL_NONE);
                                assert_string_equal(outcome.text, GOOD);
                        }
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_answer_has_its_outcome, open_misbehaving, close_server),
                cmocka_unit_test_setup_teardown(leftovers_of_one_answer_are_not_the_next, open_misbehaving, close_server),
                cmocka_unit_test_setup_teardown(what_a_server_asks_for_is_waited_within_reason, open_busy, close_server),
                cmocka_unit_test_setup_teardown(a_server_that_is_always_busy_is_left_alone, open_always_busy, close_server),
                cmocka_unit_test_setup_teardown(whoever_falls_silent_is_noticed_and_left, open_silent, close_server),
                cmocka_unit_test_setup_teardown(one_silent_connection_costs_a_read_nine_seconds, open_healing, close_server),
                cmocka_unit_test_setup_teardown(answers_may_come_byte_by_byte, open_pieces, close_server),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
