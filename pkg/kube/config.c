/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that change while we run: service account tokens are replaced every hour, certificates now and then. */
#include "kube/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "kube/config_parts.h"
#include "kube/exec_plugin.h"

#define TOKEN_EVERY_NS (60 * NS_PER_S)
#define FILES_EVERY_NS (300 * NS_PER_S)

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

void config_secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

void config_secret_set(char **place, char *secret)
{
        config_secret_free(*place);
        *place = secret;
}

struct kube_config *kube_config_free(struct kube_config *config)
{
        if (!config)
                return NULL;
        config_secret_free(config->token);
        config_secret_free(config->key_pem);
        config_secret_free(config->password);
        exec_plugin_free(config->exec);
        free(config->server);
        free(config->tls_server_name);
        free(config->ca_pem);
        free(config->cert_pem);
        free(config->token_file);
        free(config->ca_file);
        free(config->cert_file);
        free(config->key_file);
        free(config->username);
        free(config->proxy_url);
        free(config->namespace);
        free(config);
        return NULL;
}

static char *copy_of(const char *text)
{
        return text ? xstrdup(text) : NULL;
}

struct kube_config *kube_config_beside(const struct kube_config *config, const char *server)
{
        struct kube_config *beside = xnew(struct kube_config);

        *beside = (struct kube_config){
                .server = xstrdup(server),
                .ca_pem = copy_of(config->ca_pem),
                .ca_file = copy_of(config->ca_file),
                .cert_pem = copy_of(config->cert_pem),
                .key_pem = copy_of(config->key_pem),
                .cert_file = copy_of(config->cert_file),
                .key_file = copy_of(config->key_file),
                .token = copy_of(config->token),
                .token_file = copy_of(config->token_file),
                .proxy_url = xstrdup(""), /* none, whatever the environment says */
                .namespace = copy_of(config->namespace),
        };
        return beside;
}

enum fail_kind config_read_token(const char *path, char **ret_token, struct fail *fail)
{
        char *text = NULL;

        if (text_file_read(path, CONFIG_TOKEN_BYTES_MAX, &text, NULL, fail))
                return fail_wrap(fail, "token");
        text[strcspn(text, "\r\n")] = '\0';
        if (text[0] == '\0') {
                config_secret_free(text);
                return fail_set(fail, FAIL_INVALID, "token file %s is empty", path);
        }
        *ret_token = text;
        return FAIL_NONE;
}

/* Replaces *place by what the file holds now; an unreadable or empty file changes nothing. True when it differs. */
static bool reread(const char *path, char **place)
{
        char *text = NULL;

        if (!path || text_file_read(path, CONFIG_FILE_BYTES_MAX, &text, NULL, NULL) || text[0] == '\0' ||
            text_equal(text, *place)) {
                config_secret_free(text);
                return false;
        }
        config_secret_set(place, text);
        return true;
}

static bool reread_pair(struct kube_config *config)
{
        /* The two files are replaced one after the other; a pair that does not fit fails its handshakes until the next look. */
        bool key_changed = reread(config->key_file, &config->key_pem);
        return reread(config->cert_file, &config->cert_pem) || key_changed;
}

const char *kube_config_token(struct kube_config *config, int64_t now_ns, bool refused, bool *ret_changed)
{
        char *token = NULL;

        if (refused || now_ns >= config->files_due_ns) {
                config->files_due_ns = now_ns + FILES_EVERY_NS;
                /* Trust in another CA needs no new connections: those that exist have proved themselves. */
                reread(config->ca_file, &config->ca_pem);
                if (reread_pair(config))
                        *ret_changed = true;
        }
        if (config->token_file && (refused || now_ns >= config->token_due_ns)) {
                config->token_due_ns = now_ns + TOKEN_EVERY_NS;
                if (config_read_token(config->token_file, &token, NULL) == FAIL_NONE)
                        config_secret_set(&config->token, token);
        }
        /* A plugin that fails leaves what was there, and the server's 401 says the rest. */
        if (config->exec && exec_plugin_due(config->exec, now_ns, refused))
                exec_plugin_run(config->exec, config, now_ns, ret_changed, NULL);
        return config->token;
}

char *kube_config_server_at(const char *address, int port)
{
        return xasprintf(strchr(address, ':') ? "https://[%s]:%d" : "https://%s:%d", address, port);
}

enum fail_kind kube_config_in_cluster(struct kube_config **ret_config, struct fail *fail)
{
        const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
        char *namespace = NULL;

        if (!host || !host[0] || !port || !port[0])
                return fail_set(fail, FAIL_MISSING, "not in a cluster: KUBERNETES_SERVICE_HOST is not set");
        struct kube_config *config = xnew(struct kube_config);
        config->server = xasprintf(strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
        config->token_file = xstrdup(SERVICE_ACCOUNT "/token");
        config->ca_file = xstrdup(SERVICE_ACCOUNT "/ca.crt");
        if (config_read_token(config->token_file, &config->token, fail) ||
            text_file_read(config->ca_file, CONFIG_FILE_BYTES_MAX, &config->ca_pem, NULL, fail)) {
                kube_config_free(config);
                return fail_wrap(fail, "service account");
        }
        if (text_file_read(SERVICE_ACCOUNT "/namespace", 256, &namespace, NULL, NULL) == FAIL_NONE)
                namespace[strcspn(namespace, "\r\n")] = '\0';
        config->namespace = namespace ? namespace : xstrdup("default");
        *ret_config = config;
        return FAIL_NONE;
}
