/* SPDX-License-Identifier: Apache-2.0 */
#include "branch.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "plan.h"

#define CHILDREN_MAX 16
#define FAILURES_SHOWN 10
#define PLAN_S_MAX 300 /* of real time: a plan takes some milliseconds */

struct tally { /* shared by all processes */
        atomic_uint plans, failed;
};

struct child {
        pid_t pid;
        struct plan plan;
};

struct branch {
        const struct branch_scope *scope;
        struct outcome reference;
        struct tally *tally;
        struct plan plan;           /* that this process is to suffer */
        struct child children[CHILDREN_MAX];
        unsigned len, len_max;      /* children that run, and may */
};

static void failed(struct branch *branch, const struct plan *plan, const char *problem)
{
        char text[PLAN_TEXT_MAX];

        if (atomic_fetch_add(&branch->tally->failed, 1) >= FAILURES_SHOWN)
                return;
        plan_format(plan, text);
        printf("       --plan %s   %s\n", text, problem);
        fflush(stdout);
}

/* ---- processes ---- */

static void wait_for_one(struct branch *branch)
{
        int status = 0;
        pid_t pid = wait(&status);
        unsigned at = 0;
        char problem[64];

        while (at < branch->len && branch->children[at].pid != pid)
                at++;
        if (pid < 0 || at == branch->len)
                abort();
        snprintf(problem, sizeof problem, "the process died, wait status 0x%x", (unsigned)status);
        if (status)
                failed(branch, &branch->children[at].plan, problem);
        branch->children[at] = branch->children[--branch->len];
}

/* True in the child, which suffers the fault. */
static bool forked(struct branch *branch, struct fault fault)
{
        struct plan plan = branch->plan;

        plan.faults[plan.len++] = fault;
        if (branch->len == branch->len_max)
                wait_for_one(branch);
        pid_t pid = fork();
        if (pid < 0)
                abort();
        if (pid > 0) {
                branch->children[branch->len++] = (struct child){pid, plan};
                return false;
        }
        alarm(PLAN_S_MAX);
        branch->plan = plan;
        branch->len = 0;
        branch->len_max = 1; /* its siblings keep the other processors busy */
        return true;
}

static void end_child(struct branch *branch, const struct outcome *outcome)
{
        while (branch->len)
                wait_for_one(branch);
        atomic_fetch_add(&branch->tally->plans, 1);
        if (!outcome->fine)
                failed(branch, &branch->plan, outcome->problem);
#ifdef __SANITIZE_ADDRESS__
        world_free(outcome->world);
        exit(0); /* looks for leaks */
#endif
        _exit(0); /* to give memory back would copy every page of it first */
}

/* ---- which plans ---- */

static unsigned last_of(const struct branch *branch, enum fault_kind kind)
{
        return fault_is_of_event(kind) ? branch->reference.events : branch->reference.writes;
}

/* Of all plans with one fault at most so many, spread evenly: plans are numbered by fault, then by place. */
static bool first_chosen(const struct branch *branch, struct fault fault)
{
        unsigned plans = 0, number = 0, at_most = branch->scope->at_most;

        for (enum fault_kind kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
                if (kind == fault.kind)
                        number = plans + fault.at - 1;
                plans += last_of(branch, kind);
        }
        return !at_most || plans <= at_most ||
               (uint64_t)number * at_most / plans != (uint64_t)(number + 1) * at_most / plans;
}

/* About 'pairs' of all that there are: each of some places with each fault, and half of them again behind it. */
static bool second_chosen(const struct branch *branch, struct fault fault)
{
        struct plan plan = branch->plan;
        char text[PLAN_TEXT_MAX + 24];
        uint64_t singles = 0;

        for (enum fault_kind kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
                singles += last_of(branch, kind);
        plan.faults[plan.len++] = fault;
        plan_format(&plan, text);
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "#%" PRIu64, branch->scope->seed);
        return text_hash(text, strlen(text)) % (singles * singles / 2 + 1) < branch->scope->pairs;
}

static enum fault_kind choose(void *chooser, bool event, unsigned count)
{
        struct branch *branch = chooser;

        if (branch->plan.len == FAULTS_MAX)
                return FAULT_NONE;
        for (enum fault_kind kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
                struct fault fault = {kind, count};
                if (fault_is_of_event(kind) != event)
                        continue;
                if ((branch->plan.len ? second_chosen(branch, fault) : first_chosen(branch, fault)) && forked(branch, fault))
                        return kind;
        }
        return FAULT_NONE;
}

/* ---- one workload ---- */

bool branch_explore(const struct workload *workload, const struct branch_scope *scope, unsigned *plans)
{
        struct branch branch = {.scope = scope, .plan.workload = workload};
        struct outcome outcome;
        long processors = sysconf(_SC_NPROCESSORS_ONLN);

        branch.len_max = processors < 1 ? 1 : processors > CHILDREN_MAX ? CHILDREN_MAX : (unsigned)processors;
        branch.tally = mmap(NULL, sizeof *branch.tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (branch.tally == MAP_FAILED)
                abort();
        plan_run(&branch.plan, NULL, NULL, NULL, &branch.reference);
        world_free(branch.reference.world);
        if (!branch.reference.fine) {
                printf("not ok explore %s: without any fault: %s\n", workload->name, branch.reference.problem);
                failed(&branch, &branch.plan, "");
                munmap(branch.tally, sizeof *branch.tally);
                return false;
        }
        fflush(stdout);
        plan_run(&branch.plan, branch.reference.end, choose, &branch, &outcome);
        if (branch.plan.len)
                end_child(&branch, &outcome);
        world_free(outcome.world);
        while (branch.len)
                wait_for_one(&branch);
        if (!text_equal(outcome.end, branch.reference.end) || outcome.writes != branch.reference.writes)
                failed(&branch, &branch.plan, "is not the same each time");
        unsigned tried = branch.tally->plans, wrong = branch.tally->failed;
        printf("%s explore %s: %u plans, %u failed (%u writes, %u events; %s)\n", wrong ? "not ok" : "ok    ", workload->name, tried,
               wrong, outcome.writes, outcome.events, outcome.end);
        fflush(stdout);
        munmap(branch.tally, sizeof *branch.tally);
        *plans += tried;
        return !wrong;
}
