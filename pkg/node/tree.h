/* SPDX-License-Identifier: Apache-2.0
 *
 * The cgroups of a node's pods and their containers, of both versions and both drivers: found below a mount of /sys/fs/cgroup, read
 * again and again through descriptors that stay open. Needs no right but to read what everybody may read.
 * A group has a number for as long as somebody may want its name, below NODE_PAGE_GROUPS_MAX; 0 is not given to any. Beyond that
 * bound groups are not seen.
 * Sources: Linux, cgroup-v1 and cgroup-v2; kubelet, pkg/kubelet/cm; containerd and CRI-O, names of scopes. */
#pragma once

#include "base/fail.h"
#include "probe/node_page.h"

/* Of a folder's name, without its path; both drivers. "pod<uid>", "kubepods-burstable-pod<uid>.slice". */
bool tree_is_pod(const char *name);
/* "<64 digits>", "cri-containerd-<64 digits>.scope"; not what watches over one ("crio-conmon-…"). */
bool tree_is_container(const char *name);

struct tree;

/* 'below': only those under this path, as the kubelet's cgroupRoot is (without a slash before it); NULL: all. FAIL_MISSING: 'root' holds cgroups of
 * neither version. */
enum fail_kind tree_new(const char *root, const char *below, struct tree **ret_tree, struct fail *fail);
struct tree *tree_free(struct tree *tree); /* NULL is fine; returns NULL */

int tree_version(const struct tree *tree); /* 1 or 2 */
/* Finds what is new, and what is gone. */
void tree_look(struct tree *tree);
/* False: there is no such group (any more). */
bool tree_read(struct tree *tree, uint32_t number, struct node_row *ret_row);
/* NULL: the number is nobody's. One that is gone keeps it until it is forgotten. */
const char *tree_path(const struct tree *tree, uint32_t number);
void tree_forget(struct tree *tree, uint32_t number); /* nothing happens while it is there */
