/* SPDX-License-Identifier: Apache-2.0
 *
 * A comparison in words: part of result/compare.h. */
#pragma once

#include "result/compare.h"

/* Fills compared->change and compared->text from everything else in it. */
void compare_write_text(struct compared *compared);
