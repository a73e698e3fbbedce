/* SPDX-License-Identifier: Apache-2.0 */
#include "api/target.h"

#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define PORTS_TEXT_MAX 160

/* Of a headless Service; the texts are owned. */
struct addresses {
        char *texts[TARGET_ENDPOINTS_MAX];
        size_t len;
};

static char *address_text(const char *host, int64_t port)
{
        return xasprintf(strchr(host, ':') ? "[%s]:%lld" : "%s:%lld", host, (long long)port);
}

char *target_key(const struct profile *profile, const char *namespace)
{
        if (profile->url) {
                auto_free char *address = address_text(profile->url_host, profile->url_port);
                return xasprintf("URL %s", address);
        }
        return xasprintf("Service %s/%s", profile->namespace ? profile->namespace : namespace, profile->service);
}

bool target_accepts(struct json_object *service, const char *namespace)
{
        const char *list = doc_text(service, "metadata.annotations[\"" ANNOTATION_ACCEPT "\"]");

        while (list && *list) {
                size_t len = strcspn(list, ",");
                const char *word = list + strspn(list, " ");
                size_t word_len = word > list + len ? 0 : (size_t)(list + len - word);
                while (word_len > 0 && word[word_len - 1] == ' ')
                        word_len--;
                if ((word_len == 1 && *word == '*') || (word_len == strlen(namespace) && strncmp(word, namespace, word_len) == 0))
                        return true;
                list += len + (list[len] == ',');
        }
        return false;
}

static bool is_tcp(struct json_object *port)
{
        const char *protocol = doc_text(port, "protocol");
        return !protocol || text_equal(protocol, "TCP");
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
                if (!is_tcp(port))
                        continue;
                if (text_equal(name, profile->port) || text_equal(number, profile->port))
                        return port;
                buf_format(&known, "%s%s%s%s", known.size ? ", " : "", name ? name : "", name ? "=" : "", number);
        }
        fail_set(fail, FAIL_INVALID, "Service %s has no TCP port %s; it has %s", profile->service, profile->port,
                 known.size ? known.data : "none");
        return NULL;
}

/* A slice carries the port's number under the Service's name for it: targetPort may be a name that each pod maps its own way. */
static int64_t slice_port(struct json_object *slice, const char *name)
{
        struct json_object *ports = doc_at(slice, "ports");

        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                const char *mine = doc_text(doc_item(ports, i), "name");
                if (text_equal(mine ? mine : "", name ? name : ""))
                        return doc_int(doc_item(ports, i), "port", 0);
        }
        return 0;
}

static void add_endpoints(struct addresses *addresses, struct json_object *slice, int64_t port)
{
        struct json_object *endpoints = doc_at(slice, "endpoints");

        for (size_t i = 0; i < doc_len(endpoints, "") && addresses->len < TARGET_ENDPOINTS_MAX; i++) {
                struct json_object *endpoint = doc_item(endpoints, i);
                const char *host = doc_text(endpoint, "addresses[0]");
                if (host && doc_bool(endpoint, "conditions.ready", true))
                        addresses->texts[addresses->len++] = address_text(host, port);
        }
}

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted and each once, so that the same endpoints give the same plan whatever the order of slices. */
static void move_addresses(struct addresses *addresses, struct json_object *into)
{
        qsort(addresses->texts, addresses->len, sizeof addresses->texts[0], compare_texts);
        for (size_t i = 0; i < addresses->len; i++) {
                bool again = i > 0 && text_equal(addresses->texts[i], addresses->texts[i - 1]);
                if (!again && json_object_array_length(into) < TARGET_ADDRESSES_MAX)
                        doc_push_text(into, addresses->texts[i]);
        }
        for (size_t i = 0; i < addresses->len; i++)
                free(addresses->texts[i]);
}

static enum fail_kind resolve_headless(const struct profile *profile, struct json_object *service, struct json_object *slices,
                                       struct json_object *port, struct json_object *into, struct fail *fail)
{
        const char *family = doc_text(service, "spec.ipFamilies[0]");
        auto_free struct addresses *addresses = xnew(struct addresses);

        for (size_t i = 0; i < doc_len(slices, ""); i++) {
                struct json_object *slice = doc_item(slices, i);
                int64_t number = slice_port(slice, doc_text(port, "name"));
                /* A dual-stack Service has each endpoint once per family; we load each once. */
                const char *type = doc_text(slice, "addressType");
                bool wanted = family ? text_equal(family, type) : !text_equal(type, "FQDN");
                if (wanted && number > 0)
                        add_endpoints(addresses, slice, number);
        }
        move_addresses(addresses, into);
        if (json_object_array_length(into) == 0)
                return fail_set(fail, FAIL_MISSING, "headless Service %s has no ready address for port %s", profile->service, profile->port);
        return FAIL_NONE;
}

static enum fail_kind check_kind(struct json_object *service, struct fail *fail)
{
        const char *name = doc_text(service, "metadata.name");

        if (text_equal(doc_text(service, "spec.type"), "ExternalName"))
                return fail_set(fail, FAIL_INVALID, "Service %s is of type ExternalName, which leaves the namespace: name the Service that it stands for", name);
        if (text_equal(name, "kubernetes") && text_equal(doc_text(service, "metadata.namespace"), "default"))
                return fail_set(fail, FAIL_INVALID, "Service kubernetes is the cluster's own API server, which is never loaded");
        if (text_equal(name, "kube-dns") && text_equal(doc_text(service, "metadata.namespace"), "kube-system"))
                return fail_set(fail, FAIL_INVALID, "Service kube-dns is the cluster's own DNS, which is never loaded");
        return FAIL_NONE;
}

static char *authority_of(const struct profile *profile, const char *namespace, int64_t port)
{
        if (profile->host)
                return xstrdup(profile->host);
        /* RFC 9110, 7.2: the port stands in Host unless it is the scheme's own. */
        if (port == (profile->scheme->tls ? 443 : 80))
                return xasprintf("%s.%s.svc", profile->service, namespace);
        return xasprintf("%s.%s.svc:%lld", profile->service, namespace, (long long)port);
}

enum fail_kind target_resolve(const struct profile *profile, struct json_object *service, struct json_object *slices,
                              struct target **ret_target, struct fail *fail)
{
        const char *namespace = doc_text(service, "metadata.namespace"), *cluster_ip = doc_text(service, "spec.clusterIP");
        auto_json struct json_object *addresses = doc_array();

        if (check_kind(service, fail))
                return FAIL_INVALID;
        struct json_object *port = find_port(profile, service, fail);
        if (!port)
                return FAIL_INVALID;
        int64_t number = doc_int(port, "port", 0);
        if (cluster_ip && *cluster_ip && !text_equal(cluster_ip, "None")) {
                auto_free char *text = address_text(cluster_ip, number);
                doc_push_text(addresses, text);
        } else {
                enum fail_kind failed = resolve_headless(profile, service, slices, port, addresses, fail);
                if (failed)
                        return failed;
        }
        struct target *target = xnew(struct target);
        target->addresses = take(addresses);
        target->key = target_key(profile, namespace);
        target->selector = json_object_get(doc_at(service, "spec.selector"));
        const char *consent = doc_text(service, "metadata.annotations[\"" ANNOTATION_ACCEPT "\"]");
        target->consent = profile->namespace && consent ? xstrdup(consent) : NULL;
        target->authority = authority_of(profile, namespace, number);
        target->sni = xstrndup(target->authority, strcspn(target->authority, ":"));
        *ret_target = target;
        return FAIL_NONE;
}

struct target *target_of_url(const struct profile *profile)
{
        struct target *target = xnew(struct target);
        auto_free char *address = address_text(profile->url_host, profile->url_port);
        bool usual = profile->url_port == (profile->scheme->tls ? 443 : 80);

        target->addresses = doc_push_text(doc_array(), address);
        target->key = target_key(profile, "");
        target->authority = usual ? xstrndup(address, strlen(address) - strlen(strrchr(address, ':'))) : xstrdup(address);
        target->sni = xstrdup(profile->url_host);
        return target;
}

void target_each_endpoint(struct json_object *slices, target_endpoint_fn *visit, void *owner)
{
        for (size_t i = 0; i < doc_len(slices, ""); i++) {
                struct json_object *slice = doc_item(slices, i), *endpoints = doc_at(slice, "endpoints");
                /* Nobody routes to the names of the type FQDN. */
                for (size_t k = 0; k < doc_len(endpoints, "") && !text_equal(doc_text(slice, "addressType"), "FQDN"); k++) {
                        struct json_object *endpoint = doc_item(endpoints, k), *addresses = doc_at(endpoint, "addresses");
                        const char *pod = text_equal(doc_text(endpoint, "targetRef.kind"), "Pod") ? doc_text(endpoint, "targetRef.name") : NULL;
                        for (size_t n = 0; n < doc_len(addresses, ""); n++)
                                if (json_object_is_type(doc_item(addresses, n), json_type_string))
                                        visit(owner, json_object_get_string(doc_item(addresses, n)), pod);
                }
        }
}

struct target *target_free(struct target *target)
{
        if (!target)
                return NULL;
        json_object_put(target->addresses);
        json_object_put(target->selector);
        json_object_put(target->guard);
        free(target->consent);
        free(target->authority);
        free(target->sni);
        free(target->key);
        free(target);
        return NULL;
}

/* The object's keys by bytes, ends with NULL; the caller frees the array, not the keys. */
static const char **sorted_keys(struct json_object *object)
{
        size_t len = 0;
        const char **keys = xcalloc((size_t)json_object_object_length(object) + 1, sizeof *keys);

        json_object_object_foreach(object, key, unused) {
                (void)unused;
                keys[len++] = key;
        }
        qsort(keys, len, sizeof *keys, compare_texts);
        return keys;
}

char *target_selector(const struct target *target)
{
        auto_buf struct buf text = {0};

        if (!target->selector || json_object_object_length(target->selector) == 0)
                return NULL;
        auto_free const char **keys = sorted_keys(target->selector);
        for (size_t i = 0; keys[i]; i++) {
                struct json_object *value = NULL;
                json_object_object_get_ex(target->selector, keys[i], &value);
                buf_format(&text, "%s%s=%s", i ? "," : "", keys[i], json_object_get_string(value));
        }
        return buf_take(&text);
}
