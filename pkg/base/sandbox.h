/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program gives up when it has started: a seccomp filter (by libseccomp) that lets through the system calls which it still
 * needs and refuses all others with EPERM. Whoever takes the process over by its parsers then has no execve, no ptrace, no new
 * executable memory, no raw, packet or Unix sockets, no new listener, no mounts, no namespaces, no signals to others. EPERM and
 * not death, because a library's next version may try a new call and know what to do without it. */
#pragma once

#include <stdbool.h>

#include "base/fail.h"

/* Gives up, for every thread of the process and for ever: privileges by exec, core dumps and being traced (whatever the kernel
 * knows of filters), and all system calls but those for reading files, sockets, timers, threads and memory. 'writes_files': files may
 * still be made and written. Filters that are there already stay in force beside this one.
 * FAIL_MISSING: there are no filters here (an old or simulated kernel, a build with sanitizers). */
enum fail_kind sandbox_enter(bool writes_files, struct fail *fail);
