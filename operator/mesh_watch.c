/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/mesh_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define REREAD_NS NS_PER_S /* a list that changes all the time is read this often at most */
#define AGAIN_NS (5 * NS_PER_S)
#define READS_MAX (2 * MESH_LISTS_MAX)

struct read { /* one list */
        struct mesh_watch *watch;
        struct mesh_list list;
        struct json_object *items;  /* owned; NULL: missed, or not yet answered */
        enum mesh_miss miss;
        bool answered;
        uint64_t request, stream;
        int64_t read_ns;            /* when it was last asked for */
        int64_t rang_wall_ms;       /* since then it may be stale; 0: it is current */
        int64_t due_ns;             /* to be read again then; 0: not by itself */
};

struct mesh_watch {
        struct mesh_watch_options options;
        struct json_object *groups; /* owned; the APIGroupList */
        enum mesh_miss groups_miss;
        bool groups_answered, settled;
        uint64_t groups_request;
        struct read *reads[READS_MAX];
        size_t reads_len;
        struct loop_timer timer;
};

static int64_t now_of(const struct mesh_watch *watch)
{
        return loop_now_ns(watch->options.loop);
}

static void advance(struct mesh_watch *watch);

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

static void arm(struct mesh_watch *watch)
{
        int64_t next_ns = INT64_MAX;

        for (size_t i = 0; i < watch->reads_len; i++)
                if (watch->reads[i]->due_ns && watch->reads[i]->due_ns < next_ns)
                        next_ns = watch->reads[i]->due_ns;
        if (next_ns < INT64_MAX)
                loop_arm(watch->options.loop, &watch->timer, next_ns);
}

/* Whoever rings first says since when; the list is read at once, unless it was a moment ago. */
static void ring(struct read *read, int64_t pause_ns)
{
        struct mesh_watch *watch = read->watch;

        if (!read->rang_wall_ms)
                read->rang_wall_ms = clock_wall_ms(loop_clock(watch->options.loop));
        if (read->due_ns || read->request)
                return;
        read->due_ns = read->read_ns + pause_ns;
        arm(watch);
}

static void on_bell(void *owner, const char *data, size_t size)
{
        struct read *read = owner;

        (void)data;
        if (size > 0)
                ring(read, REREAD_NS);
}

static void on_bell_gone(void *owner, const struct fail *fail)
{
        struct read *read = owner;

        read->stream = 0;
        ring(read, fail->kind ? AGAIN_NS : REREAD_NS);
}

static void hang_bell(struct read *read, const char *version)
{
        auto_free char *bare = path_of(&read->list);
        auto_free char *path = xasprintf("%s%swatch=true&resourceVersion=%s", bare, strchr(bare, '=') ? "&" : "", version);

        read->stream = kube_stream(read->watch->options.client, path, 0, on_bell, on_bell_gone, read);
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

static void on_read(void *owner, struct json_object *list, const struct fail *fail)
{
        struct read *read = owner;
        struct mesh_watch *watch = read->watch;
        const char *version = doc_text(list, "metadata.resourceVersion");
        bool again = read->answered;
        int64_t rang_wall_ms = read->rang_wall_ms;

        read->request = 0;
        read->answered = true;
        read->rang_wall_ms = 0;
        if (fail->kind) {
                /* What was read before still says more than nothing; rights and kinds that are missing are for good. */
                read->miss = miss_of(fail);
                if (read->miss == MESH_FAILED)
                        ring(read, AGAIN_NS);
        } else {
                json_object_put(read->items);
                read->items = json_object_get(doc_at(list, "items"));
                if (version)
                        hang_bell(read, version);
        }
        advance(watch);
        if (again && watch->settled && fail->kind == FAIL_NONE)
                watch->options.changed(watch->options.owner, rang_wall_ms);
}

static void ask(struct read *read)
{
        struct mesh_watch *watch = read->watch;
        auto_free char *path = path_of(&read->list);

        kube_cancel(watch->options.client, read->stream);
        read->stream = 0;
        read->due_ns = 0;
        read->read_ns = now_of(watch);
        read->request = kube_get_path(watch->options.client, path, false, on_read, read);
}

static void on_time(void *owner)
{
        struct mesh_watch *watch = owner;
        int64_t now_ns = now_of(watch);

        for (size_t i = 0; i < watch->reads_len; i++)
                if (watch->reads[i]->due_ns && watch->reads[i]->due_ns <= now_ns)
                        ask(watch->reads[i]);
        arm(watch);
}

/* ---- all of them ---- */

static struct mesh_bag *fill_bag(const struct mesh_watch *watch)
{
        struct mesh_bag *bag = mesh_bag_new();

        if (watch->groups)
                mesh_bag_groups(bag, watch->groups);
        else if (watch->groups_answered)
                mesh_bag_groups_missed(bag, watch->groups_miss);
        for (size_t i = 0; i < watch->reads_len; i++) {
                const struct read *read = watch->reads[i];
                if (read->items)
                        mesh_bag_add(bag, &read->list, read->items);
                else if (read->answered)
                        mesh_bag_miss(bag, &read->list, read->miss);
        }
        return bag;
}

static bool is_read(const struct mesh_watch *watch, const struct mesh_list *list)
{
        for (size_t i = 0; i < watch->reads_len; i++) {
                const struct mesh_list *mine = &watch->reads[i]->list;
                if (mine->resource == list->resource && text_equal(mine->namespace, list->namespace) && text_equal(mine->name, list->name))
                        return true;
        }
        return false;
}

/* Asks for what has become known to be wanted. Without the API's groups every kind of every mesh would be, so nothing is. */
static void advance(struct mesh_watch *watch)
{
        auto_free struct mesh_list *lists = xcalloc(MESH_LISTS_MAX, sizeof *lists);
        struct mesh_question question = {0};
        bool complete = watch->groups_answered;

        watch->options.ask(watch->options.owner, &question);
        struct mesh_bag *bag = fill_bag(watch);
        size_t len = watch->groups ? mesh_wants(bag, &question, lists) : 0;
        mesh_bag_free(bag);
        for (size_t i = 0; i < len && watch->reads_len < READS_MAX; i++) {
                if (is_read(watch, &lists[i]))
                        continue;
                struct read *read = xnew(struct read);
                *read = (struct read){.watch = watch, .list = lists[i], .miss = MESH_NOT_READ};
                watch->reads[watch->reads_len++] = read;
                ask(read);
        }
        for (size_t i = 0; i < watch->reads_len; i++)
                complete = complete && watch->reads[i]->answered;
        if (!complete || watch->settled)
                return;
        watch->settled = true;
        watch->options.settled(watch->options.owner);
}

static void on_groups(void *owner, struct json_object *list, const struct fail *fail)
{
        struct mesh_watch *watch = owner;

        watch->groups_request = 0;
        watch->groups_answered = true;
        if (fail->kind)
                watch->groups_miss = miss_of(fail);
        else
                watch->groups = json_object_get(list);
        advance(watch);
}

struct mesh_watch *mesh_watch_new(const struct mesh_watch_options *options)
{
        struct mesh_watch *watch = xnew(struct mesh_watch);

        watch->options = *options;
        watch->timer = (struct loop_timer){.fire = on_time, .owner = watch};
        watch->groups_request = kube_get_path(options->client, "/apis", false, on_groups, watch);
        return watch;
}

struct mesh_watch *mesh_watch_free(struct mesh_watch *watch)
{
        if (!watch)
                return NULL;
        kube_cancel(watch->options.client, watch->groups_request);
        loop_disarm(watch->options.loop, &watch->timer);
        for (size_t i = 0; i < watch->reads_len; i++) {
                struct read *read = watch->reads[i];
                kube_cancel(watch->options.client, read->request);
                kube_cancel(watch->options.client, read->stream);
                json_object_put(read->items);
                free(read);
        }
        json_object_put(watch->groups);
        free(watch);
        return NULL;
}

bool mesh_watch_settled(const struct mesh_watch *watch)
{
        return watch->settled;
}

struct json_object *mesh_watch_resolve(struct mesh_watch *watch)
{
        struct mesh_question question = {0};

        watch->options.ask(watch->options.owner, &question);
        struct mesh_bag *bag = fill_bag(watch);
        struct json_object *snapshot = mesh_resolve(bag, &question);
        mesh_bag_free(bag);
        return snapshot;
}
