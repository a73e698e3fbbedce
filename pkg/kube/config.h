/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the API server is and who we are: in-cluster service account or kubeconfig
 * (k8s.io/client-go/tools/clientcmd/api/v1). Secrets are held in memory only, and zeroed when freed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"

struct kube_config {
        char *server;             /* "https://10.96.0.1:443" */
        char *tls_server_name;    /* NULL: from the URL */
        bool insecure_skip_verify;
        char *ca_pem;             /* NULL: the system's */
        char *cert_pem, *key_pem; /* both or none */
        char *token;              /* NULL: none */
        char *token_file;         /* re-read at most once a minute and at once after a 401; wins over token */
        char *ca_file;            /* ca_pem came from here and is re-read every 5 minutes; NULL: it did not */
        char *cert_file, *key_file; /* the same for cert_pem and key_pem */
        char *username, *password;
        char *proxy_url;          /* NULL: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment count */
        char *namespace;          /* of the context or the service account; "default" */
        struct kube_exec *exec;   /* credential plugin, NULL: none */

        /* kube_config_token()'s own memory. */
        int64_t token_due_ns, files_due_ns; /* when to look at the files again */
};

/* Service account of this pod (KUBERNETES_SERVICE_HOST/_PORT). FAIL_MISSING when not in a cluster. */
enum fail_kind kube_config_in_cluster(struct kube_config **ret_config, struct fail *fail);
/* 'path' NULL: $KUBECONFIG (a list of files is merged, the first to set a name wins), then ~/.kube/config.
 * 'context' NULL: current-context. FAIL_MISSING, FAIL_INVALID (with file and field). */
enum fail_kind kube_config_load(const char *path, const char *context, struct kube_config **ret_config, struct fail *fail);
/* "https://10.88.0.7:9443", "https://[fd00::7]:9443" of an address without brackets. Caller frees. */
char *kube_config_server_at(const char *address, int port);
/* The same identity for another server of the cluster, as a kubelet: its certificate is checked against the same CA, whatever was
 * said about the API server's, and no proxy is asked. A credential plugin's token is taken as it is now. Caller frees. */
struct kube_config *kube_config_beside(const struct kube_config *config, const char *server);
struct kube_config *kube_config_free(struct kube_config *config);

/* The bearer token to send now, borrowed until the next call; NULL when there is none. Re-reads files and runs the exec
 * plugin (client.authentication.k8s.io/v1 and v1beta1; no stdin, 64 KiB of output, 30 s) when it is time or 'refused' (a 401
 * came). A file or plugin that fails leaves what was there. New certificates set *ret_changed: connections must be new.
 * A plugin is waited for, so a program with a schedule to keep should use a service account or a token file. */
const char *kube_config_token(struct kube_config *config, int64_t now_ns, bool refused, bool *ret_changed);
