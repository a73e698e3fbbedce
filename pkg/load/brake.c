/* SPDX-License-Identifier: Apache-2.0 */
#include "load/brake.h"

bool brake_step(struct brake *brake, uint64_t done, uint64_t errors, int64_t span_ms)
{
        bool beyond = done > 0 ? (double)errors > brake->ratio * (double)done : brake->over_ms > 0;

        brake->over_ms = beyond ? brake->over_ms + span_ms : 0;
        brake->pulled = brake->pulled || (brake->for_ms > 0 && brake->over_ms >= brake->for_ms);
        return brake->pulled;
}
