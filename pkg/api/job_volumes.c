/* SPDX-License-Identifier: Apache-2.0
 *
 * What the worker pods mount: the plan, the start instant, and what the profile names of ConfigMaps and Secrets. A volume per
 * reference with the one key it names, so that a mount that fails can be traced back, and nothing else of a Secret is in the pod. */
#include <stdlib.h>
#include <string.h>

#include "api/job_parts.h"
#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define SECRET_MODE 0440 /* root's, readable by the pod's group */

static const char start_source[] = "{\"items\":[{\"path\":\"start-at\",\"fieldRef\":{\"fieldPath\":"
                                   "\"metadata.annotations['loadstone.dev/start-at']\"}}]}";

struct adding {
        struct json_object *volumes, *mounts;
};

/* 'source' is taken. */
static void add(const struct adding *to, const char *volume, const char *path, const char *kind, struct json_object *source)
{
        struct json_object *mount = doc_set_text(doc_set_text(doc_object(), "name", volume), "mountPath", path);

        doc_push(to->volumes, doc_set(doc_set_text(doc_object(), "name", volume), kind, source));
        doc_push(to->mounts, doc_set_bool(mount, "readOnly", true));
}

static struct json_object *with_item(struct json_object *items, const char *key, const char *path)
{
        return doc_push(items, doc_set_text(doc_set_text(doc_object(), "key", key), "path", path));
}

static void add_configmap(const struct adding *to, const char *volume, const char *path, const char *name, const char *key, const char *file)
{
        add(to, volume, path, "configMap", doc_set(doc_set_text(doc_object(), "name", name), "items", with_item(doc_array(), key, file)));
}

/* 'items' is taken. */
static void add_secret(const struct adding *to, const char *volume, const char *path, const char *name, struct json_object *items)
{
        struct json_object *source = doc_set(doc_set_text(doc_object(), "secretName", name), "items", items);

        add(to, volume, path, "secret", doc_set_int(source, "defaultMode", SECRET_MODE));
}

static void add_bodies(const struct adding *to, const struct profile *profile)
{
        struct json_object *requests = doc_at(profile->spec, "load.requests");

        for (size_t i = 0; i < doc_len(requests, ""); i++) {
                struct json_object *ref = doc_at(doc_item(requests, i), "body.configMapKeyRef");
                if (!ref)
                        continue;
                auto_free char *volume = xasprintf("body-%zu", i), *path = xasprintf("/etc/loadstone/body/%zu", i);
                add_configmap(to, volume, path, doc_text(ref, "name"), doc_text(ref, "key"), "body");
        }
}

static void add_headers(const struct adding *to, const struct profile *profile)
{
        for (size_t i = 0; i < profile->headers_from_len; i++) {
                const struct profile_header_from *header = &profile->headers_from[i];
                auto_free char *volume = xasprintf("header-%zu", i), *path = xasprintf("/etc/loadstone/header/%zu", i);
                add_secret(to, volume, path, header->secret, with_item(doc_array(), header->key, "value"));
        }
}

static void add_tls(const struct adding *to, const struct profile *profile)
{
        if (profile->ca_configmap)
                add_configmap(to, "ca", "/etc/loadstone/ca", profile->ca_configmap, profile->ca_configmap_key, "ca.crt");
        if (profile->ca_secret)
                add_secret(to, "ca", "/etc/loadstone/ca", profile->ca_secret, with_item(doc_array(), profile->ca_secret_key, "ca.crt"));
        if (profile->client_secret)
                add_secret(to, "client-certificate", "/etc/loadstone/tls", profile->client_secret,
                           with_item(with_item(doc_array(), "tls.crt", "tls.crt"), "tls.key", "tls.key"));
}

static void add_descriptors(const struct adding *to, const struct profile *profile)
{
        if (profile->descriptors_key)
                add_configmap(to, "descriptors", "/etc/loadstone/grpc", profile->descriptors_configmap, profile->descriptors_key, "descriptors");
}

void job_add_volumes(const struct run *run, const struct profile *profile, const char *plan_key, struct json_object *volumes, struct json_object *mounts)
{
        const struct adding to = {volumes, mounts};
        struct json_object *start = NULL;
        char plan[NAME_MAX_LEN];

        name_plan(run->name, run->uid, plan);
        add_configmap(&to, "plan", "/etc/loadstone/plan", plan, plan_key, "worker.json");
        doc_parse(start_source, strlen(start_source), &start, NULL);
        add(&to, "pod", "/etc/loadstone/pod", "downwardAPI", start);
        add_tls(&to, profile);
        add_headers(&to, profile);
        add_bodies(&to, profile);
        add_descriptors(&to, profile);
}

/* ---- and back ---- */

static char *name_body(const struct profile *profile, size_t index)
{
        auto_free char *path = xasprintf("load.requests[%zu].body.configMapKeyRef", index);
        struct json_object *ref = doc_at(profile->spec, path);

        return ref ? xasprintf("key %s of ConfigMap %s (%s)", doc_text(ref, "key"), doc_text(ref, "name"), path) : NULL;
}

static char *name_header(const struct profile *profile, size_t index)
{
        if (index >= profile->headers_from_len)
                return NULL;
        const struct profile_header_from *header = &profile->headers_from[index];
        return xasprintf("key %s of Secret %s (load.headersFrom[%zu])", header->key, header->secret, index);
}

static char *name_ca(const struct profile *profile, size_t index)
{
        (void)index;
        if (profile->ca_configmap)
                return xasprintf("key %s of ConfigMap %s (load.tls.caFrom)", profile->ca_configmap_key, profile->ca_configmap);
        return profile->ca_secret ? xasprintf("key %s of Secret %s (load.tls.caFrom)", profile->ca_secret_key, profile->ca_secret) : NULL;
}

static char *name_client(const struct profile *profile, size_t index)
{
        (void)index;
        return profile->client_secret ? xasprintf("tls.crt and tls.key of Secret %s (load.tls.clientCertificateFrom)", profile->client_secret) : NULL;
}

static char *name_descriptors(const struct profile *profile, size_t index)
{
        (void)index;
        if (!profile->descriptors_key)
                return NULL;
        return xasprintf("key %s of ConfigMap %s (load.grpc.descriptorSetFrom)", profile->descriptors_key, profile->descriptors_configmap);
}

char *job_name_volume(const struct profile *profile, const char *note)
{
        static const struct { const char *volume; char *(*name)(const struct profile *profile, size_t index); } rows[] = {
                {"volume \"body-", name_body},
                {"volume \"header-", name_header},
                {"volume \"ca\"", name_ca},
                {"volume \"client-certificate\"", name_client},
                {"volume \"descriptors\"", name_descriptors},
        };

        for (size_t i = 0; note && i < ARRAY_LEN(rows); i++) {
                const char *at = strstr(note, rows[i].volume);
                if (at)
                        return rows[i].name(profile, strtoul(at + strlen(rows[i].volume), NULL, 10));
        }
        return NULL;
}
