/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/kind.h"

const char *stat_kind_name(enum stat_kind kind)
{
        static const char *const names[] = {
                [STAT_OK] = "Ok",
                [STAT_TOO_FEW] = "TooFew",
                [STAT_TOO_MANY] = "TooMany",
                [STAT_NO_SPREAD] = "NoSpread",
                [STAT_NOT_FINITE] = "NotFinite",
                [STAT_NOT_POSITIVE] = "NotPositive",
        };
        return names[kind];
}
