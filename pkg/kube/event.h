/* SPDX-License-Identifier: Apache-2.0
 *
 * events.k8s.io/v1 with aggregation: the same (type, reason, action, regarding) within 6 minutes becomes a series, its
 * count written at most every 60 s. Never blocks: at most 256 wait, further ones are dropped and counted. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "kube/client.h"

#define EVENT_NOTE_BYTES_MAX 1000
#define EVENT_WAITING_MAX 256
#define EVENT_SERIES_MAX 1024 /* remembered at once; beyond that the one silent for longest is forgotten */

struct event_sink;

/* 'controller' is the reportingController ("loadstone.dev/operator"), 'instance' the pod; both are copied. */
struct event_sink *event_sink_new(struct kube_client *client, const char *controller, const char *instance);
/* What has not been written is lost. */
struct event_sink *event_sink_free(struct event_sink *sink);
/* 'regarding' is the whole object (apiVersion, kind, metadata are used), borrowed. 'reason' and 'action' are single words of
 * at most 128 bytes. 'note' is cut to EVENT_NOTE_BYTES_MAX, between characters; in a series the first one stays. */
void event_emit(struct event_sink *sink, struct json_object *regarding, bool warning, const char *reason,
                const char *action, const char *note);
uint64_t event_sink_dropped(const struct event_sink *sink); /* never written, for want of room or by refusal */
/* Nothing waits or is under way. */
bool event_sink_idle(const struct event_sink *sink);
