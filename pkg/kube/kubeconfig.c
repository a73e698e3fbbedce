/* SPDX-License-Identifier: Apache-2.0
 *
 * kubeconfig files: found, merged, and one context of them resolved. Paths inside a file are relative to its folder, so
 * every cluster and user remembers where it was read. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"
#include "kube/config_parts.h"
#include "kube/exec_plugin.h"

#define FILES_MAX 64
#define FOLDER_KEY "loadstone.folder" /* added to each entry; no key of the format has a dot */

/* ---- Files into one tree: {clusters: {name: {…}}, users: …, contexts: …, current-context: "…"} ---- */

static const struct section {
        const char *plural, *singular;
} sections[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

static enum fail_kind merge_section(struct json_object *merged, struct json_object *file, const struct section *section,
                                    const char *path, struct fail *fail)
{
        struct json_object *known = doc_at(merged, section->plural);
        struct json_object *entries = doc_at(file, section->plural);
        auto_free char *copy = xstrdup(path);
        const char *folder = dirname(copy);

        if (entries && !json_object_is_type(entries, json_type_array))
                return fail_set(fail, FAIL_INVALID, "%s: %s is no list", path, section->plural);
        for (size_t i = 0; i < doc_len(entries, ""); i++) {
                struct json_object *entry = doc_item(entries, i), *value = doc_at(entry, section->singular);
                const char *name = doc_text(entry, "name");
                if (!name)
                        return fail_set(fail, FAIL_INVALID, "%s: %s[%zu].name is missing", path, section->plural, i);
                /* The first file to set a name wins. */
                if (json_object_object_get_ex(known, name, NULL))
                        continue;
                struct json_object *kept = json_object_is_type(value, json_type_object) ? doc_copy(value) : doc_object();
                doc_set(known, name, doc_set_text(kept, FOLDER_KEY, folder));
        }
        return FAIL_NONE;
}

static enum fail_kind merge_file(struct json_object *merged, const char *path, struct fail *fail)
{
        auto_json struct json_object *file = NULL;
        char *text = NULL;
        size_t size = 0;

        enum fail_kind kind = text_file_read(path, CONFIG_FILE_BYTES_MAX, &text, &size, fail);
        if (kind)
                return kind;
        kind = yaml_parse(text, size, &file, fail);
        config_secret_free(text);
        if (kind)
                return fail_wrap(fail, "%s", path);
        if (file && !json_object_is_type(file, json_type_object))
                return fail_set(fail, FAIL_INVALID, "%s is no kubeconfig", path);
        for (size_t i = 0; i < ARRAY_LEN(sections); i++)
                if (merge_section(merged, file, &sections[i], path, fail))
                        return FAIL_INVALID;
        const char *current = doc_text(file, "current-context");
        if (current && current[0] && !doc_text(merged, "current-context"))
                doc_set_text(merged, "current-context", current);
        return FAIL_NONE;
}

static struct json_object *nothing_merged(void)
{
        struct json_object *merged = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(sections); i++)
                doc_set(merged, sections[i].plural, doc_object());
        return merged;
}

/* Files of the list that do not exist are passed over, as everybody does; at least one must be there. */
static enum fail_kind merge_list(struct json_object *merged, const char *list, struct fail *fail)
{
        auto_free char *copy = xstrdup(list);
        char *rest = copy, *path;
        size_t found = 0, seen = 0;

        while ((path = strsep(&rest, ":"))) {
                if (!path[0])
                        continue;
                if (++seen > FILES_MAX)
                        return fail_set(fail, FAIL_TOO_LARGE, "KUBECONFIG names more than %d files", FILES_MAX);
                enum fail_kind kind = merge_file(merged, path, fail);
                if (kind && kind != FAIL_MISSING)
                        return kind;
                found += !kind;
        }
        return found ? FAIL_NONE : fail_set(fail, FAIL_MISSING, "no kubeconfig at %s", list);
}

static enum fail_kind merge_all(struct json_object *merged, const char *path, struct fail *fail)
{
        const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");

        if (path)
                return merge_file(merged, path, fail);
        if (list && list[0])
                return merge_list(merged, list, fail);
        if (!home || !home[0])
                return fail_set(fail, FAIL_MISSING, "neither KUBECONFIG nor HOME is set");
        auto_free char *usual = xasprintf("%s/.kube/config", home);
        return merge_file(merged, usual, fail);
}

/* ---- One context into a configuration ---- */

/* Keys hold dots and slashes, so doc_at() with its paths is no help here. */
static struct json_object *named(struct json_object *merged, const char *section, const char *name)
{
        struct json_object *found = NULL;

        json_object_object_get_ex(doc_at(merged, section), name, &found);
        return found;
}

static char *text_of(struct json_object *entry, const char *key)
{
        const char *text = doc_text(entry, key);

        return text && text[0] ? xstrdup(text) : NULL;
}

static char *path_of(struct json_object *entry, const char *key)
{
        const char *path = doc_text(entry, key);

        if (!path || !path[0])
                return NULL;
        return path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", doc_text(entry, "[\"" FOLDER_KEY "\"]"), path);
}

/* PEM text out of "<name>-data" (base64, wins) or the file that "<name>" names, which is then remembered. */
static enum fail_kind read_pem(struct json_object *entry, const char *name, char **ret_pem, char **ret_file,
                               struct fail *fail)
{
        auto_free char *data_key = xasprintf("%s-data", name);
        const char *data = doc_text(entry, data_key);
        uint8_t *bytes = NULL;
        size_t size;

        if (data && data[0]) {
                if (text_base64_decode(data, strlen(data), &bytes, &size, fail))
                        return fail_wrap(fail, "%s", data_key);
                *ret_pem = (char *)bytes; /* the decoder ends it with a NUL */
                return FAIL_NONE;
        }
        char *path = path_of(entry, name);
        if (!path)
                return FAIL_NONE;
        if (text_file_read(path, CONFIG_FILE_BYTES_MAX, ret_pem, NULL, fail)) {
                free(path);
                return fail_wrap(fail, "%s", name);
        }
        *ret_file = path;
        return FAIL_NONE;
}

static enum fail_kind fill_cluster(struct kube_config *config, struct json_object *cluster, struct fail *fail)
{
        config->server = text_of(cluster, "server");
        config->tls_server_name = text_of(cluster, "tls-server-name");
        config->insecure_skip_verify = doc_bool(cluster, "insecure-skip-tls-verify", false);
        config->proxy_url = text_of(cluster, "proxy-url");
        if (!config->server)
                return fail_set(fail, FAIL_INVALID, "server is missing");
        if (read_pem(cluster, "certificate-authority", &config->ca_pem, &config->ca_file, fail))
                return fail ? fail->kind : FAIL_INVALID;
        if (config->insecure_skip_verify && config->ca_pem)
                return fail_set(fail, FAIL_INVALID, "insecure-skip-tls-verify and certificate-authority exclude each other");
        return FAIL_NONE;
}

/* What a credential plugin may be told about the cluster. */
static struct json_object *cluster_info(const struct kube_config *config)
{
        auto_free char *ca = config->ca_pem ? text_base64_encode(config->ca_pem, strlen(config->ca_pem)) : NULL;
        struct json_object *info = doc_object();

        doc_set_text(info, "server", config->server);
        doc_set_text(info, "tls-server-name", config->tls_server_name);
        doc_set_text(info, "certificate-authority-data", ca);
        doc_set_text(info, "proxy-url", config->proxy_url);
        if (config->insecure_skip_verify)
                doc_set_bool(info, "insecure-skip-tls-verify", true);
        return info;
}

static enum fail_kind fill_user(struct kube_config *config, struct json_object *user, struct fail *fail)
{
        if (doc_at(user, "auth-provider"))
                return fail_set(fail, FAIL_INVALID, "auth-provider is gone from Kubernetes; use an exec plugin");
        if (doc_text(user, "as"))
                return fail_set(fail, FAIL_INVALID, "impersonation ('as') is not supported");
        if (read_pem(user, "client-certificate", &config->cert_pem, &config->cert_file, fail) ||
            read_pem(user, "client-key", &config->key_pem, &config->key_file, fail))
                return fail ? fail->kind : FAIL_INVALID;
        if (!config->cert_pem != !config->key_pem)
                return fail_set(fail, FAIL_INVALID, "client-certificate and client-key need each other");
        config->token = text_of(user, "token");
        config->token_file = path_of(user, "tokenFile");
        if (config->token_file) {
                config_secret_set(&config->token, NULL);
                if (config_read_token(config->token_file, &config->token, fail))
                        return fail ? fail->kind : FAIL_INVALID;
        }
        if (config->token && strpbrk(config->token, "\r\n"))
                return fail_set(fail, FAIL_INVALID, "token holds a line break");
        config->username = text_of(user, "username");
        config->password = text_of(user, "password");
        /* A plugin is for those who have nothing else. */
        if (!doc_at(user, "exec") || config->token || config->username)
                return FAIL_NONE;
        auto_json struct json_object *info = cluster_info(config);
        return exec_plugin_new(doc_at(user, "exec"), info, doc_text(user, "[\"" FOLDER_KEY "\"]"), &config->exec, fail);
}

static enum fail_kind resolve(struct json_object *merged, const char *wanted, struct kube_config *config,
                              struct fail *fail)
{
        const char *name = wanted ? wanted : doc_text(merged, "current-context");
        struct json_object *context = name ? named(merged, "contexts", name) : NULL;

        if (!name)
                return fail_set(fail, FAIL_INVALID, "kubeconfig: current-context is not set");
        if (!context)
                return fail_set(fail, FAIL_INVALID, "kubeconfig: there is no context '%s'", name);
        const char *cluster_name = doc_text(context, "cluster"), *user_name = doc_text(context, "user");
        struct json_object *cluster = cluster_name ? named(merged, "clusters", cluster_name) : NULL;
        struct json_object *user = user_name && user_name[0] ? named(merged, "users", user_name) : NULL;
        if (!cluster)
                return fail_set(fail, FAIL_INVALID, "kubeconfig: context '%s': there is no cluster '%s'", name,
                                cluster_name ? cluster_name : "");
        if (user_name && user_name[0] && !user)
                return fail_set(fail, FAIL_INVALID, "kubeconfig: context '%s': there is no user '%s'", name, user_name);
        if (fill_cluster(config, cluster, fail))
                return fail_wrap(fail, "kubeconfig: cluster '%s'", cluster_name);
        if (fill_user(config, user, fail))
                return fail_wrap(fail, "kubeconfig: user '%s'", user_name);
        char *namespace = text_of(context, "namespace");
        config->namespace = namespace ? namespace : xstrdup("default");
        return FAIL_NONE;
}

enum fail_kind kube_config_load(const char *path, const char *context, struct kube_config **ret_config, struct fail *fail)
{
        auto_json struct json_object *merged = nothing_merged();
        enum fail_kind kind = merge_all(merged, path, fail);

        if (kind)
                return kind;
        struct kube_config *config = xnew(struct kube_config);
        kind = resolve(merged, context, config, fail);
        if (kind) {
                kube_config_free(config);
                return kind;
        }
        *ret_config = config;
        return FAIL_NONE;
}
