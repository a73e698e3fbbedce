/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/session_samples_parts.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "probe/explain.h"

#define BEFORE_MS 30000 /* rows that end this long before the load begins are of another time */

/* "412m" */
static void set_cores(struct json_object *object, const char *name, bool known, double cores)
{
        char text[UNIT_TEXT_MAX];

        snprintf(text, sizeof text, "%.0fm", cores * 1e3);
        doc_set_text(object, name, known ? text : "unknown");
}

/* "61.2Mi" */
static void set_bytes(struct json_object *object, const char *name, bool known, double bytes)
{
        char text[UNIT_TEXT_MAX];

        snprintf(text, sizeof text, "%.1fMi", bytes / (1 << 20));
        doc_set_text(object, name, known ? text : "unknown");
}

static void set_share(struct json_object *object, const char *name, double share)
{
        char text[UNIT_TEXT_MAX];

        if (share < 0)
                return;
        snprintf(text, sizeof text, "%.1f%%", share * 100);
        doc_set_text(object, name, text);
}

static void put_target(const struct samples_summary *summary, struct json_object *target)
{
        struct json_object *cpu = doc_object(), *memory = doc_object();

        set_cores(cpu, "mean", summary->cpu_known, summary->cpu_mean);
        set_cores(cpu, "max", summary->cpu_known, summary->cpu_max);
        if (summary->cpu_limit > 0)
                set_cores(cpu, "limit", true, summary->cpu_limit);
        set_bytes(memory, "mean", summary->memory_known, summary->memory_mean);
        set_bytes(memory, "max", summary->memory_known, summary->memory_max);
        if (summary->memory_limit > 0)
                set_bytes(memory, "limit", true, summary->memory_limit);
        doc_set(doc_set(target, "cpu", cpu), "memory", memory);
        if (summary->throttled_known)
                set_share(target, "throttled", summary->throttled);
        else
                doc_set_text(target, "throttled", "unknown");
}

static void put_nodes(const struct session_samples *samples, struct json_object *nodes)
{
        for (size_t i = 0; i < doc_len(nodes, ""); i++) {
                struct json_object *entry = doc_item(nodes, i), *pressure = doc_object();
                const struct sampled_node *node = session_samples_node(samples, doc_text(entry, "name"));
                const struct samples_strain *worst = node ? &node->worst : NULL;
                if (worst && worst->node) {
                        set_share(entry, "cpuMax", worst->cpu_max);
                        set_share(entry, "memoryMax", worst->memory_max);
                        set_share(entry, "steal", worst->steal);
                        set_share(pressure, "cpu", worst->cpu_pressure);
                        set_share(pressure, "memory", worst->memory_pressure);
                        set_share(pressure, "io", worst->io_pressure);
                }
                if (json_object_object_length(pressure) > 0)
                        doc_set(entry, "pressure", pressure);
                else
                        json_object_put(pressure);
        }
}

/* "kubelet cadvisor, kubelet resource": whatever any node had. */
static void set_sources(struct json_object *entry, struct json_object *nodes)
{
        auto_buf struct buf text = {0};

        for (enum samples_source source = 0; source < SAMPLES_SOURCES; source++)
                for (size_t i = 0; i < doc_len(nodes, ""); i++)
                        if (json_object_object_get_ex(doc_at(doc_item(nodes, i), "pages"), samples_source_name(source), NULL)) {
                                buf_format(&text, "%s%s", text.size > 0 ? ", " : "", samples_source_name(source));
                                break;
                        }
        doc_set_text(entry, "source", text.data);
}

/* How good they are, or why there are none: what the first node says that has something to say. */
static struct json_object *encode_quality(const struct session_samples *samples, bool full)
{
        struct json_object *entry = doc_object(), *sources = samples_encode_sources(samples->store), *nodes = doc_at(sources, "nodes");
        char every[UNIT_TEXT_MAX];

        set_sources(entry, nodes);
        for (size_t i = 0; i < doc_len(nodes, "") && !doc_at(entry, "problem"); i++) {
                const char *problem = doc_text(doc_item(nodes, i), "problem");
                auto_free char *text = problem ? xasprintf("node %.64s: %s", doc_text(doc_item(nodes, i), "name"), problem) : NULL;
                doc_set_text(entry, "problem", text);
        }
        if (samples->target.row_ms > 0) {
                unit_format_duration((samples->target.row_ms + 50) / 100 * 100 * NS_PER_MS, every);
                doc_set_text(entry, "every", every);
        }
        if (samples->target.pods > 0)
                set_share(entry, "covered", samples->target.covered);
        if (full)
                return doc_set(entry, "sources", sources);
        json_object_put(sources);
        return entry;
}

void session_samples_put(const struct session *session, struct json_object *context, bool full)
{
        const struct session_samples *samples = session->samples;

        if (!samples || !samples->judged)
                return;
        put_target(&samples->target, doc_at(context, "target"));
        put_nodes(samples, doc_at(context, "nodes"));
        doc_set(context, "samples", encode_quality(samples, full));
}

struct json_object *session_samples_encode(const struct session *session, size_t bytes_max)
{
        int64_t zero_wall_ms = session->measured_from_wall_ms;

        if (!session->samples || zero_wall_ms == 0)
                return NULL;
        int64_t warmup_ms = session->load_plan ? session->load_plan->warmup_ms : 0;
        return samples_encode(session->samples->store, zero_wall_ms, zero_wall_ms - warmup_ms - BEFORE_MS, bytes_max);
}

static struct json_object *explain(const struct session_samples *samples, bool whole)
{
        struct samples_strain strains[SAMPLES_NODES_MAX];
        size_t len = 0;

        if (!samples || !samples->judged)
                return doc_array();
        for (size_t i = 0; i < samples->nodes_len; i++) {
                const struct samples_strain *strain = whole ? &samples->nodes[i]->worst : &samples->nodes[i]->now;
                if (strain->node)
                        strains[len++] = *strain;
        }
        return probe_explain(whole ? &samples->target : &samples->trial, strains, len);
}

struct json_object *session_samples_explain(const struct session *session)
{
        return explain(session->samples, true);
}

struct json_object *session_samples_explain_trial(const struct session *session)
{
        return explain(session->samples, false);
}
