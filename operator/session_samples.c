/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/session_samples_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/node_pages.h"
#include "operator/probe_pages.h"

#define KUBELET_PORT 10250

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
                probe_pages_leave(samples->nodes[i]->probe_reader);
                free(samples->nodes[i]->address);
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
        struct sampled_node *node = owner;

        node->source = source;
        node->page = samples_open(node->rows, source);
}

static void line_read(void *owner, const struct prometheus_line *line)
{
        const struct sampled_node *node = owner;

        samples_take(node->page, line);
}

static void page_ended(void *owner, const struct fail *fail)
{
        const struct sampled_node *node = owner;

        if (fail->kind)
                samples_miss(node->rows, node->source, fail->text);
        else
                samples_close(node->page, clock_wall_ms(loop_clock(node->session->manager->loop)));
}

static void second_begun(void *owner, int64_t wall_ms)
{
        struct sampled_node *node = owner;

        (void)wall_ms;
        node->second = samples_open(node->rows, SAMPLES_PROBE);
}

static void row_read(void *owner, int64_t wall_ms, const char *path, const struct node_row *row)
{
        const struct sampled_node *node = owner;

        samples_take_row(node->second, wall_ms, path, row);
}

static void second_ended(void *owner, int64_t wall_ms)
{
        const struct sampled_node *node = owner;

        samples_close(node->second, wall_ms);
}

static void second_missed(void *owner, const char *problem)
{
        const struct sampled_node *node = owner;

        samples_miss(node->rows, SAMPLES_PROBE, problem);
}

/* ---- pods and nodes ---- */

struct sampled_node *session_samples_node(const struct session_samples *samples, const char *name)
{
        for (size_t i = 0; i < samples->nodes_len; i++)
                if (text_equal(samples->nodes[i]->name, name))
                        return samples->nodes[i];
        return NULL;
}

static void see_node_of(struct session_samples *samples, enum samples_role role, const char *name)
{
        struct samples_node *rows = samples_add_node(samples->store, role, name);

        if (!rows || session_samples_node(samples, name))
                return;
        struct sampled_node *node = samples->nodes[samples->nodes_len++] = xnew(struct sampled_node);
        *node = (struct sampled_node){.session = samples->session, .name = xstrdup(name), .rows = rows};
        node->probe_reader = probe_pages_join(samples->session->manager->probe_pages, &(struct probe_reader_options){
                .node = name, .begun = second_begun, .row = row_read, .ended = second_ended, .missed = second_missed, .owner = node});
        if (samples->session->manager->options->namespace)
                samples_miss(rows, SAMPLES_CADVISOR, "an operator for one namespace has no rights on nodes");
}

void session_samples_see_pod(struct session *session, enum samples_role role, struct json_object *pod)
{
        const char *node = doc_text(pod, "spec.nodeName");

        if (!session->samples || !node)
                return;
        see_node_of(session->samples, role, node);
        samples_add_pod(session->samples->store, role, pod);
}

static void read_at(struct sampled_node *node, const char *address, int port)
{
        struct fail fail = {0};
        struct node_reader *reader = node_pages_join(node->session->manager->node_pages, &(struct node_reader_options){
                .node = node->name,
                .address = address,
                .port = port,
                .begun = page_begun,
                .line = line_read,
                .ended = page_ended,
                .owner = node,
        }, &fail);

        node_pages_leave(node->reader);
        node->reader = reader;
        free(node->address);
        node->address = xstrdup(address);
        node->port = port;
        if (!reader)
                samples_miss(node->rows, SAMPLES_CADVISOR, fail.text);
}

/* A node that is made again under its name may have another address. */
void session_samples_see_node(struct session *session, struct json_object *object)
{
        const char *name = doc_text(object, "metadata.name");
        const char *address = doc_text(doc_find(doc_at(object, "status.addresses"), "type", "InternalIP"), "address");
        int port = (int)doc_int(object, "status.daemonEndpoints.kubeletEndpoint.Port", KUBELET_PORT);
        struct sampled_node *node = session->samples && name ? session_samples_node(session->samples, name) : NULL;

        if (!node || (text_equal(address, node->address) && port == node->port))
                return;
        if (address)
                read_at(node, address, port);
        else if (!node->reader)
                samples_miss(node->rows, SAMPLES_CADVISOR, "the node has no address");
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

static void add_strain(struct sampled_node *node, const struct samples_strain *strain, bool first)
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
        keep_most(&worst->steal, strain->steal);
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
                struct sampled_node *node = session_samples_node(samples, strains[i].node);
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

double session_samples_cpu(const struct session *session, int64_t from_wall_ms, int64_t to_wall_ms, bool newest)
{
        double cores;

        return session->samples && samples_target_cpu(session->samples->store, from_wall_ms, to_wall_ms, newest, &cores) ? cores : -1;
}
