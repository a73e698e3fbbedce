/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/rest.h"

#include "base/clock.h"
#include "base/trim.h"

#define LOOK_NS (10 * NS_PER_S)

static void look(void *owner)
{
        struct rest *rest = owner;
        uint64_t passes = manager_passes(rest->manager);

        if (passes != rest->passes) {
                rest->passes = passes;
                rest->trimmed = false;
        } else if (!rest->trimmed) {
                trim_memory();
                rest->trimmed = true;
        }
        loop_arm(rest->loop, &rest->look, loop_now_ns(rest->loop) + LOOK_NS);
}

void rest_init(struct rest *rest, struct loop *loop, const struct manager *manager)
{
        *rest = (struct rest){.loop = loop, .manager = manager, .look = {.fire = look, .owner = rest}};
        loop_arm(loop, &rest->look, loop_now_ns(loop) + LOOK_NS);
}

void rest_done(struct rest *rest)
{
        loop_disarm(rest->loop, &rest->look);
}
