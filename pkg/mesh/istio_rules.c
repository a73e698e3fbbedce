/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources: istio.io, DestinationRule (exportTo, workloadSelector, subsets, portLevelSettings), Traffic Management Best Practices
 * (cross-namespace lookup: client's namespace, service's namespace, root namespace; merging within a namespace). */
#include "mesh/istio_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define KIND "DestinationRule"

static bool has_selector(struct json_object *rule)
{
        struct json_object *labels = doc_at(rule, "spec.workloadSelector.matchLabels");

        return labels && select_count(labels) > 0;
}

static int host_fit(const struct view *view, struct json_object *rule, const char *host)
{
        char full[HOST_MAX];
        const char *own = doc_text(rule, "spec.host"), *namespace = doc_text(rule, "metadata.namespace");

        if (!own)
                return 0;
        istio_host_full(view, own, namespace ? namespace : "", full);
        return istio_host_fits(full, host);
}

static void lose(struct istio *istio, struct json_object *rule, const char *reason)
{
        char ref[REF_MAX];

        ref_format(ref, KIND, rule);
        put_shadowed(istio->view, NULL, ref, reason);
        put_inventory(istio->view, KIND, rule, "matched");
}

/* Why a rule for the host has no say here; NULL: it has. The client's own namespace sees what it exports to itself and nobody else. */
static const char *excluded_because(const struct istio *istio, struct json_object *rule, bool clients)
{
        const struct view *view = istio->view;

        if (has_selector(rule) && istio->waypoint)
                return "a workloadSelector selects clients, and a waypoint decides";
        if (has_selector(rule) && !clients)
                return "a workloadSelector counts only in its own namespace";
        if (has_selector(rule))
                return select_labels(doc_at(rule, "spec.workloadSelector.matchLabels"), view->client_labels)
                               ? NULL
                               : "its workloadSelector does not fit the client";
        return istio_is_exported(istio, rule, "defaultDestinationRuleExportTo") ? NULL : "not exported to the client's namespace";
}

static bool same_scope(struct json_object *a, struct json_object *b)
{
        return doc_equal(doc_at(a, "spec.exportTo"), doc_at(b, "spec.exportTo"));
}

/* Of the rules with the best host: one that selects this client goes first and takes the younger ones along; else all are merged. */
static void merge(struct rule_set *set, struct json_object *best)
{
        size_t first = 0, len = doc_len(best, "");

        for (size_t i = 0; i < len; i++)
                if (has_selector(doc_item(best, i))) {
                        first = i;
                        break;
                }
        bool selected = len > 0 && has_selector(doc_item(best, first));
        for (size_t i = selected ? first : 0; i < len && set->len < RULES_MAX; i++) {
                if (!selected && !same_scope(doc_item(best, i), doc_item(best, 0)))
                        set->unknown = "several rules for the host with different exportTo";
                set->rules[set->len++] = doc_item(best, i);
        }
}

/* The best rules of one namespace. Returns how many rules for the host were there for this client. */
static size_t rules_at(struct istio *istio, const char *namespace, const char *host, bool note, struct rule_set *set)
{
        struct view *view = istio->view;
        bool clients = strcmp(namespace, istio->seat) == 0;
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_NETWORKING, KIND, namespace), *best = doc_array();
        int best_fit = 0;

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *rule = doc_item(all, i);
                char ref[REF_MAX];
                int fit = host_fit(view, rule, host);
                const char *reason = fit > 0 ? excluded_because(istio, rule, clients) : NULL;
                ref_format(ref, KIND, rule);
                if (reason && note)
                        put_inert(view, NULL, ref, reason);
                if (fit == 0 || reason || fit < best_fit) {
                        if (fit > 0 && !reason && note)
                                lose(istio, rule, "another DestinationRule names the host more exactly");
                        continue;
                }
                for (size_t j = 0; fit > best_fit && note && j < doc_len(best, ""); j++)
                        lose(istio, doc_item(best, j), "another DestinationRule names the host more exactly");
                if (fit > best_fit && doc_len(best, "") > 0)
                        json_object_array_del_idx(best, 0, doc_len(best, ""));
                best_fit = fit;
                doc_push(best, json_object_get(rule));
        }
        merge(set, best);
        return set->len;
}

static void note_lower(struct istio *istio, const char *namespace, const char *host)
{
        struct rule_set lower = {0};

        if (rules_at(istio, namespace, host, false, &lower) > 0)
                for (size_t i = 0; i < lower.len; i++)
                        lose(istio, lower.rules[i], "rules of a nearer namespace count");
}

void rules_find(struct istio *istio, const char *host, bool note, struct rule_set *set)
{
        struct view *view = istio->view;
        char service_namespace[MESH_NAME_MAX] = "";
        const char *levels[3] = {istio->seat, service_namespace, view->root_namespace};
        bool found = false;

        *set = (struct rule_set){0};
        if (!istio_host_namespace(host, service_namespace) && istio->entry)
                snprintf(service_namespace, sizeof service_namespace, "%s", doc_text(istio->entry, "metadata.namespace"));
        for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
                const char *reason;
                bool again = !*levels[i] || (i > 0 && strcmp(levels[i], levels[0]) == 0) || (i > 1 && strcmp(levels[i], levels[1]) == 0);
                if (again)
                        continue;
                if (found) {
                        if (note)
                                note_lower(istio, levels[i], host);
                        continue;
                }
                if (!istio_was_read(view, KIND, levels[i], &reason)) {
                        set->unknown = reason;
                        return;
                }
                found = rules_at(istio, levels[i], host, note, set) > 0;
        }
        if (!*view->root_namespace)
                set->unknown = "root namespace not known";
}

static void take_block(struct rule_block *block, struct json_object *value, struct json_object *rule, const char *at, const char *name)
{
        block->value = value;
        ref_format(block->ref, KIND, rule);
        snprintf(block->field, sizeof block->field, "%s.%s", at, name);
}

/* A policy's own block; settings of the port replace those of the destination as a whole, with what they leave out too. */
static void overlay(struct rule_block *block, struct json_object *policy, struct json_object *rule, const char *at, int64_t port,
                    const char *name, bool first)
{
        struct json_object *ports = doc_at(policy, "portLevelSettings");
        char where[128];

        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                struct json_object *own = doc_item(ports, i);
                if (doc_int(own, "port.number", -1) != port)
                        continue;
                snprintf(where, sizeof where, "%s.portLevelSettings[%zu]", at, i);
                if (strcmp(name, "retryBudget") != 0)
                        take_block(block, doc_at(own, name), rule, where, name);
                else if (first)
                        block->value = NULL;
                return;
        }
        if (doc_at(policy, name))
                take_block(block, doc_at(policy, name), rule, at, name);
}

/* The subset with this name, of the oldest rule that has it. */
static struct json_object *subset_of(const struct rule_set *set, const char *subset, struct json_object **ret_rule, size_t *ret_index)
{
        for (size_t i = 0; i < set->len; i++) {
                struct json_object *list = doc_at(set->rules[i], "spec.subsets");
                for (size_t j = 0; j < doc_len(list, ""); j++)
                        if (text_equal(doc_text(doc_item(list, j), "name"), subset)) {
                                *ret_rule = set->rules[i];
                                *ret_index = j;
                                return doc_item(list, j);
                        }
        }
        return NULL;
}

bool rules_block(const struct istio *istio, const struct rule_set *set, const char *subset, int64_t port, const char *name,
                 struct rule_block *block)
{
        struct json_object *rule = NULL, *whole = doc_at(istio->view->config, "defaultTrafficPolicy"), *found = NULL;
        char at[128];
        size_t index = 0;

        *block = (struct rule_block){0};
        for (size_t i = 0; i < set->len; i++)
                if (doc_at(set->rules[i], "spec.trafficPolicy")) {
                        overlay(block, doc_at(set->rules[i], "spec.trafficPolicy"), set->rules[i], "spec.trafficPolicy", port, name, true);
                        break;
                }
        if (subset) {
                found = subset_of(set, subset, &rule, &index);
                if (!found)
                        return false;
                snprintf(at, sizeof at, "spec.subsets[%zu].trafficPolicy", index);
                overlay(block, doc_at(found, "trafficPolicy"), rule, at, port, name, false);
        }
        bool has_default = strcmp(name, "connectionPool") == 0 || strcmp(name, "outlierDetection") == 0;
        if (!block->value && has_default && doc_at(whole, name)) {
                block->value = doc_at(whole, name);
                block->config = true;
                snprintf(block->field, sizeof block->field, "defaultTrafficPolicy.%s", name);
        }
        return true;
}
