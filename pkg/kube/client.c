/* SPDX-License-Identifier: Apache-2.0
 *
 * The client, and which requests there are. */
#include "kube/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "kube/exec_plugin.h"
#include "kube/request.h"

#define PEER_MS 30000
#define URGENT_PEER_MS 4000

/* ---- Which requests there are ---- */

/* Ids count up, so that their last bits spread them evenly. */
static struct request **slot_of(struct kube_client *client, uint64_t id)
{
        struct request **slot = &client->by_id[id % ARRAY_LEN(client->by_id)];

        while (*slot && (*slot)->id != id)
                slot = &(*slot)->next_by_id;
        return slot;
}

struct request *client_find(struct kube_client *client, uint64_t id)
{
        return *slot_of(client, id);
}

void client_not_ready(struct request *request)
{
        struct request **slot = &request->client->ready;

        if (!request->ready)
                return;
        while (*slot != request)
                slot = &(*slot)->next_ready;
        *slot = request->next_ready;
        request->next_ready = NULL;
        request->ready = false;
}

void client_ready(struct request *request)
{
        struct request **slot = &request->client->ready;

        if (request->ready)
                return;
        while (*slot)
                slot = &(*slot)->next_ready;
        *slot = request;
        request->ready = true;
}

/* Takes a request out of every list and frees it; its owner hears nothing. */
void client_drop(struct request *request)
{
        struct kube_client *client = request->client;

        client_not_ready(request);
        transfer_stop(request);
        loop_disarm(client->loop, &request->timer);
        *slot_of(client, request->id) = request->next_by_id;
        turn_end(request);
        if (request->state != REQUEST_WAITING)
                loop_arm(client->loop, &client->pump, loop_now_ns(client->loop));
        pages_free(request->pages);
        buf_done(&request->answer);
        free(request->path);
        free(request->body);
        free(request);
}

static void pump(void *owner)
{
        turn_give(owner);
}

uint64_t client_submit(struct kube_client *client, const struct request *wanted)
{
        struct request *request = xnew(struct request);

        *request = *wanted;
        request->client = client;
        request->id = ++client->id;
        request->state = REQUEST_WAITING;
        request->timer = (struct loop_timer){.fire = client_due, .owner = request};
        request->next_by_id = NULL;
        *slot_of(client, request->id) = request;
        turn_wait(request);
        /* From the loop, never from here: 'done' must not run inside the call that starts a request. */
        loop_arm(client->loop, &client->pump, loop_now_ns(client->loop));
        return request->id;
}

void kube_cancel(struct kube_client *client, uint64_t id)
{
        struct request *request = client_find(client, id);

        if (request)
                client_drop(request);
}

void client_distrust(struct kube_client *client, uint64_t id)
{
        struct request *request = client_find(client, id);

        if (request)
                request_lane(request)->suspect = true;
}

/* ---- The client ---- */

enum fail_kind kube_client_new(struct loop *loop, struct kube_config *config, struct kube_client **ret_client,
                               struct fail *fail)
{
        if (!config->cert_pem != !config->key_pem)
                return fail_set(fail, FAIL_INVALID, "a client certificate needs its key, and the key its certificate");
        bool changed = false;
        if (config->exec && exec_plugin_due(config->exec, loop_now_ns(loop), false) &&
            exec_plugin_run(config->exec, config, loop_now_ns(loop), &changed, fail))
                return fail ? fail->kind : FAIL_INVALID;
        struct kube_client *client = xnew(struct kube_client);
        client->loop = loop;
        client->config = config;
        if (transfer_prepare(client, fail)) {
                free(client);
                return FAIL_INVALID;
        }
        curl_global_init(CURL_GLOBAL_DEFAULT);
        traffic_init(&client->traffic);
        client->squeeze_tools = squeeze_tools_new();
        client->pump = (struct loop_timer){.fire = pump, .owner = client};
        for (size_t i = 0; i < LANES; i++)
                lane_init(&client->lanes[i], client, i == LANE_URGENT ? URGENT_PEER_MS : PEER_MS);
        if (getrandom(&client->random, sizeof client->random, 0) != sizeof client->random)
                client->random = (uint64_t)loop_now_ns(loop);
        *ret_client = client;
        return FAIL_NONE;
}

struct kube_client *kube_client_free(struct kube_client *client)
{
        if (!client)
                return NULL;
        while (client->active.first)
                client_drop(client->active.first);
        for (size_t class = 0; class < CLASSES; class++)
                while (client->waiting[class].first)
                        client_drop(client->waiting[class].first);
        for (size_t i = 0; i < LANES; i++)
                lane_done(&client->lanes[i]);
        loop_disarm(client->loop, &client->pump);
        buf_done(&client->piece);
        squeeze_tools_free(client->squeeze_tools);
        curl_slist_free_all(client->connect_to);
        free(client->host);
        free(client->base_url);
        free(client);
        curl_global_cleanup();
        return NULL;
}

struct loop *kube_client_loop(const struct kube_client *client)
{
        return client->loop;
}

const struct kube_config *kube_client_config(const struct kube_client *client)
{
        return client->config;
}

/* splitmix64 */
uint64_t kube_client_random(struct kube_client *client)
{
        uint64_t z = client->random += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

void kube_client_fence(struct kube_client *client, kube_fence_fn *may_write, void *owner)
{
        client->may_write = may_write;
        client->fence_owner = owner;
}

void kube_client_seed(struct kube_client *client, uint64_t seed)
{
        client->random = seed;
}

struct kube_stats kube_client_stats(const struct kube_client *client)
{
        struct kube_stats stats = client->stats;

        stats.in_flight = client->active.len;
        for (size_t class = 0; class < CLASSES; class++)
                stats.waiting += client->waiting[class].len;
        return stats;
}

const struct traffic *kube_client_traffic(const struct kube_client *client)
{
        return &client->traffic;
}

char *kube_client_host(const struct kube_client *client)
{
        const char *host = strstr(client->config->server, "://") + 3; /* transfer_prepare() has seen that it is there */
        size_t len = strcspn(host, "/?#");
        const char *user = memchr(host, '@', len);

        return user ? xstrndup(user + 1, len - (size_t)(user + 1 - host)) : xstrndup(host, len);
}
