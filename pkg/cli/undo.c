/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone undo: takes back what "loadstone apply" did, as far as it came. What was made is deleted, what was changed is changed back,
 * and what somebody else has put in its place is left alone. Doing it again does nothing more; it is done until it succeeds. */
#include <stdio.h>

#include "api/journal.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/objects.h"
#include "data/doc.h"

#define LOOK_NS (500 * NS_PER_MS)
#define GONE_NS (60 * NS_PER_S)
/* After an apply that did not come to its end: its last request may still be on its way. */
#define LAST_REQUEST_NS (2 * NS_PER_S)

/* ---- the journal ---- */

/* Nothing was ever applied; whoever still comes to do it finds that it must not. */
static enum fail_kind forbid(struct objects *objects, struct fail *fail)
{
        auto_json struct json_object *previous = doc_array(), *configmap = NULL;

        for (size_t i = 0; i < doc_len(objects->steps.manifests, ""); i++)
                doc_push(previous, NULL);
        if (journal_encode(&objects->steps, JOURNAL_UNDONE, previous, &configmap, fail))
                return fail->kind;
        return objects_create_journal(objects, configmap, fail);
}

static enum fail_kind move(struct objects *objects, enum journal_state state, struct fail *fail)
{
        auto_json struct json_object *configmap = NULL;

        if (objects_get_journal(objects, &configmap, fail))
                return fail->kind;
        return objects_move_journal(objects, configmap, state, NULL, fail);
}

/* What is to be taken back; *ret_journal says "undone" when nothing is. */
static enum fail_kind begin(struct objects *objects, struct journal *ret_journal, struct fail *fail)
{
        auto_json struct json_object *configmap = NULL;
        enum fail_kind asked = objects_get_journal(objects, &configmap, fail);

        if (asked == FAIL_MISSING) {
                ret_journal->state = JOURNAL_UNDONE;
                return forbid(objects, fail);
        }
        if (asked || journal_decode(configmap, &objects->steps, ret_journal, fail))
                return fail->kind;
        if (ret_journal->state >= JOURNAL_UNDOING)
                return FAIL_NONE;
        if (move(objects, JOURNAL_UNDOING, fail))
                return fail->kind;
        if (ret_journal->state == JOURNAL_APPLYING)
                ask_pause(&objects->ask, LAST_REQUEST_NS);
        return FAIL_NONE;
}

/* ---- one object ---- */

/* Made by us: by its mark, whatever became of it since. */
static enum fail_kind remove_it(struct objects *objects, const struct object_at *object, struct json_object *there, struct fail *fail)
{
        if (!manifest_is_marked(there, objects->steps.run_uid) || doc_at(there, "metadata.deletionTimestamp"))
                return FAIL_NONE;
        enum fail_kind asked = ask_delete(&objects->ask, &object->ref, doc_text(there, "metadata.uid"), fail);
        return asked == FAIL_MISSING ? FAIL_NONE : asked;
}

/* Changed by us: only while it is the one that was there before, and still bears our mark. */
static enum fail_kind restore(struct objects *objects, const struct object_at *object, struct json_object *there, struct json_object *previous,
                              struct fail *fail)
{
        if (!text_equal(doc_text(there, "metadata.uid"), doc_text(previous, "metadata.uid")) || !manifest_is_marked(there, objects->steps.run_uid))
                return FAIL_NONE;
        auto_json struct json_object *patch = manifest_restoring(object->manifest, previous);
        doc_set_text(doc_at(patch, "metadata"), "uid", doc_text(there, "metadata.uid"));
        return ask_patch(&objects->ask, &object->ref, KUBE_PATCH_MERGE, patch, fail);
}

static enum fail_kind undo_one(struct objects *objects, struct object_at *object, struct json_object *previous, struct fail *fail)
{
        auto_json struct json_object *there = NULL;
        if (object->problem[0])
                return FAIL_NONE; /* its kind is gone, and all of that kind with it */
        enum fail_kind asked = ask_get(&objects->ask, &object->ref, &there, fail);
        if (!asked)
                asked = previous ? restore(objects, object, there, previous, fail) : remove_it(objects, object, there, fail);
        return asked == FAIL_MISSING ? FAIL_NONE : asked ? fail_wrap(fail, "%.120s", object->name) : FAIL_NONE;
}

/* A deletion that something holds up is not over. */
static enum fail_kind wait_until_gone(struct objects *objects, struct object_at *object, struct fail *fail)
{
        int64_t end_ns = ask_now_ns(&objects->ask) + GONE_NS;

        for (;;) {
                auto_json struct json_object *there = NULL;
                enum fail_kind asked = ask_get(&objects->ask, &object->ref, &there, fail);
                if (asked == FAIL_MISSING || (!asked && !manifest_is_marked(there, objects->steps.run_uid)))
                        return FAIL_NONE;
                if (asked)
                        return fail_wrap(fail, "%.120s", object->name);
                if (ask_now_ns(&objects->ask) >= end_ns)
                        return fail_set(fail, FAIL_TIMEOUT, "%.120s: is deleted and still there, a finalizer may hold it", object->name);
                ask_pause(&objects->ask, LOOK_NS);
        }
}

/* ---- the command ---- */

/* One that cannot be taken back keeps none of the others from it. */
static enum fail_kind undo(struct objects *objects, size_t *ret_did, struct fail *fail)
{
        auto_journal struct journal journal = {0};
        struct fail first = {0};

        objects->touched = true;
        if (begin(objects, &journal, fail))
                return fail->kind;
        if (journal.state == JOURNAL_UNDONE)
                return FAIL_NONE;
        if (objects_resolve(objects, fail))
                return fail->kind;
        for (size_t i = objects->len; i-- > 0;) {
                if (!undo_one(objects, &objects->at[i], doc_item(journal.previous, i), fail))
                        (*ret_did)++;
                else if (!first.kind)
                        first = *fail;
        }
        for (size_t i = 0; i < objects->len && !first.kind; i++)
                if (!doc_item(journal.previous, i) && !objects->at[i].problem[0] && wait_until_gone(objects, &objects->at[i], fail))
                        first = *fail;
        *fail = first;
        if (first.kind)
                return first.kind;
        (void)objects_await(objects, &first); /* so that the next load finds it ready; what never was is as it was, too */
        return move(objects, JOURNAL_UNDONE, fail);
}

static enum cli_exit undo_main(int argc, char **argv)
{
        return objects_main(argc, argv, undo);
}

const struct command command_undo = {"undo", "(in a Job of the operator) take back what apply did", undo_main};
