/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "check.h"
#include "data/doc.h"
#include "kube/client.h"
#include "operator/manager.h"
#include "random.h"
#include "sim.h"

#define WALL_BEGIN_MS INT64_C(1780000000000)
#define RENEW_NS (10 * NS_PER_S) /* the operator's own renew deadline */
#define NOW_BEGIN_NS (1000 * NS_PER_S)
#define RUNS "/apis/loadstone.dev/v1alpha1/namespaces/shop/benchmarkruns"
#define STEPS_MAX 400000
#define REST_NS (60 * NS_PER_S) /* after the end: nothing may be written any more */

struct life {
        struct wire *wire;
        struct kube_client *client;
        struct manager *manager;
        struct options options;
        bool cut, lease_cut;
};

struct world {
        struct clock clock;     /* first: the clock functions know the world by it */
        int64_t now_ns;
        const struct workload *workload;
        struct apisim *sim;
        struct loop *loop;
        struct faults faults;
        struct life lives[OPERATORS_MAX];
        int lives_len;
        unsigned deaths;
        struct check *check;
        int64_t act_ns;
        unsigned step;
        struct json_object *answer;
        struct buf end;
        char problem[1024];
};

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

static void be_born(struct world *world, struct life *life)
{
        static const char *const names[OPERATORS_MAX] = {"one", "two"};
        struct fail fail = {0};

        life->options = (struct options){.own_namespace = "loadstone-system", .lease_name = "loadstone-operator",
                                         .identity = names[life - world->lives], .image = "loadstone:dev"};
        life->wire = wire_new(world->loop, world->sim, &world->faults);
        wire_cut(life->wire, life->cut);
        wire_cut_lease(life->wire, life->lease_cut);
        if (kube_client_new(world->loop, wire_config(life->wire), &life->client, &fail))
                abort();
        kube_client_seed(life->client, 7 + world->deaths);
        life->manager = manager_new(world->loop, life->client, &life->options);
}

static void die(struct life *life)
{
        life->manager = manager_free(life->manager);
        life->client = kube_client_free(life->client);
        life->wire = wire_free(life->wire);
}

static void born_again(struct world *world, struct life *life)
{
        die(life);
        world->deaths++;
        be_born(world, life);
}

void world_cut(struct world *world, int which, bool cut)
{
        world->lives[which].cut = cut;
        wire_cut(world->lives[which].wire, cut);
}

void world_cut_lease(struct world *world, int which, bool cut)
{
        world->lives[which].lease_cut = cut;
        wire_cut_lease(world->lives[which].wire, cut);
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

struct world *world_new(const struct workload *workload, const struct faults *faults)
{
        struct world *world = xnew(struct world);
        struct fail fail = {0};

        *world = (struct world){.clock = {.now_ns = now_of, .wall_ms = wall_of}, .now_ns = NOW_BEGIN_NS, .workload = workload,
                                .act_ns = INT64_MAX};
        random_again();
        if (faults)
                world->faults = *faults;
        const struct apisim_options options = {.clock = &world->clock, .seed = 1, .crds = SOURCE_DIR "/crds",
                                               .script = workload->script ? workload->script : workers_that_work,
                                               .script_owner = world};
        if (apisim_new(&options, &world->sim, &fail)) {
                fprintf(stderr, "apisim: %s\n", fail.text);
                abort();
        }
        world->loop = loop_new(&world->clock);
        world->check = check_new(world->sim);
        world->faults.compacting = look_first;
        world->faults.owner = world;
        world_ask(world, "POST", "/api/v1/namespaces",
                  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"loadstone-system\"}}");
        world_ask(world, "POST", "/api/v1/namespaces",
                  "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}");
        workload->begin(world);
        world->lives_len = workload->operators ? workload->operators : 1;
        for (int i = 0; i < world->lives_len; i++)
                be_born(world, &world->lives[i]);
        return world;
}

struct world *world_free(struct world *world)
{
        if (!world)
                return NULL;
        for (int i = 0; i < world->lives_len; i++)
                die(&world->lives[i]);
        check_free(world->check);
        json_object_put(world->answer);
        apisim_free(world->sim);
        loop_free(world->loop);
        buf_done(&world->end);
        free(world);
        return NULL;
}

/* ---- time ---- */

static int64_t next_ns(struct world *world)
{
        int64_t at_ns = loop_next_ns(world->loop), other_ns = apisim_wake_ns(world->sim);

        at_ns = other_ns < at_ns ? other_ns : at_ns;
        at_ns = world->act_ns < at_ns ? world->act_ns : at_ns;
        for (int i = 0; i < world->lives_len; i++) {
                other_ns = wire_wake_ns(world->lives[i].wire);
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
                moved = wire_pump(world->lives[i].wire) || moved;
        moved = moved || loop_next_ns(world->loop) <= world->now_ns;
        loop_step(world->loop, 0);
        for (int i = 0; i < world->lives_len; i++) {
                struct life *life = &world->lives[i];
                if (wire_killed(life->wire) || manager_deposed(life->manager)) {
                        born_again(world, life);
                        moved = true;
                }
        }
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

bool world_run(struct world *world, const char **ret_problem)
{
        int64_t horizon_ms = world->workload->horizon_ms ? world->workload->horizon_ms : 120000;

        *ret_problem = world->problem;
        if (!pass(world, world->now_ns + horizon_ms * NS_PER_MS, check_over))
                return false;
        /* What is still on its way arrives; then two minutes in which nothing may be written. */
        if (!pass(world, world->now_ns + REST_NS, NULL))
                return false;
        unsigned writes = world->faults.writes;
        if (!pass(world, world->now_ns + 2 * REST_NS, NULL))
                return false;
        if (world->faults.writes != writes)
                return wrong(world, "I10: %u writes at rest", world->faults.writes - writes);
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

unsigned world_writes(const struct world *world)
{
        return world->faults.writes;
}

unsigned world_events(const struct world *world)
{
        return world->faults.events;
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

/* ---- what people do ---- */

struct json_object *world_ask(struct world *world, const char *method, const char *path, const char *body)
{
        const struct apisim_request request = {
                .method = method,
                .target = path,
                .content_type = !body ? NULL : text_equal(method, "PATCH") ? "application/merge-patch+json" : "application/json",
                .body = body,
                .size = body ? strlen(body) : 0,
        };
        struct apisim_answer answer = {0};

        json_object_put(world->answer);
        world->answer = NULL;
        check_person(world->check, true);
        apisim_request(world->sim, &request, &answer);
        check_person(world->check, false);
        if (answer.body)
                doc_parse(answer.body, answer.size, &world->answer, NULL);
        if (answer.status >= 300 && answer.status != 404) {
                fprintf(stderr, "%s %s: %d %.*s\n", method, path, answer.status, (int)answer.size, answer.body);
                abort(); /* the workload itself is wrong */
        }
        apisim_answer_done(&answer);
        return world->answer;
}

void world_profile(struct world *world, const char *name, const char *service, const char *load)
{
        auto_free char *body = xasprintf(
                "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"%s\"},\"spec\":{"
                "\"target\":{\"service\":{\"name\":\"%s\",\"port\":\"http\"}},\"load\":%s,\"validity\":{\"minWindow\":\"1s\"},"
                "\"limits\":{\"readyTimeout\":\"20s\"}}}",
                name, service, load);

        world_ask(world, "POST", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles", body);
}

void world_run_new(struct world *world, const char *name, const char *profile, const char *more)
{
        auto_free char *body = xasprintf(
                "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"BenchmarkRun\",\"metadata\":{\"name\":\"%s\"},\"spec\":{"
                "\"profile\":\"%s\"%s}}", name, profile, more);

        world_ask(world, "POST", RUNS, body);
}

void world_server(struct world *world, const char *service)
{
        auto_free char *object = xasprintf(
                "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"%s\"},\"spec\":{\"clusterIP\":\"10.0.0.1\",\"selector\":"
                "{\"app\":\"%s\"},\"ports\":[{\"name\":\"http\",\"port\":80,\"targetPort\":8080,\"protocol\":\"TCP\"}]}}", service, service);
        auto_free char *slice = xasprintf(
                "{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{\"name\":\"%s-1\",\"labels\":"
                "{\"kubernetes.io/service-name\":\"%s\"}},\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"http\",\"port\":8080,\"protocol\":"
                "\"TCP\"}],\"endpoints\":[{\"addresses\":[\"10.1.0.1\"],\"conditions\":{\"ready\":true,\"serving\":true},\"nodeName\":\"node-1\"}]}",
                service, service);

        world_ask(world, "POST", "/api/v1/namespaces/shop/services", object);
        world_ask(world, "POST", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", slice);
}

void world_one_run(struct world *world, const char *name)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, name, "web", "");
}

void world_run_change(struct world *world, const char *name, const char *method, const char *body)
{
        auto_free char *path = xasprintf(RUNS "/%s", name);

        world_ask(world, method, path, body);
}

/* Looked up, not asked for: workloads look whenever something has happened. */
const char *world_phase(struct world *world, const char *run)
{
        const struct kind *runs = kind_find(world->sim, "loadstone.dev", "v1alpha1", "benchmarkruns");
        const struct object *object = sim_store_find(runs, "shop", run);
        const char *phase = object ? doc_text(object->json, "status.phase") : NULL;

        return phase ? phase : "";
}
