/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of JSON per event on stderr, for programs only: libraries fill a struct fail instead.
 * log_line("run planned", "run", key, "action", word, NULL) prints
 * {"at":"…","what":"run planned","run":"ns/a","action":"create-job"}. Never a token, never a whole object. */
#pragma once

/* 'what', then pairs of name and value (a NULL value is left out), ended by NULL. Control characters are escaped. */
void log_line(const char *what, ...) __attribute__((sentinel));
