/* SPDX-License-Identifier: Apache-2.0
 *
 * At rest the program gives back what it has in memory for its start, or for a burst of runs, and does not need: most of it are pages of
 * libraries, which come again from the page cache when they are wanted (base/trim.h). */
#pragma once

#include "operator/manager.h"

struct rest {
        struct loop *loop;
        const struct manager *manager;
        struct loop_timer look;
        uint64_t passes; /* when it was looked last */
        bool trimmed;    /* since the last pass */
};

/* From now on, until rest_done(): ten seconds without a pass are rest. Borrows both. */
void rest_init(struct rest *rest, struct loop *loop, const struct manager *manager);
void rest_done(struct rest *rest);
