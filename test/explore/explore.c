/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-explore: runs every workload once without faults, then once for each thing that may go wrong at each of its
 * writes and each event of its watches, and compares the ends. Prints one line per workload, and for each plan that fails one
 * line that repeats it:
 *   --plan pass:kill-sent@3   one plan, with the operator's log; two faults: pass:kill-sent@3+busy@7
 *   --workload NAME           one workload
 *   --at-most N               of each workload's plans with one fault at most N, spread evenly
 *   --pairs N                 of each workload's plans with two faults about N, by chance
 *   --seed N                  other pairs
 *   --soak HOURS              no plans: so many hours of virtual time with faults by chance, by --seed; what is held must stay the same
 *   --mutant NAME             the operator without one of its guards (base/guard.h; in a build of preset mutants)
 *   --list                    all workloads */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "branch.h"
#include "plan.h"
#include "soak.h"

static int one_plan(const char *text)
{
        struct plan plan;
        struct outcome reference, outcome;

        if (!plan_parse(text, &plan)) {
                fprintf(stderr, "what is the plan %s? --list shows the workloads, docs/faults.md the faults\n", text);
                return 2;
        }
        plan_run(&(struct plan){.workload = plan.workload}, NULL, NULL, NULL, &reference);
        world_free(reference.world);
        fprintf(stderr, "---- without fault: %s %s\n", reference.end, reference.problem);
        plan_run(&plan, reference.end, NULL, NULL, &outcome);
        world_free(outcome.world);
        printf("%s %s: %s %s\n", outcome.fine ? "ok    " : "not ok", text, outcome.end, outcome.problem);
        return !outcome.fine;
}

static int list(void)
{
        const struct workload *workload;

        for (size_t i = 0; (workload = workload_at(i)); i++)
                printf("%-18s %s\n", workload->name, workload->what);
        return 0;
}

static int soak(unsigned hours, uint64_t seed)
{
        bool fine = soak_run(&(struct soak_scope){.hours = hours, .seed = seed});

        return soak_run(&(struct soak_scope){.hours = hours, .seed = seed, .deaths = true}) && fine ? 0 : 1;
}

static unsigned number_of(const char *text)
{
        return (unsigned)strtoul(text, NULL, 10);
}

static double cpu_s(int whose)
{
        struct rusage usage = {0};

        getrusage(whose, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

#ifdef LOADSTONE_MUTANTS
static bool remove_guard(const char *name)
{
        static const char *const names[] = {
                [GUARD_BIND] = "bind", [GUARD_LIVE_READ] = "live-read", [GUARD_DEADLINE] = "deadline",
                [GUARD_LEASE_FENCE] = "lease-fence", [GUARD_DIGEST] = "digest",
                [GUARD_LOOK] = "look", [GUARD_PAUSE] = "pause", [GUARD_MESSAGE] = "message", [GUARD_REST] = "rest",
                [GUARD_TARGET] = "target", [GUARD_FREE] = "free", [GUARD_CLOSE] = "close",
        };

        for (size_t i = 1; i < ARRAY_LEN(names); i++)
                if (text_equal(names[i], name))
                        guard_removed = (enum guard)i;
        return guard_removed != GUARD_NONE;
}
#else
static bool remove_guard(const char *name)
{
        return fprintf(stderr, "%s: only a build of preset mutants can do that\n", name) < 0;
}
#endif

int main(int argc, char **argv)
{
        const char *only = NULL;
        const struct workload *workload;
        struct branch_scope scope = {.seed = 1};
        unsigned plans = 0, hours = 0;
        bool fine = true, found = false;
        int64_t begun_ns = clock_now_ns(clock_system());

        if (argc == 3 && text_equal(argv[1], "--plan"))
                return one_plan(argv[2]);
        if (argc == 2 && text_equal(argv[1], "--list"))
                return list();
        for (int i = 1; i < argc; i += 2) {
                const char *value = i + 1 < argc ? argv[i + 1] : "";
                if (text_equal(argv[i], "--workload"))
                        only = value;
                else if (text_equal(argv[i], "--at-most"))
                        scope.at_most = number_of(value);
                else if (text_equal(argv[i], "--pairs"))
                        scope.pairs = number_of(value);
                else if (text_equal(argv[i], "--seed"))
                        scope.seed = number_of(value);
                else if (text_equal(argv[i], "--soak"))
                        hours = number_of(value);
                else if (!text_equal(argv[i], "--mutant") || !remove_guard(value))
                        return fprintf(stderr, "what is %s? See the head of explore.c\n", argv[i]), 2;
        }
        mallopt(M_TOP_PAD, 1 << 20); /* worlds come and go */
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
        /* The operator's log of thousands of lives is nobody's reading. */
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        if (hours)
                return soak(hours, scope.seed);
        for (size_t i = 0; (workload = workload_at(i)); i++) {
                if (only && !text_equal(only, workload->name))
                        continue;
                found = true;
                fine = branch_explore(workload, &scope, &plans) && fine;
        }
        printf("       %u plans in %.0f s, %.0f s of CPU\n", plans, (double)(clock_now_ns(clock_system()) - begun_ns) / NS_PER_S,
               cpu_s(RUSAGE_SELF) + cpu_s(RUSAGE_CHILDREN));
        return fine && found ? 0 : 1;
}
