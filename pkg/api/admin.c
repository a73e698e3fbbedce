/* SPDX-License-Identifier: Apache-2.0
 *
 * From YAML to what the administrator allows. What is checked against it is admin_check.c. */
#include "api/admin_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/yaml.h"

#define CONFIG_BYTES_MAX 262144
#define COUNT_MAX 1e9
#define DAY_MS 86400000.0

/* A typing error runs into these; whoever needs more writes it down. */
#define DEFAULT_CAPS_RUN ((struct admin_caps){.rate_rps = 100000, .connections = 20000, .workers = 64, .duration_ms = 12 * INT64_C(3600000)})

/* ---- strictness ---- */

enum fail_kind admin_check_keys(struct json_object *doc, const char *where, const char *const *known, struct fail *fail)
{
        if (!doc)
                return FAIL_NONE;
        if (!json_object_is_type(doc, json_type_object))
                return fail_set(fail, FAIL_INVALID, "%s must be a map", where);
        json_object_object_foreach(doc, key, unused) {
                const char *const *at = known;
                (void)unused;
                while (*at && strcmp(*at, key) != 0)
                        at++;
                if (!*at)
                        return fail_set(fail, FAIL_INVALID, "%s.%.60s is not known: see docs/config.md", where, key);
        }
        return FAIL_NONE;
}

enum fail_kind admin_check_list(struct json_object *list, const char *where, size_t len_max, struct fail *fail)
{
        if (list && !json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "%s must be a list", where);
        if (doc_len(list, "") > len_max)
                return fail_set(fail, FAIL_INVALID, "%s must have at most %zu entries", where, len_max);
        return FAIL_NONE;
}

/* ---- caps ---- */

static const struct field rate_fields[] = {
        {"rate", FIELD_RATE, offsetof(struct admin_caps, rate_rps), 1e-3, 1e7, .optional = true},
        {"connections", FIELD_INT, offsetof(struct admin_caps, connections), 1, COUNT_MAX, .optional = true},
        {"workers", FIELD_INT, offsetof(struct admin_caps, workers), 1, COUNT_MAX, .optional = true},
        {"duration", FIELD_DURATION_MS, offsetof(struct admin_caps, duration_ms), 1000, 7 * DAY_MS, .optional = true},
        {"runs", FIELD_INT, offsetof(struct admin_caps, runs), 1, COUNT_MAX, .optional = true},
};

static enum fail_kind decode_caps(struct json_object *caps, struct admin *admin, struct fail *fail)
{
        static const char *const levels[] = {"run", "namespace", "cluster", NULL};
        static const char *const of_run[] = {"rate", "connections", "workers", "duration", NULL};
        static const char *const of_sum[] = {"rate", "connections", "workers", "runs", NULL};
        const struct { const char *name, *where; const char *const *known; struct admin_caps *into; } rows[] = {
                {"run", "caps.run", of_run, &admin->run},
                {"namespace", "caps.namespace", of_sum, &admin->namespace},
                {"cluster", "caps.cluster", of_sum, &admin->cluster},
        };

        if (admin_check_keys(caps, "caps", levels, fail))
                return FAIL_INVALID;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct json_object *level = doc_at(caps, rows[i].name);
                auto_free char *where = xasprintf("%s.", rows[i].where);
                if (admin_check_keys(level, rows[i].where, rows[i].known, fail) ||
                    field_decode(level, where, rate_fields, ARRAY_LEN(rate_fields), rows[i].into, fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}

/* ---- targets ---- */

/* A host name, or one with "*." before it; lower case, as it is compared. */
static bool is_host_pattern(const char *host)
{
        const char *name = text_starts(host, "*.") ? host + 2 : host;
        size_t len = strlen(name);

        return len > 0 && len <= 253 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len && name[0] != '.' && name[0] != '-' &&
               name[len - 1] != '.' && !strstr(name, "..");
}

static enum fail_kind decode_ports(struct json_object *entry, const char *where, struct admin_allow *allow, struct fail *fail)
{
        struct json_object *ports = doc_at(entry, "ports");
        auto_free char *name = xasprintf("%s.ports", where);

        if (admin_check_list(ports, name, ADMIN_PORTS_MAX, fail))
                return FAIL_INVALID;
        if (doc_len(ports, "") == 0)
                return fail_set(fail, FAIL_INVALID, "%s is missing: name the ports, for example [443]", name);
        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                struct json_object *port = doc_item(ports, i);
                int64_t number = json_object_get_int64(port);
                if (!json_object_is_type(port, json_type_int) || number < 1 || number > 65535)
                        return fail_set(fail, FAIL_INVALID, "%s[%zu] must be a number from 1 to 65535", name, i);
                allow->ports[allow->ports_len++] = (int)number;
        }
        return FAIL_NONE;
}

static enum fail_kind decode_allow(struct json_object *entry, size_t index, struct admin_allow *allow, struct fail *fail)
{
        static const char *const known[] = {"host", "cidr", "ports", "maxRate", NULL};
        static const struct field fields[] = {
                {"host", FIELD_TEXT, offsetof(struct admin_allow, host), 1, 255, .optional = true},
                {"cidr", FIELD_TEXT, offsetof(struct admin_allow, range_text), 1, 64, .optional = true},
                {"maxRate", FIELD_RATE, offsetof(struct admin_allow, rate_rps), 1e-3, 1e7, .optional = true},
        };
        auto_free char *where = xasprintf("targets.allow[%zu]", index), *prefix = xasprintf("%s.", where);

        if (!entry)
                return fail_set(fail, FAIL_INVALID, "%s must be a map", where);
        if (admin_check_keys(entry, where, known, fail) || field_decode(entry, prefix, fields, ARRAY_LEN(fields), allow, fail) ||
            decode_ports(entry, where, allow, fail))
                return FAIL_INVALID;
        if (!allow->host && !allow->range_text)
                return fail_set(fail, FAIL_INVALID, "%s must have host, cidr or both", where);
        if (allow->host && !is_host_pattern(allow->host))
                return fail_set(fail, FAIL_INVALID, "%s.host must be a host name in lower case, or *. and one, for example *.stage.example.com", where);
        allow->by_range = allow->range_text != NULL;
        if (allow->by_range && address_parse_range(allow->range_text, &allow->range, fail))
                return fail_wrap(fail, "%s.cidr", where);
        return FAIL_NONE;
}

static enum fail_kind decode_targets(struct json_object *targets, struct admin *admin, struct fail *fail)
{
        static const char *const known[] = {"allow", "deny", NULL};
        struct json_object *allow = doc_at(targets, "allow"), *deny = doc_at(targets, "deny");

        if (admin_check_keys(targets, "targets", known, fail) || admin_check_list(allow, "targets.allow", ADMIN_ALLOW_MAX, fail) ||
            admin_check_list(deny, "targets.deny", ADMIN_DENY_MAX, fail))
                return FAIL_INVALID;
        for (size_t i = 0; i < doc_len(allow, ""); i++)
                if (decode_allow(doc_item(allow, i), i, &admin->allow[admin->allow_len++], fail))
                        return FAIL_INVALID;
        for (size_t i = 0; i < doc_len(deny, ""); i++) {
                struct json_object *entry = doc_item(deny, i);
                const char *text = json_object_is_type(entry, json_type_string) ? json_object_get_string(entry) : "";
                if (address_parse_range(text, &admin->deny[i], fail))
                        return fail_wrap(fail, "targets.deny[%zu]", i);
                admin->deny_texts[admin->deny_len++] = text;
        }
        return FAIL_NONE;
}

/* ---- all of it ---- */

static enum fail_kind read_document(struct json_object *configmap, struct json_object **ret_document, struct fail *fail)
{
        const char *text = doc_text(configmap, "data[\"" ADMIN_KEY "\"]");

        if (configmap && !text)
                return fail_set(fail, FAIL_INVALID, "the ConfigMap has no key " ADMIN_KEY);
        if (!text)
                return FAIL_NONE;
        if (strlen(text) > CONFIG_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, ADMIN_KEY " is longer than %d bytes", CONFIG_BYTES_MAX);
        if (yaml_parse(text, strlen(text), ret_document, fail)) {
                fail->kind = FAIL_INVALID;
                return fail_wrap(fail, ADMIN_KEY);
        }
        return FAIL_NONE;
}

enum fail_kind admin_decode(struct json_object *configmap, struct admin **ret_admin, struct fail *fail)
{
        static const char *const known[] = {"stopAll", "allowSecretsWithoutPolicy", "targets", "caps", "prometheus", NULL};
        static const struct field fields[] = {
                {"stopAll", FIELD_BOOL, offsetof(struct admin, stop_all), .optional = true},
                {"allowSecretsWithoutPolicy", FIELD_BOOL, offsetof(struct admin, allow_secrets_without_policy), .optional = true},
        };
        struct admin *admin = xnew(struct admin);
        struct fail ignored;

        fail = fail ? fail : &ignored;
        admin->run = DEFAULT_CAPS_RUN;
        if (read_document(configmap, &admin->document, fail) || admin_check_keys(admin->document, ADMIN_KEY, known, fail) ||
            field_decode(admin->document, "", fields, ARRAY_LEN(fields), admin, fail) ||
            decode_targets(doc_at(admin->document, "targets"), admin, fail) || decode_caps(doc_at(admin->document, "caps"), admin, fail) ||
            admin_decode_sources(doc_at(admin->document, "prometheus"), admin, fail)) {
                admin_free(admin);
                return FAIL_INVALID;
        }
        *ret_admin = admin;
        return FAIL_NONE;
}

struct admin *admin_free(struct admin *admin)
{
        if (!admin)
                return NULL;
        json_object_put(admin->document);
        free(admin);
        return NULL;
}
