/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a statistic has no answer. Every method of this folder returns a kind and fills its result only for STAT_OK; what it
 * fills is finite, never NaN. Parameters that our own code chooses (a confidence, degrees of freedom) are asserted; data never. */
#pragma once

enum stat_kind {
        STAT_OK = 0,
        STAT_TOO_FEW,      /* fewer values than the method needs: more trials, or a longer run, would answer */
        STAT_TOO_MANY,     /* more values than the stated bound */
        STAT_NO_SPREAD,    /* every value is the same: there is nothing to tell noise from */
        STAT_NOT_FINITE,   /* a value is NaN or infinite */
        STAT_NOT_POSITIVE, /* a ratio was asked for, and a value is zero or less */
};

/* A stable word: "Ok", "TooFew", "TooMany", "NoSpread", "NotFinite", "NotPositive". */
const char *stat_kind_name(enum stat_kind kind);
