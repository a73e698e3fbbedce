/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of the configuration share: config.c (service account, refreshing), kubeconfig.c (files),
 * exec_plugin.c (credential plugins). */
#pragma once

#include "kube/config.h"

#define CONFIG_FILE_BYTES_MAX (1u << 20)
#define CONFIG_TOKEN_BYTES_MAX (64u << 10)

/* Zeroes and frees; NULL is fine. */
void config_secret_free(char *secret);
/* Takes 'secret' into *place; what was there is zeroed and freed. */
void config_secret_set(char **place, char *secret);
/* The first line of a token file, in a new string for config_secret_free(). FAIL_INVALID when it is empty. */
enum fail_kind config_read_token(const char *path, char **ret_token, struct fail *fail);
