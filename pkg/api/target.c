/* SPDX-License-Identifier: Apache-2.0 */
#include "api/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define PORTS_TEXT_MAX 160

char *target_key(const struct profile *profile, const char *namespace)
{
        return xasprintf("Service %s/%s", namespace, profile->service);
}

/* The Service's port entry that the profile names, NULL with a sentence when there is none. */
static struct json_object *find_port(const struct profile *profile, struct json_object *service, struct fail *fail)
{
        auto_buf struct buf known = buf_bounded(PORTS_TEXT_MAX);
        struct json_object *ports = doc_at(service, "spec.ports");

        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                struct json_object *port = doc_item(ports, i);
                auto_free char *number = xasprintf("%lld", (long long)doc_int(port, "port", 0));
                const char *name = doc_text(port, "name");
                if (text_equal(name, profile->port) || text_equal(number, profile->port))
                        return port;
                buf_format(&known, "%s%s%s%s", i ? ", " : "", name ? name : "", name ? "=" : "", number);
        }
        fail_set(fail, FAIL_INVALID, "Service %s has no port %s; it has %s", profile->service, profile->port,
                 known.size ? known.data : "none");
        return NULL;
}

static void add_address(struct json_object *addresses, const char *host, int64_t port)
{
        auto_free char *text = strchr(host, ':') ? xasprintf("[%s]:%lld", host, (long long)port)
                                                 : xasprintf("%s:%lld", host, (long long)port);
        doc_push_text(addresses, text);
}

static int64_t slice_port(struct json_object *slice, const char *name, int64_t otherwise)
{
        struct json_object *ports = doc_at(slice, "ports");

        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                struct json_object *port = doc_item(ports, i);
                const char *mine = doc_text(port, "name");
                if (text_equal(mine && *mine ? mine : NULL, name))
                        return doc_int(port, "port", otherwise);
        }
        return otherwise;
}

static void add_endpoints(struct json_object *addresses, struct json_object *slice, const char *port_name, int64_t port)
{
        struct json_object *endpoints = doc_at(slice, "endpoints");

        for (size_t i = 0; i < doc_len(endpoints, ""); i++) {
                struct json_object *endpoint = doc_item(endpoints, i);
                if (!doc_bool(endpoint, "conditions.ready", true))
                        continue;
                const char *host = doc_text(endpoint, "addresses[0]");
                if (host && json_object_array_length(addresses) < 256)
                        add_address(addresses, host, slice_port(slice, port_name, port));
        }
}

static enum fail_kind resolve_addresses(const struct profile *profile, struct json_object *service,
                                        struct json_object *slices, struct json_object *addresses, struct fail *fail)
{
        const char *cluster_ip = doc_text(service, "spec.clusterIP");
        struct json_object *port = find_port(profile, service, fail);

        if (!port)
                return fail->kind;
        int64_t number = doc_int(port, "port", 0);
        if (cluster_ip && *cluster_ip && !text_equal(cluster_ip, "None")) {
                add_address(addresses, cluster_ip, number);
                return FAIL_NONE;
        }
        for (size_t i = 0; i < doc_len(slices, ""); i++)
                add_endpoints(addresses, doc_item(slices, i), doc_text(port, "name"), number);
        if (json_object_array_length(addresses) == 0)
                return fail_set(fail, FAIL_MISSING, "headless Service %s has no ready address", profile->service);
        return FAIL_NONE;
}

enum fail_kind target_resolve(const struct profile *profile, struct json_object *service, struct json_object *slices,
                              struct target **ret_target, struct fail *fail)
{
        const char *namespace = doc_text(service, "metadata.namespace");
        auto_json struct json_object *addresses = doc_array();

        if (text_equal(doc_text(service, "spec.type"), "ExternalName"))
                return fail_set(fail, FAIL_INVALID, "Service %s is of type ExternalName, which leaves the namespace; name the Service that it stands for",
                                profile->service);
        if (resolve_addresses(profile, service, slices, addresses, fail))
                return fail->kind;
        struct target *target = xnew(struct target);
        target->addresses = take(addresses);
        target->key = target_key(profile, namespace);
        target->selector = json_object_get(doc_at(service, "spec.selector"));
        target->authority = profile->host ? xstrdup(profile->host) : xasprintf("%s.%s.svc", profile->service, namespace);
        target->sni = xstrndup(target->authority, strcspn(target->authority, ":"));
        *ret_target = target;
        return FAIL_NONE;
}

struct target *target_free(struct target *target)
{
        if (!target)
                return NULL;
        json_object_put(target->addresses);
        json_object_put(target->selector);
        free(target->authority);
        free(target->sni);
        free(target->key);
        free(target);
        return NULL;
}

char *target_selector(const struct target *target)
{
        auto_buf struct buf text = {0};

        if (!target->selector || json_object_object_length(target->selector) == 0)
                return NULL;
        json_object_object_foreach(target->selector, key, value)
                buf_format(&text, "%s%s=%s", text.size ? "," : "", key, json_object_get_string(value));
        return buf_take(&text);
}
