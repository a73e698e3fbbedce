/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of pkg/stat share: closeness that says line and numbers. */
#pragma once

#include <math.h>

#define assert_close(got, want, relative) assert_close_at((got), (want), (relative), __LINE__)

static inline void assert_close_at(double got, double want, double relative, int line)
{
        if (!(fabs(got - want) <= relative * fabs(want)))
                fail_msg("line %d: got %.17g, want %.17g", line, got, want);
}
