/* SPDX-License-Identifier: Apache-2.0
 *
 * How a program of ours is asked to end: SIGTERM or SIGINT, read from a descriptor beside all others. */
#pragma once

/* Both come from the descriptor from now on, to threads that start later as well, and SIGPIPE is ignored. Non-blocking, closed on exec; -1 when
 * there is none to be had. The caller closes it. */
int signals_open(void);
