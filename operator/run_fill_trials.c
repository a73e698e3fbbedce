/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_fill_trials.h"

#include "api/names.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/session_samples.h"
#include "result/repeats.h"
#include "result/series.h"

int run_fill_trial_now(struct manager *manager, const struct run *run)
{
        int trial = run->trials_bound > 0 ? run->trials_bound - 1 : 0;
        char name[NAME_MAX_LEN];

        for (; trial < PROFILE_TRIALS_MAX; trial++) {
                name_trial(run->name, run->uid, trial, name);
                if (!kube_cache_find(manager->configmaps, run->namespace, name))
                        break;
        }
        return trial;
}

/* When a trial was over: its result was stored then. -1: not known. */
static int64_t trial_end_wall_ms(struct manager *manager, const struct run *run, int trial)
{
        char name[NAME_MAX_LEN];

        name_trial(run->name, run->uid, trial, name);
        return clock_parse(doc_text(kube_cache_find(manager->configmaps, run->namespace, name), "metadata.creationTimestamp"));
}

static void fill_left(struct manager *manager, const struct run *run, struct run_sight *sight, struct run_view *view)
{
        for (int trial = view->trial; trial > 0 && !view->job_left; trial--) {
                struct json_object *object = run_fill_find_job(manager, run->namespace, run->name, run->uid, trial - 1);
                if (!object)
                        continue;
                job_decode(object, &sight->left);
                view->job_left = text_equal(sight->left.owner_uid, run->uid) && !sight->left.deleting;
        }
}

/* What is pure about it is run_pause.h's; once over it is over. */
static void fill_pause(struct session *session, int64_t ended_wall_ms, const struct run_sight *sight, struct run_view *view)
{
        if (session->pause.end != RUN_PAUSE_GOES_ON)
                return;
        const struct run_pause_facts facts = {
                .passed_ms = ended_wall_ms < 0 ? INT64_MAX : sight->wall_ms - ended_wall_ms,
                .least_ms = session->profile->trials.pause_ms,
                .most_ms = profile_pause_most_ms(session->profile),
                .rest_cores = doc_double(session->trials[0], "restCores", -1),
                .cores = session_samples_cpu(session, ended_wall_ms, sight->wall_ms, true),
        };

        session->pause = run_pause_judge(&facts);
        view->pausing = session->pause.end == RUN_PAUSE_GOES_ON;
        if (!view->pausing)
                return;
        run_fill_wake_at_wall(view, sight, ended_wall_ms + facts.least_ms);
        if (facts.passed_ms >= facts.least_ms)
                run_fill_wake_at(view, sight->now_ns + RUN_FILL_AGAIN_NS);
}

static void fill_repeats(const struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct profile *profile = session->profile;
        struct json_object *kept[PROFILE_TRIALS_MAX];
        bool known = false;

        size_t stand = repeats_keep(session->trials, (size_t)view->trial, profile_arms(profile), view->trial == PROFILE_TRIALS_MAX, kept);
        uint32_t planned = series_planned(profile, kept, stand, &known);
        sight->trials_planned = known ? planned + (uint32_t)view->trial - (uint32_t)stand : 0;
        view->series_over = (known && stand >= planned) || view->trial == PROFILE_TRIALS_MAX;
}

void run_fill_trials(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct profile *profile = session->profile;
        const struct run *run = &sight->run;

        session_begin_trial(session, view->trial);
        view->trial_unread = session->trials_len < (size_t)view->trial;
        if (!profile || profile_trials_most(profile) == 1 || view->trial_unread)
                return;
        if (profile->capacity.given)
                view->series_over = session_search(session).step.end != CAPACITY_GOES_ON;
        else
                fill_repeats(session, sight, view);
        if (view->trial == 0)
                return;
        fill_left(manager, run, sight, view);
        if (!view->series_over && !view->bound && view->job == JOB_ABSENT)
                fill_pause(session, trial_end_wall_ms(manager, run, view->trial - 1), sight, view);
}
