/* SPDX-License-Identifier: Apache-2.0
 *
 * What this process may use of the machine and what it did use: affinity, the cgroup CPU limit (v1 and v2), CPU time,
 * throttling, and how well the wall clock is known. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Where this process's CPU controller is. */
struct cpu_group {
        char *folder; /* holds cpu.stat; NULL when no controller is visible */
        char *top;    /* the controller's mount, where walking up ends */
        bool unified; /* cgroup v2 */
};

/* 'root' is "" for the machine itself, a folder for tests. */
void cpu_group_init(struct cpu_group *group, const char *root);
void cpu_group_done(struct cpu_group *group);
/* The tightest CPU limit from the own group up to the mount, in cores; 0 when there is none. */
double cpu_group_limit(const struct cpu_group *group);
/* Time this group was throttled since it exists, 0 when unknown. */
int64_t cpu_group_throttled_micros(const struct cpu_group *group);

/* Cores this process may run on by affinity, at least 1. */
int cpu_affinity(void);
/* CPU time of this process, user and system. */
int64_t cpu_used_micros(void);
/* What the node's hypervisor took: time that its CPUs wanted to run and did not, and all of their time; since boot, in ticks.
 * 'all' 0: unknown. */
struct cpu_stolen {
        int64_t stolen, all;
};
struct cpu_stolen cpu_stolen(const char *root);
/* The kernel's bound on the wall clock's error, -1 when it is not synchronised. */
int64_t cpu_clock_error_micros(void);

#define CPU_BOOT_MAX 37 /* with the final NUL */
/* Which boot of which kernel this is, a UUID: who reads the same reads the same clocks. "" when the sandbox hides it.
 * Source: proc(5), /proc/sys/kernel/random/boot_id. */
void cpu_boot(char ret_boot[static CPU_BOOT_MAX]);
