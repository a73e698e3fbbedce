/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether somebody checked who wrote a profile that names Secrets, or an account that applies a workload: the ValidatingAdmissionPolicy
 * of deploy/policies. It is asked for by name, and only for such profiles; an answer serves for a few seconds. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube/client.h"

#define AUTHORS_POLICY "loadstone-authors"
#define AUTHORS_TEXT_MAX 256

enum authors_state {
        AUTHORS_ASKED,     /* the API server is being asked; 'changed' is called */
        AUTHORS_CHECKED,
        AUTHORS_UNCHECKED, /* and why */
        AUTHORS_UNKNOWN,   /* it cannot be found out now, and why; asked again */
};

struct authors;

/* 'changed' is called when another answer is here. Borrows everything for its life. */
struct authors *authors_new(struct kube_client *client, void (*changed)(void *owner), void *owner);
struct authors *authors_free(struct authors *authors);

/* Does this binding make the policy refuse, in every namespace and for every object? */
bool authors_binding_denies(struct json_object *binding);

/* Of an object that was created then: had its author to have the right to what it names? 'text' says why not, for people. What is older
 * than the policy was written when nobody asked, whatever became of it since. */
enum authors_state authors_look(struct authors *authors, int64_t created_wall_ms, char text[static AUTHORS_TEXT_MAX]);
