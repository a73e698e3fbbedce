/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/proxy_pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "operator/page_get.h"

struct slot {
        struct proxy_pages *pages;
        struct proxy proxy;
        struct page_get *get; /* NULL: nothing is under way */
};

struct proxy_pages {
        struct loop *loop;
        void (*done)(void *owner);
        void *owner;
        struct slot slots[PROXY_PAGES_MAX];
        size_t len;
};

struct proxy_pages *proxy_pages_new(struct loop *loop, void (*done)(void *owner), void *owner)
{
        struct proxy_pages *pages = xnew(struct proxy_pages);

        pages->loop = loop;
        pages->done = done;
        pages->owner = owner;
        return pages;
}

struct proxy_pages *proxy_pages_free(struct proxy_pages *pages)
{
        if (!pages)
                return NULL;
        for (size_t i = 0; i < pages->len; i++) {
                page_cancel(pages->slots[i].get);
                free(pages->slots[i].proxy.pod);
        }
        free(pages);
        return NULL;
}

void proxy_pages_add(struct proxy_pages *pages, const struct proxy *proxy)
{
        for (size_t i = 0; i < pages->len; i++)
                if (text_equal(pages->slots[i].proxy.pod, proxy->pod) && pages->slots[i].proxy.scope.server == proxy->scope.server)
                        return;
        if (pages->len == PROXY_PAGES_MAX)
                return;
        struct slot *slot = &pages->slots[pages->len++];
        *slot = (struct slot){.pages = pages, .proxy = *proxy};
        slot->proxy.pod = xstrdup(proxy->pod);
}

bool proxy_pages_busy(const struct proxy_pages *pages)
{
        for (size_t i = 0; i < pages->len; i++)
                if (pages->slots[i].get)
                        return true;
        return false;
}

static void page_arrived(void *owner, const char *text, size_t size, const struct fail *fail)
{
        struct slot *slot = owner;
        struct proxy *proxy = &slot->proxy;
        struct proxy_pages *pages = slot->pages;
        auto_free struct mesh_counters *counters = xnew(struct mesh_counters);
        struct fail bad = *fail;

        slot->get = NULL;
        if (bad.kind == FAIL_NONE)
                mesh_counters_parse(text, size, &proxy->scope, counters, &bad);
        snprintf(proxy->problem, sizeof proxy->problem, "%.159s", bad.kind ? bad.text : "");
        if (bad.kind)
                mesh_window_miss(&proxy->window);
        else
                mesh_window_add(&proxy->window, counters, clock_wall_ms(loop_clock(pages->loop)));
        if (!proxy_pages_busy(pages))
                pages->done(pages->owner);
}

void proxy_pages_read(struct proxy_pages *pages)
{
        if (proxy_pages_busy(pages))
                return;
        for (size_t i = 0; i < pages->len; i++) {
                struct slot *slot = &pages->slots[i];
                slot->get = page_get(pages->loop, slot->proxy.address, slot->proxy.port, slot->proxy.path, page_arrived, slot);
        }
}

size_t proxy_pages_len(const struct proxy_pages *pages)
{
        return pages->len;
}

const struct proxy *proxy_pages_at(const struct proxy_pages *pages, size_t index)
{
        return &pages->slots[index].proxy;
}
