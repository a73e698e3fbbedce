/* SPDX-License-Identifier: Apache-2.0
 *
 * Which policies count for the pair, and in which order they are laid over one another. Source: kuma.io, Policies (targetRef, roles,
 * merging): sorted by the top-level target, then zone over global, then role, then name; parts of "to" by the kind they name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/kuma.h"

enum fit {FIT_NO, FIT_MAYBE, FIT_YES};

const char *kuma_mesh_of(struct json_object *pod)
{
        const char *mesh = select_label(pod, "kuma.io/mesh");

        mesh = mesh ? mesh : select_annotation(pod, "kuma.io/mesh");
        return mesh ? mesh : "default";
}

/* The proxies that a policy is for. *ret_rank: how exactly it names them. */
static enum fit selects(struct json_object *target, struct json_object *pod, const char *namespace, int *ret_rank)
{
        const char *kind = doc_text(target, "kind"), *name = doc_text(target, "name");
        struct json_object *labels = doc_at(target, "labels"), *tags = doc_at(target, "tags");
        struct json_object *own = doc_at(pod, "metadata.labels");

        *ret_rank = 0;
        if (!kind || strcmp(kind, "Mesh") == 0)
                return FIT_YES;
        if (strcmp(kind, "Dataplane") == 0) {
                *ret_rank = name ? 3 : 2;
                if (name)
                        return text_equal(name, doc_text(pod, "metadata.name")) ? FIT_YES : FIT_NO;
                return select_labels(labels, own) ? FIT_YES : FIT_NO;
        }
        *ret_rank = 1;
        if (strcmp(kind, "MeshSubset") != 0 || select_count(tags) == 0)
                return strcmp(kind, "MeshGateway") == 0 ? FIT_NO : FIT_MAYBE;
        json_object_object_foreach(tags, key, value) {
                bool here = strcmp(key, "k8s.kuma.io/namespace") == 0 && text_equal(json_object_get_string(value), namespace);
                if (here)
                        continue;
                if (strstr(key, "kuma.io/"))
                        return strcmp(key, "k8s.kuma.io/namespace") == 0 ? FIT_NO : FIT_MAYBE;
                struct json_object *label = NULL;
                if (!json_object_is_type(own, json_type_object) || !json_object_object_get_ex(own, key, &label) ||
                    !text_equal(json_object_get_string(label), json_object_get_string(value)))
                        return FIT_NO;
        }
        return FIT_YES;
}

/* Older releases name a Service by all its parts: "cart_shop_svc_80". */
static bool is_old_name(const struct view *view, const char *name)
{
        char old[HOST_MAX];

        snprintf(old, sizeof old, "%s_%s_svc_%d", view->service_name, view->target_namespace, view->port);
        return text_equal(name, old);
}

static bool section_fits(const struct view *view, struct json_object *target)
{
        const char *section = doc_text(target, "sectionName");
        char number[16];

        snprintf(number, sizeof number, "%d", view->port);
        return !section || strcmp(section, number) == 0 || text_equal(section, doc_text(view_service_port(view), "name"));
}

/* The destination that a part of "to" is for. */
static enum fit names_target(const struct view *view, struct json_object *target, const char *policy_namespace, int *ret_rank)
{
        const char *kind = doc_text(target, "kind"), *name = doc_text(target, "name"), *namespace = doc_text(target, "namespace");
        struct json_object *labels = doc_at(target, "labels");

        *ret_rank = 0;
        if (!kind || strcmp(kind, "Mesh") == 0)
                return FIT_YES;
        *ret_rank = 1;
        if (strcmp(kind, "MeshHTTPRoute") == 0)
                return FIT_MAYBE;
        if (strcmp(kind, "MeshService") != 0)
                return FIT_NO;
        if (!section_fits(view, target))
                return FIT_NO;
        if (select_count(labels) > 0) {
                const char *shown = doc_text(labels, "[\"kuma.io/display-name\"]"), *space = doc_text(labels, "[\"k8s.kuma.io/namespace\"]");
                int known = (shown != NULL) + (space != NULL);
                if ((shown && strcmp(shown, view->service_name) != 0) || (space && strcmp(space, view->target_namespace) != 0))
                        return FIT_NO;
                return known == select_count(labels) ? FIT_YES : FIT_MAYBE;
        }
        if (is_old_name(view, name))
                return FIT_YES;
        return text_equal(name, view->service_name) && text_equal(namespace ? namespace : policy_namespace, view->target_namespace) ? FIT_YES
                                                                                                                                    : FIT_NO;
}

enum role {ROLE_SYSTEM, ROLE_PRODUCER, ROLE_CONSUMER, ROLE_OWNER};

/* The control plane writes the role; before it did, the place of the object tells. */
static enum role role_of(const struct view *view, struct json_object *policy)
{
        static const char *const words[] = {"system", "producer", "consumer", "workload-owner"};
        const char *label = select_label(policy, "kuma.io/policy-role"), *namespace = doc_text(policy, "metadata.namespace");
        struct json_object *to = doc_at(policy, "spec.to");

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (text_equal(label, words[i]))
                        return (enum role)i;
        if (text_equal(namespace, view->control_namespace))
                return ROLE_SYSTEM;
        if (doc_len(to, "") == 0)
                return ROLE_OWNER;
        const char *own = doc_text(to, "[0].targetRef.namespace");
        bool service = text_equal(doc_text(to, "[0].targetRef.kind"), "MeshService");
        return service && (!own || text_equal(own, namespace)) ? ROLE_PRODUCER : ROLE_CONSUMER;
}

/* Whether a policy of this role in this namespace reaches the proxy of a pod there. */
static bool reaches(enum role role, const char *policy_namespace, const char *pod_namespace)
{
        return role == ROLE_SYSTEM || role == ROLE_PRODUCER || text_equal(policy_namespace, pod_namespace);
}

static int by_order(const void *a, const void *b)
{
        const struct kuma_part *left = a, *right = b;

        for (size_t i = 0; i < ARRAY_LEN(left->order); i++)
                if (left->order[i] != right->order[i])
                        return left->order[i] < right->order[i] ? -1 : 1;
        const char *l = doc_text(left->policy, "metadata.name"), *r = doc_text(right->policy, "metadata.name");
        return strcmp(r ? r : "", l ? l : ""); /* the first by name wins, so it comes last */
}

static void doubt(struct kuma_parts *parts, struct json_object *policy)
{
        char ref[REF_MAX];

        ref_format(ref, parts->kind, policy);
        snprintf(parts->unknown_text, sizeof parts->unknown_text, "%s may count", ref);
        parts->unknown = parts->unknown_text;
}

/* All pods of a side alike, or the policy may count. */
static enum fit selects_all(struct json_object *target, struct json_object *pods, const char *namespace, int *ret_rank)
{
        enum fit fit = FIT_NO;

        for (size_t i = 0; i < doc_len(pods, ""); i++) {
                enum fit one = selects(target, doc_item(pods, i), namespace, ret_rank);
                fit = i == 0 || one == fit ? one : FIT_MAYBE;
        }
        return fit;
}

/* What a list of a policy contributes: 'list' is "to", "rules" or "from". */
static void add_parts(struct view *view, struct kuma_parts *parts, struct json_object *policy, const char *list, struct json_object *pods,
                      const char *pod_namespace)
{
        const char *namespace = doc_text(policy, "metadata.namespace");
        char path[32];
        int top = 0, rank = 0;
        enum fit fit = selects_all(doc_at(policy, "spec.targetRef"), pods, pod_namespace, &top);
        enum role role = role_of(view, policy);

        snprintf(path, sizeof path, "spec.%s", list);
        struct json_object *entries = doc_at(policy, path);
        for (size_t i = 0; fit != FIT_NO && i < doc_len(entries, ""); i++) {
                struct json_object *entry = doc_item(entries, i), *target = doc_at(entry, "targetRef");
                enum fit one = strcmp(list, "to") == 0 ? names_target(view, target, namespace, &rank)
                               : strcmp(list, "from") == 0 && target && !text_equal(doc_text(target, "kind"), "Mesh") ? FIT_MAYBE
                               : doc_len(entry, "matches") > 0                                                        ? FIT_MAYBE
                                                                                                                      : FIT_YES;
                if (one == FIT_NO || !doc_at(entry, "default"))
                        continue;
                if (one == FIT_MAYBE || fit == FIT_MAYBE || parts->len >= KUMA_PARTS_MAX) {
                        doubt(parts, policy);
                        continue;
                }
                struct kuma_part *part = &parts->parts[parts->len++];
                *part = (struct kuma_part){.policy = policy, .value = doc_at(entry, "default"),
                                           .order = {rank, top, !text_equal(select_label(policy, "kuma.io/origin"), "global"), (int)role, (int)i}};
                snprintf(part->field, sizeof part->field, "%s[%zu].default", path, i);
                put_inventory(view, parts->kind, policy, "effective");
        }
}

static void collect(struct view *view, const char *kind, bool outbound, struct kuma_parts *parts)
{
        auto_json struct json_object *clients = doc_push(doc_array(), json_object_get(view->question->client));
        struct json_object *pods = outbound ? clients : view->question->server_pods;
        const char *pod_namespace = outbound ? view->client_namespace : view->target_namespace;
        const char *places[] = {view->control_namespace, view->client_namespace, view->target_namespace};
        const struct mesh_resource *row = table_row(&mesh_kuma, kind);
        enum mesh_miss why = MESH_NOT_READ;

        *parts = (struct kuma_parts){.kind = kind};
        for (size_t i = 0; i < ARRAY_LEN(places); i++)
                if (!*places[i] || !row || !bag_was_read(view->bag, row, places[i], &why)) {
                        parts->unknown = *places[i] ? mesh_miss_name(why) : "control plane not found";
                        return;
                }
        auto_json struct json_object *all = bag_objects(view->bag, KUMA_GROUP, kind, NULL);
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *policy = doc_item(all, i);
                const char *mesh = select_label(policy, "kuma.io/mesh"), *namespace = doc_text(policy, "metadata.namespace");
                if (strcmp(mesh ? mesh : "default", kuma_mesh_of(doc_item(pods, 0))) != 0 ||
                    !reaches(role_of(view, policy), namespace, pod_namespace))
                        continue;
                if (outbound) {
                        add_parts(view, parts, policy, "to", pods, pod_namespace);
                } else {
                        add_parts(view, parts, policy, "from", pods, pod_namespace);
                        add_parts(view, parts, policy, "rules", pods, pod_namespace);
                }
        }
        qsort(parts->parts, parts->len, sizeof parts->parts[0], by_order);
}

void kuma_outbound(struct view *view, const char *kind, struct kuma_parts *parts)
{
        collect(view, kind, true, parts);
}

void kuma_inbound(struct view *view, const char *kind, struct kuma_parts *parts)
{
        collect(view, kind, false, parts);
}

struct json_object *kuma_value(const struct kuma_parts *parts, const char *path, const struct kuma_part **ret_part)
{
        for (size_t i = parts->len; i > 0; i--) {
                struct json_object *value = doc_at(parts->parts[i - 1].value, path);
                if (!value)
                        continue;
                *ret_part = &parts->parts[i - 1];
                return value;
        }
        *ret_part = NULL;
        return NULL;
}
