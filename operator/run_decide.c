/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_decide.h"

#include <assert.h>

#include "base/guard.h"
#include "base/mem.h"

typedef const struct run_view *seen; /* keeps the predicates below on one line each */

static bool orphan_job(seen v) { return !v->found && v->job != JOB_ABSENT && v->job != JOB_FOREIGN && !v->job_stopping; }
static bool run_gone(seen v) { return !v->found; }
static bool deleting_with_job(seen v) { return v->deleting && v->job != JOB_ABSENT && v->job != JOB_FOREIGN && !v->job_stopping; }
static bool deleting(seen v) { return v->deleting; }
static bool ended_with_job(seen v) { return v->terminal && v->job != JOB_ABSENT && v->job != JOB_FOREIGN && !v->job_stopping; }
static bool ended(seen v) { return v->terminal; }
static bool result_found(seen v) { return v->result_found; }
static bool spec_invalid(seen v) { return v->invalid; }

static bool waiting(seen v) { return !v->admitted; }
static bool cancelled_early(seen v) { return waiting(v) && v->cancel; }
static bool waited_too_long(seen v) { return waiting(v) && v->accepted && v->overdue; }
static bool may_begin(seen v) { return waiting(v) && v->profile_found && !v->suspended && v->hold == HOLD_NONE; }
static bool not_accepted(seen v) { return waiting(v) && !v->accepted; }
static bool queue_moved(seen v)
{
        return waiting(v) && (v->queue_position != v->queue_position_shown || v->hold != v->hold_shown || v->target_moved);
}
static bool over_cap(seen v) { return waiting(v) && v->over_cap; }
static bool never_allowed(seen v) { return waiting(v) && v->target_denied; }

static bool account_never(seen v) { return waiting(v) && v->account_refused; }
static bool secrets_asked(seen v) { return v->secrets_asked; }
static bool secrets_never(seen v) { return waiting(v) && v->secrets_refused; }
static bool secrets_asked_first(seen v) { return waiting(v) && v->secrets_asked; }

static bool taken_over(seen v) { return v->taken_over && guard_stands(GUARD_LOOK); }

static bool name_taken(seen v) { return v->job == JOB_FOREIGN; }
static bool job_replaced(seen v) { return v->bound && v->job != JOB_ABSENT && !v->job_is_bound; }

static bool stop_unrecorded(seen v, bool wanted) { return !v->stop_reason && wanted; }
static bool cancel_wanted(seen v) { return stop_unrecorded(v, v->cancel && v->records != RECORDS_SETTLED); }
static bool stop_all(seen v) { return stop_unrecorded(v, v->stop_all && v->records != RECORDS_SETTLED); }
static bool no_longer_allowed(seen v) { return stop_unrecorded(v, v->target_denied && v->records != RECORDS_SETTLED); }
static bool secrets_no_longer(seen v) { return stop_unrecorded(v, v->secrets_refused); }
static bool account_no_longer(seen v) { return stop_unrecorded(v, v->account_refused); }
static bool braked(seen v) { return stop_unrecorded(v, v->braked && v->records != RECORDS_SETTLED); }
static bool deadline_passed(seen v)
{
        return guard_stands(GUARD_DEADLINE) && stop_unrecorded(v, v->overdue && v->records != RECORDS_SETTLED);
}
static bool nobody_ready(seen v)
{
        return stop_unrecorded(v, v->ready_overdue && v->workers_ready == 0 && v->workers_announced == 0 &&
                                          v->job == JOB_ACTIVE);
}
static bool workers_missing(seen v)
{
        return stop_unrecorded(v, v->told_are_over && v->workers_announced < v->workers && v->job == JOB_ACTIVE);
}
/* What came to its end before counts, and is folded. */
static bool job_interrupted(seen v) { return stop_unrecorded(v, v->job_interrupted && !v->told_are_over && v->records != RECORDS_SETTLED); }
static bool target_unresolved(seen v) { return stop_unrecorded(v, v->ready_overdue && v->target_problem && !v->plan_found); }
static bool could_not_apply(seen v) { return stop_unrecorded(v, v->workload && v->apply_failed); }
static bool apply_vanished(seen v)
{
        return stop_unrecorded(v, v->workload && v->apply_bound && (v->apply == JOB_ABSENT || v->apply == JOB_FOREIGN));
}
static bool workload_failed(seen v) { return !v->variant && could_not_apply(v); }
static bool workload_lost(seen v) { return !v->variant && apply_vanished(v); }
static bool variant_failed(seen v) { return v->variant && could_not_apply(v); }
static bool variant_lost(seen v) { return v->variant && apply_vanished(v); }
static bool create_refused(seen v) { return stop_unrecorded(v, v->refused); }
static bool stopping_active_job(seen v) { return v->stop_reason && v->job == JOB_ACTIVE && !v->job_stopping; }
static bool stopped_unbound_job(seen v) { return v->stop_reason && v->job == JOB_SUSPENDED && !v->job_stopping && !v->bound; }
static bool stopped_before_load(seen v) { return v->stop_reason && !v->bound && v->trial == 0; }

static bool store_left(seen v) { return v->packed && v->chunks_left; }
static bool nothing_measured(seen v) { return v->packed; }
static bool trial_unread(seen v) { return v->trial_unread; }
static bool series_ends(seen v) { return v->trial > 0 && !v->bound && (v->series_over || v->stop_reason); }
static bool all_said(seen v) { return v->bound && v->records == RECORDS_SETTLED; }
static bool baseline_first(seen v) { return (all_said(v) || series_ends(v)) && v->baseline_unread; }
static bool applied_first(seen v) { return all_said(v) && v->applied_unread; }
static bool job_left(seen v) { return v->job_left; }
static bool pausing(seen v) { return v->pausing && !v->bound && v->job == JOB_ABSENT; }

static bool is_ours(enum view_job job) { return job != JOB_ABSENT && job != JOB_FOREIGN; }
static bool over(seen v) { return !v->found || v->deleting || v->terminal; }
static bool nothing_applied(seen v)
{
        return over(v) && v->undo == JOB_SUSPENDED && !v->undo_stopping && v->apply == JOB_ENDED && v->apply_failed && v->apply_untouched && !v->apply_pods_left;
}
static bool apply_unheard(seen v)
{
        return over(v) && v->undo == JOB_SUSPENDED && v->apply == JOB_ENDED && v->apply_failed && v->undo_unchecked && guard_stands(GUARD_LOOK);
}
static bool apply_left(seen v) { return over(v) && is_ours(v->apply) && !v->apply_stopping; }
static bool apply_ending(seen v) { return over(v) && v->undo == JOB_SUSPENDED && (is_ours(v->apply) || v->apply_pods_left); }
static bool undo_unchecked(seen v) { return over(v) && v->undo == JOB_SUSPENDED && v->undo_unchecked && guard_stands(GUARD_LOOK); }
static bool undo_due(seen v) { return over(v) && v->undo == JOB_SUSPENDED; }
static bool undo_done(seen v) { return over(v) && v->undo == JOB_ENDED && !v->undo_stopping; }
static bool undoing(seen v) { return over(v) && is_ours(v->undo); }

static bool retired_apply_left(seen v) { return v->retiring && is_ours(v->apply) && !v->apply_stopping; }
static bool retired_due(seen v) { return v->retiring && v->undo == JOB_SUSPENDED && !is_ours(v->apply) && !v->apply_pods_left; }
static bool retired_done(seen v) { return v->retiring && v->undo == JOB_ENDED && !v->undo_stopping; }
static bool retiring(seen v) { return v->retiring; }

static bool step_name_taken(seen v) { return v->workload && ((v->apply == JOB_FOREIGN && !v->apply_bound) || v->undo == JOB_FOREIGN); }
static bool workload_secrets_asked(seen v) { return v->workload && v->secrets_asked; }
static bool steps_absent(seen v) { return v->workload && !v->steps_found && v->apply == JOB_ABSENT; }
static bool steps_unread(seen v) { return v->workload && v->steps_found && !v->steps_read; }
static bool undo_absent(seen v) { return v->workload && !v->apply_bound && v->undo == JOB_ABSENT; }
static bool apply_absent(seen v) { return v->workload && !v->apply_bound && v->apply == JOB_ABSENT; }
static bool apply_unbound(seen v) { return v->workload && !v->apply_bound; }
static bool apply_held(seen v) { return v->workload && v->apply == JOB_SUSPENDED; }
static bool applying(seen v) { return v->workload && v->apply == JOB_ACTIVE; }

static bool plan_lost(seen v) { return (v->bound || v->trial > 0) && !v->plan_found; }
static bool memory_empty(seen v) { return !v->context_ready; }
static bool plan_absent(seen v) { return !v->plan_found; }
static bool job_never_made(seen v) { return !v->bound && v->job == JOB_ABSENT; }
static bool job_unbound(seen v) { return guard_stands(GUARD_BIND) && !v->bound; }
static bool job_held(seen v) { return v->job == JOB_SUSPENDED && !v->stop_reason && !v->job_interrupted; }
static bool awaits_start(seen v)
{
        return v->job == JOB_ACTIVE && !v->stop_reason && v->workers_announced < v->workers_ready &&
               (v->workers_announced > 0 || v->workers_ready == v->workers || v->ready_overdue);
}
static bool proxies_first(seen v) { return awaits_start(v) && v->workers_announced == 0 && v->proxies_unread; }
static bool may_start(seen v) { return awaits_start(v) && !proxies_first(v); }
static bool status_stale(seen v) { return v->status_stale; }
static bool otherwise(seen v) { return v != NULL; }

struct rule {
        bool (*holds)(seen view);
        enum run_action action;
        const char *reason, *when; /* 'when' is the sentence in docs/rules.md */
};

static const struct rule rules[] = {
        {orphan_job, RUN_DELETE_JOB, "RunDeleted", "the run is gone and its Job is not"},
        {deleting_with_job, RUN_DELETE_JOB, "RunDeleting", "the run is being deleted and its Job is there"},
        {ended_with_job, RUN_DELETE_JOB, "RunEnded", "the end is recorded and the Job is still there"},
        {nothing_applied, RUN_DELETE_UNDO, "NothingApplied", "the run is over, and what was to apply its workload has said that it changed nothing"},
        {apply_unheard, RUN_LOOK, "ApplyUnheard", "the run is over, its workload could not be applied, and the API server was not asked what the pod said of it"},
        {apply_left, RUN_DELETE_APPLY, "RunEnded", "the run is over and the Job that applies its workload is still there"},
        {apply_ending, RUN_WAIT, "ApplyEnding", "the run is over and a pod that applies its workload has not ended"},
        {undo_unchecked, RUN_LOOK, "UndoUnchecked", "the run is over, and the API server was not asked whether something of it still applies"},
        {undo_due, RUN_RELEASE_UNDO, "UndoDue", "the run is over, and what it applied is to be taken back"},
        {undo_done, RUN_DELETE_UNDO, "UndoDone", "what it applied is taken back"},
        {undoing, RUN_WAIT, "UndoPending", "what it applied is being taken back"},
        {run_gone, RUN_FORGET, "RunDeleted", "the run is gone"},
        {deleting, RUN_WAIT, "RunDeleting", "the run is being deleted"},
        {ended, RUN_FORGET, "RunEnded", "the end is recorded"},
        {result_found, RUN_FINISH, "ResultStored", "the result is stored, its status is not"},
        {spec_invalid, RUN_FINISH, "InvalidSpec", "the spec can never run"},
        {cancelled_early, RUN_FINISH, "Cancelled", "cancelled before it was admitted"},
        {waited_too_long, RUN_FINISH, "QueueTimeout", "waited longer than limits.queueTimeout"},
        {over_cap, RUN_FINISH, "CapExceeded", "asks for more than the administrator's caps, before it was admitted"},
        {never_allowed, RUN_FINISH, "TargetNotAllowed", "load may not go to this target, seen before it was admitted"},
        {secrets_never, RUN_FINISH, "SecretsNotAllowed", "names Secrets, and nobody checked that its author may read them"},
        {account_never, RUN_FINISH, "AccountNotAllowed", "brings a workload along, and nobody checked that its author may use the account"},
        {secrets_asked_first, RUN_WAIT, "SecretsAsked", "names Secrets, and the API server is being asked whether that is checked"},
        {may_begin, RUN_ADMIT, "TargetFree", "nobody else loads the target, nobody is ahead, and the administrator's configuration has room"},
        {not_accepted, RUN_ACCEPT, "Waiting", "seen for the first time and may not begin yet"},
        {queue_moved, RUN_SHOW_QUEUE, "QueueMoved", "its position in the queue, its target, or why it waits, changed"},
        {waiting, RUN_WAIT, "Waiting", "waiting for its profile or its turn"},
        {taken_over, RUN_LOOK, "TakenOver", "admitted by an operator before this one, and the API server was not asked what became of it"},
        {name_taken, RUN_FINISH, "NameCollision", "a Job of that name belongs to somebody else"},
        {job_replaced, RUN_FINISH, "JobReplaced", "the Job of that name is not the one bound in status"},
        {cancel_wanted, RUN_RECORD_STOP, "Cancelled", "cancelled while it is under way"},
        {stop_all, RUN_RECORD_STOP, "StoppedByAdmin", "stopAll is set in the administrator's configuration"},
        {no_longer_allowed, RUN_RECORD_STOP, "TargetNotAllowed", "load may not go to this target, or no longer"},
        {secrets_no_longer, RUN_RECORD_STOP, "SecretsNotAllowed", "names Secrets, nobody checks that its author may read them, and there is no plan yet"},
        {account_no_longer, RUN_RECORD_STOP, "AccountNotAllowed", "brings a workload along, nobody checks that its author may use the account, and there is no plan yet"},
        {braked, RUN_RECORD_STOP, "Brake", "a worker's brake was pulled: the others stop too"},
        {deadline_passed, RUN_RECORD_STOP, "DeadlineExceeded", "the recorded deadline has passed"},
        {nobody_ready, RUN_RECORD_STOP, "WorkersNotReady", "readyTimeout passed and no worker is ready"},
        {workers_missing, RUN_RECORD_STOP, "WorkersMissing", "the load is over, and a worker was never ready for it"},
        {job_interrupted, RUN_RECORD_STOP, "JobSuspended", "somebody suspended the Job after its workers had begun, and before the load was over"},
        {target_unresolved, RUN_RECORD_STOP, "TargetUnresolved", "readyTimeout passed and the target cannot be resolved"},
        {workload_failed, RUN_RECORD_STOP, "WorkloadFailed", "what it brings along could not be applied, or was not ready in time"},
        {workload_lost, RUN_RECORD_STOP, "WorkloadLost", "the Job that applies its workload is gone"},
        {variant_failed, RUN_RECORD_STOP, "VariantFailed", "what the next trial's variant applies could not be applied, or was not ready in time"},
        {variant_lost, RUN_RECORD_STOP, "VariantLost", "the Job that applies what the next trial's variant applies is gone"},
        {create_refused, RUN_RECORD_STOP, "CreateRefused", "the API server refuses the plan or the Job for good"},
        {stopping_active_job, RUN_STOP_JOB, "Stopping", "to be stopped and the Job is active"},
        {stopped_unbound_job, RUN_DELETE_JOB, "Stopping", "to be stopped and the Job was made but never bound"},
        {stopped_before_load, RUN_FINISH, "StoppedEarly", "to be stopped and no load was ever sent"},
        {plan_lost, RUN_FINISH, "PlanLost", "load was bound to a plan that is gone"},
        {step_name_taken, RUN_FINISH, "NameCollision", "a Job of the name of one that applies or takes back belongs to somebody else"},
        {workload_secrets_asked, RUN_WAIT, "SecretsAsked", "before its workload is applied: the API server is being asked who checked its author"},
        {steps_absent, RUN_CREATE_STEPS, "StepsAbsent", "what it brings along is not frozen yet"},
        {steps_unread, RUN_RESOLVE, "StepsUnread", "what it brings along is not in memory"},
        {undo_absent, RUN_CREATE_UNDO, "UndoAbsent", "there is no Job yet that will take it back"},
        {apply_absent, RUN_CREATE_APPLY, "ApplyAbsent", "there is no Job yet that applies it"},
        {apply_unbound, RUN_BIND_APPLY, "ApplyUnbound", "both Jobs are there and status does not name them yet"},
        {apply_held, RUN_RELEASE_APPLY, "ApplySuspended", "the Job that applies it is bound and suspended"},
        {applying, RUN_WAIT, "Applying", "what it brings along is being applied"},
        {memory_empty, RUN_RESOLVE, "Resolving", "plan, target and surroundings are not in memory"},
        {trial_unread, RUN_READ_TRIAL, "TrialUnread", "an earlier trial's result is stored and not in memory"},
        {store_left, RUN_STORE, "ResultsFolded", "results are folded and not all stored"},
        {nothing_measured, RUN_FINISH, "NothingMeasured", "folded, and there is nothing to store"},
        {applied_first, RUN_READ_APPLIED, "AppliedUnread", "all of a trial is said, and whether what its variant applied still stands was not looked at"},
        {baseline_first, RUN_READ_BASELINE, "BaselineUnread", "all is said, and the baseline's result has not been read"},
        {series_ends, RUN_FOLD_SERIES, "SeriesOver", "all trials are over, or no other is to begin"},
        {all_said, RUN_FOLD, "HarvestSettled", "every worker's records are in, or lost for good"},
        {job_left, RUN_DELETE_LEFT, "TrialStored", "a trial's result is stored and its Job is still there"},
        {retired_apply_left, RUN_DELETE_APPLY, "VariantOver", "the next trial is not of the variant that was applied, and the Job that did it is still there"},
        {retired_due, RUN_RELEASE_UNDO, "VariantOver", "the next trial is not of the variant that was applied, which is to be taken back"},
        {retired_done, RUN_DELETE_UNDO, "VariantUndone", "the variant that was applied before is taken back"},
        {retiring, RUN_WAIT, "UndoPending", "the variant that was applied before is being taken back"},
        {pausing, RUN_WAIT, "Pause", "the pause between two trials is not over"},
        {secrets_asked, RUN_WAIT, "SecretsAsked", "before there is a plan: names Secrets, and the API server is being asked"},
        {plan_absent, RUN_CREATE_PLAN, "PlanAbsent", "there is no plan yet"},
        {job_never_made, RUN_CREATE_JOB, "JobAbsent", "there is no Job and none was ever bound"},
        {job_unbound, RUN_BIND_JOB, "JobUnbound", "the Job is there and status does not name it yet"},
        {job_held, RUN_RELEASE_JOB, "JobBound", "the bound Job is suspended, as it was made"},
        {may_start, RUN_START, "WorkersReady", "ready workers wait for their start instant"},
        {status_stale, RUN_SHOW, "StatusStale", "phase or progress is worth a write"},
        {proxies_first, RUN_WAIT, "ProxiesUnread", "all workers are ready, and what the proxies around them have counted so far is being read"},
        {otherwise, RUN_WAIT, "UnderWay", "anything else"},
};

size_t run_rules_len(void)
{
        return ARRAY_LEN(rules);
}

size_t run_rule_of(const struct run_view *view)
{
        size_t i = 0;

        while (!rules[i].holds(view))
                i++;
        assert(i < ARRAY_LEN(rules)); /* the last row always holds */
        return i;
}

struct run_plan run_decide(const struct run_view *view)
{
        const struct rule *rule = &rules[run_rule_of(view)];
        return (struct run_plan){.action = rule->action, .reason = rule->reason};
}

const char *run_action_name(enum run_action action)
{
        static const char *const names[] = {
                [RUN_WAIT] = "wait",
                [RUN_FORGET] = "forget",
                [RUN_DELETE_JOB] = "delete-job",
                [RUN_ACCEPT] = "accept",
                [RUN_SHOW_QUEUE] = "show-queue",
                [RUN_ADMIT] = "admit",
                [RUN_RESOLVE] = "resolve",
                [RUN_LOOK] = "look",
                [RUN_CREATE_STEPS] = "create-steps",
                [RUN_CREATE_UNDO] = "create-undo",
                [RUN_CREATE_APPLY] = "create-apply",
                [RUN_BIND_APPLY] = "bind-apply",
                [RUN_RELEASE_APPLY] = "release-apply",
                [RUN_DELETE_APPLY] = "delete-apply",
                [RUN_RELEASE_UNDO] = "release-undo",
                [RUN_DELETE_UNDO] = "delete-undo",
                [RUN_CREATE_PLAN] = "create-plan",
                [RUN_CREATE_JOB] = "create-job",
                [RUN_BIND_JOB] = "bind-job",
                [RUN_RELEASE_JOB] = "release-job",
                [RUN_START] = "start",
                [RUN_RECORD_STOP] = "record-stop",
                [RUN_STOP_JOB] = "stop-job",
                [RUN_READ_APPLIED] = "read-applied",
                [RUN_READ_BASELINE] = "read-baseline",
                [RUN_READ_TRIAL] = "read-trial",
                [RUN_DELETE_LEFT] = "delete-left",
                [RUN_FOLD_SERIES] = "fold-series",
                [RUN_FOLD] = "fold",
                [RUN_STORE] = "store",
                [RUN_FINISH] = "finish",
                [RUN_SHOW] = "show",
        };
        return names[action];
}

void run_print_rules(FILE *out)
{
        fputs("# The rules of a run\n\n"
              "Every pass over a BenchmarkRun looks at the cluster, takes the first row that holds, and does at most this one thing.\n"
              "Printed by `loadstone-operator --print-rules`; a test compares.\n\n", out);
        fputs("| # | when | does | reason |\n|---|---|---|---|\n", out);
        for (size_t i = 0; i < ARRAY_LEN(rules); i++)
                fprintf(out, "| %zu | %s | %s | %s |\n", i + 1, rules[i].when, run_action_name(rules[i].action),
                        rules[i].reason);
}
