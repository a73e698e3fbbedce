/* SPDX-License-Identifier: Apache-2.0
 *
 * Credential plugins of a kubeconfig: a program that prints an ExecCredential. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"

struct kube_config;
struct kube_exec;

/* 'user' is the "exec" object of a kubeconfig user (apiVersion, command, args, env, provideClusterInfo, installHint,
 * interactiveMode), 'folder' that of the kubeconfig: a command with a slash is relative to it. 'cluster' is what
 * provideClusterInfo hands over, or NULL. All are borrowed. FAIL_INVALID for an unknown apiVersion, a missing command or a
 * plugin that insists on talking to a person. */
enum fail_kind exec_plugin_new(struct json_object *user, struct json_object *cluster, const char *folder,
                               struct kube_exec **ret_exec, struct fail *fail);
struct kube_exec *exec_plugin_free(struct kube_exec *exec);

/* It never ran, its credentials have expired, or the server has just refused them. Not more than once a second. */
bool exec_plugin_due(const struct kube_exec *exec, int64_t now_ns, bool refused);
/* Runs the plugin and puts token, cert_pem and key_pem into 'config'; *ret_changed is set when the certificate is
 * another one. FAIL_IO, FAIL_TIMEOUT, FAIL_TOO_LARGE, FAIL_INVALID; 'config' is unchanged then. */
enum fail_kind exec_plugin_run(struct kube_exec *exec, struct kube_config *config, int64_t now_ns, bool *ret_changed,
                               struct fail *fail);
/* The part of it that reads: takes over what a plugin printed ('size' bytes, anything at all) at 'now_ns' = 'wall_ms'.
 * FAIL_INVALID; 'config' is unchanged then. */
enum fail_kind exec_plugin_take(struct kube_exec *exec, struct kube_config *config, const char *text, size_t size,
                                int64_t now_ns, int64_t wall_ms, bool *ret_changed, struct fail *fail);
/* When the credentials end: INT64_MAX when never. */
int64_t exec_plugin_expires_ns(const struct kube_exec *exec);
