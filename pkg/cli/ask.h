/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to an API server for a program with nothing else to do: each call waits for its answer. */
#pragma once

#include <json-c/json.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/loop.h"
#include "kube/client.h"

struct ask {
        struct kube_config *config; /* owned; where we are and who we are */
        struct loop *loop;
        struct kube_client *client;
};

/* With that kubeconfig and context, both may be NULL: as kubectl finds them. Release with ask_done, also after a failure. */
enum fail_kind ask_init(struct ask *ask, const char *kubeconfig, const char *context, struct fail *fail);
/* As the service account of this pod; outside of a cluster as ask_init(ask, NULL, NULL). */
enum fail_kind ask_init_here(struct ask *ask, struct fail *fail);
void ask_done(struct ask *ask);
#define auto_ask __attribute__((cleanup(ask_done)))

/* As the functions of kube/client.h; *ret_object is new. 'fail' is not NULL. FAIL_DENIED names the right that is missing. */
enum fail_kind ask_get(struct ask *ask, const struct kube_ref *ref, struct json_object **ret_object, struct fail *fail);
enum fail_kind ask_get_path(struct ask *ask, const char *path, struct json_object **ret_object, struct fail *fail);
enum fail_kind ask_list(struct ask *ask, const struct kube_ref *ref, const char *selector, struct json_object **ret_list, struct fail *fail);
enum fail_kind ask_list_each(struct ask *ask, const struct kube_ref *ref, const char *selector, kube_item_fn *item, void *owner, struct fail *fail);
enum fail_kind ask_create(struct ask *ask, const struct kube_ref *ref, struct json_object *object, struct fail *fail);
enum fail_kind ask_patch(struct ask *ask, const struct kube_ref *ref, enum kube_patch type, struct json_object *patch, struct fail *fail);
enum fail_kind ask_delete(struct ask *ask, const struct kube_ref *ref, const char *uid, struct fail *fail);

int64_t ask_now_ns(const struct ask *ask);
void ask_pause(struct ask *ask, int64_t pause_ns);
