/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "data/doc.h"
#include "operator/manager_internal.h"
#include "sim.h"

/* It wakes when the standby has just begun to act: the Lease lasts 15 s. */
#define FROZEN_NS (17 * NS_PER_S)
/* What is listed after a restart is this old, until the new life has led for three seconds. */
#define STALE_CHANGES 12
#define STALE_NS (18 * NS_PER_S)

static void be_born(struct life *life, uint64_t stale_version)
{
        struct fail fail = {0};

        life->loop = loop_new(life->clock);
        life->wire = wire_new(life->loop, life->sim, life->faults, life->options.identity, stale_version,
                              stale_version ? clock_now_ns(life->clock) + STALE_NS : 0);
        wire_cut(life->wire, life->cut);
        wire_cut_lease(life->wire, life->lease_cut);
        if (kube_client_new(life->loop, wire_config(life->wire), &life->client, &fail))
                abort();
        kube_client_seed(life->client, text_hash(life->options.identity, 3) + life->deaths);
        life->manager = manager_new(life->loop, life->client, &life->options);
        life->frozen_until_ns = INT64_MAX;
}

static void die(struct life *life)
{
        life->manager = manager_free(life->manager);
        life->client = kube_client_free(life->client);
        life->wire = wire_free(life->wire);
        life->loop = loop_free(life->loop);
}

static uint64_t stale_version(const struct life *life)
{
        const struct apisim *sim = life->sim;
        uint64_t version = sim->version > STALE_CHANGES ? sim->version - STALE_CHANGES : 0;

        return version > sim->compacted ? version : sim->compacted;
}

static void born_again(struct life *life, bool stale)
{
        die(life);
        life->deaths++;
        be_born(life, stale ? stale_version(life) : 0);
}

void life_begin(struct life *life, const char *identity, const struct clock *clock, struct apisim *sim, struct faults *faults)
{
        *life = (struct life){.clock = clock, .sim = sim, .faults = faults};
        life->options = (struct options){.own_namespace = "loadstone-system", .lease_name = "loadstone-operator",
                                         .identity = identity, .image = "loadstone:dev"};
        be_born(life, 0);
}

void life_end(struct life *life)
{
        die(life);
}

/* True while it stands still. What happened to it meanwhile has piled up, and finds it late. */
static bool is_frozen(struct life *life)
{
        if (wire_blow(life->wire) != WIRE_FROZEN)
                return false;
        if (life->frozen_until_ns == INT64_MAX)
                life->frozen_until_ns = clock_now_ns(life->clock) + FROZEN_NS;
        if (clock_now_ns(life->clock) < life->frozen_until_ns)
                return true;
        life->frozen_until_ns = INT64_MAX;
        wire_thaw(life->wire);
        return false;
}

bool life_happen(struct life *life)
{
        if (is_frozen(life))
                return false;
        bool moved = wire_pump(life->wire);
        if (!wire_blow(life->wire)) {
                moved = moved || loop_next_ns(life->loop) <= clock_now_ns(life->clock);
                loop_step(life->loop, 0);
        }
        enum wire_blow blow = wire_blow(life->wire);
        if (blow == WIRE_KILLED || blow == WIRE_KILLED_STALE || manager_deposed(life->manager)) {
                born_again(life, blow == WIRE_KILLED_STALE);
                return true;
        }
        return is_frozen(life) || moved;
}

int64_t life_next_ns(const struct life *life)
{
        int64_t loop_ns = loop_next_ns(life->loop), wire_ns = wire_wake_ns(life->wire);

        if (wire_blow(life->wire) == WIRE_FROZEN)
                return life->frozen_until_ns;
        return loop_ns < wire_ns ? loop_ns : wire_ns;
}

void life_cut(struct life *life, bool cut)
{
        life->cut = cut;
        wire_cut(life->wire, cut);
}

void life_cut_lease(struct life *life, bool cut)
{
        life->lease_cut = cut;
        wire_cut_lease(life->wire, cut);
}

/* ---- at rest ---- */

static void look_again(struct manager *manager, const struct kube_cache *cache,
                       void (*enqueue)(struct manager *manager, const char *namespace, const char *name))
{
        struct json_object *object;
        size_t at = 0;

        while ((object = kube_cache_next(cache, &at)))
                enqueue(manager, doc_text(object, "metadata.namespace"), doc_text(object, "metadata.name"));
}

static void enqueue_run(struct manager *manager, const char *namespace, const char *name)
{
        manager_enqueue_run(manager, namespace, name, loop_now_ns(manager->loop));
}

void life_look_again(struct life *life)
{
        look_again(life->manager, life->manager->runs, enqueue_run);
        look_again(life->manager, life->manager->profiles, manager_enqueue_profile);
}

unsigned life_passes(const struct life *life)
{
        return (unsigned)manager_passes(life->manager);
}

bool life_left(const struct life *life, char *text, size_t size)
{
        const struct manager *manager = life->manager;
        const struct kube_stats stats = kube_client_stats(life->client);
        size_t things = manager->sessions.len + manager->active.len + manager->admitting.len + manager->waiting.len +
                        manager->profile_effects.len + manager->job_pods.len + manager->step_jobs.len;

        /* A profile whose Secrets nobody checks is looked at again every half minute. */
        if (manager->leading && queue_len(manager->queue) > kube_cache_len(manager->profiles))
                things += queue_len(manager->queue);
        snprintf(text, size, "%zu sessions, %zu active, %zu admitting, %zu waiting, %zu profile writes, %zu Jobs with pods, %" PRIu64 " names queued, "
                 "%" PRIu64 " requests but for the watches, %" PRIu64 " not sent", manager->sessions.len, manager->active.len, manager->admitting.len,
                 manager->waiting.len, manager->profile_effects.len, manager->job_pods.len, queue_len(manager->queue), stats.in_flight - WATCHES,
                 stats.waiting);
        return things > 0 || stats.waiting > 0 || stats.in_flight > WATCHES + 1; /* one may be about the Lease */
}
