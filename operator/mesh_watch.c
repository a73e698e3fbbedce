/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/mesh_watch.h"

#include <stdlib.h>

#include "base/mem.h"

struct mesh_watch {
        struct mesh_watch_options options;
        struct mesh_reader *reader;
        bool settled;
};

/* Wants what has become known to be wanted, until nothing new shows up. */
static void advance(struct mesh_watch *watch)
{
        auto_free struct mesh_list *lists = xcalloc(MESH_LISTS_MAX, sizeof *lists);
        struct mesh_question question = {0};
        size_t len;

        watch->options.ask(watch->options.owner, &question);
        do {
                struct mesh_bag *bag = mesh_reader_bag(watch->reader);
                size_t before = mesh_reader_len(watch->reader);
                len = mesh_reader_knows_groups(watch->reader) ? mesh_wants(bag, &question, lists) : 0;
                mesh_bag_free(bag);
                for (size_t i = 0; i < len; i++)
                        mesh_reader_want(watch->reader, &lists[i]);
                len = mesh_reader_len(watch->reader) - before;
        } while (len > 0 && mesh_reader_complete(watch->reader));
        watch->settled = watch->settled || mesh_reader_complete(watch->reader);
}

static void arrived(void *owner, int64_t rang_wall_ms)
{
        struct mesh_watch *watch = owner;
        bool before = watch->settled;

        advance(watch);
        if (!before && watch->settled)
                watch->options.settled(watch->options.owner);
        else if (before && rang_wall_ms > 0)
                watch->options.changed(watch->options.owner, rang_wall_ms);
}

struct mesh_watch *mesh_watch_new(const struct mesh_watch_options *options)
{
        struct mesh_watch *watch = xnew(struct mesh_watch);

        watch->options = *options;
        watch->reader = mesh_reader_new(options->store, arrived, watch);
        advance(watch);
        return watch;
}

struct mesh_watch *mesh_watch_free(struct mesh_watch *watch)
{
        if (!watch)
                return NULL;
        mesh_reader_free(watch->reader);
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
        struct mesh_bag *bag = mesh_reader_bag(watch->reader);
        struct json_object *snapshot = mesh_resolve(bag, &question);
        mesh_bag_free(bag);
        return snapshot;
}

void mesh_watch_proxies(struct mesh_watch *watch, struct json_object *snapshot, struct mesh_proxies *proxies)
{
        struct mesh_question question = {0};

        watch->options.ask(watch->options.owner, &question);
        struct mesh_bag *bag = mesh_reader_bag(watch->reader);
        mesh_find_proxies(bag, &question, snapshot, proxies);
        mesh_bag_free(bag);
}
