/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "mesh/keys.h"
#include "mesh/mesh.h"

struct diff {
        struct json_object *before, *after, *changes, *unknown;
        int64_t dropped;
};

static void add_change(struct diff *diff, const char *path, const char *class, int weight, struct json_object *from, struct json_object *to,
                       const char *format, ...) __attribute__((format(printf, 7, 8)));

/* An absent side means that the thing was added or removed; a JSON null is a value, and is told apart by the callers. */
static void add_change(struct diff *diff, const char *path, const char *class, int weight, struct json_object *from, struct json_object *to,
                       const char *format, ...)
{
        char sentence[MESH_SENTENCE_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(sentence, sizeof sentence, format, arguments);
        va_end(arguments);
        text_scrub(sentence);
        struct json_object *change = doc_set_text(doc_set_text(doc_object(), "path", path), "class", class);
        doc_set(doc_set(change, "from", doc_copy(from)), "to", doc_copy(to));
        doc_set_int(doc_set_text(change, "sentence", sentence), "weight", weight);
        doc_push(diff->changes, change);
}

static void cannot_compare(struct diff *diff, const char *path, const char *reason)
{
        for (size_t i = 0; i < doc_len(diff->unknown, ""); i++)
                if (text_equal(doc_text(doc_item(diff->unknown, i), "path"), path))
                        return;
        doc_push(diff->unknown, doc_set_text(doc_set_text(doc_object(), "path", path), "reason", reason ? reason : MESH_UNKNOWN));
}

/* Entries of an extension list are the same when they have the same ref and the same content. */
static struct json_object *twin_of(struct json_object *list, struct json_object *entry, bool same_hash)
{
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *other = doc_item(list, i);
                if (text_equal(doc_text(other, "ref"), doc_text(entry, "ref")) &&
                    text_equal(doc_text(other, "applyTo"), doc_text(entry, "applyTo")) &&
                    (!same_hash || text_equal(doc_text(other, "hash"), doc_text(entry, "hash"))))
                        return other;
        }
        return NULL;
}

static void describe(struct json_object *entry, char text[static MESH_VALUE_TEXT_MAX])
{
        const char *apply_to = doc_text(entry, "applyTo"), *operation = doc_text(entry, "operation"), *phase = doc_text(entry, "phase");
        const char *filter = doc_text(entry, "filter");

        snprintf(text, MESH_VALUE_TEXT_MAX, "%.40s%s%.40s, %.40s", apply_to ? apply_to : phase ? phase : "", operation ? " " : "",
                 operation ? operation : "", filter ? filter : "other");
}

static void diff_extensions(struct diff *diff, const struct mesh_key *key, struct json_object *from, struct json_object *to)
{
        char text[MESH_VALUE_TEXT_MAX];
        bool found = false;

        for (size_t i = 0; i < doc_len(to, ""); i++) {
                struct json_object *entry = doc_item(to, i), *old = twin_of(from, entry, false);
                if (twin_of(from, entry, true))
                        continue;
                describe(entry, text);
                add_change(diff, key->key, "effective", key->weight, old, entry, "%s: %s %s (%s)", key->words, doc_text(entry, "ref"),
                           old ? "changed" : "added", text);
                found = true;
        }
        for (size_t i = 0; i < doc_len(from, ""); i++) {
                struct json_object *entry = doc_item(from, i);
                if (twin_of(to, entry, false))
                        continue;
                describe(entry, text);
                add_change(diff, key->key, "effective", key->weight, entry, NULL, "%s: %s removed (%s)", key->words, doc_text(entry, "ref"), text);
                found = true;
        }
        if (!found)
                add_change(diff, key->key, "effective", key->weight, from, to, "%s: the order changed", key->words);
}

static bool is_unknown(struct json_object *policy)
{
        return text_equal(doc_text(policy, "origin.kind"), "unknown");
}

/* A default that moved with the version of the mesh is said so: nobody changed an object. */
static void default_note(const struct diff *diff, struct json_object *from, struct json_object *to, char note[static 300])
{
        const char *old = doc_text(diff->before, "version"), *new = doc_text(diff->after, "version");
        bool defaults = text_equal(doc_text(from, "origin.kind"), "default") && text_equal(doc_text(to, "origin.kind"), "default");

        note[0] = '\0';
        if (defaults && old && new && strcmp(old, new) != 0 && !doc_text(from, "origin.reason") && !doc_text(to, "origin.reason"))
                snprintf(note, 300, ", default changed by the version %.100s -> %.100s", old, new);
}

static void diff_value(struct diff *diff, const char *name, struct json_object *from, struct json_object *to)
{
        const struct mesh_key *key = mesh_key_find(name);
        struct json_object *old = doc_at(from, "value"), *new = doc_at(to, "value");
        char texts[2][MESH_VALUE_TEXT_MAX], origins[2][MESH_ORIGIN_TEXT_MAX], note[300];

        if (is_unknown(from) || is_unknown(to)) {
                cannot_compare(diff, name, doc_text(is_unknown(to) ? to : from, "origin.reason"));
                return;
        }
        if (doc_equal(old, new))
                return;
        bool lists = json_object_is_type(old, json_type_array) && json_object_is_type(new, json_type_array);
        if (key && key->kind == MESH_VALUE_EXTENSIONS && lists) {
                diff_extensions(diff, key, old, new);
                return;
        }
        mesh_value_format(key, old, texts[0]);
        mesh_value_format(key, new, texts[1]);
        mesh_origin_format(doc_at(from, "origin"), origins[0]);
        mesh_origin_format(doc_at(to, "origin"), origins[1]);
        default_note(diff, from, to, note);
        add_change(diff, name, "effective", key ? key->weight : 30, old, new, "%s %s (%.300s) -> %s (%.300s)%s", key ? key->words : name, texts[0],
                   origins[0], texts[1], origins[1], note);
}

/* A policy that only one side has: the mesh of the pair changed, or its resolution learned a key. Both are told by the type. */
static void diff_policies(struct diff *diff)
{
        struct json_object *old = doc_at(diff->before, "policies"), *new = doc_at(diff->after, "policies");

        for (size_t i = 0; i < doc_len(new, ""); i++) {
                struct json_object *to = doc_item(new, i), *from = mesh_policy(diff->before, doc_text(to, "key"));
                if (from)
                        diff_value(diff, doc_text(to, "key"), from, to);
                else if (text_equal(doc_text(diff->before, "type"), doc_text(diff->after, "type")))
                        cannot_compare(diff, doc_text(to, "key"), "only one snapshot has it");
        }
        for (size_t i = 0; i < doc_len(old, ""); i++) {
                const char *key = doc_text(doc_item(old, i), "key");
                if (!mesh_policy(diff->after, key) && text_equal(doc_text(diff->before, "type"), doc_text(diff->after, "type")))
                        cannot_compare(diff, key, "only one snapshot has it");
        }
}

static const struct place {
        const char *path, *words, *class;
        int weight;
} places[] = {
        {"type", "mesh", "membership", 100},
        {"mode", "mode", "membership", 90},
        {"membership.client.meshed", "client in the mesh", "membership", 95},
        {"membership.client.native", "client's proxy is a native sidecar", "platform", 20},
        {"version", "control plane", "platform", 45},
        {"revision", "revision of the control plane", "platform", 40},
        {"membership.client.proxy.version", "client's proxy", "platform", 45},
        {"membership.client.proxy.concurrency", "threads of the client's proxy", "platform", 50},
        {"membership.client.proxy.cpuLimitMilli", "CPU limit (milli) of the client's proxy", "platform", 50},
        {"membership.client.proxy.cpuRequestMilli", "CPU request (milli) of the client's proxy", "platform", 35},
        {"membership.client.proxy.memLimitBytes", "memory limit (bytes) of the client's proxy", "platform", 40},
        {"membership.server.pod.proxy.version", "server's proxy", "platform", 45},
        {"membership.server.pod.proxy.concurrency", "threads of the server's proxy", "platform", 50},
        {"membership.server.pod.proxy.cpuLimitMilli", "CPU limit (milli) of the server's proxy", "platform", 50},
        {"membership.server.pod.proxy.cpuRequestMilli", "CPU request (milli) of the server's proxy", "platform", 35},
        {"membership.server.pod.proxy.memLimitBytes", "memory limit (bytes) of the server's proxy", "platform", 40},
};

static void diff_places(struct diff *diff)
{
        char old[MESH_VALUE_TEXT_MAX], new[MESH_VALUE_TEXT_MAX];

        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
                const struct place *place = &places[i];
                struct json_object *from = doc_at(diff->before, place->path), *to = doc_at(diff->after, place->path);
                if (text_equal(doc_text(from, ""), MESH_UNKNOWN) || text_equal(doc_text(to, ""), MESH_UNKNOWN)) {
                        cannot_compare(diff, place->path, MESH_UNKNOWN);
                        continue;
                }
                if (doc_equal(from, to))
                        continue;
                mesh_value_format(NULL, from, old);
                mesh_value_format(NULL, to, new);
                add_change(diff, place->path, place->class, place->weight, from, to, "%s %s -> %s", place->words, old, new);
        }
}

/* How much of the target is in the mesh; scaling it up and down is no change of that. */
static const char *share_of(struct json_object *snapshot)
{
        struct json_object *server = doc_at(snapshot, "membership.server");
        int64_t pods = doc_int(server, "pods", 0), meshed = doc_int(server, "meshedPods", 0);

        return pods == 0 ? MESH_UNKNOWN : meshed == 0 ? "none" : meshed < pods ? "some" : "all";
}

static void diff_share(struct diff *diff)
{
        const char *from = share_of(diff->before), *to = share_of(diff->after);
        struct json_object *old = doc_at(diff->before, "membership.server"), *new = doc_at(diff->after, "membership.server");

        if (text_equal(from, MESH_UNKNOWN) || text_equal(to, MESH_UNKNOWN))
                cannot_compare(diff, "membership.server", "the target's pods are not known");
        else if (strcmp(from, to) != 0)
                add_change(diff, "membership.server", "membership", 95, doc_at(old, "meshedPods"), doc_at(new, "meshedPods"),
                           "target pods in the mesh %lld/%lld -> %lld/%lld",
                           (long long)doc_int(old, "meshedPods", 0), (long long)doc_int(old, "pods", 0),
                           (long long)doc_int(new, "meshedPods", 0), (long long)doc_int(new, "pods", 0));
}

static struct json_object *entry_of(struct json_object *snapshot, const char *ref)
{
        struct json_object *list = doc_at(snapshot, "inventory");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "ref"), ref))
                        return doc_item(list, i);
        return NULL;
}

/* Whether a sentence above already names the object. */
static bool is_told(const struct diff *diff, const char *ref)
{
        for (size_t i = 0; i < doc_len(diff->changes, ""); i++)
                if (strstr(doc_text(doc_item(diff->changes, i), "sentence"), ref))
                        return true;
        return false;
}

static void diff_inventory(struct diff *diff)
{
        struct json_object *sides[] = {diff->before, diff->after};

        for (size_t side = 0; side < 2; side++) {
                struct json_object *list = doc_at(sides[side], "inventory");
                for (size_t i = 0; i < doc_len(list, ""); i++) {
                        struct json_object *entry = doc_item(list, i), *other = entry_of(sides[1 - side], doc_text(entry, "ref"));
                        const char *ref = doc_text(entry, "ref");
                        bool same = other && text_equal(doc_text(other, "specHash"), doc_text(entry, "specHash"));
                        if (same || (other && side == 0) || is_told(diff, ref))
                                continue;
                        add_change(diff, ref, "inventory", 5, side == 0 ? doc_at(entry, "specHash") : doc_at(other, "specHash"),
                                   side == 0 ? NULL : doc_at(entry, "specHash"), "%s %s, and what is in effect here is the same", ref,
                                   other ? "changed" : side == 0 ? "removed" : "added");
                }
        }
}

static int heavier_first(const void *a, const void *b)
{
        struct json_object *const *left = a, *const *right = b;
        int64_t l = doc_int(*left, "weight", 0), r = doc_int(*right, "weight", 0);

        if (l != r)
                return l > r ? -1 : 1;
        return strcmp(doc_text(*left, "sentence"), doc_text(*right, "sentence"));
}

static const char *verdict_of(const struct diff *diff)
{
        size_t count = 0;

        for (size_t i = 0; i < doc_len(diff->changes, ""); i++)
                count += !text_equal(doc_text(doc_item(diff->changes, i), "class"), "inventory");
        if (count > 0)
                return count == 1 ? "one" : "several";
        return doc_len(diff->unknown, "") > 0 ? "cannot-compare" : "same";
}

static void name_changes(struct json_object *changes)
{
        for (size_t i = 0; i < doc_len(changes, ""); i++) {
                struct json_object *change = doc_item(changes, i);
                bool policy = mesh_key_find(doc_text(change, "path")) && !doc_text(change, "from.ref") && !doc_text(change, "to.ref");
                bool from = policy || doc_at(change, "from"), to = policy || doc_at(change, "to");
                doc_set_text(change, "change", from && to ? "changed" : to ? "added" : "removed");
        }
}

struct json_object *mesh_diff(struct json_object *before, struct json_object *after)
{
        struct diff diff = {.before = before, .after = after, .changes = doc_array(), .unknown = doc_array()};

        diff_places(&diff);
        diff_share(&diff);
        diff_policies(&diff);
        diff_inventory(&diff);
        json_object_array_sort(diff.changes, heavier_first);
        const char *verdict = verdict_of(&diff);
        size_t len = doc_len(diff.changes, "");
        if (len > MESH_CHANGES_MAX) {
                diff.dropped = (int64_t)(len - MESH_CHANGES_MAX);
                json_object_array_del_idx(diff.changes, MESH_CHANGES_MAX, len - MESH_CHANGES_MAX);
        }
        name_changes(diff.changes);
        struct json_object *result = doc_set_text(doc_object(), "verdict", verdict);
        return doc_set_int(doc_set(doc_set(result, "changes", diff.changes), "cannotCompare", diff.unknown), "dropped", diff.dropped);
}
