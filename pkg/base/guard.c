/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guard.h"

#ifdef LOADSTONE_MUTANTS
enum guard guard_removed = GUARD_NONE;
#endif
