/* SPDX-License-Identifier: Apache-2.0
 *
 * Items are gathered to runs, runs are put newest first, and what lies beyond a limit goes. */
#include "result/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct history_run {
        const char *uid;
        int64_t created_wall_ms, bytes;
        bool kept, gone;
};

static const char *profile_of(const char *profile)
{
        return profile && *profile ? profile : NULL;
}

static bool in_scope(const struct history_item *item, const struct history_rule *rule)
{
        return text_equal(profile_of(item->profile), profile_of(rule->profile));
}

static int by_uid(const void *a, const void *b)
{
        return strcmp((*(const struct history_item *const *)a)->run_uid, (*(const struct history_item *const *)b)->run_uid);
}

static int newest_first(const void *a, const void *b)
{
        const struct history_run *left = a, *right = b;

        if (left->created_wall_ms != right->created_wall_ms)
                return left->created_wall_ms < right->created_wall_ms ? 1 : -1;
        return strcmp(right->uid, left->uid);
}

static size_t gather(const struct history_item *const *items, size_t len, struct history_run *runs)
{
        size_t runs_len = 0;

        for (size_t i = 0; i < len; i++) {
                struct history_run *run = runs_len > 0 ? &runs[runs_len - 1] : NULL;
                if (!run || strcmp(run->uid, items[i]->run_uid) != 0) {
                        run = &runs[runs_len++];
                        *run = (struct history_run){.uid = items[i]->run_uid, .created_wall_ms = items[i]->created_wall_ms};
                }
                if (items[i]->created_wall_ms < run->created_wall_ms)
                        run->created_wall_ms = items[i]->created_wall_ms;
                run->bytes += items[i]->bytes;
                run->kept |= items[i]->kept;
        }
        return runs_len;
}

/* Count and age first, walking from the newest; then the oldest go until the bytes fit. */
static void choose(struct history_run *runs, size_t len, const struct history_rule *rule)
{
        int64_t bytes = 0;

        for (size_t i = 0; i < len; i++) {
                bool old = rule->max_age_ms > 0 && rule->now_wall_ms - runs[i].created_wall_ms > rule->max_age_ms;
                runs[i].gone = !runs[i].kept && (i >= rule->keep_runs || old);
                bytes += runs[i].gone ? 0 : runs[i].bytes;
        }
        for (size_t i = len; i > 0 && rule->keep_bytes > 0 && bytes > rule->keep_bytes; i--) {
                if (runs[i - 1].kept || runs[i - 1].gone)
                        continue;
                runs[i - 1].gone = true;
                bytes -= runs[i - 1].bytes;
        }
}

static bool is_gone(const struct history_run *runs, size_t len, const char *uid)
{
        for (size_t i = 0; i < len; i++)
                if (strcmp(runs[i].uid, uid) == 0)
                        return runs[i].gone;
        return false;
}

size_t history_select(const struct history_item *items, size_t len, const struct history_rule *rule, bool ret_delete[])
{
        auto_free const struct history_item **scope = xcalloc(len + 1, sizeof *scope);
        auto_free struct history_run *runs = xcalloc(len + 1, sizeof *runs);
        size_t scope_len = 0, marked = 0;

        for (size_t i = 0; i < len; i++)
                if (in_scope(&items[i], rule))
                        scope[scope_len++] = &items[i];
        qsort(scope, scope_len, sizeof *scope, by_uid);
        size_t runs_len = gather(scope, scope_len, runs);
        qsort(runs, runs_len, sizeof *runs, newest_first);
        choose(runs, runs_len, rule);
        for (size_t i = 0; i < len; i++) {
                ret_delete[i] = in_scope(&items[i], rule) && is_gone(runs, runs_len, items[i].run_uid);
                marked += ret_delete[i];
        }
        return marked;
}

size_t history_next(const struct history_item *items, size_t len, const bool marked[])
{
        size_t next = len;

        for (size_t i = 0; i < len; i++)
                if (marked[i] && (next == len || items[i].created_wall_ms > items[next].created_wall_ms))
                        next = i;
        return next;
}
