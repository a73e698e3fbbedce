/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-operator: start-up, signals, and the one loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/signals.h"
#include "kube/client.h"
#include "kube/config.h"
#include "operator/manager.h"
#include "operator/options.h"
#include "operator/rest.h"
#include "operator/run_decide.h"
#include "operator/serve.h"

enum { EXIT_FINE = 0, EXIT_CANNOT_RUN = 1, EXIT_BAD_USE = 2, EXIT_DEPOSED = 3 };

struct signals {
        struct manager *manager;
        int seen;
};

static void on_signal(void *owner, int fd, uint32_t events)
{
        struct signals *signals = owner;
        struct signalfd_siginfo info;

        (void)events;
        if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
                return;
        log_line("signal received", "name", strsignal((int)info.ssi_signo), NULL);
        if (signals->seen++)
                _exit(EXIT_CANNOT_RUN); /* asked twice: now */
        manager_stop(signals->manager);
}

static enum fail_kind find_cluster(const struct options *options, struct kube_config **ret_config, struct fail *fail)
{
        if (options->kubeconfig)
                return kube_config_load(options->kubeconfig, NULL, ret_config, fail);
        if (kube_config_in_cluster(ret_config, fail) == FAIL_NONE)
                return FAIL_NONE;
        return fail->kind == FAIL_MISSING ? kube_config_load(NULL, NULL, ret_config, fail) : fail->kind;
}

/* When ports are open and credentials read: from here on bytes of others arrive. */
static void enter_sandbox(bool runs_programs)
{
        struct fail fail = {0};

        if (runs_programs)
                log_line("no system call filter: the kubeconfig's credential plugin needs what it needs", NULL);
        else if (sandbox_enter(false, &fail))
                log_line(fail.text, NULL);
}

static int run(const struct options *options, struct loop *loop, struct kube_client *client, bool runs_programs)
{
        struct fail fail = {0};
        struct serve *serve = NULL;
        struct manager *manager = manager_new(loop, client, options);
        struct signals signals = {.manager = manager};
        auto_close int signal_fd = signals_open();
        struct rest rest;
        int status = EXIT_FINE;

        if (serve_new(client, options, manager_answer, manager, &serve, &fail)) {
                log_line("cannot serve", "error", fail.text, NULL);
                manager_free(manager);
                return EXIT_CANNOT_RUN;
        }
        loop_watch(loop, signal_fd, EPOLLIN, on_signal, &signals);
        enter_sandbox(runs_programs);
        rest_init(&rest, loop, manager);
        while (!manager_stopped(manager) && !manager_deposed(manager))
                loop_step(loop, -1);
        if (manager_deposed(manager)) {
                log_line("lease lost, ending at once", NULL);
                status = EXIT_DEPOSED;
        }
        rest_done(&rest);
        loop_forget(loop, signal_fd);
        serve_free(serve);
        manager_free(manager);
        return status;
}

int main(int argc, char **argv)
{
        struct options options;
        struct fail fail = {0};
        struct kube_config *config = NULL;
        struct kube_client *client = NULL;

        if (options_parse(argc, argv, &options, &fail)) {
                fprintf(stderr, "loadstone-operator: %s\n", fail.text);
                return EXIT_BAD_USE;
        }
        if (options.help || options.version || options.print_rules) {
                if (options.help)
                        options_print_help();
                if (options.version)
                        puts("loadstone-operator " LOADSTONE_VERSION);
                if (options.print_rules)
                        run_print_rules(stdout);
                return EXIT_FINE;
        }
        setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* a core would hold credentials */
        struct loop *loop = loop_new(clock_system());
        int status = EXIT_CANNOT_RUN;
        if (find_cluster(&options, &config, &fail) || kube_client_new(loop, config, &client, &fail)) {
                log_line("cannot reach a cluster", "error", fail.text, NULL);
        } else {
                log_line("starting", "version", LOADSTONE_VERSION, "server", config->server, "namespace",
                         options.namespace ? options.namespace : "(all)", NULL);
                status = run(&options, loop, client, config->exec != NULL);
        }
        kube_client_free(client);
        kube_config_free(config);
        loop_free(loop);
        log_line("stopped", NULL);
        return status;
}
