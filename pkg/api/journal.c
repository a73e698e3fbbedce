/* SPDX-License-Identifier: Apache-2.0 */
#include "api/journal.h"

#include <string.h>

#include "api/plan.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define PREVIOUS_KEY "previous.json"
#define APPLIED_KEY "applied.json"

static const char *const words[] = {[JOURNAL_APPLYING] = "applying", [JOURNAL_APPLIED] = "applied", [JOURNAL_UNDOING] = "undoing", [JOURNAL_UNDONE] = "undone"};

enum fail_kind journal_encode(const struct steps *steps, enum journal_state state, struct json_object *previous,
                              struct json_object **ret_configmap, struct fail *fail)
{
        auto_free char *text = doc_canonical(previous);

        if (strlen(text) > JOURNAL_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "the objects as they are now have %zu bytes, at most %d can be kept: nothing was applied", strlen(text),
                                JOURNAL_BYTES_MAX);
        struct json_object *configmap = doc_set_text(doc_set_text(doc_object(), "apiVersion", "v1"), "kind", "ConfigMap"), *data = doc_object();
        doc_set(configmap, "metadata", plan_metadata(steps->namespace, steps->run, steps->run_uid, steps->profile, steps->journal, "undo"));
        *ret_configmap = doc_set(configmap, "data", doc_set_text(doc_set_text(data, "state", words[state]), PREVIOUS_KEY, text));
        return FAIL_NONE;
}

struct json_object *journal_applied(struct json_object *configmap)
{
        const char *text = doc_text(configmap, "data[\"" APPLIED_KEY "\"]");
        struct json_object *applied = NULL;

        if (text)
                doc_parse(text, strlen(text), &applied, NULL);
        return applied;
}

enum fail_kind journal_decode(struct json_object *configmap, const struct steps *steps, struct journal *ret_journal, struct fail *fail)
{
        const char *state = doc_text(configmap, "data.state"), *text = doc_text(configmap, "data[\"" PREVIOUS_KEY "\"]");
        size_t at = 0;

        *ret_journal = (struct journal){0};
        while (at < ARRAY_LEN(words) && !text_equal(state, words[at]))
                at++;
        if (at == ARRAY_LEN(words) || !text || doc_parse(text, strlen(text), &ret_journal->previous, NULL) ||
            doc_len(ret_journal->previous, "") != doc_len(steps->manifests, ""))
                return fail_set(fail, FAIL_INVALID, "ConfigMap %.63s is not the journal of this run", steps->journal);
        ret_journal->state = (enum journal_state)at;
        ret_journal->applied = journal_applied(configmap);
        return FAIL_NONE;
}

void journal_done(struct journal *journal)
{
        json_object_put(journal->previous);
        json_object_put(journal->applied);
        *journal = (struct journal){0};
}

struct json_object *journal_move(struct json_object *configmap, enum journal_state state, struct json_object *applied)
{
        struct json_object *metadata = doc_set_text(doc_object(), "resourceVersion", doc_text(configmap, "metadata.resourceVersion"));
        struct json_object *data = doc_set_text(doc_object(), "state", words[state]);
        auto_free char *text = applied ? doc_canonical(applied) : NULL;

        doc_set_text(metadata, "uid", doc_text(configmap, "metadata.uid"));
        if (text && strlen(text) <= JOURNAL_APPLIED_BYTES_MAX)
                doc_set_text(data, APPLIED_KEY, text);
        return doc_set(doc_set(doc_object(), "metadata", metadata), "data", data);
}
