/* SPDX-License-Identifier: Apache-2.0
 *
 * A probe's page, cut anywhere: the same seconds and rows come of it as of the whole; nothing before a second has begun, nothing after
 * the end; and what samples make of it are no wild numbers. */
#include "fuzz.h"

#include "base/text.h"
#include "probe/samples.h"

struct seen {
        struct samples_node *node;
        struct samples_page *page;
        int64_t wall_ms;
        uint64_t digest;
        bool ended;
};

static void note(struct seen *seen, uint64_t number)
{
        seen->digest = seen->digest * 31 + number;
}

static void see_second(void *owner, int64_t wall_ms)
{
        struct seen *seen = owner;

        must(!seen->ended && wall_ms > 0);
        if (seen->page)
                samples_close(seen->page, seen->wall_ms);
        seen->page = samples_open(seen->node, SAMPLES_PROBE);
        seen->wall_ms = wall_ms;
        note(seen, (uint64_t)wall_ms);
}

static void see_row(void *owner, const char *path, const struct node_row *row)
{
        struct seen *seen = owner;

        must(!seen->ended && seen->page && strlen(path) < NODE_PAGE_PATH_MAX);
        samples_take_row(seen->page, seen->wall_ms, path, row);
        note(seen, text_hash(path, strlen(path)) + row->known + row->late_ms);
        for (size_t i = 0; i < NODE_FIGURES; i++)
                note(seen, row->value[i]);
}

static void see_end(void *owner)
{
        struct seen *seen = owner;

        must(!seen->ended);
        seen->ended = true;
}

static void read_page(const char *text, size_t size, bool whole, struct samples_node *node, struct seen *ret_seen)
{
        uint64_t state = size + 1;
        enum fail_kind kind = FAIL_NONE;

        *ret_seen = (struct seen){.node = node};
        struct node_page *page = node_page_new("n1", &(struct node_page_reader){see_second, see_row, see_end, ret_seen});
        for (size_t at = 0, piece; at < size && !kind; at += piece) {
                piece = whole ? size : fuzz_piece(&state, size - at);
                kind = node_page_feed(page, text + at, piece, NULL);
        }
        must(kind || node_page_end(page, NULL) || ret_seen->ended);
        node_page_free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct samples *samples = samples_new();
        struct samples_node *node = samples_add_node(samples, SAMPLES_TARGET, "n1");
        struct samples_strain strains[SAMPLES_NODES_MAX];
        char *text = fuzz_copy(data, size);
        struct seen whole, cut;

        read_page(text, size, true, node, &whole);
        read_page(text, size, false, node, &cut);
        must(whole.digest == cut.digest && whole.ended == cut.ended);
        must(samples_strains(samples, 0, NODE_PAGE_WALL_MS_MAX, strains) == 1);
        must(!(strains[0].covered < 0) && strains[0].covered <= 1);
        free(text);
        samples_free(samples);
        return 0;
}
