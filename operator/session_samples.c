/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/session_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "operator/node_pages.h"
#include "probe/explain.h"
#include "probe/samples.h"

#define KUBELET_PORT 10250
#define BEFORE_MS 30000 /* rows that end this long before the load begins are of another time */

struct node {
        struct session *session;
        char *name;
        struct samples_node *rows;
        struct node_reader *reader;  /* NULL: nobody knows yet where its kubelet is, or it never will be asked */
        struct samples_strain worst; /* over all trials */
        struct samples_strain now;   /* in the last of them */
};

struct session_samples {
        struct session *session;
        struct samples *store;
        struct node *nodes[SAMPLES_NODES_MAX];
        size_t nodes_len;
        struct samples_summary target; /* over all trials */
        struct samples_summary trial;  /* in the last of them */
        bool judged;
};

struct session_samples *session_samples_new(struct session *session)
{
        struct session_samples *samples = xnew(struct session_samples);

        samples->session = session;
        samples->store = samples_new();
        return samples;
}

struct session_samples *session_samples_free(struct session_samples *samples)
{
        if (!samples)
                return NULL;
        for (size_t i = 0; i < samples->nodes_len; i++) {
                node_pages_leave(samples->nodes[i]->reader);
                free(samples->nodes[i]->name);
                free(samples->nodes[i]);
        }
        samples_free(samples->store);
        free(samples);
        return NULL;
}

/* ---- pages ---- */

static void page_begun(void *owner, enum samples_source source)
{
        const struct node *node = owner;

        samples_open(node->rows, source);
}

static void line_read(void *owner, const struct prometheus_line *line)
{
        const struct node *node = owner;

        samples_take(node->rows, line);
}

static void page_ended(void *owner, const struct fail *fail)
{
        const struct node *node = owner;

        if (fail->kind)
                samples_miss(node->rows, fail->text);
        else
                samples_close(node->rows, clock_wall_ms(loop_clock(node->session->manager->loop)));
}

/* ---- pods and nodes ---- */

static struct node *find_node(const struct session_samples *samples, const char *name)
{
        for (size_t i = 0; i < samples->nodes_len; i++)
                if (text_equal(samples->nodes[i]->name, name))
                        return samples->nodes[i];
        return NULL;
}

static void see_node_of(struct session_samples *samples, enum samples_role role, const char *name)
{
        struct samples_node *rows = samples_add_node(samples->store, role, name);

        if (!rows || find_node(samples, name))
                return;
        struct node *node = samples->nodes[samples->nodes_len++] = xnew(struct node);
        *node = (struct node){.session = samples->session, .name = xstrdup(name), .rows = rows};
        if (samples->session->manager->options->namespace)
                samples_miss(rows, "an operator for one namespace has no rights on nodes");
}

void session_samples_see_pod(struct session *session, enum samples_role role, struct json_object *pod)
{
        const char *node = doc_text(pod, "spec.nodeName");

        if (!session->samples || !node)
                return;
        see_node_of(session->samples, role, node);
        samples_add_pod(session->samples->store, role, pod);
}

static const char *address_of(struct json_object *node)
{
        struct json_object *list = doc_at(node, "status.addresses");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "type"), "InternalIP"))
                        return doc_text(doc_item(list, i), "address");
        return NULL;
}

void session_samples_see_node(struct session *session, struct json_object *object)
{
        const char *name = doc_text(object, "metadata.name"), *address = address_of(object);
        struct node *node = session->samples && name ? find_node(session->samples, name) : NULL;

        if (!node || node->reader)
                return;
        if (!address) {
                samples_miss(node->rows, "the node has no address");
                return;
        }
        node->reader = node_pages_join(session->manager->node_pages, &(struct node_reader_options){
                .node = name,
                .address = address,
                .port = (int)doc_int(object, "status.daemonEndpoints.kubeletEndpoint.Port", KUBELET_PORT),
                .begun = page_begun,
                .line = line_read,
                .ended = page_ended,
                .owner = node,
        });
}

void session_samples_begin_trial(struct session *session)
{
        if (session->samples)
                samples_forget(session->samples->store);
}

/* ---- what it came to ---- */

static void keep_most(double *into, double value)
{
        *into = value > *into ? value : *into;
}

static void add_strain(struct node *node, const struct samples_strain *strain, bool first)
{
        struct samples_strain *worst = &node->worst;

        if (first) {
                *worst = *strain;
                return;
        }
        keep_most(&worst->cpu_max, strain->cpu_max);
        keep_most(&worst->memory_max, strain->memory_max);
        keep_most(&worst->cpu_pressure, strain->cpu_pressure);
        keep_most(&worst->memory_pressure, strain->memory_pressure);
        keep_most(&worst->io_pressure, strain->io_pressure);
}

void session_samples_judge(struct session *session, int64_t from_wall_ms, int64_t to_wall_ms)
{
        struct session_samples *samples = session->samples;
        struct samples_strain strains[SAMPLES_NODES_MAX];

        if (!samples)
                return;
        samples_summary(samples->store, SAMPLES_TARGET, NULL, from_wall_ms, to_wall_ms, &samples->trial);
        samples_summary_add(&samples->target, &samples->trial);
        size_t len = samples_strains(samples->store, from_wall_ms, to_wall_ms, strains);
        for (size_t i = 0; i < len; i++) {
                struct node *node = find_node(samples, strains[i].node);
                if (!node)
                        continue;
                node->now = strains[i];
                add_strain(node, &strains[i], !node->worst.node);
        }
        samples->judged = true;
}

void session_samples_container(const struct session *session, enum samples_role role, const char *container, int64_t from_wall_ms,
                               int64_t to_wall_ms, struct samples_summary *ret_summary)
{
        *ret_summary = (struct samples_summary){0};
        if (session->samples)
                samples_summary(session->samples->store, role, container, from_wall_ms, to_wall_ms, ret_summary);
}

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
                const struct node *node = find_node(samples, doc_text(entry, "name"));
                const struct samples_strain *worst = node ? &node->worst : NULL;
                if (worst && worst->node) {
                        set_share(entry, "cpuMax", worst->cpu_max);
                        set_share(entry, "memoryMax", worst->memory_max);
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
                unit_format_duration(samples->target.row_ms / 100 * 100 * NS_PER_MS, every);
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
