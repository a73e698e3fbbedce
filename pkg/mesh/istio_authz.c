/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is let in, and what asking costs. Sources: istio.io, AuthorizationPolicy (action order CUSTOM, DENY, ALLOW; dry-run),
 * RequestAuthentication, External Authorization. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define KIND "AuthorizationPolicy"

struct tally {
        const struct istio *istio;
        enum istio_gate gate;
        int64_t allow, deny, audit, custom, empty_allow;
        bool l7, some; /* some: a policy is for some of the pods only */
        struct json_object *providers; /* array */
        char ref[REF_MAX];             /* the first that counts */
};

static bool is_attached(struct json_object *policy)
{
        auto_json struct json_object *targets = istio_targets(policy);

        return targets != NULL;
}

/* Sidecars and ztunnel go by selectors; what is attached to targets is for waypoints. NULL: it counts for the server; "": it is about
 * something else. */
static const char *excluded_because(const struct tally *tally, struct json_object *policy)
{
        const char *action = doc_text(policy, "spec.action");

        if (is_attached(policy)) {
                if (tally->gate == ISTIO_GATE_SIDECAR)
                        return "targetRefs count only for waypoints and gateways";
                if (!istio_attaches(tally->istio, policy))
                        return "";
                if (!tally->istio->waypoint)
                        return ISTIO_NEEDS_WAYPOINT;
        } else if (select_pods(doc_at(policy, "spec.selector.matchLabels"), tally->istio->view->question->server_pods) == 0) {
                return "";
        } else if (tally->gate == ISTIO_GATE_ZTUNNEL && (text_equal(action, "CUSTOM") || text_equal(action, "AUDIT"))) {
                return "ztunnel knows only ALLOW and DENY: others need targetRefs to a waypoint";
        }
        const char *dry = select_annotation(policy, "istio.io/dry-run");
        return text_equal(dry, "true") ? "dry-run" : NULL;
}

/* Rules that need HTTP: paths, methods, hosts, request principals, headers and claims. */
static bool needs_http(struct json_object *rules)
{
        static const char *const operations[] = {"methods", "paths", "hosts", "notMethods", "notPaths", "notHosts"};

        for (size_t i = 0; i < doc_len(rules, ""); i++) {
                struct json_object *to = doc_at(doc_item(rules, i), "to"), *from = doc_at(doc_item(rules, i), "from");
                struct json_object *when = doc_at(doc_item(rules, i), "when");
                for (size_t j = 0; j < doc_len(to, ""); j++)
                        for (size_t k = 0; k < ARRAY_LEN(operations); k++)
                                if (doc_len(doc_at(doc_item(to, j), "operation"), operations[k]) > 0)
                                        return true;
                for (size_t j = 0; j < doc_len(from, ""); j++)
                        if (doc_len(doc_item(from, j), "source.requestPrincipals") > 0 ||
                            doc_len(doc_item(from, j), "source.notRequestPrincipals") > 0)
                                return true;
                for (size_t j = 0; j < doc_len(when, ""); j++) {
                        const char *key = doc_text(doc_item(when, j), "key");
                        if (key && text_starts(key, "request."))
                                return true;
                }
        }
        return false;
}

static struct json_object *provider_of(const struct view *view, const char *name)
{
        struct json_object *list = doc_at(view->config, "extensionProviders");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "name"), name))
                        return doc_item(list, i);
        return NULL;
}

#define CHECK_TIMEOUT_US INT64_C(600000000)

/* A call to somebody else before every request. A provider that the mesh does not know refuses all. */
static void add_provider(struct view *view, struct tally *tally, struct json_object *policy, const char *ref)
{
        static const char *const kinds[] = {"envoyExtAuthzHttp", "envoyExtAuthzGrpc"};
        const char *name = doc_text(policy, "spec.provider.name");
        struct json_object *provider = provider_of(view, name), *entry = doc_set_text(doc_object(), "provider", name ? name : "");
        int64_t us = CHECK_TIMEOUT_US;

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                struct json_object *check = doc_at(provider, kinds[i]);
                if (!check)
                        continue;
                doc_set_text(entry, "service", doc_text(check, "service"));
                if (doc_at(check, "timeout") && !quantity_us(doc_at(check, "timeout"), &us))
                        us = CHECK_TIMEOUT_US;
                doc_set_int(entry, "timeoutUs", us);
                doc_set_bool(entry, "failOpen", doc_bool(check, "failOpen", false));
        }
        if (view->config && !provider)
                put_finding(view, "ProviderMissing", "error", ref, "the mesh config has no extension provider '%s': all requests are refused",
                            name ? name : "");
        doc_push(tally->providers, entry);
}

static void count_policy(struct view *view, struct tally *tally, struct json_object *policy)
{
        const char *action = doc_text(policy, "spec.action");
        struct json_object *rules = doc_at(policy, "spec.rules");
        char ref[REF_MAX];

        ref_format(ref, KIND, policy);
        put_inventory(view, KIND, policy, "effective");
        if (!is_attached(policy))
                tally->some = tally->some || select_pods(doc_at(policy, "spec.selector.matchLabels"), view->question->server_pods) < 0;
        if (!*tally->ref)
                memcpy(tally->ref, ref, sizeof ref);
        tally->l7 = tally->l7 || needs_http(rules);
        if (tally->gate == ISTIO_GATE_ZTUNNEL && !is_attached(policy) && needs_http(rules))
                put_finding(view, "HttpRulesAtZtunnel", "error", ref,
                            "%s has rules about HTTP, which ztunnel cannot read: it refuses what they were to let in", ref);
        if (text_equal(action, "DENY")) {
                tally->deny++;
        } else if (text_equal(action, "AUDIT")) {
                tally->audit++;
        } else if (text_equal(action, "CUSTOM")) {
                tally->custom++;
                add_provider(view, tally, policy, ref);
        } else {
                tally->allow++;
                tally->empty_allow += doc_len(rules, "") == 0;
        }
}

static void count_at(struct view *view, struct tally *tally, const char *namespace)
{
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_SECURITY, KIND, namespace);

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                const char *reason = excluded_because(tally, doc_item(all, i));
                char ref[REF_MAX];
                ref_format(ref, KIND, doc_item(all, i));
                if (!reason)
                        count_policy(view, tally, doc_item(all, i));
                else if (*reason)
                        put_inert(view, "authz.default", ref, reason);
        }
}

/* In a namespace that is only the waypoint's, selectors and policies for all are about others. */
static void count_attached(struct view *view, struct tally *tally)
{
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_SECURITY, KIND, tally->istio->seat);

        for (size_t i = 0; i < doc_len(all, ""); i++)
                if (istio_attaches(tally->istio, doc_item(all, i)))
                        count_policy(view, tally, doc_item(all, i));
}

static void put_tally(struct view *view, const struct tally *tally)
{
        int64_t all = tally->allow + tally->deny + tally->custom + tally->audit;
        struct origin origin = all > 0 ? (struct origin){.kind = "object", .ref = tally->ref, .field = "spec.action"}
                                       : ORIGIN_DEFAULT("no AuthorizationPolicy applies");

        /* With one ALLOW policy whatever no rule allows is refused; one without rules allows nothing. */
        put_text(view, "authz.default", tally->allow > 0 ? "deny" : "allow", origin);
        put_int(view, "authz.allow", tally->allow, origin);
        put_int(view, "authz.deny", tally->deny, origin);
        put_bool(view, "authz.l7", tally->l7, origin);
        put_policy(view, "authz.external", json_object_get(tally->providers), origin);
        if (tally->allow > 0 && tally->allow == tally->empty_allow)
                put_finding(view, "AllDenied", "error", tally->ref, "ALLOW policies without rules allow nothing: all requests are refused");
}

/* Whether the server's proxies check these tokens: 1 all of them, 0 none, -1 some. ztunnel reads no tokens. */
static int checks_tokens(const struct tally *tally, struct json_object *object)
{
        if (is_attached(object))
                return tally->istio->waypoint && istio_attaches(tally->istio, object);
        if (tally->gate == ISTIO_GATE_ZTUNNEL)
                return 0;
        return select_pods(doc_at(object, "spec.selector.matchLabels"), tally->istio->view->question->server_pods);
}

static void put_jwt(struct view *view, const struct tally *tally)
{
        const char *namespaces[] = {view->root_namespace, view->target_namespace};
        struct origin origin = ORIGIN_DEFAULT("no RequestAuthentication applies");
        char ref[REF_MAX];
        int64_t rules = 0;
        bool same = strcmp(namespaces[0], namespaces[1]) == 0;

        for (size_t n = same ? 1 : 0; n < 2; n++) {
                const char *reason;
                if (!istio_was_read(view, "RequestAuthentication", namespaces[n], &reason)) {
                        put_unknown(view, "authz.jwtRules", reason);
                        return;
                }
                auto_json struct json_object *all = bag_objects(view->bag, ISTIO_SECURITY, "RequestAuthentication", namespaces[n]);
                for (size_t i = 0; i < doc_len(all, ""); i++) {
                        struct json_object *object = doc_item(all, i);
                        int fits = checks_tokens(tally, object);
                        if (fits == 0)
                                continue;
                        if (fits < 0) {
                                put_unknown(view, "authz.jwtRules", ISTIO_SOME_PODS);
                                return;
                        }
                        put_inventory(view, "RequestAuthentication", object, "effective");
                        ref_format(ref, "RequestAuthentication", object);
                        origin = (struct origin){.kind = "object", .ref = ref, .field = "spec.jwtRules"};
                        rules += (int64_t)doc_len(object, "spec.jwtRules");
                }
        }
        put_int(view, "authz.jwtRules", rules, origin);
}

static void put_all(struct view *view, bool known, const char *reason)
{
        static const char *const keys[] = {"authz.default", "authz.allow", "authz.deny", "authz.l7", "authz.external", "authz.jwtRules"};

        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                if (known)
                        put_policy(view, keys[i], NULL, ORIGIN_DEFAULT(reason));
                else
                        put_unknown(view, keys[i], reason);
        }
}

void istio_authz(struct istio *istio)
{
        struct view *view = istio->view;
        struct tally tally = {.istio = istio, .gate = istio_gate_of(view)};
        const char *reason = NULL;
        bool known;
        const char *server = tally.gate == ISTIO_GATE_ZTUNNEL ? NULL : istio_server_reason(istio, &known);

        if (server || !*view->root_namespace) {
                put_all(view, known && server, server ? server : "root namespace not known");
                return;
        }
        if (!istio_was_read(view, KIND, view->root_namespace, &reason) || !istio_was_read(view, KIND, view->target_namespace, &reason) ||
            (istio->waypoint && !istio_was_read(view, KIND, istio->seat, &reason))) {
                put_all(view, false, reason);
                return;
        }
        tally.providers = doc_array();
        count_at(view, &tally, view->root_namespace);
        if (strcmp(view->root_namespace, view->target_namespace) != 0)
                count_at(view, &tally, view->target_namespace);
        if (istio->waypoint && strcmp(istio->seat, view->target_namespace) != 0 && strcmp(istio->seat, view->root_namespace) != 0)
                count_attached(view, &tally);
        if (tally.some)
                put_all(view, false, ISTIO_SOME_PODS);
        else
                put_tally(view, &tally);
        put_jwt(view, &tally);
        json_object_put(tally.providers);
}
