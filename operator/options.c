/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define DEFAULT_PORT 8080
#define DEFAULT_METRICS_PORT 8443

struct flag {
        const char *name, *variable, *otherwise, *help;
        size_t offset;
};

static const struct flag flags[] = {
        {"--kubeconfig", NULL, NULL, "file with the cluster's address and credentials", offsetof(struct options, kubeconfig)},
        {"--namespace", "WATCH_NAMESPACE", NULL, "watch only this namespace (default: all)",
         offsetof(struct options, namespace)},
        {"--lease-namespace", "OPERATOR_NAMESPACE", "loadstone-system", "namespace of the leader's Lease",
         offsetof(struct options, own_namespace)},
        {"--lease-name", NULL, "loadstone-operator", "name of the leader's Lease", offsetof(struct options, lease_name)},
        {"--identity", "POD_NAME", NULL, "holder name in the Lease (default: host name)", offsetof(struct options, identity)},
        {"--image", "LOADSTONE_IMAGE", "localhost/loadstone:dev", "image of the load workers",
         offsetof(struct options, image)},
        {"--metrics-cert-dir", NULL, NULL, "folder with tls.crt and tls.key for the metrics (default: self-signed)",
         offsetof(struct options, metrics_cert_dir)},
        {"--metrics-auth", NULL, "token", "who may read metrics: token (whom the API server allows, default) or none (everybody)",
         offsetof(struct options, metrics_auth)},
        {"--probe-namespace", "PROBE_NAMESPACE", NULL, "namespace in which loadstone-probe runs (default: it does not)", offsetof(struct options, probe_namespace)},
        {"--probe-token", NULL, "/var/run/secrets/loadstone-probe/token", "file with the token that probes are shown", offsetof(struct options, probe_token)},
        {"--probe-ca", NULL, NULL, "file with the authority of the probes' certificates (default: they are not looked at)", offsetof(struct options, probe_ca)},
};

static const struct port_flag {
        const char *name, *help;
        int least; /* -1: it may be switched off */
        size_t offset;
} port_flags[] = {
        {"--port", "port of /healthz and /readyz (default 8080)", 0, offsetof(struct options, port)},
        {"--metrics-port", "port of /metrics, by TLS (default 8443; -1: none)", -1, offsetof(struct options, metrics_port)},
};

static const char *from_environment(const struct flag *flag)
{
        const char *value = flag->variable ? getenv(flag->variable) : NULL;
        return value && *value ? value : flag->otherwise;
}

static enum fail_kind parse_port(const struct port_flag *flag, const char *text, struct options *options, struct fail *fail)
{
        char *end;
        long port = strtol(text, &end, 10);

        if (*end || end == text || port < flag->least || port > 65535)
                return fail_set(fail, FAIL_INVALID, "%s '%s' is not a port number", flag->name, text);
        *(int *)((char *)options + flag->offset) = (int)port;
        return FAIL_NONE;
}

static const struct flag *find_flag(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(flags); i++)
                if (text_equal(flags[i].name, name))
                        return &flags[i];
        return NULL;
}

static const struct port_flag *find_port_flag(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(port_flags); i++)
                if (text_equal(port_flags[i].name, name))
                        return &port_flags[i];
        return NULL;
}

static bool parse_switch(const char *name, struct options *options)
{
        if (text_equal(name, "--print-rules"))
                options->print_rules = true;
        else if (text_equal(name, "--version"))
                options->version = true;
        else if (text_equal(name, "--help") || text_equal(name, "-h"))
                options->help = true;
        else
                return false;
        return true;
}

static enum fail_kind check(struct options *options, struct fail *fail)
{
        options->metrics_open = text_equal(options->metrics_auth, "none");
        if (!options->metrics_open && !text_equal(options->metrics_auth, "token"))
                return fail_set(fail, FAIL_INVALID, "--metrics-auth '%s' is neither token nor none", options->metrics_auth);
        return FAIL_NONE;
}

enum fail_kind options_parse(int argc, char **argv, struct options *ret_options, struct fail *fail)
{
        struct options options = {.port = DEFAULT_PORT, .metrics_port = DEFAULT_METRICS_PORT};

        for (size_t i = 0; i < ARRAY_LEN(flags); i++)
                *(const char **)((char *)&options + flags[i].offset) = from_environment(&flags[i]);
        for (int i = 1; i < argc; i++) {
                if (parse_switch(argv[i], &options))
                        continue;
                const struct flag *flag = find_flag(argv[i]);
                const struct port_flag *port = find_port_flag(argv[i]);
                if (!flag && !port)
                        return fail_set(fail, FAIL_INVALID, "unknown flag '%s'; see --help", argv[i]);
                if (i + 1 == argc)
                        return fail_set(fail, FAIL_INVALID, "%s needs a value", argv[i]);
                i++;
                if (port && parse_port(port, argv[i], &options, fail))
                        return fail->kind;
                if (flag)
                        *(const char **)((char *)&options + flag->offset) = argv[i];
        }
        if (check(&options, fail))
                return fail->kind;
        *ret_options = options;
        return FAIL_NONE;
}

void options_print_help(void)
{
        puts("loadstone-operator: runs BenchmarkRuns of a Kubernetes cluster\n");
        for (size_t i = 0; i < ARRAY_LEN(flags); i++)
                printf("  %-18s %s%s%s%s\n", flags[i].name, flags[i].help, flags[i].variable ? " [$" : "",
                       flags[i].variable ? flags[i].variable : "", flags[i].variable ? "]" : "");
        for (size_t i = 0; i < ARRAY_LEN(port_flags); i++)
                printf("  %-18s %s\n", port_flags[i].name, port_flags[i].help);
        printf("  %-18s print the rules of a run as Markdown and exit\n", "--print-rules");
        printf("  %-18s print the version and exit\n", "--version");
}
