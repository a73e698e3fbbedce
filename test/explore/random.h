/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's only source of chance, replaced (linker option --wrap), so that a plan does the same each time. */
#pragma once

/* The next bytes are the first ones again. */
void random_again(void);
