/* SPDX-License-Identifier: Apache-2.0
 *
 * Guards that can be taken away, to see that a test misses them. In every ordinary build they stand, and nothing of this is
 * left in the code; a build with LOADSTONE_MUTANTS takes away the one that 'guard_removed' names (hack/test mutants). */
#pragma once

#include <stdbool.h>

enum guard {
        GUARD_NONE,
        GUARD_BIND,        /* a Job is released only when status names its UID */
        GUARD_LIVE_READ,   /* an answer that leaves something open is followed by a live read */
        GUARD_DEADLINE,    /* a run ends at its deadline */
        GUARD_LEASE_FENCE, /* a Lease that was not renewed in time is not held */
        GUARD_DIGEST,      /* a log is what its digest says */
        GUARD_LOOK,        /* what another operator admitted is asked after before anything is concluded */
        GUARD_PAUSE,       /* a name that goes on failing keeps its pause, whatever news comes */
        GUARD_MESSAGE,     /* a termination message counts where the log is lost */
        GUARD_REST,        /* a status that would not change is not written */
        GUARD_TARGET,      /* a run waits for others of its own target only */
        GUARD_FREE,        /* what a run held is given back */
        GUARD_CLOSE,       /* the descriptors of a loop are closed with it */
};

#ifdef LOADSTONE_MUTANTS
extern enum guard guard_removed;
#define guard_stands(guard) ((guard) != guard_removed)
#else
#define guard_stands(guard) true
#endif
