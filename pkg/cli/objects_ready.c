/* SPDX-License-Identifier: Apache-2.0
 *
 * Until what was applied, or taken back, is ready: a rollout is over, a Service has endpoints. */
#include "api/ready.h"
#include "base/mem.h"
#include "cli/objects.h"
#include "data/doc.h"

#define LOOK_NS (500 * NS_PER_MS)

static enum fail_kind look_at_one(struct objects *objects, struct object_at *object, bool *ret_ready, char why[static READY_TEXT_MAX], struct fail *fail)
{
        auto_json struct json_object *there = NULL, *slices = NULL;

        enum fail_kind asked = ask_get(&objects->ask, &object->ref, &there, fail);
        if (asked == FAIL_MISSING) { /* taken back by being removed */
                *ret_ready = true;
                return FAIL_NONE;
        }
        if (asked)
                return fail_wrap(fail, "%.120s", object->name);
        if (object->ref.kind->group[0] == '\0' && doc_at(there, "spec.selector") && doc_at(there, "spec.ports")) {
                auto_free char *selector = xasprintf("kubernetes.io/service-name=%s", object->ref.name);
                if (ask_list(&objects->ask, &(struct kube_ref){&kube_endpointslices, object->ref.namespace, NULL}, selector, &slices, fail))
                        return fail_wrap(fail, "%.120s", object->name);
        }
        *ret_ready = ready_look(there, doc_at(slices, "items"), why);
        if (!*ret_ready && ready_never(there))
                return fail_set(fail, FAIL_INVALID, "%.120s: %s", object->name, why);
        return FAIL_NONE;
}

enum fail_kind objects_await(struct objects *objects, struct fail *fail)
{
        int64_t end_ns = ask_now_ns(&objects->ask) + objects->steps.ready_timeout_ms * NS_PER_MS;
        char why[READY_TEXT_MAX];

        for (size_t i = 0; i < objects->len;) {
                bool ready = objects->at[i].problem[0] != '\0'; /* its kind is gone, and all of that kind with it */
                if (!ready && look_at_one(objects, &objects->at[i], &ready, why, fail))
                        return fail->kind;
                if (ready) {
                        i++;
                        continue;
                }
                if (ask_now_ns(&objects->ask) >= end_ns)
                        return fail_set(fail, FAIL_TIMEOUT, "%.120s is not ready within %s: %s", objects->at[i].name,
                                        objects->steps.patches ? "limits.readyTimeout" : "workload.readyTimeout", why);
                ask_pause(&objects->ask, LOOK_NS);
        }
        return FAIL_NONE;
}
