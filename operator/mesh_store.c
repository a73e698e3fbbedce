/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/mesh_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define REREAD_NS NS_PER_S /* a list that changes all the time is read this often at most */
#define AGAIN_NS (5 * NS_PER_S)
#define LINGER_NS (60 * NS_PER_S) /* runs often follow each other, and the next one need not wait */
#define READER_LISTS_MAX (2 * MESH_LISTS_MAX)

struct read { /* one list */
        struct mesh_store *store;
        struct mesh_list list;
        char *path;
        size_t readers;
        int64_t forget_ns;          /* nobody wants it: forgotten then; 0: somebody does */
        struct json_object *items;  /* owned; NULL: missed, or not yet answered */
        enum mesh_miss miss;
        bool answered;
        uint64_t request, stream;
        int64_t read_ns;            /* when it was last asked for */
        int64_t rang_wall_ms;       /* since then it may be stale; 0: it is current */
        int64_t due_ns;             /* to be read again then; 0: not by itself */
};

struct mesh_store {
        struct kube_client *client;
        struct loop *loop;
        struct json_object *groups; /* owned; the APIGroupList */
        enum mesh_miss groups_miss;
        bool groups_answered;
        uint64_t groups_request;
        struct map reads;           /* path -> struct read */
        struct mesh_reader *readers;
        struct loop_timer timer;
};

struct mesh_reader {
        struct mesh_store *store;
        struct mesh_reader *next;
        void (*arrived)(void *owner, int64_t rang_wall_ms);
        void *owner;
        struct read *reads[READER_LISTS_MAX];
        size_t reads_len;
        bool told_groups;           /* an answer about the groups has come since it is here */
};

/* ---- paths ---- */

static void put_escaped(struct buf *path, const char *text)
{
        for (; *text; text++)
                if (strchr("=,!()/ ", *text))
                        buf_format(path, "%%%02X", (unsigned char)*text);
                else
                        buf_format(path, "%c", *text);
}

/* Caller frees. */
static char *path_of(const struct mesh_list *list)
{
        const struct mesh_resource *resource = list->resource;
        struct buf path = {0};

        if (*resource->group)
                buf_format(&path, "/apis/%s/%s", resource->group, list->version);
        else
                buf_format(&path, "/api/%s", list->version);
        if (*list->namespace)
                buf_format(&path, "/namespaces/%s", list->namespace);
        buf_format(&path, "/%s?", resource->plural);
        if (resource->selector) {
                buf_format(&path, "labelSelector=");
                put_escaped(&path, resource->selector);
        }
        if (*list->name)
                buf_format(&path, "%sfieldSelector=metadata.name%%3D%s", resource->selector ? "&" : "", list->name);
        return buf_take(&path);
}

/* ---- one list ---- */

static void arm(struct mesh_store *store)
{
        int64_t next_ns = INT64_MAX;
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&store->reads, &at, &key, &value)) {
                const struct read *read = value;
                if (read->due_ns && read->due_ns < next_ns)
                        next_ns = read->due_ns;
                if (read->forget_ns && read->forget_ns < next_ns)
                        next_ns = read->forget_ns;
        }
        if (next_ns < INT64_MAX)
                loop_arm(store->loop, &store->timer, next_ns);
}

/* Whoever rings first says since when; the list is read at once, unless it was a moment ago. */
static void ring(struct read *read, int64_t pause_ns)
{
        struct mesh_store *store = read->store;

        if (!read->rang_wall_ms)
                read->rang_wall_ms = clock_wall_ms(loop_clock(store->loop));
        if (read->due_ns || read->request)
                return;
        read->due_ns = read->read_ns + pause_ns;
        arm(store);
}

static void on_bell(void *owner, const char *data, size_t size)
{
        (void)data;
        if (size > 0)
                ring(owner, REREAD_NS);
}

static void on_bell_gone(void *owner, const struct fail *fail)
{
        struct read *read = owner;

        read->stream = 0;
        ring(read, fail->kind ? AGAIN_NS : REREAD_NS);
}

static void hang_bell(struct read *read, const char *version)
{
        auto_free char *path = xasprintf("%s%swatch=true&resourceVersion=%s", read->path, strchr(read->path, '=') ? "&" : "", version);

        read->stream = kube_stream(read->store->client, path, 0, on_bell, on_bell_gone, read);
}

static enum mesh_miss miss_of(const struct fail *fail)
{
        switch (fail->kind) {
        case FAIL_DENIED:
                return MESH_FORBIDDEN;
        case FAIL_MISSING:
                return MESH_NOT_SERVED;
        case FAIL_TOO_LARGE:
                return MESH_TOO_MANY;
        default:
                return MESH_FAILED;
        }
}

static void tell_readers(struct mesh_store *store, const struct read *read, int64_t rang_wall_ms)
{
        for (struct mesh_reader *reader = store->readers; reader; reader = reader->next) {
                bool wants = false;
                for (size_t i = 0; i < reader->reads_len && !wants; i++)
                        wants = reader->reads[i] == read;
                if (wants)
                        reader->arrived(reader->owner, rang_wall_ms);
        }
}

static void on_read(void *owner, struct json_object *list, const struct fail *fail)
{
        struct read *read = owner;
        const char *version = doc_text(list, "metadata.resourceVersion");
        int64_t rang_wall_ms = read->answered ? read->rang_wall_ms : 0;

        read->request = 0;
        read->answered = true;
        read->rang_wall_ms = 0;
        if (fail->kind) {
                /* What was read before still says more than nothing. Rights and kinds that are missing are not asked for again. */
                read->miss = miss_of(fail);
                if (read->miss == MESH_FAILED)
                        ring(read, AGAIN_NS);
        } else {
                json_object_put(read->items);
                read->items = json_object_get(doc_at(list, "items"));
                if (version)
                        hang_bell(read, version);
        }
        tell_readers(read->store, read, rang_wall_ms);
}

static void ask(struct read *read)
{
        struct mesh_store *store = read->store;

        kube_cancel(store->client, read->request);
        kube_cancel(store->client, read->stream);
        read->stream = 0;
        read->due_ns = 0;
        read->read_ns = loop_now_ns(store->loop);
        read->request = kube_get_path(store->client, read->path, false, on_read, read);
}

static void forget(struct read *read)
{
        struct mesh_store *store = read->store;

        kube_cancel(store->client, read->request);
        kube_cancel(store->client, read->stream);
        map_remove(&store->reads, read->path);
        json_object_put(read->items);
        free(read->path);
        free(read);
}

/* Forgets what nobody has wanted until 'now_ns'. */
static void forget_until(struct mesh_store *store, int64_t now_ns)
{
        auto_free struct read **gone = xcalloc(store->reads.len + 1, sizeof *gone);
        size_t at = 0, len = 0;
        const char *key;
        void *value;

        while (map_next(&store->reads, &at, &key, &value)) {
                struct read *read = value;
                if (read->forget_ns && read->forget_ns <= now_ns)
                        gone[len++] = read;
        }
        for (size_t i = 0; i < len; i++)
                forget(gone[i]);
}

static void on_time(void *owner)
{
        struct mesh_store *store = owner;
        int64_t now_ns = loop_now_ns(store->loop);
        size_t at = 0;
        const char *key;
        void *value;

        forget_until(store, now_ns);
        while (map_next(&store->reads, &at, &key, &value)) {
                struct read *read = value;
                if (read->due_ns && read->due_ns <= now_ns)
                        ask(read);
        }
        arm(store);
}

static void leave(struct read *read)
{
        if (--read->readers > 0)
                return;
        read->forget_ns = loop_now_ns(read->store->loop) + LINGER_NS;
        arm(read->store);
}

/* ---- all of them ---- */

/* With each run that begins an answer comes, mostly the same: then it is news to those alone who have not heard one yet. */
static void tell_groups(struct mesh_store *store, bool changed)
{
        for (struct mesh_reader *reader = store->readers; reader; reader = reader->next) {
                bool news = changed || !reader->told_groups;
                reader->told_groups = true;
                if (news)
                        reader->arrived(reader->owner, 0);
        }
}

static void on_groups(void *owner, struct json_object *list, const struct fail *fail)
{
        struct mesh_store *store = owner;
        enum mesh_miss miss = miss_of(fail);
        bool changed = !store->groups_answered || miss != store->groups_miss || (fail->kind == FAIL_NONE && !doc_equal(list, store->groups));

        store->groups_request = 0;
        store->groups_answered = true;
        store->groups_miss = miss;
        if (fail->kind == FAIL_NONE) {
                json_object_put(store->groups);
                store->groups = json_object_get(list);
        }
        tell_groups(store, changed);
}

/* Nothing rings when a kind is defined: with each who comes they are asked for again. Who comes while others are known goes on with
 * these until the answer is there. */
static void ask_groups(struct mesh_store *store)
{
        if (!store->groups_request)
                store->groups_request = kube_get_path(store->client, "/apis", false, on_groups, store);
}

struct mesh_store *mesh_store_new(struct kube_client *client, struct loop *loop)
{
        struct mesh_store *store = xnew(struct mesh_store);

        store->client = client;
        store->loop = loop;
        store->timer = (struct loop_timer){.fire = on_time, .owner = store};
        return store;
}

struct mesh_store *mesh_store_free(struct mesh_store *store)
{
        if (!store)
                return NULL;
        kube_cancel(store->client, store->groups_request);
        forget_until(store, INT64_MAX);
        loop_disarm(store->loop, &store->timer);
        json_object_put(store->groups);
        map_done(&store->reads);
        free(store);
        return NULL;
}

/* ---- readers ---- */

struct mesh_reader *mesh_reader_new(struct mesh_store *store, void (*arrived)(void *owner, int64_t rang_wall_ms), void *owner)
{
        struct mesh_reader *reader = xnew(struct mesh_reader);

        ask_groups(store);
        reader->store = store;
        reader->arrived = arrived;
        reader->owner = owner;
        reader->next = store->readers;
        store->readers = reader;
        return reader;
}

struct mesh_reader *mesh_reader_free(struct mesh_reader *reader)
{
        if (!reader)
                return NULL;
        struct mesh_reader **at = &reader->store->readers;
        while (*at != reader)
                at = &(*at)->next;
        *at = reader->next;
        for (size_t i = 0; i < reader->reads_len; i++)
                leave(reader->reads[i]);
        free(reader);
        return NULL;
}

bool mesh_reader_want(struct mesh_reader *reader, const struct mesh_list *list)
{
        struct mesh_store *store = reader->store;
        auto_free char *path = path_of(list);
        struct read *read = map_find(&store->reads, path);

        for (size_t i = 0; i < reader->reads_len; i++)
                if (reader->reads[i] == read)
                        return true;
        if (reader->reads_len == READER_LISTS_MAX)
                return false;
        if (!read) {
                read = xnew(struct read);
                *read = (struct read){.store = store, .list = *list, .miss = MESH_NOT_READ, .path = take(path)};
                map_set(&store->reads, read->path, read);
                ask(read);
        }
        /* Rights may have been given since, or kinds defined. */
        if (read->readers == 0 && read->answered && !read->items) {
                read->answered = false;
                ask(read);
        }
        read->readers++;
        read->forget_ns = 0;
        reader->reads[reader->reads_len++] = read;
        return true;
}

bool mesh_reader_complete(const struct mesh_reader *reader)
{
        bool complete = reader->store->groups_answered;

        for (size_t i = 0; i < reader->reads_len; i++)
                complete = complete && reader->reads[i]->answered;
        return complete;
}

bool mesh_reader_knows_groups(const struct mesh_reader *reader)
{
        return reader->store->groups != NULL;
}

struct mesh_bag *mesh_reader_bag(const struct mesh_reader *reader)
{
        struct mesh_bag *bag = mesh_bag_new();

        if (reader->store->groups)
                mesh_bag_groups(bag, reader->store->groups);
        else if (reader->store->groups_answered)
                mesh_bag_groups_missed(bag, reader->store->groups_miss);
        for (size_t i = 0; i < reader->reads_len; i++) {
                const struct read *read = reader->reads[i];
                if (read->items)
                        mesh_bag_add(bag, &read->list, read->items);
                else if (read->answered)
                        mesh_bag_miss(bag, &read->list, read->miss);
        }
        return bag;
}

size_t mesh_reader_len(const struct mesh_reader *reader)
{
        return reader->reads_len;
}
