/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/change.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/facts.h"

#define NAMES_MAX 4 /* shown in one sentence */

struct finder {
        change_found_fn *found;
        void *owner;
};

__attribute__((format(printf, 3, 4))) static void tell(const struct finder *finder, enum context_change_kind kind,
                                                       const char *format, ...)
{
        char text[CHANGE_TEXT_MAX];
        va_list list;

        va_start(list, format);
        vsnprintf(text, sizeof text, format, list);
        va_end(list);
        finder->found(finder->owner, kind, text, 1);
}

/* ---- pods ---- */

static struct json_object *container_named(struct json_object *pod, const char *name)
{
        struct json_object *list = doc_at(pod, "containers");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "name"), name))
                        return doc_item(list, i);
        return NULL;
}

static void compare_containers(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        struct json_object *list = doc_at(after, "containers");
        char text[CHANGE_TEXT_MAX];

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *new = doc_item(list, i);
                const char *name = doc_text(new, "name") ? doc_text(new, "name") : "?";
                struct json_object *old = container_named(before, name);
                int64_t restarts = doc_int(new, "restarts", 0), more = restarts - doc_int(old, "restarts", 0);
                const char *cause = doc_text(new, "cause");
                if (before && more > 0) {
                        snprintf(text, sizeof text, "container %.63s restarted (%s), %lld in all", name,
                                 cause ? cause : "cause unknown", (long long)restarts);
                        finder->found(finder->owner, CONTEXT_RESTART, text, more);
                }
                const char *from = doc_text(old, "imageID"), *to = doc_text(new, "imageID");
                if (from && *from && to && *to && !text_equal(from, to))
                        tell(finder, CONTEXT_IMAGE, "container %.63s: %.150s -> %.150s", name, from, to);
                const char *had = doc_text(old, "limits"), *has = doc_text(new, "limits");
                if (had && has && !text_equal(had, has))
                        tell(finder, CONTEXT_RESIZE, "container %.63s: limits %s -> %s", name, had, has);
        }
}

static void compare_pods(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        bool was_ready = doc_bool(before, "ready", false), is_ready = doc_bool(after, "ready", false);
        const char *evicted = doc_text(after, "evicted"), *node = doc_text(after, "node");

        compare_containers(finder, before, after);
        if (evicted && !text_equal(evicted, doc_text(before, "evicted")))
                tell(finder, CONTEXT_EVICTION, "%.120s", evicted);
        if (!was_ready && is_ready)
                tell(finder, CONTEXT_POD_JOIN, "became ready on node %.253s", node ? node : "unknown");
        else if (was_ready && !after)
                tell(finder, CONTEXT_POD_LEAVE, "is gone");
        else if (was_ready && !is_ready)
                tell(finder, CONTEXT_POD_LEAVE, "%s",
                     doc_bool(after, "leaving", false) ? "is being deleted" : "stopped being ready");
}

/* ---- workloads ---- */

static void compare_templates(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        struct json_object *images = doc_at(after, "images");
        auto_buf struct buf text = buf_bounded(CHANGE_TEXT_MAX - 64);

        json_object_object_foreach(images, name, image) {
                struct json_object *old = NULL;
                json_object_object_get_ex(doc_at(before, "images"), name, &old);
                if (!doc_equal(old, image))
                        buf_format(&text, "; %s: %s -> %s", name, old ? json_object_get_string(old) : "none",
                                   json_object_get_string(image));
        }
        tell(finder, CONTEXT_ROLLOUT, "pod template changed%s", text.data ? text.data : "");
}

static void compare_workloads(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        /* A ReplicaSet of a Deployment follows it; saying it twice would count it twice. */
        if (!before || !after || text_equal(doc_text(after, "owner"), "Deployment"))
                return;
        int64_t from = doc_int(before, "replicas", 0), to = doc_int(after, "replicas", 0);
        const char *stalled = doc_text(after, "stalled");
        bool changed = !text_equal(doc_text(before, "template"), doc_text(after, "template"));
        bool rolling = changed || doc_bool(before, "rolling", false);

        if (from != to)
                tell(finder, CONTEXT_SCALE, "%lld -> %lld replicas", (long long)from, (long long)to);
        if (changed)
                compare_templates(finder, before, after);
        if (rolling && doc_bool(after, "rolled", false))
                tell(finder, CONTEXT_ROLLOUT, "rollout reached every pod");
        else if (rolling)
                doc_set_bool(after, "rolling", true);
        if (stalled && !doc_text(before, "stalled"))
                tell(finder, CONTEXT_ROLLOUT, "rollout stalled: %.300s", stalled);
}

static void compare_autoscalers(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        if (!before || !after)
                return;
        int64_t from_min = doc_int(before, "min", 0), to_min = doc_int(after, "min", 0);
        int64_t from_max = doc_int(before, "max", 0), to_max = doc_int(after, "max", 0);
        int64_t from = doc_int(before, "desired", 0), to = doc_int(after, "desired", 0);

        if (from_min != to_min || from_max != to_max)
                tell(finder, CONTEXT_AUTOSCALE, "bounds %lld..%lld -> %lld..%lld", (long long)from_min, (long long)from_max,
                     (long long)to_min, (long long)to_max);
        if (from != to)
                tell(finder, CONTEXT_AUTOSCALE, "wants %lld -> %lld replicas", (long long)from, (long long)to);
}

/* ---- endpoints ---- */

/* Ready addresses in 'of' that are not ready in 'than', as "10.0.0.5 (pod a), … and 3 more"; empty when none. */
static void name_new_addresses(struct json_object *of, struct json_object *than, struct buf *text)
{
        struct json_object *endpoints = doc_at(of, "endpoints");
        size_t count = 0;

        if (!endpoints)
                return;
        json_object_object_foreach(endpoints, address, fact) {
                struct json_object *other = NULL;
                json_object_object_get_ex(doc_at(than, "endpoints"), address, &other);
                if (!doc_bool(fact, "ready", false) || doc_bool(other, "ready", false))
                        continue;
                const char *pod = doc_text(fact, "pod");
                if (count++ < NAMES_MAX)
                        buf_format(text, "%s%.45s%s%.40s%s", count > 1 ? ", " : "", address, pod ? " (" : "", pod ? pod : "",
                                   pod ? ")" : "");
        }
        if (count > NAMES_MAX)
                buf_format(text, " and %zu more", count - NAMES_MAX);
}

static void compare_slices(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        auto_buf struct buf joined = {0}, left = {0};

        name_new_addresses(after, before, &joined);
        name_new_addresses(before, after, &left);
        if (joined.size > 0)
                tell(finder, CONTEXT_ENDPOINT, "joined: %s", joined.data);
        if (left.size > 0)
                tell(finder, CONTEXT_ENDPOINT, "left: %s", left.data);
}

/* ---- nodes and services ---- */

static void compare_nodes(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        if (!before)
                return;
        if (!after) {
                tell(finder, CONTEXT_NODE_STATE, "is gone");
                return;
        }
        struct json_object *conditions = doc_at(after, "conditions");
        if (conditions) {
                json_object_object_foreach(conditions, type, status) {
                        struct json_object *old = NULL;
                        json_object_object_get_ex(doc_at(before, "conditions"), type, &old);
                        if (old && !doc_equal(old, status))
                                tell(finder, CONTEXT_NODE_STATE, "%.64s: %.16s -> %.16s", type, json_object_get_string(old),
                                     json_object_get_string(status));
                }
        }
        bool was_closed = doc_bool(before, "unschedulable", false), is_closed = doc_bool(after, "unschedulable", false);
        if (was_closed != is_closed)
                tell(finder, CONTEXT_NODE_STATE, is_closed ? "cordoned" : "uncordoned");
        if (!doc_equal(doc_at(before, "taints"), doc_at(after, "taints")))
                tell(finder, CONTEXT_NODE_STATE, "taints: %.150s -> %.150s", doc_print(doc_at(before, "taints")),
                     doc_print(doc_at(after, "taints")));
        if (!text_equal(doc_text(before, "kubelet"), doc_text(after, "kubelet")))
                tell(finder, CONTEXT_NODE_STATE, "kubelet %.40s -> %.40s",
                     doc_text(before, "kubelet") ? doc_text(before, "kubelet") : "unknown",
                     doc_text(after, "kubelet") ? doc_text(after, "kubelet") : "unknown");
}

static void compare_services(const struct finder *finder, struct json_object *before, struct json_object *after)
{
        static const char *const members[] = {"type", "selector", "ports"};

        if (!before || !after) {
                if (!after)
                        tell(finder, CONTEXT_SERVICE_EDIT, "is gone");
                return;
        }
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
                const char *from = doc_text(before, members[i]), *to = doc_text(after, members[i]);
                if (!text_equal(from, to))
                        tell(finder, CONTEXT_SERVICE_EDIT, "%s: %.160s -> %.160s", members[i], from ? from : "none",
                             to ? to : "none");
        }
}

void change_find(enum context_kind kind, struct json_object *before, struct json_object *after, change_found_fn *found,
                 void *owner)
{
        static void (*const comparers[CONTEXT_KINDS])(const struct finder *finder, struct json_object *before,
                                                      struct json_object *after) = {
                [CONTEXT_SERVICE] = compare_services,       [CONTEXT_ENDPOINT_SLICE] = compare_slices,
                [CONTEXT_POD] = compare_pods,               [CONTEXT_NODE] = compare_nodes,
                [CONTEXT_DEPLOYMENT] = compare_workloads,   [CONTEXT_REPLICA_SET] = compare_workloads,
                [CONTEXT_STATEFUL_SET] = compare_workloads, [CONTEXT_AUTOSCALER] = compare_autoscalers,
        };
        const struct finder finder = {.found = found, .owner = owner};

        comparers[kind](&finder, before, after);
}
