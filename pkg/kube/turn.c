/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose turn it is. Requests of a class go in the order they came, and only so many are under way. A write that nobody has answered
 * for a second gives its place away and waits outside of it: an admission webhook of one namespace that hangs, or an object whose
 * lock nobody gives back, is no reason why all others should wait. So that the one that hangs does not take all the places
 * again and again, a namespace of which as many writes are under way as there are places gets no other. */
#include <string.h>

#include "base/mem.h"
#include "kube/request.h"

#define QUIET_NS NS_PER_S
#define FULL_MAX (KUBE_WRITES_ALL_MAX / KUBE_WRITES_MAX)

static const unsigned running_max[CLASSES] = {[CLASS_URGENT] = UINT32_MAX,
                                              [CLASS_STREAM] = UINT32_MAX,
                                              [CLASS_WRITE] = KUBE_WRITES_MAX,
                                              [CLASS_READ] = KUBE_READS_MAX};

/* ---- Lists of requests ---- */

static void append(struct request_list *list, struct request *request)
{
        request->previous = list->last;
        request->next = NULL;
        *(list->last ? &list->last->next : &list->first) = request;
        list->last = request;
        list->len++;
}

static void detach(struct request_list *list, struct request *request)
{
        *(request->previous ? &request->previous->next : &list->first) = request->next;
        *(request->next ? &request->next->previous : &list->last) = request->previous;
        request->previous = request->next = NULL;
        list->len--;
}

/* ---- Namespaces ---- */

struct part {
        const char *text; /* borrowed from a path */
        size_t len;
};

/* What is of no namespace is one of its own. */
static struct part namespace_of(const char *path)
{
        static const char word[] = "/namespaces/";
        const char *at = strstr(path, word);

        return at ? (struct part){at + strlen(word), strcspn(at + strlen(word), "/?")} : (struct part){"", 0};
}

static bool same(struct part a, struct part b)
{
        return a.len == b.len && !memcmp(a.text, b.text, a.len);
}

/* The namespaces that get no other place; their number. */
static size_t full_ones(const struct kube_client *client, struct part ret_full[static FULL_MAX])
{
        struct part of[KUBE_WRITES_ALL_MAX];
        size_t len = 0, full = 0;

        for (const struct request *request = client->active.first; request && len < ARRAY_LEN(of); request = request->next)
                if (request->class == CLASS_WRITE)
                        of[len++] = namespace_of(request->path);
        for (size_t i = 0; i < len; i++) {
                unsigned before = 0;
                for (size_t k = 0; k < i; k++)
                        before += same(of[k], of[i]);
                if (before == KUBE_WRITES_MAX - 1 && full < FULL_MAX)
                        ret_full[full++] = of[i];
        }
        return full;
}

static bool is_among(struct part namespace, const struct part *list, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (same(list[i], namespace))
                        return true;
        return false;
}

/* ---- Turns ---- */

static struct request *next_write(const struct kube_client *client)
{
        struct request *request = client->waiting[CLASS_WRITE].first;
        struct part full[FULL_MAX];

        if (!request || !client->quiet) /* so many places, and all of them answer */
                return request;
        if (client->running[CLASS_WRITE] + client->quiet >= KUBE_WRITES_ALL_MAX)
                return NULL;
        size_t len = full_ones(client, full);
        while (request && is_among(namespace_of(request->path), full, len))
                request = request->next;
        return request;
}

static struct request *next_of(const struct kube_client *client, enum request_class class)
{
        if (client->running[class] >= running_max[class])
                return NULL;
        return class == CLASS_WRITE ? next_write(client) : client->waiting[class].first;
}

void turn_give(struct kube_client *client)
{
        struct request *request;

        for (enum request_class class = 0; class < CLASSES; class++)
                while ((request = next_of(client, class))) {
                        detach(&client->waiting[class], request);
                        append(&client->active, request);
                        client->running[class]++;
                        client_attempt(request);
                }
}

void turn_wait(struct request *request)
{
        append(&request->client->waiting[request->class], request);
}

void turn_end(struct request *request)
{
        struct kube_client *client = request->client;

        if (request->state == REQUEST_WAITING) {
                detach(&client->waiting[request->class], request);
                return;
        }
        detach(&client->active, request);
        if (request->quiet)
                client->quiet--;
        else
                client->running[request->class]--;
}

int64_t turn_quiet_ns(const struct request *request)
{
        return request->class == CLASS_WRITE && !request->quiet ? request->heard_ns + QUIET_NS : INT64_MAX;
}

void turn_quiet(struct request *request)
{
        request->quiet = true;
        request->client->quiet++;
        request->client->running[request->class]--;
}
