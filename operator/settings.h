/* SPDX-License-Identifier: Apache-2.0
 *
 * The administrator's configuration as it is in force: watched, decoded, and the last good one kept when a bad one comes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "api/admin.h"
#include "kube/client.h"
#include "kube/event.h"

struct settings;

/* 'changed' is called after another configuration came into force. Borrows everything for its life. */
struct settings *settings_new(struct kube_client *client, struct event_sink *events, const char *namespace, void (*changed)(void *owner),
                              void *owner);
struct settings *settings_free(struct settings *settings);
/* False until it is known whether there is a configuration: nothing may be admitted before. */
bool settings_synced(const struct settings *settings);
const char *settings_problem(const struct settings *settings); /* of the watch; "" when fine */
/* Never NULL; borrowed until the loop's next step. */
const struct admin *settings_admin(const struct settings *settings);
/* The ConfigMap that stands there is not the one in force: it was refused. */
bool settings_refused(const struct settings *settings);
/* ... and none before it was read either: what the administrator wants is not known, so nothing may begin. */
bool settings_unknown(const struct settings *settings);
