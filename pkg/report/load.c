/* SPDX-License-Identifier: Apache-2.0
 *
 * What the load was, from the profile: enough to know what was measured, and nothing that should not be handed on. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "report/parts.h"

static struct json_object *encode_header_names(struct json_object *headers)
{
        struct json_object *names = doc_array();

        if (!json_object_is_type(headers, json_type_object))
                return names;
        json_object_object_foreach(headers, name, value) {
                (void)value;
                doc_push_text(names, name);
        }
        return names;
}

/* "120 bytes", "ConfigMap bodies, order.json"; nothing without a body. */
static void set_body(struct json_object *request, struct json_object *body)
{
        const char *text = doc_text(body, "inline"), *coded = doc_text(body, "base64"), *name = doc_text(body, "configMapKeyRef.name"), *key = doc_text(body, "configMapKeyRef.key");
        size_t padding = coded ? strlen(coded) - strcspn(coded, "=") : 0;
        auto_free char *said = text ? xasprintf("%zu bytes", strlen(text))
                               : coded ? xasprintf("%zu bytes", strlen(coded) / 4 * 3 - (padding < 3 ? padding : 0))
                               : name ? xasprintf("ConfigMap %s, %s", name, key ? key : "") : NULL;

        doc_set_text(request, "body", said);
}

/* Up to the query, in which some pass tokens. */
static char *public_path(const char *path)
{
        size_t len = strcspn(path, "?");

        return path[len] ? xasprintf("%.*s?…", (int)len, path) : xstrdup(path);
}

static struct json_object *encode_request(struct json_object *from)
{
        struct json_object *request = doc_object();
        const char *path = doc_text(from, "path");
        auto_free char *shown = path ? public_path(path) : NULL;

        doc_set_text(request, "name", doc_text(from, "name"));
        doc_set_text(request, "method", doc_text(from, "method"));
        doc_set_text(request, "path", shown);
        doc_set_int(request, "weight", doc_int(from, "weight", 1));
        doc_set(request, "headers", encode_header_names(doc_at(from, "headers")));
        set_body(request, doc_at(from, "body"));
        struct json_object *codes = doc_at(from, "expect.grpcStatus");
        return doc_set(request, "expect", doc_copy(codes ? codes : doc_at(from, "expect.status")));
}

static struct json_object *encode_secret_names(struct json_object *headers)
{
        struct json_object *names = doc_array();

        for (size_t i = 0; i < doc_len(headers, ""); i++)
                if (doc_text(doc_item(headers, i), "name"))
                        doc_push_text(names, doc_text(doc_item(headers, i), "name"));
        return names;
}

/* A URL without what some put before the host: "user:password@". */
static char *public_url(const char *url)
{
        const char *host = strstr(url, "://"), *at;

        if (!host)
                return xstrdup(url);
        host += strlen("://");
        at = memchr(host, '@', strcspn(host, "/?#"));
        return at ? xasprintf("%.*s%s", (int)(host - url), url, at + 1) : xstrdup(url);
}

static struct json_object *encode_target(struct json_object *target)
{
        struct json_object *object = doc_set(doc_object(), "service", doc_copy(doc_at(target, "service")));
        const char *url = doc_text(target, "url");
        auto_free char *shown = url ? public_url(url) : NULL;

        doc_set_text(object, "url", shown);
        doc_set_text(object, "scheme", doc_text(target, "scheme"));
        return doc_set_text(object, "host", doc_text(target, "host"));
}

struct json_object *parts_load(struct json_object *spec)
{
        static const char *const kept[] = {"shape", "timeout", "warmup", "arrival", "pacing", "workers", "concurrency"};
        struct json_object *from = doc_at(spec, "load"), *load, *requests = NULL;

        if (!from)
                return NULL;
        load = doc_set(doc_object(), "target", encode_target(doc_at(spec, "target")));
        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                doc_set(load, kept[i], doc_copy(doc_at(from, kept[i])));
        requests = doc_array();
        for (size_t i = 0; i < doc_len(from, "requests"); i++)
                doc_push(requests, encode_request(doc_item(doc_at(from, "requests"), i)));
        doc_set(load, "headersFrom", encode_secret_names(doc_at(from, "headersFrom")));
        return doc_set(load, "requests", requests);
}
