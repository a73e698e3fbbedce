/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone apply: what a profile brings along, applied before its load by the account that the profile names.
 *
 *   look at what is there -> keep it in the journal -> apply, one after the other -> wait until it is ready
 *
 * Before each change the journal is looked at: once an undo has begun, nothing is applied any more. */
#include <stdio.h>

#include "api/journal.h"
#include "api/ready.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/objects.h"
#include "data/doc.h"

#define LOOK_NS (500 * NS_PER_MS)

/* ---- before ---- */

static enum fail_kind may_apply(const struct objects *objects, const struct object_at *object, struct json_object *there, struct fail *fail)
{
        const char *keeper = manifest_keeper(object->manifest);

        if (object->problem[0])
                return fail_set(fail, FAIL_INVALID, "%s", object->problem);
        if (!keeper)
                keeper = manifest_keeper(there);
        if (keeper && !objects->steps.allow_managed)
                return fail_set(fail, FAIL_DENIED, "%s keeps it as it is, and would change it back: take its label away, or set workload.allowManaged", keeper);
        if (doc_at(there, "metadata.deletionTimestamp"))
                return fail_set(fail, FAIL_CONFLICT, "it is being deleted");
        return FAIL_NONE;
}

/* An array as api/journal.h wants it; NULL after a failure. */
static struct json_object *look_at_all(struct objects *objects, struct fail *fail)
{
        auto_json struct json_object *previous = doc_array();

        for (size_t i = 0; i < objects->len; i++) {
                struct object_at *object = &objects->at[i];
                auto_json struct json_object *there = NULL;
                enum fail_kind asked = object->problem[0] ? FAIL_NONE : ask_get(&objects->ask, &object->ref, &there, fail);
                if ((asked && asked != FAIL_MISSING) || may_apply(objects, object, there, fail)) {
                        fail_wrap(fail, "%.120s", object->name);
                        return NULL;
                }
                doc_push(previous, there ? manifest_previous(there) : NULL);
        }
        *fail = (struct fail){0};
        return take(previous);
}

static enum fail_kind check_journal(struct objects *objects, struct json_object **ret_configmap, struct fail *fail)
{
        auto_json struct json_object *configmap = NULL;
        auto_journal struct journal journal = {0};

        if (objects_get_journal(objects, &configmap, fail))
                return fail->kind;
        if (journal_decode(configmap, &objects->steps, &journal, fail))
                return fail->kind;
        if (journal.state > JOURNAL_APPLIED)
                return fail_set(fail, FAIL_CONFLICT, "its undo has begun already");
        if (ret_configmap)
                *ret_configmap = take(configmap);
        return FAIL_NONE;
}

/* A pod of this Job before this one may have kept it already: that is the truth then, since it was before any change. */
static enum fail_kind keep_previous(struct objects *objects, struct fail *fail)
{
        enum fail_kind kept = check_journal(objects, NULL, fail);
        auto_json struct json_object *configmap = NULL;

        objects->touched = kept != FAIL_MISSING && kept != FAIL_DENIED; /* what a pod before this one did is not known */
        if (kept != FAIL_MISSING)
                return kept;
        auto_json struct json_object *previous = look_at_all(objects, fail);
        if (!previous || journal_encode(&objects->steps, JOURNAL_APPLYING, previous, &configmap, fail) ||
            objects_create_journal(objects, configmap, fail))
                return fail->kind;
        return FAIL_NONE;
}

/* ---- apply ---- */

static enum fail_kind apply_one(struct objects *objects, struct object_at *object, struct fail *fail)
{
        auto_json struct json_object *marked = manifest_marked(object->manifest, objects->steps.namespace, objects->steps.run_uid);

        objects->touched = true;
        if (check_journal(objects, NULL, fail) || ask_patch(&objects->ask, &object->ref, KUBE_PATCH_APPLY, marked, fail))
                return fail_wrap(fail, "%.120s", object->name);
        return FAIL_NONE;
}

/* ---- until it is ready ---- */

static enum fail_kind look_at_one(struct objects *objects, struct object_at *object, bool *ret_ready, char why[static READY_TEXT_MAX], struct fail *fail)
{
        auto_json struct json_object *there = NULL, *slices = NULL;

        if (ask_get(&objects->ask, &object->ref, &there, fail))
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

static enum fail_kind wait_until_ready(struct objects *objects, struct fail *fail)
{
        int64_t end_ns = ask_now_ns(&objects->ask) + objects->steps.ready_timeout_ms * NS_PER_MS;
        char why[READY_TEXT_MAX];

        for (size_t i = 0; i < objects->len;) {
                bool ready = false;
                if (look_at_one(objects, &objects->at[i], &ready, why, fail))
                        return fail->kind;
                if (ready) {
                        i++;
                        continue;
                }
                if (ask_now_ns(&objects->ask) >= end_ns)
                        return fail_set(fail, FAIL_TIMEOUT, "%.120s is not ready within workload.readyTimeout: %s", objects->at[i].name, why);
                ask_pause(&objects->ask, LOOK_NS);
        }
        return FAIL_NONE;
}

/* ---- the command ---- */

static enum fail_kind conclude(struct objects *objects, struct fail *fail)
{
        auto_json struct json_object *configmap = NULL;

        if (check_journal(objects, &configmap, fail))
                return fail->kind;
        return objects_move_journal(objects, configmap, JOURNAL_APPLIED, fail);
}

static enum fail_kind apply(struct objects *objects, size_t *ret_did, struct fail *fail)
{
        if (objects_resolve(objects, fail) || keep_previous(objects, fail))
                return fail->kind;
        for (; *ret_did < objects->len; (*ret_did)++)
                if (apply_one(objects, &objects->at[*ret_did], fail))
                        return fail->kind;
        if (wait_until_ready(objects, fail))
                return fail->kind;
        return conclude(objects, fail);
}

static enum cli_exit apply_main(int argc, char **argv)
{
        return objects_main(argc, argv, apply);
}

const struct command command_apply = {"apply", "(in a Job of the operator) apply what a profile brings along", apply_main};
