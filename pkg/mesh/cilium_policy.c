/* SPDX-License-Identifier: Apache-2.0
 *
 * Which HTTP rules of Cilium's policies are about this pair: the pods they select, the peers, the port. Sources: docs.cilium.io, Layer 3, 4 and 7
 * Policies (endpoint based, entities based, limit ingress/egress ports, HTTP), Namespaces.
 *
 * Answers are 0 (no), 1 (yes) and -1 (it may be): not all that a rule may say can be told from here. */
#include "mesh/cilium.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define NAMESPACE_LABEL "io.kubernetes.pod.namespace"

static int both(int a, int b)
{
        return a == 0 || b == 0 ? 0 : a == 1 && b == 1 ? 1 : -1;
}

static int either(int a, int b)
{
        return a == 1 || b == 1 ? 1 : a == 0 && b == 0 ? 0 : -1;
}

/* ---- pods ---- */

struct pod {
        struct json_object *labels;
        const char *namespace;
};

/* Cilium writes where a label comes from before its key: "any:" and "k8s:" are the pod's. Those that it derives are not on the pod. */
static int label_fits(const struct pod *pod, const char *key, const char *wanted)
{
        const char *colon = strchr(key, ':'), *bare = colon ? colon + 1 : key;
        struct json_object *own = NULL;

        if (colon && !text_starts(key, "any:") && !text_starts(key, "k8s:"))
                return -1;
        if (text_equal(bare, NAMESPACE_LABEL))
                return text_equal(pod->namespace, wanted);
        if (!json_object_is_type(pod->labels, json_type_object) || !json_object_object_get_ex(pod->labels, bare, &own))
                return text_starts(bare, "io.") ? -1 : 0;
        return text_equal(json_object_get_string(own), wanted);
}

static int selector_fits(const struct pod *pod, struct json_object *selector)
{
        struct json_object *wanted = doc_at(selector, "matchLabels");
        int fits = doc_len(selector, "matchExpressions") > 0 ? -1 : 1;

        if (select_count(wanted) == 0)
                return fits;
        json_object_object_foreach(wanted, key, value) {
                fits = both(fits, label_fits(pod, key, json_object_get_string(value)));
        }
        return fits;
}

static bool names_namespace(struct json_object *selector)
{
        struct json_object *wanted = doc_at(selector, "matchLabels");

        if (select_count(wanted) == 0)
                return false;
        json_object_object_foreach(wanted, key, unused) {
                const char *colon = strchr(key, ':');
                (void)unused;
                if (text_equal(colon ? colon + 1 : key, NAMESPACE_LABEL))
                        return true;
        }
        return false;
}

/* A side of the pair: all of its pods alike, or nobody can tell. 'within': the only namespace that counts, NULL: any. */
static int side_fits(const struct view *view, bool server, struct json_object *selector, const char *within)
{
        struct json_object *pods = view->question->server_pods;
        struct pod pod = {view->client_labels, server ? view->target_namespace : view->client_namespace};
        int fits = 0;

        if (within && !text_equal(within, pod.namespace))
                return 0;
        if (server ? !pods : !view->question->client)
                return -1;
        if (!server)
                return selector_fits(&pod, selector);
        for (size_t i = 0; i < doc_len(pods, ""); i++) {
                pod.labels = doc_at(doc_item(pods, i), "metadata.labels");
                int one = selector_fits(&pod, selector);
                fits = i == 0 || one == fits ? one : -1;
        }
        return fits;
}

/* ---- peers ---- */

static int entities_fit(struct json_object *entities)
{
        static const char *const pods[] = {"all", "cluster"}, *const others[] = {"world", "world-ipv4", "world-ipv6", "host", "remote-node",
                                                                               "kube-apiserver", "health", "ingress", "none"};
        int fits = 0;

        for (size_t i = 0; i < doc_len(entities, ""); i++) {
                const char *entity = json_object_get_string(doc_item(entities, i));
                int one = -1;
                for (size_t j = 0; j < ARRAY_LEN(pods); j++)
                        one = text_equal(entity, pods[j]) ? 1 : one;
                for (size_t j = 0; j < ARRAY_LEN(others); j++)
                        one = text_equal(entity, others[j]) ? 0 : one;
                fits = either(fits, one);
        }
        return fits;
}

/* A selector of a namespace's policy is about that namespace, unless it names another. */
static int endpoints_fit(const struct view *view, bool server, struct json_object *selectors, const char *own)
{
        int fits = 0;

        for (size_t i = 0; i < doc_len(selectors, ""); i++) {
                struct json_object *selector = doc_item(selectors, i);
                fits = either(fits, side_fits(view, server, selector, names_namespace(selector) ? NULL : own));
        }
        return fits;
}

/* A rule that names no peer is about all. Addresses, names, nodes and Services are not told here. */
static int peers_fit(const struct view *view, bool server, struct json_object *rule, const char *own)
{
        const char *head = server ? "from" : "to";
        int fits = 0;
        bool named = false;

        if (!json_object_is_type(rule, json_type_object))
                return 0;
        json_object_object_foreach(rule, key, value) {
                if (!text_starts(key, head) || text_equal(key, "toPorts"))
                        continue;
                named = true;
                if (text_equal(key + strlen(head), "Endpoints"))
                        fits = either(fits, endpoints_fit(view, !server, value, own));
                else if (text_equal(key + strlen(head), "Entities"))
                        fits = either(fits, entities_fit(value));
                else
                        fits = either(fits, -1);
        }
        return named ? fits : 1;
}

/* ---- the port ---- */

/* A port by name is the container's. */
static int named_port_fits(const struct view *view, const char *name)
{
        struct json_object *pods = view->question->server_pods;

        for (size_t i = 0; i < doc_len(pods, ""); i++) {
                struct json_object *containers = doc_at(doc_item(pods, i), "spec.containers");
                for (size_t c = 0; c < doc_len(containers, ""); c++) {
                        struct json_object *ports = doc_at(doc_item(containers, c), "ports");
                        for (size_t p = 0; p < doc_len(ports, ""); p++)
                                if (text_equal(doc_text(doc_item(ports, p), "name"), name))
                                        return doc_int(doc_item(ports, p), "containerPort", 0) == view->target_port;
                }
        }
        return doc_len(pods, "") > 0 ? 0 : -1;
}

static int port_fits(const struct view *view, struct json_object *entry)
{
        const char *text = doc_text(entry, "port"), *protocol = doc_text(entry, "protocol");
        char *end;

        if (protocol && !text_equal(protocol, "TCP") && !text_equal(protocol, "ANY"))
                return 0;
        if (!text || view->target_port == 0)
                return -1;
        long port = strtol(text, &end, 10);
        if (*end)
                return named_port_fits(view, text);
        int64_t last = doc_int(entry, "endPort", port);
        return port == 0 || (port <= view->target_port && view->target_port <= last);
}

static int http_fits(const struct view *view, struct json_object *rule)
{
        struct json_object *to_ports = doc_at(rule, "toPorts");
        int fits = 0;

        for (size_t i = 0; i < doc_len(to_ports, ""); i++) {
                struct json_object *entry = doc_item(to_ports, i), *ports = doc_at(entry, "ports");
                if (!doc_at(entry, "rules.http"))
                        continue;
                for (size_t j = 0; j < doc_len(ports, ""); j++)
                        fits = either(fits, port_fits(view, doc_item(ports, j)));
        }
        return fits;
}

/* ---- policies ---- */

/* HTTP rules for the port, in the direction that this side sees. 'own': the policy's namespace, NULL: it has none. */
static void look_at_spec(struct view *view, struct cilium_redirect *redirect, struct json_object *spec, const char *ref, const char *own, bool server)
{
        const char *direction = server ? "ingress" : "egress";
        struct json_object *rules = doc_at(spec, direction), *selector = doc_at(spec, "endpointSelector");
        int selected = selector ? side_fits(view, server, selector, own) : 0; /* without one it is about nodes */

        for (size_t i = 0; selected && i < doc_len(rules, ""); i++) {
                int fits = both(selected, both(http_fits(view, doc_item(rules, i)), peers_fit(view, server, doc_item(rules, i), own)));
                if (fits == 0 || redirect->found == 1)
                        continue;
                redirect->found = fits;
                redirect->field = direction;
                snprintf(redirect->ref, sizeof redirect->ref, "%s", ref);
        }
}

static void look_at(struct view *view, struct cilium_redirect *redirect, const char *kind, const char *namespace, bool server)
{
        auto_json struct json_object *all = bag_objects(view->bag, "cilium.io", kind, namespace);

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *policy = doc_item(all, i), *specs = doc_at(policy, "specs");
                char ref[REF_MAX];
                ref_format(ref, kind, policy);
                look_at_spec(view, redirect, doc_at(policy, "spec"), ref, namespace, server);
                for (size_t j = 0; j < doc_len(specs, ""); j++)
                        look_at_spec(view, redirect, doc_item(specs, j), ref, namespace, server);
                put_inventory(view, kind, policy, "namespace");
        }
}

void cilium_look_at_policies(struct view *view, struct cilium_redirect *redirect)
{
        look_at(view, redirect, "CiliumNetworkPolicy", view->target_namespace, true);
        look_at(view, redirect, "CiliumNetworkPolicy", view->client_namespace, false);
        look_at(view, redirect, "CiliumClusterwideNetworkPolicy", NULL, true);
        look_at(view, redirect, "CiliumClusterwideNetworkPolicy", NULL, false);
}
