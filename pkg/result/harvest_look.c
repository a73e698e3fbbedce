/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of the workers, and which of them there is still something to wait for. */
#include <assert.h>

#include "result/harvest_internal.h"

const char *harvest_state_name(enum harvest_state state)
{
        static const char *const names[] = {
                [HARVEST_NONE] = "none",       [HARVEST_HELLO] = "hello", [HARVEST_READY] = "ready",
                [HARVEST_STARTED] = "started", [HARVEST_ENDED] = "ended", [HARVEST_LOST] = "lost",
        };
        return names[state];
}

uint32_t harvest_workers(const struct harvest *harvest)
{
        return harvest->workers_len;
}

const struct harvest_worker *harvest_worker(const struct harvest *harvest, uint32_t worker)
{
        assert(worker < harvest->workers_len);
        return &harvest->workers[worker].view;
}

uint32_t harvest_count(const struct harvest *harvest, enum harvest_state state)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < harvest->workers_len; i++) {
                const struct harvest_worker *view = &harvest->workers[i].view;
                bool lost = view->state == HARVEST_LOST;
                switch (state) {
                case HARVEST_LOST:
                        count += lost;
                        break;
                case HARVEST_READY:
                        count += view->ready || view->started;
                        break;
                case HARVEST_STARTED:
                        count += view->started;
                        break;
                default:
                        count += !lost && view->state >= state;
                }
        }
        return count;
}

bool harvest_wants_log(const struct harvest *harvest, uint32_t worker)
{
        const struct worker *from = &harvest->workers[worker];

        return !from->view.log_complete && !from->given_up && !from->view.broken && !from->end;
}

bool harvest_done(const struct harvest *harvest)
{
        for (uint32_t i = 0; i < harvest->workers_len; i++) {
                const struct worker *from = &harvest->workers[i];
                bool ended = from->end || from->message;
                if (!from->given_up && !(ended && !harvest_wants_log(harvest, i)))
                        return false;
        }
        return true;
}

size_t harvest_kept(const struct harvest *harvest, uint32_t worker, const struct harvest_kept **ret_kept)
{
        *ret_kept = harvest->workers[worker].kept;
        return harvest->workers[worker].kept_len;
}

struct json_object *harvest_message_doc(const struct harvest *harvest, uint32_t worker)
{
        return harvest->workers[worker].message;
}
