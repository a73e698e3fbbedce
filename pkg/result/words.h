/* SPDX-License-Identifier: Apache-2.0
 *
 * Sentences of bounded length. */
#pragma once

/* Cutting text may have cut a character: what is no UTF-8 becomes '?', so that the API server stores what was sent. */
void words_scrub(char *text);
