/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define DISTURBED_MS_MAX 1000

void plan_format(const struct plan *plan, char text[static PLAN_TEXT_MAX])
{
        size_t size = (size_t)snprintf(text, PLAN_TEXT_MAX, "%s", plan->workload->name);

        for (unsigned i = 0; i < plan->len && size < PLAN_TEXT_MAX; i++)
                size += (size_t)snprintf(text + size, PLAN_TEXT_MAX - size, "%c%s@%u", i ? '+' : ':', fault_name(plan->faults[i].kind),
                                         plan->faults[i].at);
}

static const struct workload *workload_named(const char *name, size_t size)
{
        const struct workload *workload;

        for (size_t i = 0; (workload = workload_at(i)); i++)
                if (strlen(workload->name) == size && !strncmp(workload->name, name, size))
                        return workload;
        return NULL;
}

bool plan_parse(const char *text, struct plan *ret_plan)
{
        size_t size = strcspn(text, ":");
        auto_free char *words = xstrdup(text + size + (text[size] == ':'));
        char *rest = words, *word, name[32];

        *ret_plan = (struct plan){.workload = workload_named(text, size)};
        while ((word = strsep(&rest, "+")) && *word) {
                struct fault *fault = &ret_plan->faults[ret_plan->len];
                if (ret_plan->len == FAULTS_MAX || sscanf(word, "%31[a-z0-9-]@%u", name, &fault->at) != 2)
                        return false;
                fault->kind = fault_named(name);
                if (fault->kind == FAULT_NONE)
                        return false;
                ret_plan->len++;
        }
        return ret_plan->workload != NULL;
}

/* Without faults: is the run that others of its world may not disturb as fast as it is alone? */
static void compare_pace(struct outcome *outcome, const char *name)
{
        const char *problem;
        struct world *alone = world_new(workload_named(name, strlen(name)), NULL);

        world_run(alone, &problem);
        int64_t alone_ms = world_ended_ms(alone, name), ended_ms = world_ended_ms(outcome->world, name);
        if (ended_ms < 0 || ended_ms > alone_ms + DISTURBED_MS_MAX) {
                outcome->fine = false;
                snprintf(outcome->problem, sizeof outcome->problem, "I14: run %s ended after %lld ms, alone after %lld ms", name,
                         (long long)ended_ms, (long long)alone_ms);
        }
        world_free(alone);
}

/* A trial that is run once more, or is not, makes no other end. */
static void compare_trials(struct outcome *outcome, const struct workload *workload)
{
        auto_free char *run = xstrndup(workload->ends, strcspn(workload->ends, "="));
        size_t trials = world_trials(outcome->world, run);

        if (trials == workload->trials)
                return;
        outcome->fine = false;
        snprintf(outcome->problem, sizeof outcome->problem, "run %s has %zu trials, expected %zu", run, trials, workload->trials);
}

void plan_run(const struct plan *plan, const char *reference, enum fault_kind (*choose)(void *chooser, bool event, unsigned count),
              void *chooser, struct outcome *ret_outcome)
{
        struct faults faults = {.choose = choose, .chooser = chooser};
        const char *problem;

        memcpy(faults.list, plan->faults, sizeof faults.list);
        struct world *world = world_new(plan->workload, &faults);
        *ret_outcome = (struct outcome){.world = world, .fine = world_run(world, &problem)};
        if (!ret_outcome->fine)
                snprintf(ret_outcome->problem, sizeof ret_outcome->problem, "%s", problem);
        ret_outcome->writes = world_writes(world);
        ret_outcome->events = world_events(world);
        snprintf(ret_outcome->end, sizeof ret_outcome->end, "%s", world_end(world));
        if (ret_outcome->fine && plan->workload->undisturbed && !plan->len && !choose)
                compare_pace(ret_outcome, plan->workload->undisturbed);
        if (ret_outcome->fine && plan->workload->trials && !plan->len && !choose)
                compare_trials(ret_outcome, plan->workload);
        unsigned passes = world_passes(world), passes_max = plan->workload->passes_max;
        if (ret_outcome->fine && passes_max && passes > passes_max && !plan->len && !choose) {
                ret_outcome->fine = false;
                snprintf(ret_outcome->problem, sizeof ret_outcome->problem, "I21: %u passes, at most %u are needed", passes, passes_max);
        }
        if (ret_outcome->fine && reference && !plan->workload->ends_vary && !text_equal(ret_outcome->end, reference)) {
                ret_outcome->fine = false;
                snprintf(ret_outcome->problem, sizeof ret_outcome->problem, "ended as %.400s, without faults as %.400s",
                         ret_outcome->end, reference);
        }
}
