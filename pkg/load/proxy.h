/* SPDX-License-Identifier: Apache-2.0
 *
 * A mesh's proxy beside the worker, in the same pod: before the load it has to be ready, and one that would outlive the worker has to
 * be told to quit, else the pod never ends. Which proxies there can be stands in the plan:
 *
 *  "proxies":[{"file":"/etc/loadstone/pod/proxy-0","native":"\"containers\":null",
 *              "ready":{"port":15021,"path":"/healthz/ready"},"quit":{"port":15020,"path":"/quitquitquit"}}]
 *
 * 'file' is empty or missing when there is none of this kind; 'native' stands somewhere in it when the proxy ends by itself (a native
 * sidecar). 'ready' is asked by GET, 'quit' by POST, both at 127.0.0.1. All but 'file' may be left out. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"

#define LOAD_PROXIES_MAX 8

struct load_call {
        int port; /* 0: nothing to ask */
        char *path;
};

struct load_proxy {
        char *file, *native;
        struct load_call ready, quit;
};

/* Fills 'proxies' from doc's "proxies"; what was filled before a failure counts in *ret_len. FAIL_INVALID names the path. */
enum fail_kind load_proxies_decode(struct json_object *doc, struct load_proxy proxies[static LOAD_PROXIES_MAX], size_t *ret_len,
                                   struct fail *fail);
void load_proxies_free(struct load_proxy proxies[static LOAD_PROXIES_MAX], size_t len);

/* One round, at most a second for each proxy. False: one that is there is not ready yet, *ret_port is where it was asked. */
bool load_proxies_ready(const struct load_proxy *proxies, size_t len, int *ret_port);
/* Tells those that would not end by themselves; whether they heard is not known here. */
void load_proxies_quit(const struct load_proxy *proxies, size_t len);
