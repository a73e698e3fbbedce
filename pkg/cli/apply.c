/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone apply: what a profile brings along, or what a variant changes, applied before the load by the account that the profile names.
 *
 *   look at what is there -> keep it in the journal -> apply, one after the other -> wait until it is ready
 *
 * Before each change the journal is looked at: once an undo has begun, nothing is applied any more. */
#include <stdio.h>

#include "api/journal.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/objects.h"
#include "data/doc.h"

/* ---- before ---- */

static enum fail_kind may_apply(const struct objects *objects, const struct object_at *object, struct json_object *there, struct fail *fail)
{
        bool patch = steps_patch(&objects->steps, (size_t)(object - objects->at));
        const char *keeper = manifest_keeper(object->manifest);

        if (object->problem[0])
                return fail_set(fail, FAIL_INVALID, "%s", object->problem);
        if (!keeper)
                keeper = manifest_keeper(there);
        if (keeper && !objects->steps.allow_managed)
                return fail_set(fail, FAIL_DENIED, "%s keeps it as it is, and would change it back: take its label away, or set %s",
                                keeper, objects->steps.patches ? "allowManaged in the variant" : "workload.allowManaged");
        if (patch && !there)
                return fail_set(fail, FAIL_MISSING, "there is none that could be patched");
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
        bool patch = steps_patch(&objects->steps, (size_t)(object - objects->at));

        objects->touched = true;
        if (check_journal(objects, NULL, fail) ||
            ask_patch(&objects->ask, &object->ref, patch ? KUBE_PATCH_MERGE : KUBE_PATCH_APPLY, marked, fail))
                return fail_wrap(fail, "%.120s", object->name);
        return FAIL_NONE;
}

/* ---- the command ---- */

/* What it has come to, in the API server's own words; NULL after a failure. */
static struct json_object *look_again(struct objects *objects, struct fail *fail)
{
        auto_json struct json_object *parts = doc_array();

        for (size_t i = 0; i < objects->len; i++) {
                auto_json struct json_object *there = NULL;
                if (ask_get(&objects->ask, &objects->at[i].ref, &there, fail)) {
                        fail_wrap(fail, "%.120s", objects->at[i].name);
                        return NULL;
                }
                struct json_object *part = doc_set(doc_object(), "part", manifest_part(objects->at[i].manifest, there));
                doc_push(parts, doc_set_text(part, "plural", objects->at[i].kind.plural));
        }
        return take(parts);
}

static enum fail_kind conclude(struct objects *objects, struct fail *fail)
{
        auto_json struct json_object *configmap = NULL, *parts = look_again(objects, fail);

        if (!parts || check_journal(objects, &configmap, fail))
                return fail->kind;
        return objects_move_journal(objects, configmap, JOURNAL_APPLIED, parts, fail);
}

static enum fail_kind apply(struct objects *objects, size_t *ret_did, struct fail *fail)
{
        if (objects_resolve(objects, fail) || keep_previous(objects, fail))
                return fail->kind;
        for (; *ret_did < objects->len; (*ret_did)++)
                if (apply_one(objects, &objects->at[*ret_did], fail))
                        return fail->kind;
        if (objects_await(objects, fail))
                return fail->kind;
        return conclude(objects, fail);
}

static enum cli_exit apply_main(int argc, char **argv)
{
        return objects_main(argc, argv, apply);
}

const struct command command_apply = {"apply", "(in a Job of the operator) apply what a profile brings along", apply_main};
