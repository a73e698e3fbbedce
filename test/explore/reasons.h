/* SPDX-License-Identifier: Apache-2.0
 *
 * The closed list of reasons, as people read it: the tables of docs/reasons.md. */
#pragma once

#include <stdbool.h>

bool reasons_have(const char *reason);
