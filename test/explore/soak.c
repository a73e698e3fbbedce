/* SPDX-License-Identifier: Apache-2.0 */
#include "soak.h"

#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim.h"
#include "world_internal.h"

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define RUNS_PER_HOUR 50
#define CLEARED_MS (55 * MINUTE_MS) /* of each hour: all runs have ended and are gone */
#define FAULT_EVERY 20
#define GROWTH_MAX 0.02
#define GROWTH_SHORT_MAX 0.04 /* two hours on either side: what the last life happens to hold weighs that much */
#define LONG_HOURS 24         /* before, what the allocator has taken from the kernel is still growing to its size */

struct figures {
        size_t heap_bytes, rss_bytes, descriptors;
};

struct soak {
        const struct soak_scope *scope;
        struct world *world;
        uint64_t random;
        unsigned runs, faults;
        bool quiet;
};

static uint64_t chance(struct soak *soak)
{
        soak->random ^= soak->random << 13;
        soak->random ^= soak->random >> 7;
        return soak->random ^= soak->random << 17;
}

/* ---- faults ---- */

static bool ends_a_life(enum fault_kind kind)
{
        switch (kind) {
        case FAULT_KILL_BEFORE:
        case FAULT_KILL_SENT:
        case FAULT_KILL_ANSWERED:
        case FAULT_KILL_EVENT:
        case FAULT_KILL_STALE:
        case FAULT_FREEZE:
        case FAULT_FREEZE_EVENT:
                return true;
        default:
                return fault_is_of_lease(kind);
        }
}

static enum fault_kind choose(void *chooser, bool event, unsigned count)
{
        struct soak *soak = chooser;

        (void)count;
        if (soak->quiet || chance(soak) % FAULT_EVERY)
                return FAULT_NONE;
        enum fault_kind kind = (enum fault_kind)(1 + chance(soak) % (FAULT_KINDS - 1));
        if (fault_is_of_event(kind) != event || (ends_a_life(kind) && !soak->scope->deaths))
                return FAULT_NONE;
        soak->faults++;
        return kind;
}

/* ---- what people do ---- */

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        const struct world *world = owner;

        (void)pod;
        *script = world_pod(NULL);
        /* One in eight is killed in the midst of its load. */
        if (world_ms(world) / MINUTE_MS % 8 == 3) {
                script->kill_ms = 5000;
                script->kill_reason = "OOMKilled";
        }
}

static bool until_minute(struct soak *soak, unsigned hour, int64_t minute)
{
        return world_until(soak->world, hour * HOUR_MS + minute * MINUTE_MS);
}

/* A run a minute; the one before is deleted, and one in eight is cancelled, or deleted before its time. */
static bool busy_minutes(struct soak *soak, unsigned hour)
{
        struct world *world = soak->world;
        char name[32];

        for (unsigned minute = 0; minute < RUNS_PER_HOUR; minute++) {
                snprintf(name, sizeof name, "run-%u", soak->runs++);
                world_run_new(world, name, "web", "");
                if (!world_until(world, world_ms(world) + (int64_t)(chance(soak) % 20000)))
                        return false;
                if (minute % 8 == 1)
                        world_run_change(world, name, "PATCH", "{\"spec\":{\"cancel\":true}}");
                if (minute % 8 == 5)
                        world_run_change(world, name, "DELETE", NULL);
                if (!until_minute(soak, hour, minute + 1))
                        return false;
                if (minute >= 4 && soak->runs >= 5) {
                        snprintf(name, sizeof name, "run-%u", soak->runs - 5);
                        world_run_change(world, name, "DELETE", NULL);
                }
        }
        return true;
}

/* Results outlive their run, for the profile's history. One after the other: nobody deletes a hundred in one instant. */
static bool forget_results(struct world *world)
{
        struct kind *maps = kind_core(world->sim, "configmaps");

        for (size_t i = maps->len; i > 0; i--) {
                if (!doc_at(maps->objects[i - 1]->json, "metadata.labels[\"loadstone.dev/run-uid\"]"))
                        continue;
                sim_store_remove(world->sim, maps->objects[i - 1]);
                if (!world_until(world, world_ms(world) + 100))
                        return false;
        }
        return true;
}

/* A real server forgets Events after an hour. */
static void forget_events(struct apisim *sim)
{
        struct kind *events = kind_core(sim, "events");

        while (events->len > 0)
                sim_store_remove(sim, events->objects[events->len - 1]);
}

static bool clear(struct soak *soak, unsigned hour, const char **ret_left)
{
        struct world *world = soak->world;
        const struct kind *runs = kind_find(world->sim, "loadstone.dev", "v1alpha1", "benchmarkruns");

        soak->quiet = true;
        if (!until_minute(soak, hour, CLEARED_MS / MINUTE_MS))
                return false;
        for (size_t i = runs->len; i > 0; i--) {
                struct json_object *run = runs->objects[i - 1]->json;
                if (!doc_at(run, "status.finishTime")) {
                        *ret_left = doc_text(run, "metadata.name");
                        return false;
                }
                auto_free char *name = xstrdup(doc_text(run, "metadata.name"));
                world_run_change(world, name, "DELETE", NULL);
        }
        return forget_results(world) && until_minute(soak, hour, CLEARED_MS / MINUTE_MS + 1) && world_rest(world);
}

/* ---- figures ---- */

static size_t count_descriptors(void)
{
        DIR *folder = opendir("/proc/self/fd");
        size_t count = 0;

        while (folder && readdir(folder))
                count++;
        if (folder)
                closedir(folder);
        return count;
}

static struct figures measure(struct world *world)
{
        struct figures figures = {.descriptors = count_descriptors()};
        unsigned long pages = 0;
        FILE *file = fopen("/proc/self/statm", "r");

        forget_events(world->sim);
        world_until(world, world_ms(world) + 1);
        world->faults.compacting(world->faults.owner);
        apisim_compact(world->sim); /* what the server remembers is not the operator's */
        figures.heap_bytes = mallinfo2().uordblks;
        if (file && fscanf(file, "%*u %lu", &pages) == 1)
                figures.rss_bytes = pages * (size_t)sysconf(_SC_PAGESIZE);
        if (file)
                fclose(file);
        return figures;
}

static int by_size(const void *a, const void *b)
{
        size_t x = *(const size_t *)a, y = *(const size_t *)b;

        return (x > y) - (x < y);
}

/* Of one figure, given by its place in struct figures, over some hours: buffers are as large as the last burst left them. */
static size_t median(const struct figures *hours, size_t len, size_t offset)
{
        auto_free size_t *sizes = xcalloc(len, sizeof *sizes);

        for (size_t i = 0; i < len; i++)
                sizes[i] = *(const size_t *)((const char *)&hours[i] + offset);
        qsort(sizes, len, sizeof *sizes, by_size);
        return sizes[len / 2];
}

/* From the first quarter (without the hour in which all grows to its size) to the last one. */
static double growth(const struct figures *hours, size_t len, size_t offset)
{
        size_t quarter = len / 4 + 1;

        return len < 3 ? 0 : (double)median(hours + len - quarter, quarter, offset) / (double)median(hours + 1, quarter, offset) - 1;
}

static bool tell(const struct soak *soak, const struct figures *hours, unsigned len, bool fine)
{
        double heap = growth(hours, len, offsetof(struct figures, heap_bytes)), rss = growth(hours, len, offsetof(struct figures, rss_bytes));
        double descriptors = growth(hours, len, offsetof(struct figures, descriptors));
        const struct figures *last = &hours[len - 1];
        bool settled = len >= LONG_HOURS;
        bool flat = heap <= (settled ? GROWTH_MAX : GROWTH_SHORT_MAX) && descriptors <= 0 && (!settled || rss <= GROWTH_MAX);

        printf("%s soak: seed %" PRIu64 "%s: %u hours, %u runs, %u faults, %u operator lives, %u writes; from the first to the last quarter heap "
               "%+.2f %% (%zu KiB), RSS %+.2f %% (%zu KiB), descriptors %+.0f %% (%zu)\n", fine && flat ? "ok    " : "not ok", soak->scope->seed,
               soak->scope->deaths ? ", with deaths" : "", len, soak->runs, soak->faults, world_lives(soak->world), world_writes(soak->world),
               100 * heap, last->heap_bytes >> 10, 100 * rss, last->rss_bytes >> 10, 100 * descriptors, last->descriptors);
        fflush(stdout);
        return fine && flat;
}

bool soak_run(const struct soak_scope *scope)
{
        const struct workload workload = {.name = "soak", .begin = begin, .script = script, .operators = scope->deaths ? 2 : 1};
        struct soak soak = {.scope = scope, .random = scope->seed * UINT64_C(0x9E3779B97F4A7C15) | 1};
        const struct faults faults = {.choose = choose, .chooser = &soak};
        auto_free struct figures *hours = xcalloc(scope->hours, sizeof *hours);
        const char *left = NULL;
        unsigned len = 0;
        bool fine = true;

        soak.world = world_new(&workload, &faults);
        while (len < scope->hours && fine) {
                soak.quiet = false;
                fine = busy_minutes(&soak, len) && clear(&soak, len, &left);
                hours[len++] = measure(soak.world);
                fine = fine && until_minute(&soak, len, 0);
        }
        if (!fine)
                printf("       %s%s at %lld ms\n", left ? "a run that has not ended: " : "", left ? left : soak.world->problem,
                       (long long)world_ms(soak.world));
        fine = tell(&soak, hours, len, fine);
        world_free(soak.world);
        return fine;
}
