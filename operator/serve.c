/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/serve.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BODY_BYTES_MAX (256u << 10)
#define PATH_BYTES_MAX 128

struct serve {
        struct lws_context *context;
        struct loop *loop;
        serve_answer_fn *answer;
        void *owner;
};

struct exchange { /* per connection, zeroed by the library */
        char *body;
        size_t size, sent;
};

static int begin_answer(struct lws *wsi, struct serve *serve, struct exchange *exchange, const char *path)
{
        auto_buf struct buf body = buf_bounded(BODY_BYTES_MAX);
        uint8_t headers[LWS_PRE + 512], *start = headers + LWS_PRE, *at = start, *end = headers + sizeof headers - 1;

        int status = serve->answer(serve->owner, path, &body);
        size_t size = body.size;
        if (lws_add_http_common_headers(wsi, (unsigned)status, "text/plain; charset=utf-8", size, &at, end) ||
            lws_finalize_write_http_header(wsi, start, &at, end))
                return 1;
        free(exchange->body);
        exchange->body = xcalloc(LWS_PRE + size + 1, 1);
        if (size)
                memcpy(exchange->body + LWS_PRE, body.data, size);
        exchange->size = size;
        exchange->sent = 0;
        lws_callback_on_writable(wsi);
        return 0;
}

static int continue_answer(struct lws *wsi, struct exchange *exchange)
{
        if (!exchange->body)
                return 0;
        size_t left = exchange->size - exchange->sent, piece = left < 4096 ? left : 4096;
        bool last = piece == left;
        if (lws_write(wsi, (unsigned char *)exchange->body + LWS_PRE + exchange->sent, piece,
                      last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) != (int)piece)
                return 1;
        exchange->sent += piece;
        if (!last) {
                lws_callback_on_writable(wsi);
                return 0;
        }
        free(take(exchange->body));
        return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
        struct serve *serve = lws_context_user(lws_get_context(wsi));
        struct exchange *exchange = user;
        char path[PATH_BYTES_MAX];

        switch (reason) {
        case LWS_CALLBACK_HTTP:
                snprintf(path, sizeof path, "%.*s", (int)size, (const char *)in);
                return begin_answer(wsi, serve, exchange, path);
        case LWS_CALLBACK_HTTP_WRITEABLE:
                return continue_answer(wsi, exchange);
        case LWS_CALLBACK_CLOSED_HTTP:
                if (exchange)
                        free(take(exchange->body));
                return 0;
        default:
                return lws_callback_http_dummy(wsi, reason, user, in, size);
        }
}

static int on_loop(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
        struct serve *serve = lws_context_user(lws_get_context(wsi));

        (void)user, (void)in, (void)size;
        if (reason == LWS_CALLBACK_RAW_RX_FILE)
                loop_step(serve->loop, 0);
        return 0;
}

static const struct lws_protocols protocols[] = {
        {.name = "http", .callback = on_http, .per_session_data_size = sizeof(struct exchange)},
        {.name = "loop", .callback = on_loop},
        {0},
};

enum fail_kind serve_new(struct loop *loop, int port, serve_answer_fn *answer, void *owner, struct serve **ret_serve,
                         struct fail *fail)
{
        struct serve *serve = xnew(struct serve);
        struct lws_context_creation_info info = {
                .port = port,
                .protocols = protocols,
                .user = serve,
                .pt_serv_buf_size = 4096,
                .fd_limit_per_thread = 64, /* probes and one scraper; more wait in the backlog */
                .timeout_secs = 10,
                .keepalive_timeout = 30,
                .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
        };

        lws_set_log_level(LLL_ERR, NULL);
        *serve = (struct serve){.loop = loop, .answer = answer, .owner = owner};
        serve->context = lws_create_context(&info);
        if (!serve->context) {
                free(serve);
                return fail_set(fail, FAIL_IO, "cannot listen on port %d", port);
        }
        lws_sock_file_fd_type guest = {.filefd = loop_fd(loop)};
        if (!lws_adopt_descriptor_vhost(lws_get_vhost_by_name(serve->context, "default"), LWS_ADOPT_RAW_FILE_DESC, guest,
                                        "loop", NULL)) {
                serve_free(serve);
                return fail_set(fail, FAIL_IO, "the event loop was not accepted as a guest");
        }
        *ret_serve = serve;
        return FAIL_NONE;
}

struct serve *serve_free(struct serve *serve)
{
        if (!serve)
                return NULL;
        lws_context_destroy(serve->context);
        free(serve);
        return NULL;
}

void serve_step(struct serve *serve)
{
        lws_service(serve->context, 0);
}
