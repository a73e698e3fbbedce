/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-explore: runs every workload once without faults, then once for each thing that may go wrong at each of its
 * writes and each event of its watches, and compares the ends. Prints one line per workload, and for each plan that fails one
 * line that repeats it:
 *   --plan pass:kill-sent@3   one plan, with the operator's log
 *   --workload NAME           one workload
 *   --at-most N               of each workload's plans at most N, spread evenly
 *   --list                    all workloads */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "world.h"

#define PROCESSES 2
#define FAILURES_SHOWN 10

struct tally {
        unsigned plans, failed;
};

/* Of the reference run; at_most: plans of one workload, 0: all. */
struct size {
        unsigned writes, events, at_most;
};

static bool run_plan(const struct workload *workload, const struct fault faults[FAULTS_MAX], const char *reference, char **ret_end,
                     struct size *ret_size, char *text, size_t size)
{
        struct world *world = world_new(workload, faults);
        const char *problem;
        bool fine = world_run(world, &problem);

        snprintf(text, size, "%s", fine ? "" : problem);
        if (fine && reference && !workload->ends_vary && !text_equal(world_end(world), reference)) {
                snprintf(text, size, "ended as %s, without faults as %s", world_end(world), reference);
                fine = false;
        }
        if (ret_end)
                *ret_end = xstrdup(world_end(world));
        if (ret_size)
                *ret_size = (struct size){.writes = world_writes(world), .events = world_events(world), .at_most = ret_size->at_most};
        world_free(world);
        return fine;
}

/* Of all plans at most so many, spread evenly. */
static bool chosen(unsigned number, unsigned plans, unsigned at_most)
{
        return !at_most || plans <= at_most ||
               (uint64_t)number * at_most / plans != (uint64_t)(number + 1) * at_most / plans;
}

static void explore_part(const struct workload *workload, const char *reference, const struct size *size, int part,
                         struct tally *tally)
{
        unsigned plans = size->writes * (FAULT_FIRST_EVENT - 1) + size->events * (FAULT_KINDS - FAULT_FIRST_EVENT);
        char text[1024];
        unsigned number = 0, taken = 0;

        for (enum fault_kind kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
                unsigned last = kind >= FAULT_FIRST_EVENT ? size->events : size->writes;
                for (unsigned at = 1; at <= last; at++) {
                        const struct fault faults[FAULTS_MAX] = {{kind, at}};
                        if (!chosen(number++, plans, size->at_most) || (int)(taken++ % PROCESSES) != part)
                                continue;
                        tally->plans++;
                        if (run_plan(workload, faults, reference, NULL, NULL, text, sizeof text))
                                continue;
                        if (tally->failed++ < FAILURES_SHOWN)
                                printf("       --plan %s:%s@%u   %s\n", workload->name, fault_name(kind), at, text);
                }
        }
        fflush(stdout);
}

/* The plans of a workload, dealt out to processes; worlds share nothing. */
static struct tally explore_all(const struct workload *workload, const char *reference, const struct size *size)
{
        struct tally sum = {0}, part;
        int results[PROCESSES][2];
        pid_t pids[PROCESSES];

        fflush(stdout);
        for (int i = 0; i < PROCESSES; i++) {
                if (pipe(results[i]) || (pids[i] = fork()) < 0)
                        exit(2);
                if (pids[i] > 0)
                        continue;
                part = (struct tally){0};
                explore_part(workload, reference, size, i, &part);
                _exit(write(results[i][1], &part, sizeof part) == (ssize_t)sizeof part ? 0 : 2);
        }
        for (int i = 0; i < PROCESSES; i++) {
                close(results[i][1]);
                if (read(results[i][0], &part, sizeof part) != (ssize_t)sizeof part) {
                        printf("       a process died, part %d\n", i);
                        part = (struct tally){.failed = 1};
                }
                close(results[i][0]);
                waitpid(pids[i], NULL, 0);
                sum.plans += part.plans;
                sum.failed += part.failed;
        }
        return sum;
}

static bool explore(const struct workload *workload, unsigned at_most, unsigned *plans)
{
        auto_free char *reference = NULL;
        struct size size = {.at_most = at_most};
        char text[1024];

        if (!run_plan(workload, NULL, NULL, &reference, &size, text, sizeof text)) {
                printf("not ok explore %s: without any fault: %s\n       --plan %s\n", workload->name, text, workload->name);
                return false;
        }
        struct tally tally = explore_all(workload, reference, &size);
        *plans += tally.plans;
        printf("%s explore %s: %u plans, %u failed (%u writes, %u events; %s)\n", tally.failed ? "not ok" : "ok    ",
               workload->name, tally.plans, tally.failed, size.writes, size.events, reference);
        return !tally.failed;
}

static const struct workload *find(const char *name, size_t size)
{
        for (size_t i = 0; i < workloads_len; i++)
                if (strlen(workloads[i]->name) == size && !strncmp(workloads[i]->name, name, size))
                        return workloads[i];
        fprintf(stderr, "there is no workload '%.*s'; --list shows all\n", (int)size, name);
        exit(2);
}

/* "pass:kill-sent@3" or "pass". */
static int one_plan(const char *id)
{
        const struct workload *workload = find(id, strcspn(id, ":"));
        struct fault faults[FAULTS_MAX] = {{0}};
        const char *word = strchr(id, ':');
        auto_free char *reference = NULL, *end = NULL;
        char text[1024], name[32];

        run_plan(workload, NULL, NULL, &reference, NULL, text, sizeof text);
        fprintf(stderr, "---- without fault: %s %s\n", reference, text);
        if (word && sscanf(word, ":%31[a-z-]@%u", name, &faults[0].at) != 2)
                exit(2);
        for (enum fault_kind kind = FAULT_NONE; word && kind < FAULT_KINDS; kind++)
                if (text_equal(fault_name(kind), name))
                        faults[0].kind = kind;
        bool fine = run_plan(workload, faults, reference, &end, NULL, text, sizeof text);
        printf("%s %s: %s %s\n", fine ? "ok    " : "not ok", id, end, text);
        return !fine;
}

int main(int argc, char **argv)
{
        const char *only = NULL;
        unsigned plans = 0, at_most = 0;
        bool fine = true;

        if (argc == 3 && text_equal(argv[1], "--plan"))
                return one_plan(argv[2]);
        if (argc == 2 && text_equal(argv[1], "--list")) {
                for (size_t i = 0; i < workloads_len; i++)
                        printf("%-18s %s\n", workloads[i]->name, workloads[i]->what);
                return 0;
        }
        for (int i = 1; i < argc; i += 2) {
                if (i + 1 < argc && text_equal(argv[i], "--workload"))
                        only = find(argv[i + 1], strlen(argv[i + 1]))->name;
                else if (i + 1 < argc && text_equal(argv[i], "--at-most"))
                        at_most = (unsigned)strtoul(argv[i + 1], NULL, 10);
                else
                        return fprintf(stderr, "what is %s? See the head of explore.c\n", argv[i]), 2;
        }
        /* The operator's log of thousands of lives is nobody's reading. */
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        for (size_t i = 0; i < workloads_len; i++)
                if (!only || text_equal(only, workloads[i]->name))
                        fine = explore(workloads[i], at_most, &plans) && fine;
        printf("       %u plans\n", plans);
        return fine ? 0 : 1;
}
