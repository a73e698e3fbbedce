/* SPDX-License-Identifier: Apache-2.0
 *
 * One attempt after the other: how long each may last, what sleeps before a repeat, and who is told of the end. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/answer.h"
#include "kube/page.h"
#include "kube/request.h"
#include "kube/retry.h"

#define CALL_NS (65 * NS_PER_S) /* the server itself gives up after 60 s */
/* Not a byte of an answer for so long, and longer with every attempt, and a read is made again on a new connection. Seen: a
 * first list without any answer until CALL_NS was over, answered at once when it was asked again; why is not known. */
#define READ_SILENCE_S 8
#define WRITE_SILENCE_S 12 /* then the live read tells; a webhook has 10 s unless it asked for more */
#define HEAD_NS (10 * NS_PER_S)
#define URGENT_NS (5 * NS_PER_S)

/* ---- Ends ---- */

/* Moves what the owner needs out of the request first: it may start, cancel and free whatever it likes. */
static void finish(struct request *request, struct json_object *object, const struct fail *fail)
{
        kube_done_fn *done = request->done;
        kube_closed_fn *closed = request->closed;
        void *owner = request->owner;

        if (fail->kind)
                request->client->stats.errors++;
        client_drop(request);
        if (closed)
                closed(owner, fail);
        else
                done(owner, fail->kind ? NULL : object, fail);
}

static void sleep_then_attempt(struct request *request, int64_t wait_ns)
{
        struct loop *loop = request->client->loop;

        request->state = REQUEST_SLEEPING;
        buf_done(&request->answer);
        loop_arm(loop, &request->timer, loop_now_ns(loop) + wait_ns);
}

/* After a 401: new credentials, if there are any, are worth exactly one more attempt. */
static bool refresh(struct request *request)
{
        struct kube_client *client = request->client;
        bool changed = false;

        if (request->refreshed)
                return false;
        request->refreshed = true;
        int64_t now_ns = loop_now_ns(client->loop);
        const char *token = kube_config_token(client->config, now_ns, false, &changed);
        auto_free char *before = token ? xstrdup(token) : NULL;
        const char *after = kube_config_token(client->config, now_ns, true, &changed);
        bool renewed = changed || !text_equal(before, after);
        if (before)
                explicit_bzero(before, strlen(before));
        for (size_t i = 0; changed && i < LANES; i++)
                client->lanes[i].suspect = true;
        return renewed;
}

struct items {
        struct kube_client *client;
        kube_item_fn *item;
        void *owner;
        uint64_t id;
};

/* Its owner may cancel the request with each. */
static bool give_item(void *owner, const struct sifted *item)
{
        const struct items *items = owner;

        items->item(items->owner, item);
        return client_find(items->client, items->id) != NULL;
}

/* Gives the items of a page to their owner. False when it cancelled the request meanwhile. */
static bool give_items(struct request *request, struct json_object **ret_head, size_t *ret_len, struct fail *fail)
{
        struct items items = {request->client, request->item, request->owner, request->id};
        const struct page page = {.sift = request->sift, .item = give_item, .owner = &items};
        auto_buf struct buf body = request->answer;

        request->answer = (struct buf){0};
        if (pages_at_first(request->pages) && !give_item(&items, NULL))
                return false;
        if (page_read(&page, body.data ? body.data : "", body.size, ret_head, ret_len, fail))
                fail_wrap(fail, "a page of a list");
        return client_find(items.client, items.id) != NULL;
}

/* Takes notice of a page and says whether there is another to ask for. */
static bool goes_on(struct request *request, struct json_object **head, struct fail *fail)
{
        enum pages_next next;
        size_t items_len = doc_len(*head, "items");

        if (!fail->kind && request->item && !give_items(request, head, &items_len, fail))
                return true; /* cancelled by its owner: nothing is left to finish */
        if (fail->kind)
                next = pages_refused(request->pages, fail);
        else
                next = pages_listed(request->pages, *head, items_len, fail);
        if (next != PAGES_MORE)
                return false;
        free(request->path);
        request->path = pages_path(request->pages);
        request->attempts = 0;
        sleep_then_attempt(request, 0);
        return true;
}

enum fail_kind client_answer(const struct request *request, int status, int retry_after_s, struct json_object **ret_object,
                             struct fail *fail)
{
        const struct answer answer = {.status = status,
                                      .retry_after_s = retry_after_s,
                                      .create = text_equal(request->method, "POST"),
                                      .write = request->body != NULL,
                                      .unread = request->item != NULL,
                                      .body = request->answer.data,
                                      .size = request->answer.size};
        return answer_decode(&answer, ret_object, fail);
}

static void attempt_over(struct request *request)
{
        struct kube_client *client = request->client;
        auto_json struct json_object *object = NULL;
        struct fail fail = {0};
        int64_t wait_ns;
        struct retry_attempt attempt = {.write = request->body != NULL,
                                        .once = request->class == CLASS_URGENT || request->class == CLASS_STREAM,
                                        .attempts = request->attempts};

        loop_disarm(client->loop, &request->timer);
        transfer_result(request, &object, &fail);
        transfer_stop(request);
        if (fail.status == 401 && refresh(request)) {
                sleep_then_attempt(request, 0);
                return;
        }
        if (fail.kind && retry_again(&attempt, &fail, kube_client_random(client), &wait_ns)) {
                client->stats.retries++;
                sleep_then_attempt(request, wait_ns);
                return;
        }
        if (request->pages && goes_on(request, &object, &fail))
                return;
        if (fail.kind) {
                auto_free char *path = xstrndup(request->path, strcspn(request->path, "?"));
                fail_wrap(&fail, "%s %s", request->method, path);
        }
        if (request->pages && !request->item && !fail.kind)
                pages_whole(request->pages, object);
        finish(request, object, &fail);
}

/* Hands a stream's owner what has come. The owner may cancel the stream while being told. */
static void deliver_stream(struct request *request)
{
        struct kube_client *client = request->client;
        kube_data_fn *data = request->data;
        void *owner = request->owner;
        uint64_t id = request->id;

        if (!request->opened_told) {
                request->opened_told = true;
                data(owner, "", 0);
                if (!client_find(client, id))
                        return;
        }
        if (request->answer.size) {
                struct buf piece = request->answer;
                request->answer = client->piece;
                client->piece = piece;
                data(owner, client->piece.data, client->piece.size);
                buf_clear(&client->piece);
        }
}

void client_deliver(struct kube_client *client)
{
        while (client->ready) {
                struct request *request = client->ready;
                uint64_t id = request->id;
                client_not_ready(request);
                if (request->opened)
                        deliver_stream(request);
                if (client_find(client, id) == request && request->finished)
                        attempt_over(request);
        }
}

/* ---- Beginnings ---- */

/* How long an attempt may go without hearing anything; 0: as long as it likes. */
static int64_t silence_ns(const struct request *request)
{
        if (request->class == CLASS_READ)
                return (READ_SILENCE_S * NS_PER_S) << (request->attempts > 3 ? 3 : request->attempts - 1);
        if (request->class == CLASS_WRITE)
                return WRITE_SILENCE_S * NS_PER_S;
        return request->silence_s * NS_PER_S;
}

/* When a running attempt has lasted too long, INT64_MAX for never. */
static int64_t end_ns(const struct request *request)
{
        int64_t limit_ns = request->class == CLASS_URGENT   ? URGENT_NS
                           : request->class == CLASS_STREAM ? INT64_MAX
                                                            : CALL_NS;
        int64_t ends_ns = limit_ns == INT64_MAX ? INT64_MAX : request->started_ns + limit_ns;
        int64_t quiet_ns = silence_ns(request) ? request->heard_ns + silence_ns(request) : INT64_MAX;

        /* The head of a watch comes at once, that of a log with its first line. */
        if (request->class == CLASS_STREAM && !request->silence_s && !request->opened)
                return request->started_ns + HEAD_NS;
        return quiet_ns < ends_ns ? quiet_ns : ends_ns;
}

/* When it is to be looked at again, INT64_MAX for never. */
static int64_t look_ns(const struct request *request)
{
        return turn_quiet_ns(request) < end_ns(request) ? turn_quiet_ns(request) : end_ns(request);
}

void client_due(void *owner)
{
        struct request *request = owner;
        struct loop *loop = request->client->loop;

        if (request->state == REQUEST_SLEEPING) {
                client_attempt(request);
                return;
        }
        if (loop_now_ns(loop) >= turn_quiet_ns(request)) {
                turn_quiet(request);
                loop_arm(loop, &request->client->pump, loop_now_ns(loop));
        }
        if (loop_now_ns(loop) < end_ns(request)) { /* something has been heard meanwhile, or may still be */
                loop_arm(loop, &request->timer, look_ns(request));
                return;
        }
        request->overdue = true;
        request->client->stats.silent++;
        attempt_over(request);
}

void client_attempt(struct request *request)
{
        struct kube_client *client = request->client;
        struct fail fail = {0};
        int64_t now_ns = loop_now_ns(client->loop);

        request->state = REQUEST_RUNNING;
        if (request->class == CLASS_WRITE && client->may_write && !client->may_write(client->fence_owner, request->path)) {
                fail_set(&fail, FAIL_IO, "not sent: %s of what nobody may write any more", request->method);
                finish(request, NULL, &fail);
                return;
        }
        request->attempts++;
        request->started_ns = request->heard_ns = now_ns;
        client->stats.requests++;
        client->stats.writes += request->body != NULL;
        if (transfer_start(request, &fail)) {
                finish(request, NULL, &fail);
                return;
        }
        if (look_ns(request) != INT64_MAX)
                loop_arm(client->loop, &request->timer, look_ns(request));
}
