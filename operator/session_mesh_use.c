/* SPDX-License-Identifier: Apache-2.0
 *
 * What the proxies beside generator and target used, as the kubelet counted their containers. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "data/doc.h"
#include "data/unit.h"
#include "operator/session_mesh_parts.h"
#include "operator/session_samples.h"

static const struct {
        const char *name;
        enum samples_role role;
        const char *container; /* its name, in the snapshot */
} sides[2] = {
        {"client", SAMPLES_GENERATOR, "membership.client.proxy.container"},
        {"server", SAMPLES_TARGET, "membership.server.pod.proxy.container"},
};

void session_mesh_judge(struct session *session, int64_t from_wall_ms, int64_t to_wall_ms)
{
        struct session_mesh *mesh = session->mesh;

        for (size_t i = 0; mesh && mesh->start && i < 2; i++) {
                const char *container = doc_text(mesh->start, sides[i].container);
                mesh->trial_use[i] = (struct samples_summary){0};
                if (!container)
                        continue;
                session_samples_container(session, sides[i].role, container, from_wall_ms, to_wall_ms, &mesh->trial_use[i]);
                samples_summary_add(&mesh->use[i], &mesh->trial_use[i]);
        }
}

struct samples_summary session_mesh_server_use(const struct session *session)
{
        return session->mesh ? session->mesh->trial_use[1] : (struct samples_summary){0};
}

/* ---- in words ---- */

static bool format_cpu(const struct samples_summary *use, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.0fm", use->cpu_mean * 1e3);
        return use->cpu_known;
}

static bool format_memory(const struct samples_summary *use, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.1fMi", use->memory_max / (1 << 20));
        return use->memory_known;
}

static bool format_throttled(const struct samples_summary *use, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.1f%%", use->throttled * 100);
        return use->throttled_known;
}

void session_mesh_put_use(struct json_object *entry, const struct samples_summary use[static 2])
{
        static const struct {
                const char *name;
                bool (*format)(const struct samples_summary *use, char text[static UNIT_TEXT_MAX]);
        } rows[] = {{"proxyCpu", format_cpu}, {"proxyMemory", format_memory}, {"proxyThrottled", format_throttled}};
        char text[UNIT_TEXT_MAX];

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *both = doc_object();
                for (size_t side = 0; side < 2; side++)
                        if (rows[i].format(&use[side], text))
                                doc_set_text(both, sides[side].name, text);
                if (json_object_object_length(both) > 0)
                        doc_set(entry, rows[i].name, take(both));
        }
}

/* ---- in numbers ---- */

struct json_object *session_mesh_encode_use(const struct samples_summary use[static 2])
{
        auto_json struct json_object *both = doc_object();

        for (size_t i = 0; i < 2; i++) {
                auto_json struct json_object *one = doc_object();
                if (use[i].cpu_known)
                        doc_set_int(one, "cpuMilli", llround(use[i].cpu_mean * 1e3));
                if (use[i].memory_known)
                        doc_set_int(one, "memoryKiB", llround(use[i].memory_max / 1024));
                if (use[i].throttled_known)
                        doc_set_int(one, "throttledPermille", llround(use[i].throttled * 1e3));
                if (json_object_object_length(one) > 0)
                        doc_set(both, sides[i].name, take(one));
        }
        return json_object_object_length(both) > 0 ? take(both) : NULL;
}

void session_mesh_use_of(const struct samples_summary use[static 2], struct mesh_use ret_use[static 2])
{
        for (size_t i = 0; i < 2; i++)
                ret_use[i] = (struct mesh_use){
                        .cpu_milli = use[i].cpu_known ? use[i].cpu_mean * 1e3 : -1,
                        .throttled_ratio = use[i].throttled_known ? use[i].throttled : -1,
                };
}

void session_mesh_decode_use(struct json_object *doc, struct mesh_use ret_use[static 2])
{
        for (size_t i = 0; i < 2; i++) {
                struct json_object *one = doc_at(doc, sides[i].name);
                int64_t throttled = doc_int(one, "throttledPermille", -1);
                ret_use[i] = (struct mesh_use){
                        .cpu_milli = (double)doc_int(one, "cpuMilli", -1),
                        .throttled_ratio = throttled >= 0 ? (double)throttled / 1e3 : -1,
                };
        }
}
