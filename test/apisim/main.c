/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-apisim: apisim for kubectl and an operator on the same machine, on the real clock. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "http.h"
#include "pod_script.h"

#define EXIT_BAD_INPUT 2
#define HISTORY_MAX 20000

static const char help[] =
        "loadstone-apisim --listen ADDRESS:PORT [--crds DIRECTORY] [--seed NUMBER] [--pods none|script|still]\n"
        "\n"
        "A Kubernetes API server in memory, with controllers for Jobs, pods, owners and namespaces. Plain HTTP, no credentials:\n"
        "listen on loopback. What it does not model it refuses, and says so at its end.\n"
        "\n"
        "  --listen ADDRESS:PORT   IPv4; port 0 is any free one, printed when it is ready\n"
        "  --crds DIRECTORY        .yaml files with CustomResourceDefinitions\n"
        "  --seed NUMBER           of uids and generated names (default 1)\n"
        "  --pods none|script|still  still: no controller does anything; none: pods stay pending; script (default): they run on the node \"apisim\", as the\n"
        "                          annotation apisim/script says: runs (default), exits, fails, oom, evicted, drained, pull-error,\n"
        "                          unschedulable; pods with a load plan run a scripted load worker\n"
        "\n"
        "  kubectl --server http://127.0.0.1:8001 get benchmarkruns\n";

struct arguments {
        const char *listen, *crds, *pods;
        uint64_t seed;
};

/* ---- Pods ---- */

static const struct worker_script worker = {
        .ready_ms = 100, .notice_ms = 100, .latency_ns = 1000000, .spread_ns = 9000000, .miss_every = 0, .closed_rps = 1000};
static const struct pod_line lines[] = {{0, "started"}, {1000, "one second"}};

static const struct named_script {
        const char *name;
        struct pod_script script;
} scripts[] = {
        {"runs", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .start_ms = 50, .run_ms = -1, .lines = lines, .lines_len = 2, .stop_ms = 100}},
        {"exits", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .start_ms = 50, .run_ms = 500, .message = "done", .lines = lines, .lines_len = 1}},
        {"fails", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .start_ms = 50, .run_ms = 500, .exit_code = 3, .lines = lines, .lines_len = 1}},
        {"oom", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .start_ms = 50, .run_ms = -1, .kill_ms = 500, .kill_reason = "OOMKilled"}},
        {"evicted", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .start_ms = 50, .run_ms = -1, .kill_ms = 500, .kill_reason = "TerminationByKubelet"}},
        {"drained", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .start_ms = 50, .run_ms = -1, .kill_ms = 500,
                     .kill_reason = "EvictionByEvictionAPI", .stop_ms = 100}},
        {"pull-error", {.node = "apisim", .schedule_ms = 50, .pull_ms = 100, .pull_error = "Failed to pull image: not found"}},
        {"unschedulable", {.node = NULL, .schedule_ms = 50}},
};

static const struct pod_script *script_named(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
                if (text_equal(scripts[i].name, name))
                        return &scripts[i].script;
        return NULL;
}

static void choose_script(void *owner, struct json_object *pod, struct pod_script *script)
{
        const struct pod_script *named = script_named(doc_text(pod, "metadata.annotations[\"apisim/script\"]"));
        struct json_object *volumes = doc_at(pod, "spec.volumes");
        bool never = text_equal(doc_text(pod, "spec.containers[0].imagePullPolicy"), "Never");

        (void)owner;
        /* No image is on this node unless it is pulled. */
        *script = named ? *named : never ? *script_named("pull-error") : scripts[0].script;
        for (size_t i = 0; i < doc_len(volumes, "") && !named; i++)
                if (text_equal(doc_text(doc_item(volumes, i), "name"), "plan"))
                        script->worker = &worker;
}

/* ---- The program ---- */

static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
        static const struct option options[] = {
                {"listen", required_argument, NULL, 'l'}, {"crds", required_argument, NULL, 'c'}, {"seed", required_argument, NULL, 's'},
                {"pods", required_argument, NULL, 'p'},   {"help", no_argument, NULL, 'h'},       {0}};
        char *end = NULL;

        *arguments = (struct arguments){.pods = "script", .seed = 1};
        for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (option == 'h') {
                        fputs(help, stdout);
                        exit(EXIT_SUCCESS);
                }
                if (option == 'l')
                        arguments->listen = optarg;
                else if (option == 'c')
                        arguments->crds = optarg;
                else if (option == 'p')
                        arguments->pods = optarg;
                else if (option == 's')
                        arguments->seed = strtoull(optarg, &end, 10);
                else
                        return false;
        }
        return arguments->listen && optind == argc && !(end && *end) &&
               (text_equal(arguments->pods, "none") || text_equal(arguments->pods, "script") ||
                text_equal(arguments->pods, "still"));
}

static void make_node(struct apisim *sim)
{
        static const char node[] = "{\"metadata\":{\"name\":\"apisim\",\"labels\":{\"kubernetes.io/hostname\":\"apisim\"}},\"spec\":{},"
                                   "\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"KubeletReady\"}],"
                                   "\"nodeInfo\":{\"kubeletVersion\":\"v1.34.0+apisim\",\"kernelVersion\":\"0\",\"architecture\":\"amd64\"}}}";
        struct apisim_answer answer;

        apisim_request(sim, &(struct apisim_request){"POST", "/api/v1/nodes", "application/json", node, strlen(node)}, &answer);
        apisim_answer_done(&answer);
}

static void stop(void *owner, int fd, uint32_t events)
{
        struct signalfd_siginfo info;
        bool *stopped = owner;

        (void)events;
        *stopped = read(fd, &info, sizeof info) > 0;
}

static int watch_signals(struct loop *loop, bool *stopped)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        loop_watch(loop, fd, EPOLLIN, stop, stopped);
        return fd;
}

static int serve(struct apisim *sim, const struct arguments *arguments)
{
        struct loop *loop = loop_new(clock_system());
        struct http *http = NULL;
        struct fail fail;
        bool stopped = false;
        auto_close int signals = watch_signals(loop, &stopped);

        if (http_new(loop, sim, arguments->listen, &http, &fail)) {
                fprintf(stderr, "loadstone-apisim: %s\n", fail.text);
                loop_forget(loop, signals);
                loop_free(loop);
                return fail.kind == FAIL_INVALID ? EXIT_BAD_INPUT : EXIT_FAILURE;
        }
        printf("http://%.*s:%d\n", (int)(strrchr(arguments->listen, ':') - arguments->listen), arguments->listen, http_port(http));
        fflush(stdout);
        while (!stopped)
                loop_step(loop, -1);
        http_free(http);
        loop_forget(loop, signals);
        loop_free(loop);
        if (apisim_unmodelled(sim))
                fprintf(stderr, "loadstone-apisim: %u requests for what is not modelled; the last: %s\n", apisim_unmodelled(sim),
                        apisim_unmodelled_text(sim));
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        struct arguments arguments;
        struct apisim *sim;
        struct fail fail;

        if (!read_arguments(argc, argv, &arguments)) {
                fputs(help, stderr);
                return EXIT_BAD_INPUT;
        }
        struct apisim_options options = {.clock = clock_system(), .seed = arguments.seed, .crds = {arguments.crds}, .history_max = HISTORY_MAX,
                                         .still = text_equal(arguments.pods, "still")};
        if (text_equal(arguments.pods, "script"))
                options.script = choose_script;
        if (apisim_new(&options, &sim, &fail)) {
                fprintf(stderr, "loadstone-apisim: %s\n", fail.text);
                return EXIT_BAD_INPUT;
        }
        make_node(sim);
        int status = serve(sim, &arguments);
        apisim_free(sim);
        return status;
}
