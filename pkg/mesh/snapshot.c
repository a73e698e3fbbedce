/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/sha.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

#define FINDINGS_MAX 64
#define UNKNOWNS_MAX 128
#define INVENTORY_MAX 512
#define LOSERS_MAX 16 /* shadowed or inert objects of one policy */

void ref_format(char ref[static REF_MAX], const char *kind, struct json_object *object)
{
        const char *namespace = doc_text(object, "metadata.namespace"), *name = doc_text(object, "metadata.name");

        snprintf(ref, REF_MAX, "%s %.253s%s%.253s", kind, namespace ? namespace : "", namespace ? "/" : "", name ? name : "");
        text_scrub(ref);
}

void put_null(struct json_object *object, const char *key)
{
        if (json_object_object_add(object, key, NULL) < 0)
                abort();
}

struct json_object *mesh_policy(struct json_object *snapshot, const char *key)
{
        struct json_object *list = doc_at(snapshot, "policies");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "key"), key))
                        return doc_item(list, i);
        return NULL;
}

static struct json_object *policy_of(struct view *view, const char *key)
{
        struct json_object *policy = mesh_policy(view->snapshot, key), *list = doc_at(view->snapshot, "policies");

        if (policy || doc_len(list, "") >= MESH_POLICIES_MAX)
                return policy;
        policy = doc_set_text(doc_object(), "key", key);
        put_null(policy, "value");
        doc_push(list, policy);
        return policy;
}

void put_policy(struct view *view, const char *key, struct json_object *value, struct origin origin)
{
        struct json_object *policy = policy_of(view, key), *from = doc_object();

        doc_set_text(from, "kind", origin.kind);
        doc_set_text(from, "ref", origin.ref);
        doc_set_text(from, "field", origin.field);
        doc_set_text(from, "reason", origin.reason);
        if (!policy) {
                json_object_put(value);
                json_object_put(from);
                return;
        }
        put_null(policy, "value");
        doc_set(policy, "value", value);
        if (text_equal(origin.kind, "unknown")) {
                doc_set_text(policy, "value", MESH_UNKNOWN);
                put_missed(view, key, origin.reason);
        }
        doc_set(policy, "origin", from);
}

void put_int(struct view *view, const char *key, int64_t value, struct origin origin)
{
        put_policy(view, key, json_object_new_int64(value), origin);
}

void put_text(struct view *view, const char *key, const char *value, struct origin origin)
{
        put_policy(view, key, value ? json_object_new_string(value) : NULL, origin);
}

void put_bool(struct view *view, const char *key, bool value, struct origin origin)
{
        put_policy(view, key, json_object_new_boolean(value), origin);
}

void put_unknown(struct view *view, const char *key, const char *reason)
{
        put_policy(view, key, NULL, ORIGIN_UNKNOWN(reason));
}

/* Adds {"ref", "reason"} to a list, once. */
static void add_loser(struct json_object *owner, const char *list_name, const char *ref, const char *reason)
{
        struct json_object *list = doc_at(owner, list_name);

        if (!list) {
                list = doc_array();
                doc_set(owner, list_name, list);
        }
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "ref"), ref) && text_equal(doc_text(doc_item(list, i), "reason"), reason))
                        return;
        if (doc_len(list, "") < LOSERS_MAX)
                doc_push(list, doc_set_text(doc_set_text(doc_object(), "ref", ref), "reason", reason));
}

void put_shadowed(struct view *view, const char *key, const char *ref, const char *reason)
{
        struct json_object *owner = key ? policy_of(view, key) : view->snapshot;

        if (owner)
                add_loser(owner, "shadowed", ref, reason);
}

void put_inert(struct view *view, const char *key, const char *ref, const char *reason)
{
        struct json_object *owner = key ? policy_of(view, key) : view->snapshot;

        if (owner)
                add_loser(owner, "inert", ref, reason);
}

void put_finding(struct view *view, const char *code, const char *severity, const char *ref, const char *format, ...)
{
        struct json_object *list = doc_at(view->snapshot, "findings");
        char text[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        text_scrub(text);
        if (doc_len(list, "") >= FINDINGS_MAX)
                return;
        struct json_object *finding = doc_set_text(doc_set_text(doc_object(), "code", code), "severity", severity);
        doc_push(list, doc_set_text(doc_set_text(finding, "ref", ref), "text", text));
}

void put_missed(struct view *view, const char *path, const char *reason)
{
        struct json_object *list = doc_at(view->snapshot, "unknown");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "path"), path))
                        return;
        if (doc_len(list, "") < UNKNOWNS_MAX)
                doc_push(list, doc_set_text(doc_set_text(doc_object(), "path", path), "reason", reason ? reason : MESH_UNKNOWN));
}

static const char *const relevances[] = {"root", "namespace", "matched", "effective"}; /* weakest first */

static size_t strength(const char *relevance)
{
        for (size_t i = 0; i < ARRAY_LEN(relevances); i++)
                if (text_equal(relevance, relevances[i]))
                        return i;
        return 0;
}

/* Only what the object asks for: labels, annotations and status have their own places, or none. */
static void hash_of(char text[static SHA_HEX_MAX + 8], struct json_object *doc)
{
        auto_free char *canonical = doc_canonical(doc);
        char hex[SHA_HEX_MAX];

        sha256_hex(canonical, strlen(canonical), hex);
        snprintf(text, SHA_HEX_MAX + 8, "sha256:%s", hex);
}

void put_inventory(struct view *view, const char *kind, struct json_object *object, const char *relevance)
{
        struct json_object *list = doc_at(view->snapshot, "inventory");
        char ref[REF_MAX], hash[SHA_HEX_MAX + 8];

        ref_format(ref, kind, object);
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *entry = doc_item(list, i);
                if (!text_equal(doc_text(entry, "ref"), ref))
                        continue;
                if (strength(relevance) > strength(doc_text(entry, "relevance")))
                        doc_set_text(entry, "relevance", relevance);
                return;
        }
        if (doc_len(list, "") >= INVENTORY_MAX) {
                put_missed(view, "inventory", "TooMany");
                return;
        }
        struct json_object *spec = doc_at(object, "spec");
        hash_of(hash, spec ? spec : doc_at(object, "data"));
        struct json_object *entry = doc_set_text(doc_set_text(doc_object(), "ref", ref), "uid", doc_text(object, "metadata.uid"));
        doc_push(list, doc_set_text(doc_set_text(entry, "specHash", hash), "relevance", relevance));
}

static int by_member(const void *a, const void *b, const char *name)
{
        struct json_object *const *left = a, *const *right = b;
        const char *l = doc_text(*left, name), *r = doc_text(*right, name);

        return strcmp(l ? l : "", r ? r : "");
}

static int by_key(const void *a, const void *b) { return by_member(a, b, "key"); }
static int by_ref(const void *a, const void *b) { return by_member(a, b, "ref"); }
static int by_path(const void *a, const void *b) { return by_member(a, b, "path"); }

static struct json_object *names_of(struct json_object *counts)
{
        struct json_object *names = doc_array();

        if (!counts)
                return names;
        json_object_object_foreach(counts, name, count) {
                (void)count;
                doc_push_text(names, name);
        }
        return names;
}

/* Scaling the target up and down changes nothing that is in effect: only which modes and versions there are. */
static struct json_object *membership_of(struct json_object *snapshot)
{
        static const char *const counts[] = {"modes", "proxyVersions", "revisions"};
        struct json_object *membership = doc_copy(doc_at(snapshot, "membership")), *server = doc_at(membership, "server");

        for (size_t i = 0; i < ARRAY_LEN(counts) && server; i++)
                doc_set(server, counts[i], names_of(doc_at(snapshot, i == 0   ? "membership.server.modes"
                                                                     : i == 1 ? "membership.server.proxyVersions"
                                                                              : "membership.server.revisions")));
        if (server && json_object_is_type(doc_at(server, "pods"), json_type_int)) {
                json_object_object_del(server, "pods");
                json_object_object_del(server, "meshedPods");
        }
        return membership;
}

/* What is in effect, whatever it comes from: an object that is renamed and says the same changes nothing. */
static struct json_object *effective_of(struct json_object *snapshot)
{
        static const char *const kept[] = {"type", "mode", "version", "revision", "unknown"};
        struct json_object *effective = doc_object(), *values = doc_object(), *list = doc_at(snapshot, "policies");

        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                doc_set(effective, kept[i], doc_copy(doc_at(snapshot, kept[i])));
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *key = doc_text(doc_item(list, i), "key");
                put_null(values, key);
                doc_set(values, key, doc_copy(doc_at(doc_item(list, i), "value")));
        }
        return doc_set(doc_set(effective, "policies", values), "membership", membership_of(snapshot));
}

static struct json_object *inventory_of(struct json_object *snapshot)
{
        struct json_object *specs = doc_object(), *list = doc_at(snapshot, "inventory");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                doc_set_text(specs, doc_text(doc_item(list, i), "ref"), doc_text(doc_item(list, i), "specHash"));
        return specs;
}

void snapshot_finish(struct json_object *snapshot)
{
        char effective_hash[SHA_HEX_MAX + 8], inventory_hash[SHA_HEX_MAX + 8];

        json_object_array_sort(doc_at(snapshot, "policies"), by_key);
        json_object_array_sort(doc_at(snapshot, "inventory"), by_ref);
        json_object_array_sort(doc_at(snapshot, "unknown"), by_path);
        auto_json struct json_object *effective = effective_of(snapshot), *inventory = inventory_of(snapshot);
        hash_of(effective_hash, effective);
        hash_of(inventory_hash, inventory);
        doc_set(snapshot, "hashes", doc_set_text(doc_set_text(doc_object(), "effective", effective_hash), "inventory", inventory_hash));
}
