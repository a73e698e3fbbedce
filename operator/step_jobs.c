/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/step_jobs.h"

#include <stdlib.h>

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

static char *copy(const char *text)
{
        return text ? xstrdup(text) : NULL;
}

static struct step_job_seen *see(struct json_object *job)
{
        const char *part = doc_text(job, "metadata.labels[\"" LABEL_PART "\"]"), *uid = doc_text(job, "metadata.labels[\"" LABEL_RUN_UID "\"]");
        const char *run = doc_text(job, "metadata.annotations[\"" ANNOTATION_RUN "\"]"), *namespace = doc_text(job, "metadata.namespace");
        bool undo = text_equal(part, "undo");

        if ((!undo && !text_equal(part, "apply")) || !uid || !run || !namespace)
                return NULL;
        struct step_job_seen *seen = xnew(struct step_job_seen);
        *seen = (struct step_job_seen){.namespace = copy(namespace), .run = copy(run), .uid = copy(uid),
                                       .target = undo ? copy(doc_text(job, "metadata.annotations[\"" ANNOTATION_TARGET "\"]")) : NULL};
        return seen;
}

struct step_job_seen *step_job_seen_free(struct step_job_seen *seen)
{
        if (!seen)
                return NULL;
        free(seen->namespace);
        free(seen->run);
        free(seen->uid);
        free(seen->target);
        free(seen);
        return NULL;
}

struct step_job_seen *step_jobs_changed(struct map *index, struct json_object *before, struct json_object *after)
{
        struct json_object *object = after ? after : before;
        auto_free char *key = xasprintf("%s/%s", doc_text(object, "metadata.namespace"), doc_text(object, "metadata.name"));
        struct step_job_seen *seen = after ? see(after) : NULL;

        if (!seen)
                return map_remove(index, key);
        step_job_seen_free(map_set(index, key, seen));
        return NULL;
}

void step_jobs_done(struct map *index)
{
        size_t at = 0;
        const char *key;
        void *seen;

        while (map_next(index, &at, &key, &seen))
                step_job_seen_free(seen);
        map_done(index);
}

const struct step_job_seen *step_jobs_of_another(const struct map *index, const char *namespace, const char *run, const char *uid)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(index, &at, &key, &value)) {
                const struct step_job_seen *seen = value;
                if (text_equal(seen->namespace, namespace) && text_equal(seen->run, run) && !text_equal(seen->uid, uid))
                        return seen;
        }
        return NULL;
}

bool step_jobs_have(const struct map *index, const char *uid)
{
        size_t at = 0;
        const char *key;
        void *seen;

        while (map_next(index, &at, &key, &seen))
                if (text_equal(((struct step_job_seen *)seen)->uid, uid))
                        return true;
        return false;
}

const struct step_job_seen *step_jobs_at_target(const struct map *index, const char *target, const char *uid)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(index, &at, &key, &value)) {
                const struct step_job_seen *seen = value;
                if (seen->target && text_equal(seen->target, target) && !text_equal(seen->uid, uid))
                        return seen;
        }
        return NULL;
}
