/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_series.h"

#include <assert.h>
#include <string.h>

#include "api/names.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/trial.h"

static void take_trial(struct session *session, struct json_object *configmap)
{
        const char *text = doc_text(configmap, "data[\"trial.json\"]");
        const char *uid = doc_text(configmap, "metadata.labels[\"" LABEL_RUN_UID "\"]");
        struct json_object *doc = NULL;

        if (!text_equal(uid, session->uid) || !text || doc_parse(text, strlen(text), &doc, NULL))
                doc = trial_encode_lost((int)session->trials_len, profile_arm_name(session->profile, session_arm_of_next(session)));
        session->trials[session->trials_len++] = doc;
        if (session->trials_len == (size_t)session->trial)
                session_enter_trial(session);
}

static void trial_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct session *session = owner;
        struct manager *manager = session->manager;

        session->request = 0;
        if (fail->kind && fail->kind != FAIL_MISSING) {
                manager_pass_failed(manager, session->key, fail);
                return;
        }
        take_trial(session, configmap);
        manager_pass_done(manager, session->key, loop_now_ns(manager->loop));
}

bool run_series_read(struct session *session)
{
        char name[NAME_MAX_LEN];

        assert(session->trials_len < PROFILE_TRIALS_MAX);
        name_trial(session->name, session->uid, (int)session->trials_len, name);
        session->request = kube_get(session->manager->client, &(struct kube_ref){&kube_configmaps, session->namespace, name}, trial_arrived,
                                    session);
        return true;
}
