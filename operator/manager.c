/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "operator/job_pods.h"
#include "operator/manager_internal.h"
#include "operator/node_pages.h"
#include "operator/probe_pages.h"
#include "operator/profile_index.h"
#include "operator/profile_pass.h"
#include "operator/session.h"
#include "operator/step_jobs.h"

#define TICK_NS (1 * NS_PER_S)
#define STOP_WAIT_NS (5 * NS_PER_S)

const struct kube_kind kind_runs = {"loadstone.dev", "v1alpha1", "benchmarkruns", "BenchmarkRun", true};
const struct kube_kind kind_profiles = {"loadstone.dev", "v1alpha1", "performanceprofiles", "PerformanceProfile", true};

bool manager_may_act(const struct manager *manager)
{
        return manager->leading && !manager->stopping && lease_holds(manager->lease);
}

uint64_t manager_random(struct manager *manager)
{
        uint64_t x = manager->random; /* xorshift64: jitter needs no more */

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return manager->random = x;
}

/* ---- life ---- */

static void lead_changed(void *owner, bool leading)
{
        struct manager *manager = owner;

        manager->leading = leading;
        log_line(leading ? "leading" : "not leading", "identity", manager->identity, NULL);
        if (!leading)
                return;
        manager->was_leading = true;
        manager->blind_since_wall_ms = lease_other_wall_ms(manager->lease);
        loop_arm(manager->loop, &manager->work, loop_now_ns(manager->loop));
}

static void tick(void *owner)
{
        struct manager *manager = owner;

        manager_log_troubles(manager);
        manager->ticked_ns = loop_now_ns(manager->loop);
        loop_arm(manager->loop, &manager->tick, manager->ticked_ns + TICK_NS);
        if (!manager->work.armed && queue_next_ns(manager->queue) <= manager->ticked_ns)
                loop_arm(manager->loop, &manager->work, manager->ticked_ns);
}

static char *make_identity(const struct options *options)
{
        char host[128] = "unknown";
        uint32_t unique = 0;

        gethostname(host, sizeof host - 1);
        if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique)
                unique = (uint32_t)getpid();
        return xasprintf("%s_%08x", options->identity ? options->identity : host, unique);
}

/* Whatever was decided before the Lease was lost is not sent after. Questions about rights and Events are everybody's. */
static bool may_write(void *owner, const char *path)
{
        static const char *const free_for_all[] = {"/apis/authentication.k8s.io/", "/apis/authorization.k8s.io/", "/apis/events.k8s.io/"};
        const struct manager *manager = owner;

        for (size_t i = 0; i < ARRAY_LEN(free_for_all); i++)
                if (text_starts(path, free_for_all[i]))
                        return true;
        return lease_holds(manager->lease);
}

static void give_up_waiting(void *owner)
{
        struct manager *manager = owner;
        manager->released = true;
}

struct manager *manager_new(struct loop *loop, struct kube_client *client, const struct options *options)
{
        struct manager *manager = xnew(struct manager);

        *manager = (struct manager){.loop = loop, .client = client, .options = options, .queue = queue_new()};
        manager->work = (struct loop_timer){.fire = manager_work, .owner = manager};
        manager->tick = (struct loop_timer){.fire = tick, .owner = manager};
        manager->give_up = (struct loop_timer){.fire = give_up_waiting, .owner = manager};
        manager->identity = make_identity(options);
        manager->random = text_hash(manager->identity, strlen(manager->identity)) | 1;
        metrics_init(&manager->metrics, clock_wall_ms(loop_clock(loop)));
        manager->events = event_sink_new(client, "loadstone.dev/operator", manager->identity);
        manager->mesh = mesh_store_new(client, loop);
        manager->node_pages = node_pages_new(loop, client);
        if (options->probe_namespace && !options->namespace)
                manager->probe_pages = probe_pages_new(loop, client, &(struct probe_pages_options){options->probe_namespace, options->probe_token, options->probe_ca});
        manager_open_caches(manager);
        const struct lease_options election = {
                .namespace = options->own_namespace,
                .name = options->lease_name,
                .identity = manager->identity,
                .duration_s = 15,
                .renew_s = 10,
                .retry_s = 2,
                .changed = lead_changed,
                .owner = manager,
        };
        manager->lease = lease_new(client, &election);
        kube_client_fence(client, may_write, manager);
        tick(manager);
        return manager;
}

struct manager *manager_free(struct manager *manager)
{
        size_t at = 0;
        const char *key;
        void *session;

        if (!manager)
                return NULL;
        while (map_next(&manager->sessions, &at, &key, &session))
                session_free(session);
        map_done(&manager->sessions);
        map_done(&manager->waiting);
        map_done(&manager->short_of_room);
        step_jobs_done(&manager->step_jobs);
        map_done(&manager->admitting);
        profile_index_done(&manager->of_profiles);
        job_pods_done(manager);
        profile_effects_done(manager);
        kube_client_fence(manager->client, NULL, NULL);
        lease_free(manager->lease);
        manager_close_caches(manager);
        mesh_store_free(manager->mesh);
        node_pages_free(manager->node_pages);
        probe_pages_free(manager->probe_pages);
        event_sink_free(manager->events);
        queue_free(manager->queue);
        loop_disarm(manager->loop, &manager->work);
        loop_disarm(manager->loop, &manager->tick);
        loop_disarm(manager->loop, &manager->give_up);
        free(manager->identity);
        free(manager);
        return NULL;
}

static void lease_released(void *owner)
{
        struct manager *manager = owner;
        manager->released = true;
}

void manager_stop(struct manager *manager)
{
        if (manager->stopping)
                return;
        manager->stopping = true;
        loop_arm(manager->loop, &manager->give_up, loop_now_ns(manager->loop) + STOP_WAIT_NS);
        /* Effects in flight carry UID and resourceVersion: whoever leads next is not misled if one still lands. */
        lease_release(manager->lease, lease_released, manager);
}

bool manager_stopped(const struct manager *manager)
{
        return manager->stopping && manager->released;
}

bool manager_deposed(const struct manager *manager)
{
        return manager->was_leading && !manager->stopping && !manager->leading;
}

uint64_t manager_passes(const struct manager *manager)
{
        uint64_t passes = 0;

        for (size_t i = 0; i < CONTROLLERS; i++)
                for (size_t k = 0; k < PASS_RESULTS; k++)
                        passes += manager->metrics.passes[i][k];
        return passes;
}
