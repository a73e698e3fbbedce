/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controllers.h"

uint64_t sim_random(struct apisim *sim)
{
        uint64_t z = sim->random += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

char *sim_uuid(struct apisim *sim)
{
        uint64_t a = sim_random(sim), b = sim_random(sim);

        return xasprintf("%08" PRIx32 "-%04x-4%03x-%04x-%012" PRIx64, (uint32_t)(a >> 32), (unsigned)(a >> 16 & 0xffff),
                         (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000, b & UINT64_C(0xffffffffffff));
}

void sim_suffix(struct apisim *sim, char text[static 6])
{
        /* No vowels, so no words. */
        static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

        for (int i = 0; i < 5; i++)
                text[i] = letters[sim_random(sim) % (sizeof letters - 1)];
        text[5] = '\0';
}

int64_t sim_now_ns(const struct apisim *sim)
{
        return clock_now_ns(sim->clock);
}

int64_t sim_wall_ms(const struct apisim *sim)
{
        return clock_wall_ms(sim->clock);
}

struct json_object *sim_time(const struct apisim *sim)
{
        char text[CLOCK_TEXT_MAX];

        clock_format_seconds(sim_wall_ms(sim), text);
        return json_object_new_string(text);
}

static void make_namespace(struct apisim *sim, const char *name)
{
        static const char body[] = "{\"metadata\":{\"name\":\"%s\"}}";
        auto_free char *text = xasprintf(body, name);
        struct apisim_answer answer;

        apisim_request(sim, &(struct apisim_request){"POST", "/api/v1/namespaces", "application/json", text, strlen(text)}, &answer);
        apisim_answer_done(&answer);
}

enum fail_kind apisim_new(const struct apisim_options *options, struct apisim **ret_sim, struct fail *fail)
{
        struct apisim *sim = xnew(struct apisim);

        sim->options = *options;
        sim->clock = options->clock;
        sim->random = options->seed;
        sim->version = sim->compacted = SIM_FIRST_VERSION;
        sim->jobs_wake_ns = sim->pods_wake_ns = INT64_MAX;
        if (kinds_init(sim, options->crds, fail)) {
                apisim_free(sim);
                return fail->kind;
        }
        make_namespace(sim, "default");
        make_namespace(sim, "kube-system");
        *ret_sim = sim;
        return FAIL_NONE;
}

struct apisim *apisim_free(struct apisim *sim)
{
        if (!sim)
                return NULL;
        pods_done(sim);
        jobs_done(sim);
        sim_store_done(sim);
        json_object_put(sim->definitions);
        free(sim);
        return NULL;
}

bool apisim_step(struct apisim *sim)
{
        uint64_t version = sim->version;

        if (!sim->options.still) {
                collect_step(sim);
                jobs_step(sim);
                pods_step(sim);
        }
        if (sim->options.history_max && sim->history_len > 2 * sim->options.history_max)
                sim_store_forget(sim, sim->history_len - sim->options.history_max);
        return sim->version != version;
}

int64_t apisim_wake_ns(const struct apisim *sim)
{
        return sim->jobs_wake_ns < sim->pods_wake_ns ? sim->jobs_wake_ns : sim->pods_wake_ns;
}

void apisim_compact(struct apisim *sim)
{
        sim_store_forget(sim, sim->history_len);
}

uint64_t apisim_version(const struct apisim *sim)
{
        return sim->version;
}

unsigned apisim_unmodelled(const struct apisim *sim)
{
        return sim->unmodelled;
}

const char *apisim_unmodelled_text(const struct apisim *sim)
{
        return sim->unmodelled_text;
}

void sim_forget_gone(struct apisim *sim, struct map *memories, void (*free_one)(void *memory))
{
        size_t at = 0;
        const char *key;
        void *memory;

        while (map_next(memories, &at, &key, &memory)) {
                if (sim_store_by_uid(sim, key))
                        continue;
                auto_free char *gone = xstrdup(key);
                map_remove(memories, gone);
                free_one(memory);
                at = 0; /* the map has changed */
        }
}
