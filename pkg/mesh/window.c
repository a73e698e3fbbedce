/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/window.h"

/* Whether the proxy is another process than at the last sample. A page that does not tell may be of one: a counter that falls says so. */
static bool may_be_new(const struct mesh_counters *before, const struct mesh_counters *now)
{
        if (before->seen[MESH_UPTIME] && now->seen[MESH_UPTIME])
                return now->value[MESH_UPTIME] < before->value[MESH_UPTIME];
        if (before->seen[MESH_STARTED] && now->seen[MESH_STARTED])
                return now->value[MESH_STARTED] != before->value[MESH_STARTED];
        return true;
}

static void follow(struct mesh_window *window, enum mesh_counter counter, const struct mesh_counters *counters, bool *ret_reset)
{
        double now = counters->value[counter], before = window->last.seen[counter] ? window->last.value[counter] : 0;

        if (!counters->seen[counter])
                return;
        window->known[counter] = true;
        if (mesh_counter_is_gauge(counter)) {
                if (now > window->increase[counter])
                        window->increase[counter] = now;
                return;
        }
        if (window->samples == 0)
                return; /* what was counted before the window */
        if (now < before && !may_be_new(&window->last, counters))
                return; /* the same process: one of the summed series went away */
        if (now < before) {
                *ret_reset = true;
                before = 0;
        }
        window->increase[counter] += now - before;
}

void mesh_window_add(struct mesh_window *window, const struct mesh_counters *counters, int64_t wall_ms)
{
        bool reset = false;

        for (enum mesh_counter i = 0; i < MESH_COUNTERS; i++)
                follow(window, i, counters, &reset);
        /* Series that are missing for once (idle ones may go) keep their last value, so that coming back is no rise from zero. */
        for (enum mesh_counter i = 0; i < MESH_COUNTERS; i++) {
                if (!counters->seen[i])
                        continue;
                window->last.seen[i] = true;
                window->last.value[i] = counters->value[i];
        }
        if (window->samples++ == 0)
                window->first_wall_ms = wall_ms;
        window->last_wall_ms = wall_ms;
        window->resets += reset;
}

void mesh_window_miss(struct mesh_window *window)
{
        window->missed++;
}

void mesh_window_merge(struct mesh_window *window, const struct mesh_window *other)
{
        for (enum mesh_counter i = 0; i < MESH_COUNTERS; i++) {
                window->known[i] = window->known[i] || other->known[i];
                if (!mesh_counter_is_gauge(i))
                        window->increase[i] += other->increase[i];
                else if (other->increase[i] > window->increase[i])
                        window->increase[i] = other->increase[i];
        }
        if (other->samples > 0 && (window->samples == 0 || other->first_wall_ms < window->first_wall_ms))
                window->first_wall_ms = other->first_wall_ms;
        if (other->last_wall_ms > window->last_wall_ms)
                window->last_wall_ms = other->last_wall_ms;
        window->samples += other->samples;
        window->missed += other->missed;
        window->resets += other->resets;
}
