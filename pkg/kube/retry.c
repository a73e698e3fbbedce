/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/retry.h"

#include "base/clock.h"

#define FIRST_WAIT_NS (250 * NS_PER_MS)

static bool worth_repeating(const struct retry_attempt *attempt, const struct fail *fail)
{
        if (attempt->once || attempt->attempts > RETRY_REPEATS_MAX)
                return false;
        if (fail->status == 429)
                return true;
        if (attempt->write)
                return false;
        switch (fail->status) {
        case 0: /* no answer; how long one is waited for grows with the attempts */
                return fail->kind == FAIL_IO || (fail->kind == FAIL_TIMEOUT && attempt->attempts < RETRY_SILENT_MAX);
        case 500:
                return fail->retry_after_s > 0;
        case 502:
        case 503:
        case 504:
                return true;
        default:
                return false;
        }
}

bool retry_again(const struct retry_attempt *attempt, const struct fail *fail, uint64_t random, int64_t *ret_wait_ns)
{
        if (!worth_repeating(attempt, fail))
                return false;
        int64_t base_ns = FIRST_WAIT_NS << (attempt->attempts - 1), spread_ns = base_ns;
        if (fail->retry_after_s > 0) {
                base_ns = fail->retry_after_s * NS_PER_S;
                spread_ns = base_ns / 10;
        }
        *ret_wait_ns = base_ns + (int64_t)(random % (uint64_t)(spread_ns + 1));
        return true;
}
