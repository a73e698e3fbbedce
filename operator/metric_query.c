/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/metric_query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "kube/client.h"
#include "kube/path.h"

#define TOKEN_BYTES_MAX (64u << 10)
#define SILENCE_S 10 /* our own patience is shorter, and counts trickles too */

struct metric_query {
        struct loop *loop;
        struct kube_config *config;
        struct kube_client *client;
        uint64_t stream;
        struct buf answer;
        struct fail fail;
        bool over;
        int64_t patience_ns;
        struct loop_timer timer; /* patience, then telling */
        metric_done_fn *done;
        void *owner;
};

/* The client is not to be freed from inside of its own call: the loop tells. */
static void conclude(struct metric_query *query)
{
        query->over = true;
        query->stream = 0;
        loop_arm(query->loop, &query->timer, loop_now_ns(query->loop));
}

static void give_up(struct metric_query *query)
{
        kube_cancel(query->client, query->stream);
        conclude(query);
}

static void piece_arrived(void *owner, const char *data, size_t size)
{
        struct metric_query *query = owner;

        if (size == 0 || buf_add(&query->answer, data, size))
                return;
        fail_set(&query->fail, FAIL_TOO_LARGE, "the answer is longer than %d KiB: aggregate in the query", PROMQL_BYTES_MAX / 1024);
        give_up(query);
}

static void answer_over(void *owner, const struct fail *fail)
{
        struct metric_query *query = owner;

        query->fail = *fail;
        conclude(query);
}

static void timer_due(void *owner)
{
        struct metric_query *query = owner;

        if (!query->over) {
                fail_set(&query->fail, FAIL_TIMEOUT, "no whole answer within %" PRId64 " s", query->patience_ns / NS_PER_S);
                give_up(query);
                return;
        }
        if (query->fail.kind)
                query->done(query->owner, NULL, 0, &query->fail);
        else
                query->done(query->owner, query->answer.data ? query->answer.data : "", query->answer.size, &query->fail);
}

static char *path_of(const char *text, const struct promql_grid *grid)
{
        struct buf path = {0};
        int64_t end_wall_ms = promql_grid_end_wall_ms(grid);

        buf_text(&path, "/api/v1/query_range?query=");
        path_encode(&path, text);
        buf_format(&path, "&start=%" PRId64 ".%03d&end=%" PRId64 ".%03d&step=%" PRId64, grid->from_wall_ms / 1000, (int)(grid->from_wall_ms % 1000),
                   end_wall_ms / 1000, (int)(end_wall_ms % 1000), grid->step_ms / 1000);
        return buf_take(&path);
}

/* One that cannot be shown is said: the source would only say that nobody asked. */
static enum fail_kind check_token(const struct admin_source *source, struct fail *fail)
{
        char *token = NULL;

        if (!source->token_file)
                return FAIL_NONE;
        if (text_file_read(source->token_file, TOKEN_BYTES_MAX, &token, NULL, fail))
                return fail_wrap(fail, "the token for it");
        explicit_bzero(token, strlen(token));
        free(token);
        return FAIL_NONE;
}

static struct kube_config *config_of(const struct admin_source *source)
{
        struct kube_config *config = xnew(struct kube_config);

        *config = (struct kube_config){
                .server = xstrdup(source->url),
                .ca_pem = source->ca ? xstrdup(source->ca) : NULL,
                .token_file = source->token_file ? xstrdup(source->token_file) : NULL,
                .proxy_url = xstrdup(""), /* none, whatever the environment says */
        };
        return config;
}

struct metric_query *metric_query_begin(struct loop *loop, const struct admin_source *source, const char *text, const struct promql_grid *grid,
                                        int64_t patience_ns, metric_done_fn *done, void *owner)
{
        struct metric_query *query = xnew(struct metric_query);
        auto_free char *path = path_of(text, grid);

        *query = (struct metric_query){.loop = loop, .config = config_of(source), .answer = buf_bounded(PROMQL_BYTES_MAX), .patience_ns = patience_ns,
                                       .timer = {.fire = timer_due, .owner = query}, .done = done, .owner = owner};
        if (check_token(source, &query->fail) || kube_client_new(loop, query->config, &query->client, &query->fail)) {
                conclude(query);
                return query;
        }
        loop_arm(loop, &query->timer, loop_now_ns(loop) + patience_ns);
        query->stream = kube_stream(query->client, path, SILENCE_S, piece_arrived, answer_over, query);
        return query;
}

struct metric_query *metric_query_end(struct metric_query *query)
{
        if (!query)
                return NULL;
        loop_disarm(query->loop, &query->timer);
        kube_client_free(query->client);
        kube_config_free(query->config);
        buf_done(&query->answer);
        free(query);
        return NULL;
}
