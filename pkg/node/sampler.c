/* SPDX-License-Identifier: Apache-2.0 */
#include "node/sampler.h"

#include <stdlib.h>

#include "base/mem.h"
#include "node/host.h"
#include "node/tree.h"

struct second {
        int64_t wall_ms;
        char *rows;
        size_t size;
};

struct sampler {
        char *node;
        struct tree *tree;
        struct host *host;
        struct second seconds[SAMPLER_SECONDS_MAX]; /* a ring */
        size_t first, len, bytes;
        int64_t told_wall_ms[NODE_PAGE_GROUPS_MAX]; /* the last second with a row of it; 0: none */
};

enum fail_kind sampler_new(const struct sampler_options *options, struct sampler **ret_sampler, struct fail *fail)
{
        struct tree *tree;

        if (tree_new(options->cgroups, options->below, &tree, fail))
                return fail->kind;
        struct sampler *sampler = xnew(struct sampler);
        *sampler = (struct sampler){.node = xstrdup(options->node), .tree = tree, .host = host_new(options->proc)};
        *ret_sampler = sampler;
        return FAIL_NONE;
}

static struct second *second_at(const struct sampler *sampler, size_t index)
{
        return (struct second *)&sampler->seconds[(sampler->first + index) % SAMPLER_SECONDS_MAX];
}

static void drop_first(struct sampler *sampler)
{
        struct second *second = second_at(sampler, 0);

        sampler->bytes -= second->size;
        free(take(second->rows));
        sampler->first = (sampler->first + 1) % SAMPLER_SECONDS_MAX;
        sampler->len--;
}

struct sampler *sampler_free(struct sampler *sampler)
{
        if (!sampler)
                return NULL;
        while (sampler->len > 0)
                drop_first(sampler);
        tree_free(sampler->tree);
        host_free(sampler->host);
        free(sampler->node);
        free(sampler);
        return NULL;
}

/* ---- taking ---- */

static void take_group(struct sampler *sampler, const struct clock *clock, int64_t begun_ns, uint32_t number, struct buf *rows)
{
        struct node_row row;

        if (!tree_read(sampler->tree, number, &row))
                return;
        row.late_ms = (uint32_t)((clock_now_ns(clock) - begun_ns) / NS_PER_MS);
        node_page_encode_row(rows, number, &row);
}

/* Where the clock was set back the seconds that are ahead of it would never be behind a reader's. */
static void make_room(struct sampler *sampler, const struct second *second)
{
        while (sampler->len > 0 && (sampler->len == SAMPLER_SECONDS_MAX || sampler->bytes + second->size > SAMPLER_BYTES_MAX ||
                                    second_at(sampler, sampler->len - 1)->wall_ms >= second->wall_ms))
                drop_first(sampler);
}

static void forget_groups(struct sampler *sampler)
{
        int64_t oldest_wall_ms = second_at(sampler, 0)->wall_ms;

        for (uint32_t i = 1; i < NODE_PAGE_GROUPS_MAX; i++)
                if (sampler->told_wall_ms[i] < oldest_wall_ms)
                        tree_forget(sampler->tree, i);
}

void sampler_take(struct sampler *sampler, const struct clock *clock)
{
        struct second second = {.wall_ms = clock_wall_ms(clock)};
        int64_t begun_ns = clock_now_ns(clock);
        struct buf rows = buf_bounded(SAMPLER_BYTES_MAX);
        struct node_row row;

        host_read(sampler->host, &row);
        node_page_encode_row(&rows, 0, &row);
        tree_look(sampler->tree);
        for (uint32_t i = 1; i < NODE_PAGE_GROUPS_MAX; i++) {
                size_t before = rows.size;
                if (tree_path(sampler->tree, i))
                        take_group(sampler, clock, begun_ns, i, &rows);
                if (rows.size > before)
                        sampler->told_wall_ms[i] = second.wall_ms;
        }
        second.size = rows.size;
        second.rows = xrealloc(buf_take(&rows), second.size + 1);
        make_room(sampler, &second);
        *second_at(sampler, sampler->len++) = second;
        sampler->bytes += second.size;
        forget_groups(sampler);
}

/* ---- telling ---- */

void sampler_encode(const struct sampler *sampler, int64_t since_wall_ms, struct buf *buf)
{
        if (sampler->len > 0 && since_wall_ms > second_at(sampler, sampler->len - 1)->wall_ms)
                since_wall_ms = 0;
        node_page_encode_head(buf, sampler->node);
        node_page_encode_group(buf, 0, "/");
        for (uint32_t i = 1; i < NODE_PAGE_GROUPS_MAX; i++)
                if (sampler->told_wall_ms[i] > since_wall_ms && tree_path(sampler->tree, i))
                        node_page_encode_group(buf, i, tree_path(sampler->tree, i));
        for (size_t i = 0; i < sampler->len; i++) {
                const struct second *second = second_at(sampler, i);
                if (second->wall_ms <= since_wall_ms)
                        continue;
                node_page_encode_second(buf, second->wall_ms);
                buf_add(buf, second->rows, second->size);
        }
        node_page_encode_end(buf);
}

int sampler_version(const struct sampler *sampler)
{
        return tree_version(sampler->tree);
}
