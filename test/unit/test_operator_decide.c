/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of a run against a toy world: single rules by name, then every schedule of eight faults among normal steps,
 * crash before the effect, crash after the effect, and deciding on the view before last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/run_decide.h"

static struct run_view fresh_view(void)
{
        return (struct run_view){.found = true, .profile_found = true, .workers = 2};
}

static struct run_view running_view(void)
{
        struct run_view view = fresh_view();

        view.accepted = view.admitted = view.bound = view.context_ready = view.plan_found = true;
        view.job = JOB_ACTIVE;
        view.job_is_bound = view.pods_left = true;
        view.workers_ready = view.workers_announced = 2;
        view.records = RECORDS_PARTIAL;
        return view;
}

static void nobody_waits_for_a_worker_that_missed_the_load(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.told_are_over = true;
        assert_int_equal(run_decide(&view).action, RUN_WAIT); /* all were told: their records may still come */
        view.workers_ready = view.workers_announced = 1;
        assert_string_equal(run_decide(&view).reason, "WorkersMissing");
        view.stop_reason = "WorkersMissing";
        assert_int_equal(run_decide(&view).action, RUN_STOP_JOB);
}

static void a_job_that_somebody_suspended_under_its_load_is_not_released_again(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.job = JOB_SUSPENDED;
        assert_int_equal(run_decide(&view).action, RUN_RELEASE_JOB);
        view.job_interrupted = true;
        assert_int_equal(run_decide(&view).action, RUN_RECORD_STOP);
        assert_string_equal(run_decide(&view).reason, "JobSuspended");
        view.told_are_over = true; /* too late to spoil anything */
        assert_int_equal(run_decide(&view).action, RUN_WAIT);
        view.records = RECORDS_SETTLED;
        assert_int_equal(run_decide(&view).action, RUN_FOLD);
}

static void a_second_run_at_one_target_waits(void **state)
{
        struct run_view view = fresh_view();
        (void)state;

        view.hold = HOLD_TARGET;
        assert_int_equal(run_decide(&view).action, RUN_ACCEPT);
        view.accepted = true;
        view.hold_shown = HOLD_TARGET;
        assert_int_equal(run_decide(&view).action, RUN_WAIT);
}

static void a_wait_for_another_reason_is_shown(void **state)
{
        struct run_view view = fresh_view();
        (void)state;

        view.accepted = true;
        view.hold_shown = HOLD_TARGET;
        view.hold = HOLD_STOP_ALL;
        assert_int_equal(run_decide(&view).action, RUN_SHOW_QUEUE);
        view.hold = HOLD_NONE;
        assert_int_equal(run_decide(&view).action, RUN_ADMIT);
}

static void a_wait_at_another_target_is_shown(void **state)
{
        struct run_view view = fresh_view();
        (void)state;

        view.accepted = true;
        view.hold = view.hold_shown = HOLD_TARGET;
        view.queue_position = view.queue_position_shown = 3;
        assert_int_equal(run_decide(&view).action, RUN_WAIT);
        view.target_moved = true;
        assert_int_equal(run_decide(&view).action, RUN_SHOW_QUEUE);
}

static void what_the_administrator_forbids_never_begins(void **state)
{
        struct run_view view = fresh_view();
        (void)state;

        view.over_cap = true;
        assert_int_equal(run_decide(&view).action, RUN_FINISH);
        assert_string_equal(run_decide(&view).reason, "CapExceeded");
        view.over_cap = false;
        view.target_denied = true;
        assert_int_equal(run_decide(&view).action, RUN_FINISH);
        assert_string_equal(run_decide(&view).reason, "TargetNotAllowed");
}

/* Neither a Job nor a plan before it is known that somebody checked the profile's author. */
static void secrets_that_nobody_checked_are_never_mounted(void **state)
{
        struct run_view view = fresh_view();
        (void)state;

        view.secrets_asked = true;
        assert_int_equal(run_decide(&view).action, RUN_WAIT);
        view.secrets_asked = false;
        view.secrets_refused = true;
        assert_int_equal(run_decide(&view).action, RUN_FINISH);
        assert_string_equal(run_decide(&view).reason, "SecretsNotAllowed");

        view = (struct run_view){.found = true, .accepted = true, .admitted = true, .context_ready = true, .workers = 2};
        assert_int_equal(run_decide(&view).action, RUN_CREATE_PLAN);
        view.secrets_asked = true;
        assert_int_equal(run_decide(&view).action, RUN_WAIT);
        view.secrets_refused = true;
        assert_int_equal(run_decide(&view).action, RUN_RECORD_STOP);
        assert_string_equal(run_decide(&view).reason, "SecretsNotAllowed");
}

/* A run under way keeps within the caps that it was admitted by; its target and the switch are another matter. */
static void a_running_run_stops_for_the_switch_and_for_its_target(void **state)
{
        static const struct { size_t at; const char *reason; } rows[] = {
                {offsetof(struct run_view, stop_all), "StoppedByAdmin"},
                {offsetof(struct run_view, target_denied), "TargetNotAllowed"},
                {offsetof(struct run_view, braked), "Brake"},
        };
        (void)state;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct run_view view = running_view();
                *(bool *)((char *)&view + rows[i].at) = true;
                assert_int_equal(run_decide(&view).action, RUN_RECORD_STOP);
                assert_string_equal(run_decide(&view).reason, rows[i].reason);
                view.records = RECORDS_SETTLED;
                assert_int_equal(run_decide(&view).action, RUN_FOLD);
        }
        struct run_view view = running_view();
        view.over_cap = true;
        assert_int_equal(run_decide(&view).action, RUN_WAIT);
}

static void a_running_run_without_news_waits(void **state)
{
        struct run_view view = running_view();
        (void)state;

        assert_int_equal(run_decide(&view).action, RUN_WAIT);
}

static void nothing_is_stopped_before_the_reason_is_recorded(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.cancel = true;
        assert_int_equal(run_decide(&view).action, RUN_RECORD_STOP);
        view.stop_reason = "Cancelled";
        assert_int_equal(run_decide(&view).action, RUN_STOP_JOB);
}

static void a_job_that_is_not_the_bound_one_is_never_released(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.job = JOB_SUSPENDED;
        view.job_is_bound = false;
        assert_int_equal(run_decide(&view).action, RUN_FINISH);
        assert_string_equal(run_decide(&view).reason, "JobReplaced");
}

static void a_lost_job_is_never_made_again(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.job = JOB_ABSENT;
        view.pods_left = false;
        view.records = RECORDS_SETTLED;
        assert_int_equal(run_decide(&view).action, RUN_FOLD);
        view.packed = true;
        assert_int_equal(run_decide(&view).action, RUN_FINISH);
}

static void a_deleted_run_takes_its_job_along(void **state)
{
        struct run_view view = {.found = false, .job = JOB_ACTIVE};
        (void)state;

        assert_int_equal(run_decide(&view).action, RUN_DELETE_JOB);
        view.job_stopping = true;
        assert_int_equal(run_decide(&view).action, RUN_FORGET);
}

static void a_foreign_job_is_left_alone(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.job = JOB_FOREIGN;
        view.bound = false;
        assert_int_equal(run_decide(&view).action, RUN_FINISH);
        view.terminal = true;
        assert_int_equal(run_decide(&view).action, RUN_FORGET);
}

/* What a cache does not show may be there all the same: a predecessor made it. */
static void nothing_is_concluded_about_a_run_of_another_operator_before_the_server_was_asked(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.plan_found = false;
        view.job = JOB_ABSENT;
        view.taken_over = view.cancel = view.overdue = true;
        assert_int_equal(run_decide(&view).action, RUN_LOOK);
        view.taken_over = view.cancel = view.overdue = false;
        assert_string_equal(run_decide(&view).reason, "PlanLost");
}

/* ---- the toy world ---- */

struct world {
        struct run_view now;     /* what a fresh look would see */
        uint64_t status_version; /* moves with every status write: compare-and-swap */
        int job_creates, releases, results, starts;
        bool in_memory_packed, in_memory_baseline, caught_up, cleaned;
};

static void world_moves_on(struct world *world)
{
        struct run_view *now = &world->now;

        if (now->job == JOB_ACTIVE && now->workers_ready < now->workers) {
                now->workers_ready++;
                now->records = RECORDS_PARTIAL;
        } else if (now->job == JOB_ACTIVE && now->workers_announced == now->workers) {
                now->job = JOB_ENDED;
                now->pods_left = false;
                now->records = RECORDS_SETTLED;
        }
        if (now->job_stopping) {
                now->job = now->terminal ? JOB_ABSENT : JOB_SUSPENDED;
                now->records = RECORDS_SETTLED;
                now->pods_left = false;
        }
        if (now->job == JOB_SUSPENDED && now->stop_reason)
                now->records = RECORDS_SETTLED; /* no pod will come any more */
        if (now->admitted)
                now->context_ready = true;
}

static void write_status(struct world *world, uint64_t seen_version, bool *flag)
{
        if (seen_version != world->status_version)
                return; /* 409: somebody wrote since that look */
        world->status_version++;
        if (flag)
                *flag = true;
}

static void world_applies(struct world *world, struct run_plan plan, uint64_t seen_version)
{
        struct run_view *now = &world->now;
        bool done = false;

        switch (plan.action) {
        case RUN_ACCEPT:
                write_status(world, seen_version, &now->accepted);
                break;
        case RUN_ADMIT:
                write_status(world, seen_version, &now->admitted);
                now->accepted = now->accepted || now->admitted;
                world->caught_up = now->admitted;
                break;
        case RUN_CREATE_PLAN:
                now->plan_found = true;
                break;
        case RUN_CREATE_JOB:
                if (now->job == JOB_ABSENT) {
                        world->job_creates++;
                        now->job = JOB_SUSPENDED;
                }
                break;
        case RUN_BIND_JOB:
                write_status(world, seen_version, &now->bound);
                now->job_is_bound = now->bound && now->job != JOB_ABSENT;
                break;
        case RUN_RELEASE_JOB:
                if (now->job == JOB_SUSPENDED && now->job_is_bound) { /* the patch carries UID and version */
                        world->releases++;
                        now->job = JOB_ACTIVE;
                        now->pods_left = true;
                }
                break;
        case RUN_START:
                now->workers_announced = now->workers_ready;
                world->starts++;
                break;
        case RUN_READ_BASELINE:
                world->in_memory_baseline = true;
                break;
        case RUN_READ_APPLIED:
        case RUN_READ_TRIAL:
        case RUN_DELETE_LEFT:
        case RUN_FOLD_SERIES:
        case RUN_CREATE_STEPS:
        case RUN_CREATE_UNDO:
        case RUN_CREATE_APPLY:
        case RUN_BIND_APPLY:
        case RUN_RELEASE_APPLY:
        case RUN_DELETE_APPLY:
        case RUN_RELEASE_UNDO:
        case RUN_DELETE_UNDO:
                break; /* it brings nothing along */
        case RUN_FOLD:
                world->in_memory_packed = world->in_memory_baseline; /* a pass never sees its own memory late */
                break;
        case RUN_STORE:
                now->result_found = true;
                world->results++;
                break;
        case RUN_FINISH:
                write_status(world, seen_version, &done);
                now->terminal = now->terminal || done;
                break;
        case RUN_RECORD_STOP:
                write_status(world, seen_version, &done);
                if (done)
                        now->stop_reason = "Cancelled";
                break;
        case RUN_STOP_JOB:
        case RUN_DELETE_JOB:
                now->job_stopping = true;
                break;
        case RUN_FORGET:
                world->cleaned = true;
                break;
        case RUN_LOOK:
                world->caught_up = true;
                break;
        case RUN_SHOW:
        case RUN_SHOW_QUEUE:
        case RUN_RESOLVE:
        case RUN_WAIT:
                break;
        }
}

static struct run_view look(const struct world *world)
{
        struct run_view view = world->now;

        view.taken_over = view.admitted && !world->caught_up;
        view.packed = world->in_memory_packed;
        view.baseline_unread = !world->in_memory_baseline;
        view.chunks_left = view.packed && !view.result_found;
        return view;
}

static void forget_all(struct world *world)
{
        world->in_memory_packed = world->in_memory_baseline = world->caught_up = false;
}

enum step { STEP_NORMAL, STEP_CRASH_BEFORE, STEP_CRASH_AFTER, STEP_STALE, STEPS };

#define FAULTS_DEEP 9
#define STEPS_TO_SETTLE 60

static void play(uint64_t schedule, bool cancel)
{
        struct world world = {.now = fresh_view()};
        struct run_view before = look(&world);
        uint64_t version_before = 0;

        world.now.target_problem = NULL;
        for (int at = 0; at < STEPS_TO_SETTLE; at++) {
                enum step step = at / 2 < FAULTS_DEEP && at % 2 == 1 ? (enum step)(schedule >> (at / 2 * 2) & 3) : STEP_NORMAL;
                struct run_view view = look(&world);
                uint64_t version = world.status_version;

                if (cancel && at == 9)
                        world.now.cancel = true;
                bool stale = step == STEP_STALE;
                struct run_plan plan = run_decide(stale ? &before : &view);
                if (step == STEP_CRASH_BEFORE || step == STEP_CRASH_AFTER)
                        forget_all(&world);
                if (step != STEP_CRASH_BEFORE)
                        world_applies(&world, plan, stale ? version_before : version);
                if (step == STEP_CRASH_AFTER)
                        forget_all(&world);
                before = view;
                version_before = version;
                world_moves_on(&world);
        }
        assert_true(world.now.terminal);
        assert_true(world.cleaned);
        assert_int_equal(world.now.job, JOB_ABSENT);
        assert_in_range(world.job_creates, 0, 1);
        assert_in_range(world.releases, 0, 1);
        if (!cancel) {
                assert_int_equal(world.releases, 1);
                assert_true(world.now.result_found);
        }
}

static void every_schedule_of_faults_ends_with_one_job(void **state)
{
        (void)state;
        for (uint64_t schedule = 0; schedule < UINT64_C(1) << (2 * FAULTS_DEEP); schedule++)
                play(schedule, false);
        for (uint64_t schedule = 0; schedule < UINT64_C(1) << (2 * FAULTS_DEEP); schedule++)
                play(schedule, true);
}

static uint64_t random_state;

static bool chance(unsigned of_16)
{
        random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (random_state >> 59) % 16 < of_16;
}

static struct run_view any_view(void)
{
        struct run_view view = {0};
        bool *const flags[] = {
                &view.found, &view.deleting, &view.accepted, &view.terminal, &view.cancel, &view.profile_found,
                &view.suspended, &view.over_cap, &view.target_denied, &view.stop_all, &view.secrets_asked, &view.secrets_refused, &view.account_refused, &view.workload, &view.variant, &view.retiring, &view.applied_unread, &view.steps_found, &view.steps_read, &view.apply_bound,
                &view.apply_failed, &view.apply_stopping, &view.undo_stopping, &view.apply_pods_left, &view.apply_untouched, &view.undo_unchecked, &view.braked, &view.admitted, &view.taken_over, &view.bound, &view.overdue, &view.context_ready,
                &view.refused, &view.plan_found, &view.result_found, &view.job_is_bound, &view.job_stopping, &view.job_interrupted,
                &view.pods_left, &view.ready_overdue, &view.proxies_unread, &view.told_are_over, &view.trial_unread, &view.series_over, &view.job_left, &view.pausing, &view.baseline_unread, &view.packed, &view.chunks_left, &view.status_stale,
        };

        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
                *flags[i] = chance(flags[i] == &view.found || flags[i] == &view.admitted || flags[i] == &view.context_ready || flags[i] == &view.plan_found ? 12
                                       : flags[i] == &view.workload || flags[i] == &view.retiring || flags[i] == &view.account_refused ? 2 : 4);
        view.invalid = chance(1) ? "InvalidSpec" : NULL;
        view.stop_reason = chance(4) ? "Cancelled" : NULL;
        view.target_problem = chance(4) ? "gone" : NULL;
        view.queue_position = chance(8);
        view.hold = chance(8) ? HOLD_NONE : HOLD_TARGET;
        view.job = (enum view_job)(chance(4) + chance(6) + chance(8) + chance(6));
        view.apply = (enum view_job)(chance(4) + chance(6) + chance(8) + chance(6));
        view.undo = (enum view_job)(chance(4) + chance(6) + chance(8) + chance(6));
        view.records = (enum view_records)(chance(8) + chance(5));
        view.workers = 2;
        view.workers_ready = chance(8) + chance(8);
        view.workers_announced = chance(5) + chance(3);
        view.trial = chance(4);
        return view;
}

static enum run_action action_of(struct run_view view)
{
        return run_decide(&view).action;
}

/* What proxies count from the start on is the load's; a worker that comes later joins those that have begun. */
static void proxies_are_read_before_the_load_begins(void **state)
{
        struct run_view view = {.found = true, .accepted = true, .admitted = true, .context_ready = true, .plan_found = true, .bound = true,
                                .job = JOB_ACTIVE, .job_is_bound = true, .pods_left = true, .records = RECORDS_PARTIAL, .workers = 2,
                                .workers_ready = 2, .proxies_unread = true};
        (void)state;

        assert_string_equal(run_decide(&view).reason, "ProxiesUnread");
        view.status_stale = true;
        assert_int_equal(action_of(view), RUN_SHOW);
        view.workers_announced = 1;
        assert_int_equal(action_of(view), RUN_START);
        view.workers_announced = 0;
        view.proxies_unread = false;
        assert_int_equal(action_of(view), RUN_START);
}

/* The way back is there before the way there, and both stand in status before anything is applied. */
static void a_workload_comes_step_by_step(void **state)
{
        struct run_view view = {.found = true, .accepted = true, .admitted = true, .workload = true, .workers = 1};
        (void)state;

        assert_int_equal(action_of(view), RUN_CREATE_STEPS);
        view.steps_found = true;
        assert_int_equal(action_of(view), RUN_RESOLVE);
        view.steps_read = true;
        assert_int_equal(action_of(view), RUN_CREATE_UNDO);
        view.undo = JOB_SUSPENDED;
        assert_int_equal(action_of(view), RUN_CREATE_APPLY);
        view.apply = JOB_SUSPENDED;
        assert_int_equal(action_of(view), RUN_BIND_APPLY);
        view.apply_bound = true;
        assert_int_equal(action_of(view), RUN_RELEASE_APPLY);
        view.apply = JOB_ACTIVE;
        assert_int_equal(action_of(view), RUN_WAIT);
        view.apply = JOB_ENDED;
        assert_int_equal(action_of(view), RUN_RESOLVE);
        view.apply_failed = true;
        assert_string_equal(run_decide(&view).reason, "WorkloadFailed");
        view.apply = JOB_ABSENT;
        view.apply_failed = false;
        assert_string_equal(run_decide(&view).reason, "WorkloadLost");
}

/* Between two trials: what the variant before applied goes first, then what the next one applies comes, and only then its Job. */
static void a_variant_goes_before_the_next_one_comes(void **state)
{
        struct run_view view = {.found = true, .accepted = true, .admitted = true, .plan_found = true, .context_ready = true, .trial = 1, .variant = true,
                                .retiring = true, .apply_bound = true, .apply = JOB_ENDED, .undo = JOB_SUSPENDED, .workers = 1};
        (void)state;

        assert_int_equal(action_of(view), RUN_DELETE_APPLY);
        view.apply = JOB_ABSENT;
        assert_int_equal(action_of(view), RUN_RELEASE_UNDO);
        view.undo = JOB_ACTIVE;
        assert_string_equal(run_decide(&view).reason, "UndoPending");
        view.cancel = true;
        assert_int_equal(action_of(view), RUN_RECORD_STOP); /* one that never comes to its end stops nobody from ending the run */
        view.cancel = false;
        view.undo = JOB_ENDED;
        assert_int_equal(action_of(view), RUN_DELETE_UNDO);
        view.retiring = view.apply_bound = false;
        view.undo = JOB_ABSENT;
        view.workload = view.steps_found = view.steps_read = true;
        assert_int_equal(action_of(view), RUN_CREATE_UNDO);
        view.undo = JOB_SUSPENDED;
        assert_int_equal(action_of(view), RUN_CREATE_APPLY);
        view.apply = JOB_ENDED;
        view.apply_bound = true;
        assert_int_equal(action_of(view), RUN_CREATE_JOB);
        view.apply_failed = true;
        assert_string_equal(run_decide(&view).reason, "VariantFailed");
}

/* Before a trial is judged: whether what its variant applied still stands. */
static void a_trial_is_judged_by_what_stood_to_its_end(void **state)
{
        struct run_view view = running_view();
        (void)state;

        view.records = RECORDS_SETTLED;
        view.pods_left = false;
        view.applied_unread = true;
        assert_int_equal(action_of(view), RUN_READ_APPLIED);
        view.applied_unread = false;
        assert_int_equal(action_of(view), RUN_FOLD);
}

static void check_way_back(struct run_view view)
{
        view.apply = JOB_ACTIVE;
        view.undo = JOB_SUSPENDED;
        view.undo_unchecked = true;
        assert_int_equal(action_of(view), RUN_DELETE_APPLY);
        view.apply = JOB_ENDED;
        view.apply_failed = view.apply_untouched = true;
        assert_string_equal(run_decide(&view).reason, "NothingApplied");
        view.apply_failed = view.apply_untouched = false;
        view.apply = JOB_ABSENT;
        view.apply_pods_left = true;
        assert_int_equal(action_of(view), RUN_WAIT);
        view.apply_pods_left = false;
        assert_int_equal(action_of(view), RUN_LOOK);
        view.undo_unchecked = false;
        assert_int_equal(action_of(view), RUN_RELEASE_UNDO);
        view.undo = JOB_ACTIVE;
        assert_int_equal(action_of(view), RUN_WAIT);
        view.undo = JOB_ENDED;
        assert_int_equal(action_of(view), RUN_DELETE_UNDO);
}

/* However a run ends, what it applied is taken back, and not while something still applies it. */
static void what_was_applied_is_taken_back_after_every_end(void **state)
{
        (void)state;
        check_way_back((struct run_view){.found = true, .accepted = true, .admitted = true, .terminal = true});
        check_way_back((struct run_view){.found = true, .accepted = true, .admitted = true, .deleting = true});
        check_way_back((struct run_view){.found = false});
}

static void an_account_that_nobody_checked_applies_nothing(void **state)
{
        struct run_view view = fresh_view();
        (void)state;

        view.account_refused = true;
        assert_string_equal(run_decide(&view).reason, "AccountNotAllowed");
        view = (struct run_view){.found = true, .accepted = true, .admitted = true, .workload = true, .secrets_asked = true};
        assert_int_equal(action_of(view), RUN_WAIT);
        view.account_refused = true;
        assert_int_equal(action_of(view), RUN_RECORD_STOP);
}

/* A row that can never be reached is a mistake in the order of the table. */
static void every_row_of_the_table_can_be_reached(void **state)
{
        bool reached[256] = {false};
        (void)state;

        assert_in_range(run_rules_len(), 1, 256);
        for (int i = 0; i < 2000000; i++) {
                struct run_view view = any_view();
                reached[run_rule_of(&view)] = true;
        }
        for (size_t i = 0; i < run_rules_len(); i++)
                if (!reached[i])
                        fail_msg("row %zu is never reached", i + 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nobody_waits_for_a_worker_that_missed_the_load),
                cmocka_unit_test(a_job_that_somebody_suspended_under_its_load_is_not_released_again),
                cmocka_unit_test(a_second_run_at_one_target_waits),
                cmocka_unit_test(a_wait_for_another_reason_is_shown),
                cmocka_unit_test(a_wait_at_another_target_is_shown),
                cmocka_unit_test(what_the_administrator_forbids_never_begins),
                cmocka_unit_test(a_running_run_stops_for_the_switch_and_for_its_target),
                cmocka_unit_test(secrets_that_nobody_checked_are_never_mounted),
                cmocka_unit_test(a_running_run_without_news_waits),
                cmocka_unit_test(nothing_is_concluded_about_a_run_of_another_operator_before_the_server_was_asked),
                cmocka_unit_test(nothing_is_stopped_before_the_reason_is_recorded),
                cmocka_unit_test(a_job_that_is_not_the_bound_one_is_never_released),
                cmocka_unit_test(a_lost_job_is_never_made_again),
                cmocka_unit_test(a_deleted_run_takes_its_job_along),
                cmocka_unit_test(a_foreign_job_is_left_alone),
                cmocka_unit_test(proxies_are_read_before_the_load_begins),
                cmocka_unit_test(a_workload_comes_step_by_step),
                cmocka_unit_test(a_variant_goes_before_the_next_one_comes),
                cmocka_unit_test(a_trial_is_judged_by_what_stood_to_its_end),
                cmocka_unit_test(what_was_applied_is_taken_back_after_every_end),
                cmocka_unit_test(an_account_that_nobody_checked_applies_nothing),
                cmocka_unit_test(every_row_of_the_table_can_be_reached),
                cmocka_unit_test(every_schedule_of_faults_ends_with_one_job),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
