/* SPDX-License-Identifier: Apache-2.0
 *
 * For a program that shall be small while it runs: most of the code and constants that a process has in memory it needed once, to
 * start, and the kernel maps sixteen pages around each that is touched. */
#pragma once

/* Gives back all pages of the program and its libraries that nobody wrote to, and free heap; what is needed again is mapped again from
 * the page cache, at a few microseconds a page. */
void trim_memory(void);
