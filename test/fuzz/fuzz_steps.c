/* SPDX-License-Identifier: Apache-2.0
 *
 * What is to be applied, as "loadstone apply" reads it. Whatever is taken can be marked, kept in a journal and read back from it; and what
 * was applied over any object is taken back to that object. */
#include <stdlib.h>
#include <string.h>

#include "api/journal.h"
#include "api/manifest.h"
#include "api/ready.h"
#include "base/mem.h"
#include "data/doc.h"
#include "fuzz.h"

/* The other one as if it were what 'manifest' finds there: of its name, and without nulls, which no object has. */
static struct json_object *as_previous(struct json_object *manifest, struct json_object *other, const char *namespace)
{
        auto_json struct json_object *plain = doc_merge(NULL, other), *names = doc_object();
        struct json_object *metadata = doc_set_text(doc_set_text(doc_object(), "name", doc_text(manifest, "metadata.name")), "namespace", namespace);

        doc_set_text(doc_set_text(names, "apiVersion", doc_text(manifest, "apiVersion")), "kind", doc_text(manifest, "kind"));
        doc_set(names, "metadata", metadata);
        auto_json struct json_object *named = doc_merge(plain, names);
        return manifest_previous(named);
}

static void must_come_back(const struct steps *steps, struct json_object *manifest, struct json_object *other)
{
        auto_json struct json_object *previous = as_previous(manifest, other, steps->namespace);
        auto_json struct json_object *marked = manifest_marked(manifest, steps->namespace, steps->run_uid);
        auto_json struct json_object *applied = doc_merge(previous, marked), *restoring = manifest_restoring(manifest, previous);
        auto_json struct json_object *back = doc_merge(applied, restoring);
        char why[READY_TEXT_MAX];

        must(manifest_is_marked(marked, steps->run_uid) && manifest_is_marked(applied, steps->run_uid));
        must(doc_equal(back, previous));
        (void)manifest_keeper(applied);
        (void)ready_look(applied, other, why);
}

static void must_be_kept(const struct steps *steps)
{
        auto_json struct json_object *configmap = NULL;
        auto_journal struct journal journal = {0};

        if (journal_encode(steps, JOURNAL_APPLYING, steps->manifests, &configmap, NULL))
                return;
        must(!journal_decode(configmap, steps, &journal, NULL) && journal.state == JOURNAL_APPLYING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_copy((const char *)data, size), digest[SHA_HEX_MAX];
        auto_steps struct steps steps = {0};

        sha256_hex(text, size, digest);
        if (!steps_decode(text, size, digest, &steps, NULL)) {
                must_be_kept(&steps);
                for (size_t i = 0; i < doc_len(steps.manifests, ""); i++)
                        for (size_t k = 0; k < doc_len(steps.manifests, ""); k++)
                                must_come_back(&steps, doc_item(steps.manifests, i), doc_item(steps.manifests, k));
        }
        free(text);
        return 0;
}
