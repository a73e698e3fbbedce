/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/summary.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/keys.h"
#include "mesh/mesh.h"

#define VALUE_BYTES_MAX 64
#define ORIGIN_BYTES_MAX 120
#define TEXT_BYTES_MAX 240

/* What somebody wrote down comes first: there is little of it, and it is what is asked about. Then what is felt most. */
static int rank_of(struct json_object *policy)
{
        const char *kind = doc_text(policy, "origin.kind"), *key = doc_text(policy, "key");
        const struct mesh_key *known = mesh_key_find(key);
        int weight = known ? known->weight : 0;

        if (text_equal(key, "mtls.effective"))
                return 0;
        return (text_equal(kind, "object") ? 1000 : text_equal(kind, "unknown") ? 3000 : text_equal(kind, "default") ? 4000 : 2000) - weight;
}

static int first_rank_first(const void *a, const void *b)
{
        struct json_object *const *left = a, *const *right = b;
        int order = rank_of(*left) - rank_of(*right);

        return order ? order : strcmp(doc_text(*left, "key"), doc_text(*right, "key"));
}

static struct json_object *encode_policy(struct json_object *policy)
{
        const char *key = doc_text(policy, "key");
        char value[MESH_VALUE_TEXT_MAX], origin[MESH_ORIGIN_TEXT_MAX];

        mesh_value_format(mesh_key_find(key), doc_at(policy, "value"), value);
        mesh_origin_format(doc_at(policy, "origin"), origin);
        value[VALUE_BYTES_MAX] = origin[ORIGIN_BYTES_MAX] = '\0';
        text_scrub(value);
        text_scrub(origin);
        return doc_set_text(doc_set_text(doc_set_text(doc_object(), "key", key), "value", value), "origin", origin);
}

static struct json_object *encode_policies(struct json_object *snapshot, size_t *ret_left)
{
        struct json_object *all = doc_at(snapshot, "policies"), *list = doc_array();
        size_t len = doc_len(all, "");
        auto_free struct json_object **sorted = xcalloc(len + 1, sizeof *sorted);

        for (size_t i = 0; i < len; i++)
                sorted[i] = doc_item(all, i);
        qsort(sorted, len, sizeof *sorted, first_rank_first);
        for (size_t i = 0; i < len && i < MESH_SUMMARY_POLICIES_MAX; i++)
                doc_push(list, encode_policy(sorted[i]));
        *ret_left = len > MESH_SUMMARY_POLICIES_MAX ? len - MESH_SUMMARY_POLICIES_MAX : 0;
        return list;
}

static struct json_object *encode_findings(struct json_object *snapshot)
{
        struct json_object *all = doc_at(snapshot, "findings"), *list = doc_array();

        for (size_t i = 0; i < doc_len(all, "") && i < MESH_SUMMARY_FINDINGS_MAX; i++) {
                auto_free char *text = xasprintf("%.*s", TEXT_BYTES_MAX, doc_text(doc_item(all, i), "text"));
                text_scrub(text);
                doc_push_text(list, text);
        }
        return list;
}

static struct json_object *encode_unknown(struct json_object *snapshot)
{
        struct json_object *all = doc_at(snapshot, "unknown"), *list = doc_array();

        for (size_t i = 0; i < doc_len(all, "") && i < MESH_SUMMARY_UNKNOWN_MAX; i++) {
                const char *path = doc_text(doc_item(all, i), "path"), *reason = doc_text(doc_item(all, i), "reason");
                auto_free char *text = xasprintf("%.50s: %.70s", path ? path : "", reason ? reason : "");
                text_scrub(text);
                doc_push_text(list, text);
        }
        return list;
}

static const char *meshed_text(struct json_object *meshed)
{
        if (!json_object_is_type(meshed, json_type_boolean))
                return MESH_UNKNOWN;
        return json_object_get_boolean(meshed) ? "true" : "false";
}

static char *servers_text(struct json_object *snapshot)
{
        int64_t pods = doc_int(snapshot, "membership.server.pods", -1), meshed = doc_int(snapshot, "membership.server.meshedPods", -1);

        return pods < 0 || meshed < 0 ? xstrdup(MESH_UNKNOWN) : xasprintf("%lld/%lld", (long long)meshed, (long long)pods);
}

struct json_object *mesh_summary_encode(struct json_object *snapshot)
{
        static const char *const words[] = {"type", "mode", "version"};
        struct json_object *summary = doc_object();
        auto_free char *servers = servers_text(snapshot);
        size_t left;

        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
                const char *word = doc_text(snapshot, words[i]);
                auto_free char *cut = xasprintf("%.60s", word ? word : MESH_UNKNOWN);
                doc_set_text(summary, words[i], cut);
        }
        doc_set_text(summary, "clientMeshed", meshed_text(doc_at(snapshot, "membership.client.meshed")));
        doc_set_text(doc_set_text(summary, "serverMeshed", servers), "effective", doc_text(snapshot, "hashes.effective"));
        doc_set(summary, "policies", encode_policies(snapshot, &left));
        if (left > 0)
                doc_set_int(summary, "policiesLeft", (int64_t)left);
        doc_set(summary, "findings", encode_findings(snapshot));
        return doc_set(summary, "unknown", encode_unknown(snapshot));
}

/* The value in the list of a summary. */
static const char *summary_value(struct json_object *summary, const char *key)
{
        struct json_object *policies = doc_at(summary, "policies");

        for (size_t i = 0; i < doc_len(policies, ""); i++)
                if (text_equal(doc_text(doc_item(policies, i), "key"), key))
                        return doc_text(doc_item(policies, i), "value");
        return NULL;
}

char *mesh_summary_column(struct json_object *summary)
{
        const char *type = doc_text(summary, "type"), *mtls = summary_value(summary, "mtls.effective");
        bool out = text_equal(doc_text(summary, "clientMeshed"), "false");
        auto_free char *name = xstrdup(type ? type : MESH_UNKNOWN);

        for (char *at = name; *at; at++)
                *at = (char)tolower((unsigned char)*at);
        if (text_equal(name, "none") || text_equal(name, MESH_UNKNOWN))
                return xstrdup(name);
        return xasprintf("%s %s%s%s%s", name, doc_text(summary, "serverMeshed"), mtls ? " " : "", mtls ? mtls : "", out ? ", client out" : "");
}
