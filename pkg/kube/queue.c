/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/queue.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/map.h"
#include "base/mem.h"

#define FIRST_WAIT_NS (50 * NS_PER_MS)
#define LONGEST_WAIT_NS (30 * NS_PER_S)
#define NEWS_WAIT_NS NS_PER_S
#define NOT_IN_HEAP SIZE_MAX

struct item {
        char *name;
        int64_t due_ns;
        int64_t taken_ns; /* of a name being worked */
        uint64_t order;   /* among equal due times, first come first served */
        size_t at;        /* index in the heap, or NOT_IN_HEAP */
        unsigned failures;
        int64_t not_before_ns; /* after failures news does not make it due earlier */
        bool working;
        bool again;       /* added while being worked: due_ns holds from queue_finish() on */
};

struct queue {
        struct map items;   /* by name; an item lives while it waits, is worked, or has failures to remember */
        struct item **heap; /* waiting items, the earliest first */
        size_t len, capacity;
        uint64_t order;
        struct queue_stats stats;
};

/* Those of client-go's work queue. */
static const double bounds_s[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};

struct queue *queue_new(void)
{
        struct queue *queue = xnew(struct queue);

        queue->stats.waited = queue->stats.worked = (struct buckets){.bounds_s = bounds_s, .len = ARRAY_LEN(bounds_s)};
        return queue;
}

static void free_item(struct item *item)
{
        free(item->name);
        free(item);
}

struct queue *queue_free(struct queue *queue)
{
        size_t at = 0;
        const char *name;
        void *item;

        if (!queue)
                return NULL;
        while (map_next(&queue->items, &at, &name, &item))
                free_item(item);
        map_done(&queue->items);
        free(queue->heap);
        free(queue);
        return NULL;
}

/* ---- The heap ---- */

static bool earlier(const struct item *a, const struct item *b)
{
        return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void place(struct queue *queue, size_t at, struct item *item)
{
        queue->heap[at] = item;
        item->at = at;
}

static void rise(struct queue *queue, struct item *item)
{
        size_t at = item->at;

        for (; at > 0 && earlier(item, queue->heap[(at - 1) / 2]); at = (at - 1) / 2)
                place(queue, at, queue->heap[(at - 1) / 2]);
        place(queue, at, item);
}

static void sink(struct queue *queue, struct item *item)
{
        size_t at = item->at;

        for (;;) {
                size_t child = 2 * at + 1;
                if (child + 1 < queue->len && earlier(queue->heap[child + 1], queue->heap[child]))
                        child++;
                if (child >= queue->len || !earlier(queue->heap[child], item))
                        break;
                place(queue, at, queue->heap[child]);
                at = child;
        }
        place(queue, at, item);
}

static void push(struct queue *queue, struct item *item)
{
        if (queue->len == queue->capacity) {
                queue->capacity = queue->capacity ? queue->capacity * 2 : 16;
                queue->heap = xrealloc(queue->heap, queue->capacity * sizeof *queue->heap);
        }
        item->order = ++queue->order;
        place(queue, queue->len++, item);
        rise(queue, item);
}

static void pull(struct queue *queue, struct item *item)
{
        struct item *last = queue->heap[--queue->len];

        if (last != item) {
                place(queue, item->at, last);
                rise(queue, last);
                sink(queue, last);
        }
        item->at = NOT_IN_HEAP;
}

/* ---- Names ---- */

static struct item *item_of(struct queue *queue, const char *name)
{
        struct item *item = map_find(&queue->items, name);

        if (item)
                return item;
        item = xnew(struct item);
        item->name = xstrdup(name);
        item->at = NOT_IN_HEAP;
        map_set(&queue->items, name, item);
        return item;
}

static void forget_if_idle(struct queue *queue, struct item *item)
{
        if (item->working || item->at != NOT_IN_HEAP || item->failures)
                return;
        map_remove(&queue->items, item->name);
        free_item(item);
}

static void add(struct queue *queue, struct item *item, int64_t due_ns)
{
        if (item->working ? !item->again : item->at == NOT_IN_HEAP)
                queue->stats.adds++;
        if (item->working && item->again && item->due_ns < due_ns)
                due_ns = item->due_ns;
        if (due_ns < item->not_before_ns)
                due_ns = item->not_before_ns;
        if (item->working) {
                item->due_ns = due_ns;
                item->again = true;
        } else if (item->at == NOT_IN_HEAP) {
                item->due_ns = due_ns;
                push(queue, item);
        } else if (due_ns < item->due_ns) {
                item->due_ns = due_ns;
                rise(queue, item);
        }
}

void queue_add(struct queue *queue, const char *name, int64_t due_ns)
{
        add(queue, item_of(queue, name), due_ns);
}

const char *queue_take(struct queue *queue, int64_t now_ns)
{
        struct item *item = queue->len ? queue->heap[0] : NULL;

        if (!item || item->due_ns > now_ns)
                return NULL;
        pull(queue, item);
        buckets_record(&queue->stats.waited, now_ns - item->due_ns);
        item->working = true;
        item->taken_ns = now_ns;
        return item->name;
}

void queue_finish(struct queue *queue, const char *name, int64_t now_ns)
{
        struct item *item = map_find(&queue->items, name);

        if (!item || !item->working)
                return;
        item->working = false;
        buckets_record(&queue->stats.worked, now_ns - item->taken_ns);
        if (item->again) {
                item->again = false;
                push(queue, item);
        }
        forget_if_idle(queue, item);
}

void queue_retry(struct queue *queue, const char *name, int64_t now_ns, uint64_t random)
{
        struct item *item = item_of(queue, name);
        int64_t wait_ns = FIRST_WAIT_NS;

        for (unsigned i = 0; i < item->failures && wait_ns < LONGEST_WAIT_NS; i++)
                wait_ns *= 2;
        wait_ns = wait_ns < LONGEST_WAIT_NS ? wait_ns : LONGEST_WAIT_NS;
        wait_ns += (int64_t)(random % (uint64_t)(wait_ns / 2 + 1));
        item->failures++;
        if (item->failures > 1 && guard_stands(GUARD_PAUSE))
                item->not_before_ns = now_ns + (wait_ns < NEWS_WAIT_NS ? wait_ns : NEWS_WAIT_NS);
        queue->stats.retries++;
        add(queue, item, now_ns + wait_ns);
}

void queue_succeeded(struct queue *queue, const char *name)
{
        struct item *item = map_find(&queue->items, name);

        if (!item)
                return;
        item->failures = 0;
        item->not_before_ns = 0;
        forget_if_idle(queue, item);
}

int64_t queue_next_ns(const struct queue *queue)
{
        return queue->len ? queue->heap[0]->due_ns : INT64_MAX;
}

uint64_t queue_len(const struct queue *queue)
{
        return queue->len;
}

const struct queue_stats *queue_stats(const struct queue *queue)
{
        return &queue->stats;
}

int64_t queue_taken_ns(const struct queue *queue, const char *name)
{
        const struct item *item = map_find(&queue->items, name);
        return item && item->working ? item->taken_ns : INT64_MAX;
}

void queue_each_working(const struct queue *queue, void (*visit)(void *owner, const char *name, int64_t taken_ns), void *owner)
{
        size_t at = 0;
        const char *name;
        void *value;

        while (map_next(&queue->items, &at, &name, &value)) {
                const struct item *item = value;
                if (item->working)
                        visit(owner, name, item->taken_ns);
        }
}
