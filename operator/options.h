/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operator is told at start: flags first, then environment, then defaults. Decoded once, read-only afterwards. */
#pragma once

#include <stdbool.h>

#include "base/fail.h"

struct options {
        const char *kubeconfig;      /* --kubeconfig, else in-cluster when there is one, else $KUBECONFIG */
        const char *namespace;       /* --namespace, WATCH_NAMESPACE: only this one; NULL: all */
        const char *own_namespace;   /* --lease-namespace, OPERATOR_NAMESPACE: where the Lease lives */
        const char *lease_name;      /* --lease-name */
        const char *identity;        /* --identity, else POD_NAME, else the host name; made unique per start */
        const char *image;           /* --image, LOADSTONE_IMAGE: of the workers */
        const char *metrics_cert_dir; /* --metrics-cert-dir: tls.crt and tls.key; NULL: self-signed */
        const char *probe_namespace; /* --probe-namespace, PROBE_NAMESPACE: where loadstone-probe runs; NULL: nowhere */
        const char *probe_token;     /* --probe-token: file with the token that probes are shown */
        const char *probe_ca;        /* --probe-ca: file with the authority of their certificates; NULL: not looked at */
        int port;                    /* --port: probes; 0: any */
        int metrics_port;            /* --metrics-port; 0: any, -1: off */
        const char *metrics_auth;    /* --metrics-auth: "token" or "none" */
        bool metrics_open;           /* "none": whoever reaches the port may read */
        bool print_rules, help, version;
};

/* Strings are borrowed from argv and the environment. FAIL_INVALID names the flag. */
enum fail_kind options_parse(int argc, char **argv, struct options *ret_options, struct fail *fail);
void options_print_help(void);
