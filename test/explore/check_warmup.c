/* SPDX-License-Identifier: Apache-2.0 */
#include "check_warmup.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/doc.h"

#define RUN_UID "metadata.labels[\"loadstone.dev/run-uid\"]"

/* What a stored trial says that its workers found; -1: nothing. */
static int64_t found_ms(struct json_object *configmap)
{
        const char *text = doc_text(configmap, "data[\"trial.json\"]");
        struct json_object *trial = NULL;
        int64_t ms = -1;

        if (text && !doc_parse(text, strlen(text), &trial, NULL))
                ms = doc_int(trial, "fold.warmup.ms", -1);
        json_object_put(trial);
        return ms;
}

static int64_t told_ms(struct json_object *job)
{
        struct json_object *words = doc_at(job, "spec.template.spec.containers[0].command");

        for (size_t i = 0; i + 1 < doc_len(words, ""); i++)
                if (text_equal(json_object_get_string(doc_item(words, i)), "--warmup-ms"))
                        return strtoll(json_object_get_string(doc_item(words, i + 1)), NULL, 10);
        return -1;
}

bool check_warmup(struct apisim *sim, struct json_object *job)
{
        const struct kind *configmaps = kind_find(sim, "", "v1", "configmaps");

        for (size_t i = 0; i < configmaps->len; i++) {
                struct json_object *configmap = configmaps->objects[i]->json;
                if (!text_equal(doc_text(configmap, RUN_UID), doc_text(job, RUN_UID)))
                        continue;
                int64_t ms = found_ms(configmap);
                if (ms >= 0 && ms != told_ms(job))
                        return false;
        }
        return true;
}
