/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "check.h"
#include "random.h"
#include "world_internal.h"

#define WALL_BEGIN_MS INT64_C(1780000000000)
#define RENEW_NS (10 * NS_PER_S) /* the operator's own renew deadline */
#define NOW_BEGIN_NS (1000 * NS_PER_S)
#define STEPS_MAX 400000
#define REST_NS (60 * NS_PER_S) /* after the end: nothing may be written any more */
#define LOOK_NS (5 * NS_PER_S)

static int64_t now_of(const struct clock *clock)
{
        return ((const struct world *)clock)->now_ns;
}

static int64_t wall_of(const struct clock *clock)
{
        return WALL_BEGIN_MS + (now_of(clock) - NOW_BEGIN_NS) / NS_PER_MS;
}

const struct workload *workload_at(size_t index)
{
        for (size_t i = 0; i < workload_tables_len; i++)
                for (const struct workload *workload = workload_tables[i]; workload->name; workload++)
                        if (index-- == 0)
                                return workload;
        return NULL;
}

/* ---- operators ---- */

static const char *const identities[OPERATORS_MAX] = {"one", "two"};

static void add_life(struct world *world)
{
        struct life *life = &world->lives[world->lives_len];

        life_begin(life, identities[world->lives_len++], &world->clock, world->sim, &world->faults);
}

/* In the middle of what one operator does. */
static void lead_lost(void *owner, enum fault_kind kind)
{
        struct world *world = owner;

        if (world->lives_len < OPERATORS_MAX)
                add_life(world);
        if (fault_is_of_lease(kind))
                world_spoil_lease(world, kind);
}

void world_cut(struct world *world, int which, bool cut)
{
        life_cut(&world->lives[which], cut);
}

void world_cut_lease(struct world *world, int which, bool cut)
{
        life_cut_lease(&world->lives[which], cut);
}

/* ---- life of a world ---- */

struct pod_script world_pod(const struct worker_script *worker)
{
        static const struct worker_script works = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS,
                                                   .spread_ns = NS_PER_MS};

        return (struct pod_script){.node = "node-1", .schedule_ms = 10, .pull_ms = 30, .start_ms = 200, .run_ms = -1,
                                   .stop_ms = 50, .worker = worker ? worker : &works};
}

static void workers_that_work(void *owner, struct json_object *pod, struct pod_script *script)
{
        (void)owner;
        (void)pod;
        *script = world_pod(NULL);
}

/* The past is about to be forgotten. */
static void look_first(void *owner)
{
        struct world *world = owner;

        check_look(world->check, world->problem, sizeof world->problem);
}

static int refused(void *owner, const char *method, const char *path)
{
        const struct world *world = owner;
        const char *what = world->refusal.what;
        size_t size = strlen(method);

        if (!what || strncmp(what, method, size) != 0 || what[size] != ' ' || !strstr(path, what + size + 1))
                return 0;
        return world->refusal.status;
}

void world_refuse(struct world *world, const char *what, int status)
{
        world->refusal.what = what;
        world->refusal.status = status;
}

struct world *world_new(const struct workload *workload, const struct faults *faults)
{
        struct world *world = xnew(struct world);
        struct fail fail = {0};

        *world = (struct world){.clock = {.now_ns = now_of, .wall_ms = wall_of}, .now_ns = NOW_BEGIN_NS, .workload = workload,
                                .act_ns = INT64_MAX};
        random_again();
        if (faults)
                world->faults = *faults;
        const struct apisim_options options = {.clock = &world->clock, .seed = 1, .crds = {SOURCE_DIR "/crds", workload->crds},
                                               .script = workload->script ? workload->script : workers_that_work,
                                               .script_owner = world};
        if (apisim_new(&options, &world->sim, &fail)) {
                fprintf(stderr, "apisim: %s\n", fail.text);
                abort();
        }
        world->check = check_new(world->sim);
        world->faults.compacting = look_first;
        world->faults.lead_lost = lead_lost;
        world->faults.refused = refused;
        world->faults.owner = world;
        world_ask(world, "POST", "/api/v1/namespaces",
                  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"loadstone-system\"}}");
        world_ask(world, "POST", "/api/v1/namespaces",
                  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}");
        workload->begin(world);
        for (int i = workload->operators ? workload->operators : 1; i > 0; i--)
                add_life(world);
        return world;
}

struct world *world_free(struct world *world)
{
        if (!world)
                return NULL;
        for (int i = 0; i < world->lives_len; i++)
                life_end(&world->lives[i]);
        check_free(world->check);
        json_object_put(world->answer);
        apisim_free(world->sim);
        buf_done(&world->end);
        free(world);
        return NULL;
}

/* ---- time ---- */

static int64_t next_ns(struct world *world)
{
        int64_t at_ns = apisim_wake_ns(world->sim);

        at_ns = world->act_ns < at_ns ? world->act_ns : at_ns;
        for (int i = 0; i < world->lives_len; i++) {
                int64_t other_ns = life_next_ns(&world->lives[i]);
                at_ns = other_ns < at_ns ? other_ns : at_ns;
        }
        return at_ns;
}

static void act(struct world *world)
{
        if (world->now_ns >= world->act_ns)
                world->act_ns = INT64_MAX;
        if (world->workload->act)
                world->workload->act(world);
}

/* Everything that happens at this instant. */
static bool happen(struct world *world)
{
        bool moved = false;

        for (int round = 0; round < 100 && apisim_step(world->sim); round++)
                moved = true;
        act(world);
        for (int i = 0; i < world->lives_len; i++)
                moved = life_happen(&world->lives[i]) || moved;
        return moved;
}

static bool wrong(struct world *world, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(world->problem, sizeof world->problem, format, args);
        va_end(args);
        return false;
}

/* Lets things happen until 'until' says so or the time is up. */
static bool pass(struct world *world, int64_t until_ns, bool (*until)(struct check *check))
{
        for (int steps = 0; steps < STEPS_MAX; steps++) {
                bool moved = happen(world);
                if (check_look(world->check, world->problem, sizeof world->problem))
                        return false;
                if (world->faults.lease_age_max_ns > RENEW_NS)
                        return wrong(world, "I9: a write %lld ms after the last renewal of the Lease",
                                     (long long)(world->faults.lease_age_max_ns / NS_PER_MS));
                if (world->faults.too_hot[0])
                        return wrong(world, "I13: more than %d times in %d s: %s", HOT_MAX, (int)(HOT_SPAN_NS / NS_PER_S), world->faults.too_hot);
                if (until && until(world->check))
                        return true;
                if (moved)
                        continue;
                int64_t at_ns = next_ns(world);
                if (at_ns > until_ns) {
                        world->now_ns = until_ns;
                        return !until || wrong(world, "not over after %lld ms; %s", (long long)world_ms(world), world_end(world));
                }
                world->now_ns = at_ns > world->now_ns ? at_ns : world->now_ns;
        }
        return wrong(world, "a loop without end at %lld ms", (long long)world_ms(world));
}

bool world_until(struct world *world, int64_t ms)
{
        return pass(world, NOW_BEGIN_NS + ms * NS_PER_MS, NULL);
}

bool world_rest(struct world *world)
{
        char left[256];
        unsigned writes = world->faults.writes;

        if (!pass(world, world->now_ns + 2 * REST_NS, NULL))
                return false;
        if (world->faults.writes != writes)
                return wrong(world, "I10: %u writes at rest", world->faults.writes - writes);
        unsigned requests = world->faults.requests;
        for (int i = 0; i < world->lives_len; i++)
                life_look_again(&world->lives[i]);
        if (!pass(world, world->now_ns + LOOK_NS, NULL))
                return false;
        if (world->faults.requests != requests)
                return wrong(world, "I16: %u requests of passes over what has not changed, at last %s", world->faults.requests - requests,
                             world->faults.last_request);
        for (int i = 0; i < world->lives_len; i++)
                if (life_left(&world->lives[i], left, sizeof left))
                        return wrong(world, "I7: left in memory of operator %d: %s", i + 1, left);
        return true;
}

bool world_run(struct world *world, const char **ret_problem)
{
        int64_t horizon_ms = world->workload->horizon_ms ? world->workload->horizon_ms : 120000;

        *ret_problem = world->problem;
        if (!pass(world, world->now_ns + horizon_ms * NS_PER_MS, check_over))
                return false;
        /* What is still on its way arrives. */
        if (!pass(world, world->now_ns + REST_NS, NULL))
                return false;
        for (int i = 0; i < world->lives_len; i++)
                world->passes += life_passes(&world->lives[i]);
        if (!world_rest(world))
                return false;
        if (apisim_unmodelled(world->sim))
                return wrong(world, "%s", apisim_unmodelled_text(world->sim));
        return !check_end(world->check, world->workload->ends, world->problem, sizeof world->problem);
}

const char *world_end(const struct world *world)
{
        struct world *mine = (struct world *)world;

        buf_clear(&mine->end);
        check_print_end(world->check, &mine->end);
        return mine->end.data ? mine->end.data : "";
}

int64_t world_ended_ms(const struct world *world, const char *run)
{
        int64_t ended_ns = check_ended_ns(world->check, run);

        return ended_ns < 0 ? -1 : (ended_ns - NOW_BEGIN_NS) / NS_PER_MS;
}

size_t world_trials(const struct world *world, const char *run)
{
        return check_trials(world->check, run);
}

unsigned world_lives(const struct world *world)
{
        unsigned lives = 0;

        for (int i = 0; i < world->lives_len; i++)
                lives += world->lives[i].deaths + 1;
        return lives;
}

unsigned world_writes(const struct world *world)
{
        return world->faults.writes;
}

unsigned world_events(const struct world *world)
{
        return world->faults.events;
}

unsigned world_passes(const struct world *world)
{
        return world->passes;
}

int64_t world_ms(const struct world *world)
{
        return (world->now_ns - NOW_BEGIN_NS) / NS_PER_MS;
}

void world_again_at(struct world *world, int64_t ms)
{
        int64_t at_ns = NOW_BEGIN_NS + ms * NS_PER_MS;

        if (at_ns < world->act_ns)
                world->act_ns = at_ns;
}

const char *world_argument(const struct world *world)
{
        return world->workload->argument;
}

unsigned *world_step_of(struct world *world)
{
        return &world->step;
}
