/* SPDX-License-Identifier: Apache-2.0 */
#include "stranger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define LATENCY_NS (20 * NS_PER_MS)

struct stranger {
        struct request *request;
        struct loop_timer timer;
};

bool stranger_is(const struct kube_client *client)
{
        return !text_equal(client->config->server, "http://apisim");
}

static double number_after(const char *path, const char *key)
{
        const char *at = strstr(path, key);

        return at ? strtod(at + strlen(key), NULL) : 0;
}

/* A series that counts the steps. */
static void tell(struct buf *out, const char *path, bool lies)
{
        double start_s = number_after(path, "&start="), end_s = number_after(path, "&end="), step_s = number_after(path, "&step=");
        unsigned count = 0;

        buf_text(out, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"pod\":\"web-1\"},\"values\":[");
        for (double at_s = start_s; step_s > 0 && at_s < end_s + 0.0005 && count < 1000; at_s += step_s, count++)
                buf_format(out, "%s[%.3f,\"%u\"]", count ? "," : "", lies ? at_s - 86400 : at_s, count);
        buf_text(out, "]}]}}");
}

static void answer(void *owner)
{
        const struct stranger *stranger = owner;
        struct request *request = stranger->request;

        tell(&request->answer, request->path, strstr(request->client->config->server, "liar") != NULL);
        request->opened = request->finished = true;
        request->heard_ns = loop_now_ns(request->client->loop);
        client_ready(request);
        client_deliver(request->client);
}

void stranger_start(struct request *request)
{
        struct stranger *stranger = xnew(struct stranger);
        struct loop *loop = request->client->loop;

        *stranger = (struct stranger){.request = request, .timer = {.fire = answer, .owner = stranger}};
        request_lane(request)->running++;
        request->easy = (CURL *)stranger;
        request->finished = request->overdue = request->opened = request->opened_told = false;
        request->code = CURLE_OK;
        buf_clear(&request->answer);
        request->answer.size_max = 0;
        if (!strstr(request->client->config->server, "silent"))
                loop_arm(loop, &stranger->timer, loop_now_ns(loop) + LATENCY_NS);
}

void stranger_stop(struct request *request)
{
        struct stranger *stranger = (struct stranger *)request->easy;

        if (!stranger)
                return;
        loop_disarm(request->client->loop, &stranger->timer);
        request_lane(request)->running--;
        free(stranger);
        request->easy = NULL;
}
