/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_status.h"

#include <stdio.h>
#include <string.h>

#include "api/admin.h"
#include "api/condition.h"
#include "api/entry.h"
#include "api/names.h"
#include "base/buf.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "operator/run_steps.h"
#include "result/series.h"
#include "result/status.h"

#define HOUR_MS INT64_C(3600000)

/* ---- why it waits ---- */

const char *run_status_hold(enum view_hold hold)
{
        static const char *const names[] = {
                [HOLD_NONE] = NULL,
                [HOLD_TARGET] = "TargetBusy",
                [HOLD_BUDGET] = "BudgetFull",
                [HOLD_CONFIGURATION] = "ConfigurationRefused",
                [HOLD_STOP_ALL] = "StopAll",
                [HOLD_UNDO] = "UndoPending",
                [HOLD_SECRETS] = "PolicyUnknown",
        };
        return names[hold];
}

enum view_hold run_status_hold_shown(const char *reason)
{
        for (enum view_hold hold = HOLD_TARGET; hold <= HOLD_SECRETS; hold++)
                if (text_equal(reason, run_status_hold(hold)))
                        return hold;
        return HOLD_NONE;
}

/* ---- what the end is called ---- */

static const struct stop_word {
        const char *reason, *text;
} stop_words[] = {
        {"Cancelled", "cancelled"},
        {"StoppedByAdmin", "stopped by the administrator: stopAll is set in ConfigMap " ADMIN_CONFIGMAP},
        {"CapExceeded", "asks for more than the administrator allows"},
        {"TargetNotAllowed", "load may not be sent to this target"},
        {"SecretsNotAllowed", "names Secrets, which is only allowed where somebody checks that its author may read them"},
        {"AccountNotAllowed", "brings a workload along or applies something for a variant, which is only allowed where somebody checks that its author may use the account"},
        {"WorkloadFailed", "the workload could not be applied"},
        {"WorkloadLost", "the Job that applies the workload was deleted"},
        {"VariantFailed", "a variant could not be applied"},
        {"VariantLost", "the Job that applies a variant was deleted"},
        {"Brake", "stopped by limits.brake"},
        {"DeadlineExceeded", "did not end within limits.deadline"},
        {"WorkersNotReady", "no generator pod became ready within limits.readyTimeout"},
        {"WorkersMissing", "the load is over, and a generator pod was never ready for it"},
        {"JobSuspended", "somebody suspended the generator's Job while it was under way"},
        {"TargetUnresolved", "the target could not be resolved within limits.readyTimeout"},
        {"CreateRefused", "the API server refused the generator"},
        {"QueueTimeout", "waited longer than limits.queueTimeout"},
        {"InvalidSpec", "the spec can never run"},
        {"NameCollision", "a Job of the generator's name belongs to somebody else"},
        {"JobReplaced", "the generator's Job was replaced by another of the same name"},
        {"PlanLost", "the plan ConfigMap was deleted while the run was under way"},
        {"ResultsLost", "no generator pod left a result"},
};

static const char *word_for(const char *reason)
{
        for (size_t i = 0; i < ARRAY_LEN(stop_words); i++)
                if (text_equal(reason, stop_words[i].reason))
                        return stop_words[i].text;
        return "ended early";
}

/* "did not end within limits.deadline; no node takes the generator pod: …" */
static char *stop_message(const struct session *session, const struct run_sight *sight, const char *reason)
{
        auto_free char *failure = text_equal(reason, "WorkloadFailed") || text_equal(reason, "VariantFailed") ? run_steps_failure(session, sight) : NULL;
        const char *detail = "";

        if (failure)
                detail = failure;
        else if (text_equal(reason, "InvalidSpec") || text_equal(reason, "CapExceeded") || text_equal(reason, "SecretsNotAllowed") ||
            text_equal(reason, "AccountNotAllowed"))
                detail = sight->invalid_text;
        else if (text_equal(reason, "TargetNotAllowed"))
                detail = sight->invalid_text[0] ? sight->invalid_text : session->denial;
        else if (text_equal(reason, "StoppedByAdmin") || text_equal(reason, "Brake") || text_equal(reason, "JobSuspended"))
                detail = "";
        else if (text_equal(reason, "CreateRefused"))
                detail = session->refusal;
        else if (text_equal(reason, "TargetUnresolved") || text_equal(reason, "QueueTimeout"))
                detail = session->problem[0] ? session->problem : sight->invalid_text;
        else if (!text_equal(reason, "Cancelled") && session->diagnosis.reason)
                detail = session->diagnosis.text;
        return xasprintf("%s%s%s", word_for(reason), *detail ? "; " : "", detail);
}

/* The most telling reason: what was seen to be wrong beats "it took too long". */
static const char *telling_reason(const struct session *session, const char *reason)
{
        bool late = text_equal(reason, "WorkersNotReady") || text_equal(reason, "DeadlineExceeded") ||
                    text_equal(reason, "ResultsLost");
        return late && session->diagnosis.reason ? session->diagnosis.reason : reason;
}

/* ---- under way ---- */

/* The sentences of status.reasons about one thing, joined; new string. */
static char *reasons_about(struct json_object *status, const char *about)
{
        struct buf text = buf_bounded(1024);
        struct json_object *reasons = doc_at(status, "reasons");

        for (size_t i = 0; i < doc_len(reasons, ""); i++) {
                struct json_object *entry = doc_item(reasons, i);
                if (text_equal(doc_text(entry, "about"), about) && doc_text(entry, "message"))
                        buf_format(&text, "%s%s", text.size ? "; " : "", doc_text(entry, "message"));
        }
        return buf_take(&text);
}

static void set_conditions(struct json_object *status, const struct session *session, const struct run_sight *sight, const char *reason)
{
        auto_free char *valid = reasons_about(status, "validity"), *passed = reasons_about(status, "verdict");
        const struct condition_facts facts = {
                .phase = doc_text(status, "phase"),
                .validity = doc_text(status, "validity"),
                .verdict = doc_text(status, "verdict"),
                .reason = reason,
                .message = doc_text(status, "message"),
                .valid_message = valid,
                .passed_message = passed,
                .inconclusive_fails = session->profile && session->profile->baseline.fail_inconclusive,
                .generation = sight->run.generation,
                .wall_ms = sight->wall_ms,
        };

        doc_set(status, "conditions", condition_list(&facts, doc_at(sight->run.status, "conditions")));
}

static void show_waiting(struct json_object *status, const struct session *session, const struct run_view *view,
                         const struct run_sight *sight)
{
        const struct profile *profile = session->profile;

        doc_set_text(status, "phase", sight->phase);
        doc_set_text(status, "target", sight->target_key);
        json_object_object_del(status, "queue");
        if (view->queue_position > 0)
                doc_set(status, "queue", doc_set_text(doc_set_int(doc_object(), "position", view->queue_position), "reason", run_status_hold(view->hold)));
        if (sight->run.deadline_wall_ms < 0)
                doc_set_time(status, "deadline", sight->wall_ms + (profile ? profile->queue_timeout_ms : HOUR_MS));
        auto_free char *message = NULL;
        if (!profile)
                message = xstrdup(sight->invalid_text);
        else if (view->suspended)
                message = xstrdup("the profile is suspended");
        else if (view->hold != HOLD_TARGET)
                message = xstrdup(sight->hold_text);
        else
                message = xasprintf("waiting for its turn at %s, position %d", sight->target_key, view->queue_position);
        doc_set_text(status, "message", message);
}

static void show_admitted(struct json_object *status, const struct session *session, const struct run_sight *sight)
{
        struct json_object *profile = doc_object();
        char digest[PROFILE_DIGEST_MAX];

        profile_digest(session->profile, digest);
        doc_set_text(profile, "name", sight->run.profile);
        doc_set_text(profile, "uid", doc_text(session->profile_object, "metadata.uid"));
        if (session->profile_object)
                doc_set_int(profile, "generation", doc_int(session->profile_object, "metadata.generation", 0));
        doc_set(status, "profile", doc_set_text(profile, "digest", digest));
        doc_set_text(doc_set_text(status, "phase", "Preparing"), "target", sight->target_key);
        doc_set_time(status, "startTime", sight->wall_ms);
        doc_set_time(status, "deadline", sight->wall_ms + profile_given_ms(session->profile));
        json_object_object_del(status, "queue");
        doc_set_text(status, "message", "preparing the load");
}

/* "variant quarter (Deployment web (patched))"; new string. */
static char *variant_words(const struct session *session)
{
        char objects[ENTRY_LIST_TEXT_MAX];

        entry_list_text(session->profile->variants[session->arm].apply, objects);
        return xasprintf("variant %s (%s)", profile_arm_name(session->profile, session->arm), objects);
}

static void show_applying(struct json_object *status, const struct session *session, const struct run_sight *sight)
{
        auto_free char *what = sight->set > 0 ? variant_words(session) : xstrdup("the workload");
        auto_free char *message = xasprintf("applying %s as service account %s", what, session->profile->account);

        doc_set_text(doc_set(status, "jobs", run_steps_encode_bound(session, sight)), "message", message);
}

/* How far the search has come. */
static void show_search(struct json_object *status, const struct session *session)
{
        if (!session->profile->capacity.given)
                return;
        struct probe_search search = session_search(session);
        doc_set(status, "capacity", probe_encode_capacity(&search));
}

static void show_bound(struct json_object *status, const struct session *session, const struct run_sight *sight)
{
        struct json_object *trials = series_encode_rows(session->trials, session->trials_len), *trial = doc_object(), *workers = doc_object();

        doc_set_text(doc_set_int(trial, "index", session->trial), "variant", profile_arm_name(session->profile, session->arm));
        doc_set(trial, "job",
                doc_set_text(doc_set_text(doc_object(), "name", sight->job.name), "uid", sight->job.uid));
        doc_set_time(trial, "startTime", sight->wall_ms);
        run_pause_encode(&session->pause, trial);
        doc_set(status, "trials", doc_push(trials, trial));
        show_search(status, session);
        doc_set_int(doc_set_int(workers, "wanted", session_arm(session)->workers), "ready", 0);
        doc_set(status, "workers", doc_set_int(workers, "finished", 0));
}

static char *search_message(const struct session *session, const struct run_sight *sight, int percent)
{
        struct capacity_step step = session_search(session).step;
        char rate[UNIT_TEXT_MAX];

        unit_format_rate(step.rate_rps, rate);
        return xasprintf("%s: probe %d at %s, %d %%", sight->phase, session->trial + 1, rate, percent);
}

static void show_running(struct json_object *status, const struct session *session, const struct run_sight *sight)
{
        doc_set_text(status, "phase", sight->phase);
        if (!session->harvest)
                return;
        struct harvest_live live = harvest_live(session->harvest);
        struct json_object *workers = status_encode_workers(session->harvest, NULL);
        int trials = (int)(sight->trials_planned ? sight->trials_planned : session->profile ? profile_trials_planned(session->profile) : 1);
        int percent = (session->trial * 100 + live.percent) / trials;
        bool search = session->profile && session->profile->capacity.given;
        auto_free char *message = search ? search_message(session, sight, live.percent)
                                : trials == 1 ? xasprintf("%s: %d %%", sight->phase, percent)
                                              : xasprintf("%s: trial %d of %s%d, %d %%", sight->phase, session->trial + 1,
                                                          sight->trials_planned ? "" : "at most ", trials, percent);
        live.percent = percent < 100 ? percent : 100;
        if (sight->start_at_wall_ms >= 0)
                doc_set_time(workers, "startAt", sight->start_at_wall_ms);
        doc_set(status, "workers", workers);
        doc_set(status, "progress", status_encode_progress(&live, session->trial + 1, trials));
        doc_set(status, "summary", status_encode_live_summary(&live));
        doc_set_text(status, "message", message);
}

static void record_stop(struct json_object *status, const struct session *session, const struct run_sight *sight,
                        const char *reason)
{
        struct json_object *stop = doc_object();
        auto_free char *message = stop_message(session, sight, reason);

        doc_set_text(doc_set_text(stop, "reason", telling_reason(session, reason)), "message", message);
        doc_set_time(stop, "at", sight->wall_ms);
        doc_set(status, "stop", stop);
        doc_set_text(status, "message", message);
}

/* ---- the end ---- */

/* The end of a run that measured nothing. */
static const char *show_empty_end(struct json_object *status, const struct session *session, const struct run_sight *sight,
                                  const char *reason)
{
        const char *recorded = sight->run.stop_reason;
        const char *why = recorded ? recorded : text_equal(reason, "NothingMeasured") ? "ResultsLost" : reason;
        auto_free char *message = recorded && sight->run.stop_message ? xstrdup(sight->run.stop_message)
                                                                     : stop_message(session, sight, why);

        doc_set_text(status, "phase", text_equal(why, "Cancelled") ? "Cancelled" : "Failed");
        doc_set_text(doc_set_text(status, "validity", "Unknown"), "verdict", "None");
        doc_set_text(status, "message", message);
        return telling_reason(session, why);
}

static const char *show_end(struct json_object *status, const struct session *session, const struct run_sight *sight,
                            const char *reason)
{
        json_object_object_del(status, "queue");
        doc_set_time(status, "finishTime", sight->wall_ms);
        if (!session->final)
                return show_empty_end(status, session, sight, reason);
        struct json_object *progress = doc_at(status, "progress");
        if (text_equal(doc_text(session->final, "phase"), "Succeeded") && progress) {
                doc_set_int(progress, "percent", 100);
                doc_set_int(progress, "trials", doc_int(progress, "trial", 1)); /* a search may have been over early */
        }
        json_object_object_foreach(session->final, key, value) {
                if (!text_equal(key, "reason"))
                        doc_set(status, key, json_object_get(value));
        }
        return doc_text(session->final, "reason");
}

struct json_object *run_status_next(const struct session *session, const struct run_view *view,
                                    const struct run_sight *sight, const struct run_plan *plan)
{
        struct json_object *status = sight->run.status ? doc_copy(sight->run.status) : doc_object();
        const char *reason = plan->reason;

        doc_set_int(status, "observedGeneration", sight->run.generation);
        if (!doc_text(status, "validity"))
                doc_set_text(doc_set_text(status, "validity", "Unknown"), "verdict", "None");
        switch (plan->action) {
        case RUN_ACCEPT:
        case RUN_SHOW_QUEUE:
                show_waiting(status, session, view, sight);
                reason = !session->profile ? "ProfileMissing" : view->suspended ? "ProfileSuspended" : run_status_hold(view->hold);
                break;
        case RUN_ADMIT:
                show_admitted(status, session, sight);
                break;
        case RUN_BIND_APPLY:
                show_applying(status, session, sight);
                break;
        case RUN_BIND_JOB:
                show_bound(status, session, sight);
                break;
        case RUN_RECORD_STOP:
                record_stop(status, session, sight, reason);
                break;
        case RUN_FINISH:
                reason = show_end(status, session, sight, reason);
                break;
        default:
                show_running(status, session, sight);
                reason = sight->phase;
                break;
        }
        set_conditions(status, session, sight, reason);
        return status;
}

/* ---- merge patch ---- */

static struct json_object *difference(struct json_object *from, struct json_object *to)
{
        struct json_object *patch = doc_object();

        json_object_object_foreach(to, key, value) {
                struct json_object *old = NULL;
                bool had = json_object_object_get_ex(from, key, &old);
                if (had && doc_equal(old, value))
                        continue;
                if (had && json_object_is_type(old, json_type_object) && json_object_is_type(value, json_type_object))
                        json_object_object_add(patch, key, difference(old, value));
                else
                        json_object_object_add(patch, key, json_object_get(value));
        }
        json_object_object_foreach(from, old_key, unused) {
                (void)unused;
                if (!json_object_object_get_ex(to, old_key, NULL))
                        json_object_object_add(patch, old_key, NULL);
        }
        return patch;
}

struct json_object *run_status_patch(const struct run *run, struct json_object *next)
{
        auto_json struct json_object *none = doc_object();
        struct json_object *change = difference(run->status ? run->status : none, next);

        if (json_object_object_length(change) == 0 && guard_stands(GUARD_REST)) {
                json_object_put(change);
                return NULL;
        }
        struct json_object *metadata = doc_set_text(doc_set_text(doc_object(), "resourceVersion", run->version), "uid", run->uid);
        return doc_set(doc_set(doc_object(), "metadata", metadata), "status", change);
}
