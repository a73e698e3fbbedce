/* SPDX-License-Identifier: Apache-2.0
 *
 * The node itself, as /proc tells of it in any container: CPU and what the host of a virtual machine took of it, memory, pressure.
 * Source: Linux, filesystems/proc and accounting/psi. */
#pragma once

#include "probe/node_page.h"

struct host;

struct host *host_new(const char *proc); /* where /proc is mounted */
struct host *host_free(struct host *host);
void host_read(struct host *host, struct node_row *ret_row);
