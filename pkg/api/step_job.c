/* SPDX-License-Identifier: Apache-2.0 */
#include "api/step_job.h"

#include <string.h>

#include "api/job_parts.h"
#include "api/names.h"
#include "api/steps.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define PULL_S 60       /* beside readyTimeout: until the pod runs */
#define TRIES INT32_MAX  /* the most that the API takes */
#define MESSAGE_TEXT_MAX 400

static const char resources[] = "{\"requests\":{\"cpu\":\"20m\",\"memory\":\"16Mi\"},\"limits\":{\"memory\":\"64Mi\"}}";

static const struct {
        const char *word, *restart; /* word: of the program, and of the label */
        void (*name)(const char *run, const char *uid, int set, char name[static NAME_MAX_LEN]);
} roles[] = {
        [STEP_APPLY] = {"apply", "Never", name_apply},
        [STEP_UNDO] = {"undo", "OnFailure", name_undo},
};

static struct json_object *encode_container(const struct step_job *wanted)
{
        char journal[NAME_MAX_LEN];
        const char *const command[] = {"/usr/bin/loadstone", roles[wanted->role].word, "--steps", "/etc/loadstone/steps/" STEPS_KEY,
                                       "--digest", wanted->digest, "--journal", journal, "--message", "/dev/termination-log"};
        struct json_object *container = doc_set_text(doc_set_text(doc_object(), "name", "load"), "image", wanted->image), *words = doc_array();
        struct json_object *mount = doc_set_text(doc_set_text(doc_object(), "name", "steps"), "mountPath", "/etc/loadstone/steps");

        name_undo(wanted->run->name, wanted->run->uid, wanted->set, journal);
        for (size_t i = 0; i < ARRAY_LEN(command); i++)
                doc_push_text(words, command[i]);
        doc_set(doc_set_text(container, "imagePullPolicy", "IfNotPresent"), "command", words);
        doc_set(doc_set(container, "resources", job_literal(resources)), "securityContext", job_container_security());
        doc_set_text(container, "terminationMessagePath", "/dev/termination-log");
        return doc_set(container, "volumeMounts", doc_push(doc_array(), doc_set_bool(mount, "readOnly", true)));
}

static struct json_object *encode_pod(const struct step_job *wanted)
{
        struct json_object *pod = doc_set_text(doc_object(), "restartPolicy", roles[wanted->role].restart);
        struct json_object *volume = doc_set_text(doc_object(), "name", "steps"), *item = doc_set_text(doc_object(), "key", wanted->key);
        struct json_object *configmap = doc_set_text(doc_object(), "name", wanted->configmap);

        doc_set(configmap, "items", doc_push(doc_array(), doc_set_text(item, "path", STEPS_KEY)));
        doc_set(volume, "configMap", configmap);
        doc_set_text(doc_set_int(pod, "terminationGracePeriodSeconds", 5), "serviceAccountName", wanted->account);
        doc_set_bool(doc_set_bool(pod, "automountServiceAccountToken", true), "enableServiceLinks", false);
        doc_set(doc_set(pod, "securityContext", job_pod_security()), "containers", doc_push(doc_array(), encode_container(wanted)));
        return doc_set(pod, "volumes", doc_push(doc_array(), volume));
}

static struct json_object *encode_labels(const struct step_job *wanted)
{
        struct json_object *labels = doc_set_text(doc_set_text(doc_object(), LABEL_MANAGED, LABEL_MANAGED_VALUE), LABEL_RUN_UID, wanted->run->uid);

        doc_set_text(doc_set_text(labels, LABEL_PART, roles[wanted->role].word), LABEL_PROFILE, wanted->profile);
        return doc_set_text(labels, LABEL_VARIANT, wanted->variant);
}

static struct json_object *encode_metadata(const struct step_job *wanted)
{
        struct json_object *metadata = doc_object(), *annotations = doc_set_text(doc_object(), ANNOTATION_RUN, wanted->run->name);
        char name[NAME_MAX_LEN];

        roles[wanted->role].name(wanted->run->name, wanted->run->uid, wanted->set, name);
        doc_set_text(doc_set_text(metadata, "name", name), "namespace", wanted->run->namespace);
        doc_set_text(annotations, ANNOTATION_TARGET, wanted->target);
        return doc_set(doc_set(metadata, "labels", encode_labels(wanted)), "annotations", annotations);
}

struct json_object *step_job_encode(const struct step_job *wanted)
{
        struct json_object *job = doc_set_text(doc_set_text(doc_object(), "apiVersion", "batch/v1"), "kind", "Job");
        struct json_object *spec = doc_set_bool(doc_object(), "suspend", true), *template = doc_object();
        struct json_object *metadata = doc_set(doc_object(), "labels", encode_labels(wanted));

        doc_set(metadata, "annotations", doc_set_text(doc_object(), ANNOTATION_RUN, wanted->run->name));
        doc_set(doc_set(template, "metadata", metadata), "spec", encode_pod(wanted));
        doc_set_int(spec, "backoffLimit", wanted->role == STEP_UNDO ? TRIES : 0);
        doc_set_text(spec, "podReplacementPolicy", "Failed"); /* never two at once */
        if (wanted->role == STEP_APPLY)
                doc_set_int(spec, "activeDeadlineSeconds", wanted->ready_timeout_ms / 1000 + PULL_S);
        return doc_set(doc_set(job, "metadata", encode_metadata(wanted)), "spec", doc_set(spec, "template", template));
}

bool step_job_untouched(const char *message)
{
        auto_json struct json_object *summary = NULL;

        return message && !doc_parse(message, strlen(message), &summary, NULL) && !doc_bool(summary, "touched", true);
}

char *step_job_failure(const char *message)
{
        auto_json struct json_object *summary = NULL;

        if (!message || doc_parse(message, strlen(message), &summary, NULL) || !doc_text(summary, "failed"))
                return NULL;
        char *text = xasprintf("%.*s", MESSAGE_TEXT_MAX, doc_text(summary, "failed"));
        text_scrub(text);
        return text;
}
