/* SPDX-License-Identifier: Apache-2.0
 *
 * What the proxies of the pair are told, and whom the server's lets in. Sources: linkerd.io, Proxy Configuration; Authorization Policy; Rate
 * Limiting; Automatic mTLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/linkerd.h"

#define CONNECT_US 1000000

void linkerd_proxies(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        static const char *const connect = "config.linkerd.io/proxy-outbound-connect-timeout", *const log = "config.linkerd.io/access-log";
        const char *text = linkerd_annotation(view->question->client, linkerd->client_space, connect);
        int64_t us = CONNECT_US;

        if (linkerd->unknown)
                put_unknown(view, "timeout.connectUs", linkerd->unknown);
        else if (linkerd->bare)
                put_policy(view, "timeout.connectUs", NULL, ORIGIN_DEFAULT(linkerd->bare));
        else if (text && !quantity_text_us(text, &us))
                put_unknown(view, "timeout.connectUs", "not a duration");
        else
                put_int(view, "timeout.connectUs", us, text ? (struct origin){.kind = "proxyConfig", .field = connect} : ORIGIN_DEFAULT(NULL));
        put_text(view, "lb.policy", linkerd->bare || linkerd->unknown ? NULL : linkerd->opaque ? "connection" : "peak_ewma",
                 linkerd->unknown ? ORIGIN_UNKNOWN(linkerd->unknown) : ORIGIN_DEFAULT(linkerd->bare));
        const char *client = linkerd_annotation(view->question->client, linkerd->client_space, log);
        const char *server = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, log);
        const struct origin annotation = {.kind = "proxyConfig", .field = log};
        put_bool(view, "telemetry.accessLog.client", client && *client && view->client_meshed, client ? annotation : ORIGIN_DEFAULT(NULL));
        put_bool(view, "telemetry.accessLog.server", server && *server && view->server_meshed, server ? annotation : ORIGIN_DEFAULT(NULL));
}

/* Servers for the port take the place of the default policy. Returns their number; 0 with *ret_reason if nobody can tell. */
static size_t servers_for(struct view *view, char ref[static REF_MAX], const char **ret_access, const char **ret_reason)
{
        auto_json struct json_object *all = bag_objects(view->bag, "policy.linkerd.io", "Server", view->target_namespace);
        enum mesh_miss why = MESH_NOT_READ;
        size_t len = 0;

        *ret_reason = NULL;
        if (!bag_was_read(view->bag, table_row(&mesh_linkerd, "Server"), view->target_namespace, &why)) {
                *ret_reason = mesh_miss_name(why);
                return 0;
        }
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *server = doc_item(all, i);
                const char *named = doc_text(server, "spec.port");
                struct json_object *selector = doc_at(server, "spec.podSelector");
                int fits = selector ? select_pods_matching(selector, view->question->server_pods) : 0;
                if (fits == 0 || (!named && doc_int(server, "spec.port", 0) != view->target_port))
                        continue;
                if (named && !text_equal(named, doc_text(view_service_port(view), "targetPort")))
                        continue;
                if (fits < 0) {
                        *ret_reason = "a Server selects some of the target's pods";
                        return 0;
                }
                const char *access = doc_text(server, "spec.accessPolicy");
                *ret_access = access ? access : "deny";
                ref_format(ref, "Server", server);
                put_inventory(view, "Server", server, "effective");
                len++;
        }
        return len;
}

static void put_inbound(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        static const char *const key = "config.linkerd.io/default-inbound-policy";
        const char *reason, *access = NULL, *own = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, key);
        const char *whole = doc_text(view->config, "proxy.defaultInboundPolicy");
        char ref[REF_MAX];

        if (!view->server_known || !view->server_meshed) {
                reason = view->server_known ? NULL : "the target's pods are not known";
                put_policy(view, "authz.default", NULL, reason ? ORIGIN_UNKNOWN(reason) : ORIGIN_DEFAULT("the server is not in the mesh"));
                return;
        }
        size_t servers = servers_for(view, ref, &access, &reason);
        if (reason)
                put_unknown(view, "authz.default", reason);
        else if (servers > 0)
                put_text(view, "authz.default", access, linkerd_origin(ref, "spec.accessPolicy"));
        else if (own)
                put_text(view, "authz.default", own, (struct origin){.kind = "proxyConfig", .field = key});
        else if (whole)
                put_text(view, "authz.default", whole, ORIGIN_CONFIG("proxy.defaultInboundPolicy"));
        else if (view->config)
                put_text(view, "authz.default", "all-unauthenticated", ORIGIN_DEFAULT(NULL));
        else
                put_unknown(view, "authz.default", "linkerd-config not read");
}

/* What the server's policy says to a client without a proxy: 1 lets it in, 0 does not, -1 nobody can tell here. */
static int takes_plaintext(const char *inbound)
{
        static const struct {
                const char *policy;
                int takes;
        } words[] = {{"all-authenticated", 0}, {"cluster-authenticated", 0}, {"all-unauthenticated", 1}, {"cluster-unauthenticated", 1}};

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (text_equal(inbound, words[i].policy))
                        return words[i].takes;
        return -1;
}

static void put_outsider(struct linkerd *linkerd, const char *inbound)
{
        int takes = takes_plaintext(inbound);

        if (takes < 0) {
                put_unknown(linkerd->view, "mtls.effective", "policies of the server decide whether it takes plaintext");
                return;
        }
        put_text(linkerd->view, "mtls.effective", takes ? "plaintext" : "refused", ORIGIN_DEFAULT(linkerd->bare));
        if (!takes)
                put_finding(linkerd->view, "PlaintextRefused", "error", NULL,
                            "the client is not in the mesh and the server takes only mTLS (%s): requests are refused", inbound);
}

/* mTLS needs both proxies and a port that neither skips; it has no switch. Who demands it is an inbound policy. */
static void put_mtls(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *inbound = doc_text(mesh_policy(view->snapshot, "authz.default"), "value");
        struct json_object *pod = doc_item(view->question->server_pods, 0);
        const char *skipped = linkerd_annotation(pod, linkerd->server_space, "config.linkerd.io/skip-inbound-ports");
        int64_t pods = doc_int(view->snapshot, "membership.server.pods", 0), meshed = doc_int(view->snapshot, "membership.server.meshedPods", 0);

        if (linkerd->unknown || !view->server_known) {
                put_unknown(view, "mtls.effective", linkerd->unknown ? linkerd->unknown : "the target's pods are not known");
        } else if (meshed > 0 && linkerd_lists_port(skipped, view->target_port)) {
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT("the server keeps the port from its proxy (skip-inbound-ports)"));
        } else if (!linkerd->bare) {
                put_text(view, "mtls.effective", meshed == pods ? "mutual" : meshed > 0 ? "mixed" : "plaintext",
                         ORIGIN_DEFAULT("both proxies are there, or not"));
        } else if (meshed == 0) {
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT(linkerd->bare));
        } else {
                put_outsider(linkerd, inbound);
        }
}

static void put_limits(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        auto_json struct json_object *all = bag_objects(view->bag, "policy.linkerd.io", "HTTPLocalRateLimitPolicy", view->target_namespace);
        struct json_object *list = doc_array();
        char ref[REF_MAX], first[REF_MAX] = "";
        const char *server = doc_text(mesh_policy(view->snapshot, "authz.default"), "origin.ref"), *slash = server ? strchr(server, '/') : NULL;
        enum mesh_miss why = MESH_NOT_READ;

        if (!bag_was_read(view->bag, table_row(&mesh_linkerd, "HTTPLocalRateLimitPolicy"), view->target_namespace, &why)) {
                json_object_put(list);
                put_unknown(view, "rateLimit.server", mesh_miss_name(why));
                return;
        }
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *policy = doc_item(all, i), *entry;
                ref_format(ref, "HTTPLocalRateLimitPolicy", policy);
                /* Only of the Server that is in effect for the port. */
                if (!slash || !text_equal(doc_text(policy, "spec.targetRef.name"), slash + 1))
                        continue;
                put_inventory(view, "HTTPLocalRateLimitPolicy", policy, "effective");
                entry = doc_set_text(doc_object(), "ref", ref);
                if (doc_at(policy, "spec.total.requestsPerSecond"))
                        doc_set_int(entry, "totalPerSecond", doc_int(policy, "spec.total.requestsPerSecond", 0));
                if (doc_at(policy, "spec.identity.requestsPerSecond"))
                        doc_set_int(entry, "identityPerSecond", doc_int(policy, "spec.identity.requestsPerSecond", 0));
                doc_push(list, entry);
                if (!*first)
                        memcpy(first, ref, sizeof first);
        }
        put_policy(view, "rateLimit.server", list, *first ? linkerd_origin(first, "spec") : ORIGIN_DEFAULT(NULL));
}

void linkerd_inbound(struct linkerd *linkerd)
{
        put_inbound(linkerd);
        put_limits(linkerd);
        put_mtls(linkerd);
}
