/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ready.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

static struct json_object *condition_of(struct json_object *object, const char *type)
{
        return doc_find(doc_at(object, "status.conditions"), "type", type);
}

static bool is_true(struct json_object *object, const char *type)
{
        return text_equal(doc_text(condition_of(object, type), "status"), "True");
}

/* What its controller has not looked at yet is not ready, whatever its status says. */
static bool is_observed(struct json_object *object, char why[static READY_TEXT_MAX])
{
        if (doc_int(object, "status.observedGeneration", 0) >= doc_int(object, "metadata.generation", 0))
                return true;
        snprintf(why, READY_TEXT_MAX, "its controller has not looked at it yet");
        return false;
}

static bool enough(struct json_object *object, const char *path, int64_t wanted, const char *word, char why[static READY_TEXT_MAX])
{
        int64_t there = doc_int(object, path, 0);

        if (there >= wanted)
                return true;
        snprintf(why, READY_TEXT_MAX, "%" PRId64 " of %" PRId64 " pods are %s", there, wanted, word);
        return false;
}

/* While the old ones are still there requests reach them. */
static bool none_older(struct json_object *object, char why[static READY_TEXT_MAX])
{
        int64_t older = doc_int(object, "status.replicas", 0) - doc_int(object, "status.updatedReplicas", 0);

        if (older <= 0)
                return true;
        snprintf(why, READY_TEXT_MAX, "%" PRId64 " pods of the old version are still there", older);
        return false;
}

static bool deployment(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX])
{
        int64_t wanted = doc_int(object, "spec.replicas", 1);
        const char *stuck = doc_text(condition_of(object, "ReplicaFailure"), "message");

        (void)slices;
        if (!is_observed(object, why))
                return false;
        if (is_true(object, "ReplicaFailure") && stuck) {
                snprintf(why, READY_TEXT_MAX, "%s", stuck);
                text_scrub(why);
                return false;
        }
        return enough(object, "status.updatedReplicas", wanted, "of the new version", why) &&
               enough(object, "status.availableReplicas", wanted, "available", why) && none_older(object, why);
}

static bool stateful_set(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX])
{
        int64_t wanted = doc_int(object, "spec.replicas", 1);

        (void)slices;
        return is_observed(object, why) && enough(object, "status.updatedReplicas", wanted, "of the new version", why) &&
               enough(object, "status.readyReplicas", wanted, "ready", why);
}

static bool daemon_set(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX])
{
        int64_t wanted = doc_int(object, "status.desiredNumberScheduled", 0);

        (void)slices;
        return is_observed(object, why) && enough(object, "status.updatedNumberScheduled", wanted, "of the new version", why) &&
               enough(object, "status.numberAvailable", wanted, "available", why);
}

static bool job(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX])
{
        (void)slices;
        if (is_true(object, "Complete"))
                return true;
        const char *message = doc_text(condition_of(object, "Failed"), "message");
        snprintf(why, READY_TEXT_MAX, "%s%s", is_true(object, "Failed") ? "it failed: " : "it is not complete", message ? message : "");
        text_scrub(why);
        return false;
}

static bool service(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX])
{
        if (!doc_at(object, "spec.selector"))
                return true; /* whoever made it says where it leads */
        for (size_t i = 0; i < doc_len(slices, ""); i++) {
                struct json_object *endpoints = doc_at(doc_item(slices, i), "endpoints");
                for (size_t k = 0; k < doc_len(endpoints, ""); k++)
                        if (doc_bool(doc_item(endpoints, k), "conditions.ready", true))
                                return true;
        }
        snprintf(why, READY_TEXT_MAX, "no endpoint is ready");
        return false;
}

static const struct {
        const char *api_version, *kind;
        bool (*look)(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX]);
} lookers[] = {
        {"apps/v1", "Deployment", deployment},
        {"apps/v1", "StatefulSet", stateful_set},
        {"apps/v1", "DaemonSet", daemon_set},
        {"batch/v1", "Job", job},
        {"v1", "Service", service},
};

bool ready_look(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX])
{
        why[0] = '\0';
        for (size_t i = 0; i < ARRAY_LEN(lookers); i++)
                if (text_equal(doc_text(object, "apiVersion"), lookers[i].api_version) && text_equal(doc_text(object, "kind"), lookers[i].kind))
                        return lookers[i].look(object, slices, why);
        return true;
}

bool ready_never(struct json_object *object)
{
        return text_equal(doc_text(object, "kind"), "Job") && is_true(object, "Failed");
}
