/* SPDX-License-Identifier: Apache-2.0
 *
 * The client against a server that misbehaves on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "fake_server.h"
#include "kube/client.h"
#include "stage.h"

static struct stage stage;
static struct fake_server *server;
static fake_handle_fn *handler;
static unsigned handled;
static struct fake_connection *held;
static char last_head[4096], last_body[4096];

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        handled++;
        snprintf(last_head, sizeof last_head, "%s", request->head);
        snprintf(last_body, sizeof last_body, "%s", request->body);
        handler(owner, connection, request);
}

static int set_up(void **state)
{
        (void)state;
        stage_open(&stage);
        server = fake_server_new(stage.loop, handle, NULL);
        stage.config = (struct kube_config){.server = (char *)fake_server_url(server), .token = (char *)"secret"};
        handled = 0;
        held = NULL;
        stage_client(&stage);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage.client = kube_client_free(stage.client);
        server = fake_server_free(server);
        stage_close(&stage);
        return 0;
}

struct answer {
        int calls;
        char text[4096];
        struct fail fail;
};

static void keep(void *owner, struct json_object *object, const struct fail *fail)
{
        struct answer *answer = owner;

        answer->calls++;
        answer->fail = *fail;
        snprintf(answer->text, sizeof answer->text, "%s", object ? doc_print(object) : "");
}

static struct answer get_answer(void)
{
        struct answer answer = {0};

        kube_get_path(stage.client, "/api/v1/pods", false, keep, &answer);
        assert_int_equal(answer.calls, 0);
        stage_until(&stage, &answer.calls, 1, 60 * NS_PER_S);
        assert_int_equal(answer.calls, 1);
        return answer;
}

static struct answer create_answer(void)
{
        struct answer answer = {0};
        struct kube_ref ref = {&kube_pods, "n", NULL};
        auto_json struct json_object *object = doc_set_text(doc_object(), "kind", "Pod");

        kube_create(stage.client, &ref, object, keep, &answer);
        stage_until(&stage, &answer.calls, 1, 60 * NS_PER_S);
        assert_int_equal(answer.calls, 1);
        return answer;
}

/* ---- What goes out ---- */

static void say_ok(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fake_answer(connection, 200, NULL, "{\"ok\":1}");
}

static void requests_look_as_the_api_wants_them(void **state)
{
        struct answer answer = {0};
        struct kube_ref ref = {&kube_jobs, "n", "j"};
        auto_json struct json_object *object = doc_set_int(doc_object(), "a", 1);
        (void)state;

        handler = say_ok;
        get_answer();
        assert_non_null(strstr(last_head, "GET /api/v1/pods HTTP/1.1\r\n"));
        assert_non_null(strstr(last_head, "Authorization: Bearer secret\r\n"));
        assert_non_null(strstr(last_head, "Accept: application/json\r\n"));
        assert_non_null(strstr(last_head, "User-Agent: loadstone/"));
        assert_null(strcasestr(last_head, "Accept-Encoding"));
        kube_patch(stage.client, &ref, "status", KUBE_PATCH_MERGE, object, keep, &answer);
        stage_until(&stage, &answer.calls, 1, 60 * NS_PER_S);
        assert_non_null(strstr(last_head, "PATCH /apis/batch/v1/namespaces/n/jobs/j/status?fieldManager=loadstone HTTP"));
        assert_non_null(strstr(last_head, "Content-Type: application/merge-patch+json\r\n"));
        assert_string_equal(last_body, "{\"a\":1}");
        kube_patch(stage.client, &ref, NULL, KUBE_PATCH_APPLY, object, keep, &answer);
        stage_until(&stage, &answer.calls, 2, 10 * NS_PER_S);
        assert_non_null(strstr(last_head, "jobs/j?fieldManager=loadstone&force=true HTTP"));
        kube_delete(stage.client, &ref, "u-1", keep, &answer);
        stage_until(&stage, &answer.calls, 3, 10 * NS_PER_S);
        assert_non_null(strstr(last_head, "DELETE /apis/batch/v1/namespaces/n/jobs/j HTTP"));
        assert_string_equal(last_body, "{\"propagationPolicy\":\"Background\",\"preconditions\":{\"uid\":\"u-1\"}}");
        kube_replace(stage.client, &ref, object, true, keep, &answer);
        stage_until(&stage, &answer.calls, 4, 10 * NS_PER_S);
        assert_non_null(strstr(last_head, "PUT /apis/batch/v1/namespaces/n/jobs/j HTTP"));
        assert_null(strcasestr(last_head, "Expect:"));
        assert_int_equal(fake_server_connections(server), 2); /* the urgent one has its own */
}

/* ---- Repeats ---- */

static void busy_once(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        if (request->count == 1)
                fake_answer(connection, 429, "Retry-After: 1\r\nContent-Type: text/plain\r\n", "Too many requests\n");
        else
                fake_answer(connection, 201, NULL, "{\"ok\":1}");
}

static void a_429_is_repeated_after_its_time_even_for_writes(void **state)
{
        int64_t begin_ns = stage_now_ns(&stage);
        (void)state;

        handler = busy_once;
        struct answer answer = create_answer();
        assert_int_equal(answer.fail.kind, FAIL_NONE);
        assert_int_equal(handled, 2);
        assert_true(stage_now_ns(&stage) - begin_ns >= NS_PER_S);
        assert_int_equal(kube_client_stats(stage.client).retries, 1);
}

static void bad_gateway(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fake_answer(connection, 502, "Content-Type: text/html\r\n",
                    "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad</h1></body></html>");
}

static void html_errors_are_repeated_for_reads_and_unclear_for_writes(void **state)
{
        (void)state;
        handler = bad_gateway;
        struct answer answer = create_answer();
        assert_int_equal(answer.fail.kind, FAIL_UNKNOWN);
        assert_int_equal(answer.fail.status, 502);
        assert_string_equal(answer.fail.text, "POST /api/v1/namespaces/n/pods: HTTP 502: 502 Bad Gateway");
        assert_int_equal(handled, 1);
        answer = get_answer();
        assert_int_equal(answer.fail.kind, FAIL_IO);
        assert_int_equal(handled, 6);
}

static void cut_once(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        if (request->count > 1) {
                fake_answer(connection, 200, NULL, "{\"ok\":2}");
                return;
        }
        fake_send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":", 47);
        fake_close(connection);
}

static void a_cut_body_is_read_again(void **state)
{
        (void)state;
        handler = cut_once;
        struct answer answer = get_answer();
        assert_int_equal(answer.fail.kind, FAIL_NONE);
        assert_string_equal(answer.text, "{\"ok\":2}");
}

static void a_write_whose_answer_was_cut_is_unclear(void **state)
{
        (void)state;
        handler = cut_once;
        struct answer answer = create_answer();
        assert_int_equal(answer.fail.kind, FAIL_UNKNOWN);
        assert_int_equal(handled, 1);
}

static void hang_up(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fake_reset(connection);
}

static void a_write_without_an_answer_is_unclear_and_never_repeated(void **state)
{
        (void)state;
        handler = hang_up;
        struct answer answer = create_answer();
        assert_int_equal(answer.fail.kind, FAIL_UNKNOWN);
        assert_int_equal(handled, 1);
}

static void hang_up_on_the_second(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        if (request->count == 1)
                fake_answer(connection, 201, NULL, "{}");
        else
                fake_close(connection);
}

/* libcurl repeats a request by itself when a kept connection closes without an answer. */
static void not_even_libcurl_repeats_a_write_on_a_kept_connection(void **state)
{
        struct kube_ref ref = {&kube_pods, "n", "p"};
        struct answer answer = {0};
        (void)state;

        handler = hang_up_on_the_second;
        assert_int_equal(create_answer().fail.kind, FAIL_NONE);
        assert_int_equal(create_answer().fail.kind, FAIL_UNKNOWN);
        assert_int_equal(handled, 2);
        /* The same for a delete, which has a body for this very reason. */
        handler = say_ok;
        get_answer();
        handler = hang_up;
        kube_delete(stage.client, &ref, NULL, keep, &answer);
        stage_until(&stage, &answer.calls, 1, 30 * NS_PER_S);
        assert_int_equal(answer.fail.kind, FAIL_UNKNOWN);
        assert_int_equal(handled, 4);
}

static void nobody_there_is_clear_even_for_a_write(void **state)
{
        (void)state;
        server = fake_server_free(server);
        struct answer answer = create_answer();
        assert_int_equal(answer.fail.kind, FAIL_IO);
        answer = get_answer();
        assert_int_equal(answer.fail.kind, FAIL_IO);
        assert_int_equal(kube_client_stats(stage.client).retries, 4);
}

static void too_large(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        static char block[1 << 16];

        (void)owner;
        (void)request;
        memset(block, ' ', sizeof block);
        fake_begin(connection, 200);
        for (int i = 0; i < 130; i++)
                fake_piece(connection, block, sizeof block);
        fake_end(connection);
}

static void bodies_are_bounded(void **state)
{
        (void)state;
        handler = too_large;
        struct answer answer = get_answer();
        assert_int_equal(answer.fail.kind, FAIL_TOO_LARGE);
        assert_int_equal(handled, 1);
}

static void redirect(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fake_answer(connection, 302, "Location: http://127.0.0.1:1/elsewhere\r\n", "");
}

static void redirects_are_not_followed(void **state)
{
        (void)state;
        handler = redirect;
        struct answer answer = get_answer();
        assert_int_equal(answer.fail.kind, FAIL_INVALID);
        assert_int_equal(answer.fail.status, 302);
        assert_int_equal(handled, 1);
}

/* ---- Credentials ---- */

static const char *right_token;

static void check_token(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        auto_free char *line = xasprintf("Authorization: Bearer %s\r\n", right_token);
        if (strstr(request->head, line))
                fake_answer(connection, 200, NULL, "{\"ok\":1}");
        else
                fake_answer(connection, 401, NULL, "{\"kind\":\"Status\",\"reason\":\"Unauthorized\",\"code\":401}");
}

static void write_file(const char *path, const char *text)
{
        auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void a_401_reads_the_token_file_again_once(void **state)
{
        char path[] = "/tmp/kube-token-XXXXXX";
        (void)state;

        close(mkstemp(path));
        write_file(path, "old\n");
        stage.config.token = NULL;
        stage.config.token_file = path;
        handler = check_token;
        right_token = "old";
        assert_int_equal(get_answer().fail.kind, FAIL_NONE);
        right_token = "new";
        write_file(path, "new\n");
        assert_int_equal(get_answer().fail.kind, FAIL_NONE);
        assert_int_equal(handled, 3);
        /* Writes too: a refused one has not been done. */
        right_token = "newer";
        write_file(path, "newer");
        assert_int_equal(create_answer().fail.kind, FAIL_NONE);
        /* And when nothing new is there, the refusal stands at once. */
        right_token = "unknown";
        handled = 0;
        assert_int_equal(get_answer().fail.kind, FAIL_DENIED);
        assert_int_equal(handled, 1);
        /* An unreadable file leaves what was there. */
        right_token = "newer";
        unlink(path);
        assert_int_equal(get_answer().fail.kind, FAIL_NONE);
        explicit_bzero(stage.config.token, strlen(stage.config.token));
        free(stage.config.token);
        stage.config.token = stage.config.token_file = NULL;
}

/* ---- Order and bounds ---- */

static struct fake_connection *waiting[64];
static unsigned waiting_len;

static void hold(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        waiting[waiting_len++] = connection;
}

static void writes_are_bounded_and_urgent_ones_pass(void **state)
{
        struct answer answers[30] = {0}, urgent = {0};
        struct kube_ref ref = {&kube_pods, "n", "p"};
        auto_json struct json_object *object = doc_object();
        int done = 0;
        (void)state;

        handler = hold;
        waiting_len = 0;
        for (int i = 0; i < 30; i++)
                kube_patch(stage.client, &ref, NULL, KUBE_PATCH_MERGE, object, keep, &answers[i]);
        stage_pass(&stage, NS_PER_S);
        assert_int_equal(waiting_len, KUBE_WRITES_MAX);
        assert_int_equal(kube_client_stats(stage.client).in_flight, KUBE_WRITES_MAX);
        assert_int_equal(kube_client_stats(stage.client).waiting, 30 - KUBE_WRITES_MAX);
        kube_replace(stage.client, &ref, object, true, keep, &urgent);
        stage_pass(&stage, NS_PER_S);
        assert_int_equal(waiting_len, KUBE_WRITES_MAX + 1);
        fake_answer(waiting[KUBE_WRITES_MAX], 200, NULL, "{}");
        stage_until(&stage, &urgent.calls, 1, 10 * NS_PER_S);
        assert_int_equal(urgent.calls, 1);
        /* The rest goes through in the order it came. */
        fake_answer(waiting[0], 200, NULL, "{}");
        handler = say_ok;
        stage_pass(&stage, NS_PER_S);
        for (unsigned i = 1; i < KUBE_WRITES_MAX; i++)
                fake_answer(waiting[i], 200, NULL, "{}");
        stage_pass(&stage, NS_PER_S);
        for (int i = 0; i < 30; i++)
                done += answers[i].calls;
        assert_int_equal(done, 30);
}

static bool fence_open;

static bool may_write(void *owner, const char *path)
{
        (void)owner;
        return fence_open || strstr(path, "/leases");
}

/* The server is busy; when the time to try again comes, the lead is gone. */
static void close_the_fence(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fence_open = false;
        fake_answer(connection, 429, "Retry-After: 1\r\n", "{}");
}

static void what_nobody_may_write_any_more_is_not_sent(void **state)
{
        (void)state;

        kube_client_fence(stage.client, may_write, NULL);
        fence_open = true;
        handler = close_the_fence;
        struct answer busy = create_answer();
        assert_int_equal(busy.fail.kind, FAIL_IO);
        assert_int_equal(handled, 1);
        struct answer late = create_answer();
        assert_int_equal(late.fail.kind, FAIL_IO);
        assert_int_equal(handled, 1);
        handler = say_ok;
        assert_int_equal(get_answer().fail.kind, FAIL_NONE);
        kube_client_fence(stage.client, NULL, NULL);
        assert_int_equal(create_answer().fail.kind, FAIL_NONE);
}

static void cancelled_requests_are_never_told(void **state)
{
        struct answer running = {0}, queued = {0};
        uint64_t ids[KUBE_READS_MAX];
        (void)state;

        handler = hold;
        waiting_len = 0;
        for (int i = 0; i < KUBE_READS_MAX; i++)
                ids[i] = kube_get_path(stage.client, "/a", false, keep, &running);
        uint64_t last = kube_get_path(stage.client, "/b", false, keep, &queued);
        stage_pass(&stage, NS_PER_S / 2);
        kube_cancel(stage.client, last);
        for (int i = 0; i < KUBE_READS_MAX; i++)
                kube_cancel(stage.client, ids[i]);
        kube_cancel(stage.client, 12345);
        stage_pass(&stage, NS_PER_S);
        assert_int_equal(running.calls + queued.calls, 0);
        assert_int_equal(kube_client_stats(stage.client).in_flight, 0);
}

static void start_another(void *owner, struct json_object *object, const struct fail *fail)
{
        struct answer *answer = owner;

        keep(owner, object, fail);
        if (answer->calls < 3)
                kube_get_path(stage.client, "/again", false, start_another, answer);
}

static void done_may_start_and_cancel(void **state)
{
        struct answer answer = {0};
        (void)state;

        handler = say_ok;
        kube_get_path(stage.client, "/first", false, start_another, &answer);
        stage_until(&stage, &answer.calls, 3, 10 * NS_PER_S);
        assert_int_equal(answer.calls, 3);
}

static void an_urgent_request_gives_up_after_five_seconds(void **state)
{
        struct answer answer = {0}, next = {0};
        int64_t begin_ns = stage_now_ns(&stage);
        (void)state;

        handler = hold;
        waiting_len = 0;
        kube_get_path(stage.client, "/lease", true, keep, &answer);
        stage_until(&stage, &answer.calls, 1, 60 * NS_PER_S);
        assert_int_equal(answer.fail.kind, FAIL_TIMEOUT);
        int64_t took_ns = stage_now_ns(&stage) - begin_ns;
        assert_true(took_ns >= 5 * NS_PER_S && took_ns < 8 * NS_PER_S);
        /* And the next one does not use that connection. */
        handler = say_ok;
        kube_get_path(stage.client, "/lease", true, keep, &next);
        stage_until(&stage, &next.calls, 1, 10 * NS_PER_S);
        assert_int_equal(next.fail.kind, FAIL_NONE);
        assert_int_equal(fake_server_connections(server), 2);
}

/* ---- Streams ---- */

struct stream {
        struct buf text;
        int pieces, closed;
        bool cancels;
        uint64_t id;
        struct fail fail;
};

static void on_data(void *owner, const char *data, size_t size)
{
        struct stream *stream = owner;

        stream->pieces++;
        buf_add(&stream->text, data, size);
        if (stream->cancels && size)
                kube_cancel(stage.client, stream->id);
}

static void on_closed(void *owner, const struct fail *fail)
{
        struct stream *stream = owner;

        stream->closed++;
        stream->fail = *fail;
}

static void open_stream(struct stream *stream, int silence_s)
{
        *stream = (struct stream){0};
        stream->id = kube_stream(stage.client, "/watch", silence_s, on_data, on_closed, stream);
}

static void begin_and_hold(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        held = connection;
        fake_begin(connection, 200);
}

static void a_stream_says_that_it_is_accepted_then_brings_its_pieces(void **state)
{
        struct stream stream;
        (void)state;

        handler = begin_and_hold;
        open_stream(&stream, 0);
        stage_until(&stage, &stream.pieces, 1, 10 * NS_PER_S);
        assert_int_equal(stream.pieces, 1);
        assert_int_equal(stream.text.size, 0);
        for (const char *c = "one\ntwo\n"; *c; c++) {
                fake_piece(held, c, 1);
                stage_pass(&stage, 20 * NS_PER_MS);
        }
        fake_end(held);
        stage_until(&stage, &stream.closed, 1, 10 * NS_PER_S);
        assert_string_equal(stream.text.data, "one\ntwo\n");
        assert_int_equal(stream.fail.kind, FAIL_NONE);
        assert_int_equal(stream.closed, 1);
        buf_done(&stream.text);
}

static void answer_the_second(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        if (request->count > 1)
                fake_answer(connection, 200, NULL, "{\"kind\":\"Late\"}");
}

static void a_read_that_nobody_answers_is_made_again_on_a_new_connection(void **state)
{
        struct answer answer = {0};
        int64_t begin_ns = stage_now_ns(&stage);
        (void)state;

        handler = answer_the_second;
        kube_get_path(stage.client, "/version", false, keep, &answer);
        stage_until(&stage, &answer.calls, 1, 60 * NS_PER_S);
        assert_int_equal(answer.fail.kind, FAIL_NONE);
        assert_true(stage_now_ns(&stage) - begin_ns >= 8 * NS_PER_S);
        assert_true(stage_now_ns(&stage) - begin_ns < 14 * NS_PER_S);
        assert_int_equal(fake_server_connections(server), 2);
}

static void swallow(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner, (void)connection, (void)request;
}

static void a_watch_that_is_never_accepted_is_ended(void **state)
{
        struct stream stream;
        int64_t begin_ns = stage_now_ns(&stage);
        (void)state;

        handler = swallow;
        open_stream(&stream, 0);
        stage_until(&stage, &stream.closed, 1, 60 * NS_PER_S);
        assert_int_equal(stream.fail.kind, FAIL_TIMEOUT);
        assert_true(stage_now_ns(&stage) - begin_ns >= 10 * NS_PER_S);
        assert_true(stage_now_ns(&stage) - begin_ns < 16 * NS_PER_S);
        buf_done(&stream.text);
}

static void a_silent_stream_is_ended(void **state)
{
        struct stream stream;
        int64_t begin_ns = stage_now_ns(&stage);
        (void)state;

        handler = begin_and_hold;
        open_stream(&stream, 1);
        stage_pass(&stage, 600 * NS_PER_MS);
        fake_piece(held, "x", 1); /* a byte is a sign of life */
        stage_until(&stage, &stream.closed, 1, 30 * NS_PER_S);
        assert_int_equal(stream.fail.kind, FAIL_TIMEOUT);
        assert_true(stage_now_ns(&stage) - begin_ns >= 1600 * NS_PER_MS);
        assert_true(stage_now_ns(&stage) - begin_ns < 4 * NS_PER_S);
        buf_done(&stream.text);
}

static void a_stream_that_breaks_is_told_apart_from_one_that_ends(void **state)
{
        struct stream stream;
        (void)state;

        handler = begin_and_hold;
        open_stream(&stream, 0);
        stage_until(&stage, &stream.pieces, 1, 10 * NS_PER_S);
        fake_piece(held, "abc", 3);
        fake_close(held);
        stage_until(&stage, &stream.closed, 1, 10 * NS_PER_S);
        assert_int_equal(stream.fail.kind, FAIL_IO);
        assert_int_equal(stream.fail.status, 0);
        assert_string_equal(stream.text.data, "abc");
        buf_done(&stream.text);
}

static void gone(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fake_answer(connection, 410, NULL, "{\"kind\":\"Status\",\"reason\":\"Expired\",\"message\":\"too old\",\"code\":410}");
}

static void a_refused_stream_says_why_and_brings_nothing(void **state)
{
        struct stream stream;
        (void)state;

        handler = gone;
        open_stream(&stream, 0);
        stage_until(&stage, &stream.closed, 1, 10 * NS_PER_S);
        assert_int_equal(stream.fail.kind, FAIL_EXPIRED);
        assert_string_equal(stream.fail.text, "GET /watch: HTTP 410 Expired: too old");
        assert_int_equal(stream.pieces, 0);
}

static void a_stream_may_be_cancelled_from_inside(void **state)
{
        struct stream stream;
        (void)state;

        handler = begin_and_hold;
        open_stream(&stream, 0);
        stream.cancels = true;
        stage_until(&stage, &stream.pieces, 1, 10 * NS_PER_S);
        fake_piece(held, "abc", 3);
        stage_pass(&stage, NS_PER_S / 2);
        fake_piece(held, "def", 3);
        stage_pass(&stage, NS_PER_S / 2);
        assert_string_equal(stream.text.data, "abc");
        assert_int_equal(stream.closed, 0);
        assert_int_equal(kube_client_stats(stage.client).in_flight, 0);
        buf_done(&stream.text);
}

/* ---- Lists ---- */

static void three_pages(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        static bool expired;

        (void)owner;
        if (!strstr(request->path, "continue=")) {
                fake_answer(connection, 200, NULL, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"p2\"},\"items\":[{},{}]}");
        } else if (strstr(request->path, "continue=p2")) {
                fake_answer(connection, 200, NULL, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"p3\"},\"items\":[{}]}");
        } else if (!expired) {
                expired = true;
                fake_answer(connection, 410, NULL, "{\"kind\":\"Status\",\"reason\":\"Expired\",\"code\":410,\"metadata\":{\"continue\":\"x\"}}");
        } else {
                fake_answer(connection, 200, NULL, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{}]}");
        }
}

static void lists_are_gathered_over_pages_even_when_one_expires(void **state)
{
        struct answer answer = {0};
        struct kube_ref ref = {&kube_pods, NULL, NULL};
        (void)state;

        handler = three_pages;
        kube_list(stage.client, &ref, NULL, keep, &answer);
        stage_until(&stage, &answer.calls, 1, 30 * NS_PER_S);
        assert_int_equal(answer.fail.kind, FAIL_NONE);
        assert_string_equal(answer.text, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{},{},{},{}]}");
        assert_int_equal(handled, 6);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(requests_look_as_the_api_wants_them, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_429_is_repeated_after_its_time_even_for_writes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(html_errors_are_repeated_for_reads_and_unclear_for_writes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_cut_body_is_read_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_write_whose_answer_was_cut_is_unclear, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_write_without_an_answer_is_unclear_and_never_repeated, set_up, tear_down),
                cmocka_unit_test_setup_teardown(not_even_libcurl_repeats_a_write_on_a_kept_connection, set_up, tear_down),
                cmocka_unit_test_setup_teardown(nobody_there_is_clear_even_for_a_write, set_up, tear_down),
                cmocka_unit_test_setup_teardown(bodies_are_bounded, set_up, tear_down),
                cmocka_unit_test_setup_teardown(redirects_are_not_followed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_401_reads_the_token_file_again_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(writes_are_bounded_and_urgent_ones_pass, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_nobody_may_write_any_more_is_not_sent, set_up, tear_down),
                cmocka_unit_test_setup_teardown(cancelled_requests_are_never_told, set_up, tear_down),
                cmocka_unit_test_setup_teardown(done_may_start_and_cancel, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_urgent_request_gives_up_after_five_seconds, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_stream_says_that_it_is_accepted_then_brings_its_pieces, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_read_that_nobody_answers_is_made_again_on_a_new_connection, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_watch_that_is_never_accepted_is_ended, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_silent_stream_is_ended, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_stream_that_breaks_is_told_apart_from_one_that_ends, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_refused_stream_says_why_and_brings_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_stream_may_be_cancelled_from_inside, set_up, tear_down),
                cmocka_unit_test_setup_teardown(lists_are_gathered_over_pages_even_when_one_expires, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
