/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-probe: what the pods of one node use, second by second, by TLS and for the operator alone.
 * Exit: 0 told to end, 1 could not run, 2 bad arguments. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/trim.h"
#include "node/sampler.h"
#include "node/visitors.h"
#include "serve/certificate.h"
#include "serve/port.h"

#define EXIT_BAD_USE 2
#define TEXT "text/plain; charset=utf-8"
#define EVERY_NS NS_PER_S
#define WANTED_NS (60 * NS_PER_S) /* after somebody asked; then it sleeps until the next one does */
#define TRIM_NS (2 * NS_PER_S)
#define TRIM_SOON_NS (50 * NS_PER_MS) /* after a request */
#define FILES_MAX 16384           /* ten of each container and pod */
#define SAMPLES "/samples/"
#define BODY_BYTES_MAX (2u << 20)

struct arguments {
        const char *node, *port, *cgroups, *below, *proc, *reader, *certificate, *account, *api;
        bool help;
};

static const struct flag {
        const char *name, *variable, *otherwise, *help;
        size_t offset;
} flags[] = {
        {"node", "NODE_NAME", NULL, "name of this node", offsetof(struct arguments, node)},
        {"port", NULL, "9443", "port of /samples/SINCE and /healthz, by TLS", offsetof(struct arguments, port)},
        {"cgroups", NULL, "/sys/fs/cgroup", "where the node's /sys/fs/cgroup is mounted", offsetof(struct arguments, cgroups)},
        {"below", NULL, NULL, "only cgroups under this path, as the kubelet's cgroupRoot (default: all)", offsetof(struct arguments, below)},
        {"proc", NULL, "/proc", "where a /proc is mounted", offsetof(struct arguments, proc)},
        {"reader", NULL, "system:serviceaccount:loadstone-system:loadstone-operator", "account that may read", offsetof(struct arguments, reader)},
        {"cert-dir", NULL, NULL, "folder with tls.crt and tls.key (default: self-signed)", offsetof(struct arguments, certificate)},
        {"account", NULL, "/var/run/secrets/kubernetes.io/serviceaccount", "folder with the probe's own token and ca.crt", offsetof(struct arguments, account)},
        {"api", NULL, NULL, "http://ADDRESS:PORT of an API server for tests (default: the cluster's, by TLS)", offsetof(struct arguments, api)},
};

struct probe {
        struct loop *loop;
        struct sampler *sampler;
        struct visitors *visitors;
        struct certificate *certificate;
        struct port *port;
        struct loop_timer second, trim;
        int64_t wanted_until_ns;
        bool ending;
        struct { /* one waits at a time for the API server; others are told to try again */
                struct port_request *request;
                int64_t since_wall_ms;
        } waiting;
};

/* ---- arguments ---- */

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
        struct option options[ARRAY_LEN(flags) + 2] = {0};

        for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
                const char *value = flags[i].variable ? getenv(flags[i].variable) : NULL;
                options[i] = (struct option){flags[i].name, required_argument, NULL, (int)i};
                *(const char **)((char *)arguments + flags[i].offset) = value ? value : flags[i].otherwise;
        }
        options[ARRAY_LEN(flags)] = (struct option){"help", no_argument, NULL, (int)ARRAY_LEN(flags)};
        for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (option == '?')
                        return false;
                if (option == (int)ARRAY_LEN(flags))
                        arguments->help = true;
                else
                        *(const char **)((char *)arguments + flags[option].offset) = optarg;
        }
        return optind == argc && (arguments->help || arguments->node);
}

static void print_help(FILE *file)
{
        fputs("usage: loadstone-probe --node NAME [--FLAG VALUE …]\n", file);
        for (size_t i = 0; i < ARRAY_LEN(flags); i++)
                fprintf(file, "  --%-10s %s\n", flags[i].name, flags[i].help);
}

/* ---- seconds ---- */

static void take_second(void *owner)
{
        struct probe *probe = owner;
        int64_t now_ns = loop_now_ns(probe->loop);

        if (now_ns >= probe->wanted_until_ns)
                return;
        sampler_take(probe->sampler, loop_clock(probe->loop));
        int64_t next_ns = probe->second.at_ns + EVERY_NS;
        loop_arm(probe->loop, &probe->second, next_ns > now_ns ? next_ns : now_ns + EVERY_NS);
}

static void want(struct probe *probe)
{
        int64_t now_ns = loop_now_ns(probe->loop);

        probe->wanted_until_ns = now_ns + WANTED_NS;
        if (!probe->second.armed)
                loop_arm(probe->loop, &probe->second, now_ns);
}

/* Most of what is in memory is there for TLS, which is used for some milliseconds every other second. */
static void trim(void *owner)
{
        struct probe *probe = owner;

        trim_memory();
        loop_arm(probe->loop, &probe->trim, loop_now_ns(probe->loop) + TRIM_NS);
}

static void trim_soon(struct probe *probe)
{
        loop_arm(probe->loop, &probe->trim, loop_now_ns(probe->loop) + TRIM_SOON_NS);
}

/* ---- answers ---- */

static void answer_text(struct port_request *request, int status, const char *text)
{
        auto_buf struct buf body = {0};

        buf_format(&body, "%s\n", text);
        port_answer(request, status, TEXT, &body);
}

static void let_in(void *owner, int status, const char *sentence)
{
        struct port_request *request = owner;
        struct probe *probe = port_owner(request);
        auto_buf struct buf body = buf_bounded(BODY_BYTES_MAX);

        probe->waiting.request = NULL;
        if (status != 200) {
                answer_text(request, status, sentence);
                return;
        }
        want(probe);
        sampler_encode(probe->sampler, probe->waiting.since_wall_ms, &body);
        port_answer(request, 200, TEXT, &body);
}

static bool parse_since(const char *path, int64_t *ret_since_wall_ms)
{
        const char *digits = path + strlen(SAMPLES);
        size_t len = strspn(digits, "0123456789");

        *ret_since_wall_ms = strtoll(digits, NULL, 10);
        return len > 0 && len <= 14 && digits[len] == '\0';
}

static void on_asked(void *owner, struct port_request *request, const struct http_head *head)
{
        struct probe *probe = owner;
        int64_t since_wall_ms;

        trim_soon(probe);
        if (text_equal(head->path, "/healthz")) {
                answer_text(request, 200, "ok");
        } else if (!text_starts(head->path, SAMPLES) || !parse_since(head->path, &since_wall_ms)) {
                answer_text(request, 404, "/samples/SINCE is here, SINCE in Unix milliseconds, and /healthz");
        } else if (!head->token) {
                answer_text(request, 401, "a bearer token is wanted, made out for " VISITORS_AUDIENCE);
        } else if (probe->waiting.request) {
                answer_text(request, 503, "another question is being asked; try again");
        } else {
                probe->waiting.request = request;
                probe->waiting.since_wall_ms = since_wall_ms;
                visitors_ask(probe->visitors, head->token, head->token_len, let_in, request);
        }
}

static void on_gone(void *owner, struct port_request *request)
{
        struct probe *probe = owner;

        visitors_cancel(probe->visitors, request);
        if (probe->waiting.request == request)
                probe->waiting.request = NULL;
}

/* ---- life ---- */

static void on_signal(void *owner, int fd, uint32_t events)
{
        struct probe *probe = owner;
        struct signalfd_siginfo info;

        (void)events;
        if (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
                probe->ending = true;
}

static void raise_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES_MAX) {
                limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
                setrlimit(RLIMIT_NOFILE, &limit);
        }
}

static enum fail_kind parse_port(const char *text, int *ret_port, struct fail *fail)
{
        char *end;
        long port = strtol(text, &end, 10);

        if (end == text || *end || port < 0 || port > UINT16_MAX)
                return fail_set(fail, FAIL_INVALID, "'%.20s' is not a port number", text);
        *ret_port = (int)port;
        return FAIL_NONE;
}

/* "http://127.0.0.1:8001"; with NULL where a pod finds its API server. */
static enum fail_kind find_api(const char *url, char **ret_host, int *ret_port, struct fail *fail)
{
        const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
        const char *colon = url && text_starts(url, "http://") ? strrchr(url + strlen("http://"), ':') : NULL;

        if (url && !colon)
                return fail_set(fail, FAIL_INVALID, "--api '%.80s' is not http://ADDRESS:PORT", url);
        if (!url && (!host || !port))
                return fail_set(fail, FAIL_MISSING, "no API server: this is not a pod of a cluster");
        *ret_host = url ? xstrndup(url + strlen("http://"), (size_t)(colon - url) - strlen("http://")) : xstrdup(host);
        return parse_port(url ? colon + 1 : port, ret_port, fail);
}

static enum fail_kind open_port(struct probe *probe, const struct arguments *arguments, struct fail *fail)
{
        int number;

        if (parse_port(arguments->port, &number, fail) || certificate_new(arguments->certificate, "loadstone-probe", &probe->certificate, fail))
                return fail->kind;
        return port_new(probe->loop,
                        &(struct port_options){.number = number, .certificate = probe->certificate, .asked = on_asked, .gone = on_gone, .owner = probe},
                        &probe->port, fail);
}

static int serve(struct probe *probe, const struct arguments *arguments)
{
        char port[16], version[8];
        struct fail fail = {0};
        auto_close int signals = signals_open();

        if (open_port(probe, arguments, &fail)) {
                log_line("cannot serve", "error", fail.text, NULL);
                return fail.kind == FAIL_INVALID ? EXIT_BAD_USE : EXIT_FAILURE;
        }
        snprintf(port, sizeof port, "%d", port_number(probe->port));
        snprintf(version, sizeof version, "v%d", sampler_version(probe->sampler));
        log_line("listening", "version", LOADSTONE_VERSION, "node", arguments->node, "port", port, "cgroups", version, NULL);
        loop_watch(probe->loop, signals, EPOLLIN, on_signal, probe);
        if (sandbox_enter(false, &fail))
                log_line(fail.text, NULL);
        while (!probe->ending)
                loop_step(probe->loop, -1);
        loop_forget(probe->loop, signals);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        struct arguments arguments = {0};
        struct probe probe = {0};
        struct fail fail = {0};
        auto_free char *host = NULL;
        int port = 0, status = EXIT_FAILURE;

        if (!parse_arguments(argc, argv, &arguments) || arguments.help) {
                print_help(arguments.help ? stdout : stderr);
                return arguments.help ? EXIT_SUCCESS : EXIT_BAD_USE;
        }
        raise_files();
        const struct sampler_options sampled = {.node = arguments.node, .cgroups = arguments.cgroups, .proc = arguments.proc, .below = arguments.below};
        if (find_api(arguments.api, &host, &port, &fail) || sampler_new(&sampled, &probe.sampler, &fail)) {
                log_line("cannot run", "error", fail.text, NULL);
                return fail.kind == FAIL_INVALID ? EXIT_BAD_USE : EXIT_FAILURE;
        }
        auto_free char *ca_file = arguments.api ? NULL : xasprintf("%s/ca.crt", arguments.account);
        probe.loop = loop_new(clock_system());
        probe.second = (struct loop_timer){.fire = take_second, .owner = &probe};
        probe.trim = (struct loop_timer){.fire = trim, .owner = &probe};
        trim_soon(&probe);
        probe.visitors = visitors_new(probe.loop, &(struct visitors_options){
                .host = host, .port = port, .account = arguments.account, .ca_file = ca_file, .reader = arguments.reader});
        status = serve(&probe, &arguments);
        port_free(probe.port);
        certificate_free(probe.certificate);
        visitors_free(probe.visitors);
        sampler_free(probe.sampler);
        loop_free(probe.loop);
        return status;
}
