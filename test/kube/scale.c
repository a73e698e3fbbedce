/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-scale: what it takes to hold 10,000 runs, 10,000 Jobs and 30,000 pods. A child process serves them as an API server
 * would, in pages and with everything a real object carries; this one lists them into three caches and says how long
 * that took and how much memory it holds. Then one change of each object in ten, and a list that starts from nothing. */
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "fake_server.h"
#include "kube/cache.h"

static const struct kube_kind runs = {"loadstone.dev", "v1alpha1", "benchmarkruns", "BenchmarkRun", true};

static const char managed_fields[] =
        "\"managedFields\":[{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":"
        "\"2026-01-31T10:00:00Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{\"f:annotations\":{\".\":{},"
        "\"f:batch.kubernetes.io/job-completion-index\":{}},\"f:finalizers\":{\".\":{},\"v:\\\"batch.kubernetes.io/job-tracking\\\"\":{}},"
        "\"f:generateName\":{},\"f:labels\":{\".\":{},\"f:batch.kubernetes.io/controller-uid\":{},\"f:job-name\":{}},"
        "\"f:ownerReferences\":{\".\":{},\"k:{\\\"uid\\\":\\\"x\\\"}\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"load\\\"}\":"
        "{\".\":{},\"f:args\":{},\"f:env\":{\".\":{},\"k:{\\\"name\\\":\\\"A\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:image\":{},"
        "\"f:imagePullPolicy\":{},\"f:name\":{},\"f:resources\":{},\"f:securityContext\":{},\"f:terminationMessagePath\":{}}},"
        "\"f:dnsPolicy\":{},\"f:enableServiceLinks\":{},\"f:restartPolicy\":{},\"f:schedulerName\":{}}}}],";

static void add_pod(struct buf *out, int i)
{
        buf_format(out,
                   "{\"metadata\":{\"name\":\"checkout-baseline-%05d-7f3a9c21-%d-x%04d\",\"generateName\":\"checkout-baseline-\","
                   "\"namespace\":\"team-%d\",\"uid\":\"%08x-1111-2222-3333-444444444444\",\"resourceVersion\":\"%d\","
                   "\"creationTimestamp\":\"2026-01-31T10:00:00Z\",\"labels\":{\"app.kubernetes.io/managed-by\":\"loadstone\","
                   "\"batch.kubernetes.io/controller-uid\":\"%08x-5555-6666-7777-888888888888\",\"batch.kubernetes.io/job-completion-index\":\"%d\","
                   "\"batch.kubernetes.io/job-name\":\"checkout-baseline-%05d-7f3a9c21\",\"loadstone.dev/run\":\"checkout-baseline-%05d\"},"
                   "\"annotations\":{\"batch.kubernetes.io/job-completion-index\":\"%d\"},\"ownerReferences\":[{\"apiVersion\":\"batch/v1\","
                   "\"kind\":\"Job\",\"name\":\"checkout-baseline-%05d-7f3a9c21\",\"uid\":\"%08x-5555-6666-7777-888888888888\",\"controller\":true,"
                   "\"blockOwnerDeletion\":true}],%s\"finalizers\":[\"batch.kubernetes.io/job-tracking\"]},",
                   i / 3, i % 3, i % 9999, i % 50, i, 1000000 + i, i / 3, i % 3, i / 3, i / 3, i % 3, i / 3, i / 3, managed_fields);
        buf_format(out,
                   "\"spec\":{\"volumes\":[{\"name\":\"plan\",\"configMap\":{\"name\":\"checkout-plan\",\"defaultMode\":420}}],\"containers\":[{"
                   "\"name\":\"load\",\"image\":\"registry.example/loadstone:0.1.0\",\"args\":[\"--plan\",\"/plan\"],\"env\":[{\"name\":\"A\",\"value\":"
                   "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}],\"resources\":{\"limits\":{\"cpu\":\"2\",\"memory\":\"256Mi\"},\"requests\":{\"cpu\":\"2\","
                   "\"memory\":\"256Mi\"}},\"volumeMounts\":[{\"name\":\"plan\",\"mountPath\":\"/plan\"}],\"terminationMessagePath\":\"/dev/termination-log\","
                   "\"securityContext\":{\"allowPrivilegeEscalation\":false,\"readOnlyRootFilesystem\":true}}],\"restartPolicy\":\"Never\","
                   "\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"nodeName\":\"node-%d\",\"schedulerName\":\"default-scheduler\","
                   "\"tolerations\":[{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"effect\":\"NoExecute\",\"tolerationSeconds\":300}]},"
                   "\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"lastTransitionTime\":\"2026-01-31T10:00:05Z\"},"
                   "{\"type\":\"PodScheduled\",\"status\":\"True\",\"lastTransitionTime\":\"2026-01-31T10:00:01Z\"}],\"hostIP\":\"10.0.0.1\",\"podIP\":\"10.1.%d.%d\","
                   "\"startTime\":\"2026-01-31T10:00:00Z\",\"containerStatuses\":[{\"name\":\"load\",\"state\":{\"running\":{\"startedAt\":"
                   "\"2026-01-31T10:00:04Z\"}},\"ready\":true,\"restartCount\":0,\"image\":\"registry.example/loadstone:0.1.0\",\"imageID\":"
                   "\"registry.example/loadstone@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"containerID\":"
                   "\"containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}],\"qosClass\":\"Guaranteed\"}}",
                   i % 200, i / 250 % 250, i % 250);
}

static void add_job(struct buf *out, int i)
{
        buf_format(out,
                   "{\"metadata\":{\"name\":\"checkout-baseline-%05d-7f3a9c21\",\"namespace\":\"team-%d\",\"uid\":\"%08x-5555-6666-7777-888888888888\","
                   "\"resourceVersion\":\"%d\",\"generation\":2,\"creationTimestamp\":\"2026-01-31T10:00:00Z\",\"labels\":{\"loadstone.dev/run\":"
                   "\"checkout-baseline-%05d\"},\"ownerReferences\":[{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"BenchmarkRun\",\"name\":"
                   "\"checkout-baseline-%05d\",\"uid\":\"%08x-9999-6666-7777-888888888888\",\"controller\":true}],%s\"annotations\":{}},\"spec\":{"
                   "\"parallelism\":3,\"completions\":3,\"backoffLimit\":0,\"suspend\":false,\"completionMode\":\"Indexed\",\"template\":{\"spec\":{\"containers\":["
                   "{\"name\":\"load\",\"image\":\"registry.example/loadstone:0.1.0\",\"args\":[\"--plan\",\"/plan\"]}],\"restartPolicy\":\"Never\"}}},"
                   "\"status\":{\"active\":3,\"ready\":3,\"startTime\":\"2026-01-31T10:00:00Z\",\"uncountedTerminatedPods\":{}}}",
                   i, i % 50, i, 500000 + i, i, i, i, managed_fields);
}

static void add_run(struct buf *out, int i)
{
        buf_format(out,
                   "{\"metadata\":{\"name\":\"checkout-baseline-%05d\",\"namespace\":\"team-%d\",\"uid\":\"%08x-9999-6666-7777-888888888888\","
                   "\"resourceVersion\":\"%d\",\"generation\":1,\"creationTimestamp\":\"2026-01-31T10:00:00Z\",%s\"labels\":{}},\"spec\":{\"profileRef\":"
                   "{\"name\":\"checkout\"},\"overrides\":{\"duration\":\"60s\",\"rate\":\"500/s\"}},\"status\":{\"observedGeneration\":1,\"phase\":\"Running\","
                   "\"jobRef\":{\"name\":\"checkout-baseline-%05d-7f3a9c21\",\"uid\":\"%08x-5555-6666-7777-888888888888\"},\"conditions\":[{\"type\":"
                   "\"Accepted\",\"status\":\"True\",\"reason\":\"Accepted\",\"message\":\"\",\"lastTransitionTime\":\"2026-01-31T10:00:00Z\"},{\"type\":"
                   "\"JobCreated\",\"status\":\"True\",\"reason\":\"Bound\",\"message\":\"\",\"lastTransitionTime\":\"2026-01-31T10:00:01Z\"},{\"type\":"
                   "\"Succeeded\",\"status\":\"Unknown\",\"reason\":\"Running\",\"message\":\"3 of 3 workers\",\"lastTransitionTime\":\"2026-01-31T10:00:02Z\"}]}}",
                   i, i % 50, i, 700000 + i, managed_fields, i, i);
}

/* ---- The child: pages of whatever is asked for ---- */

static int scale = 1;

static void serve(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        bool pods = strstr(request->path, "/pods"), jobs = strstr(request->path, "/jobs");
        int total = (pods ? 30000 : 10000) / scale;
        const char *token = strstr(request->path, "continue="), *limit = strstr(request->path, "limit=");
        int from = token ? atoi(token + 9) : 0, to = from + (limit ? atoi(limit + 6) : total);
        auto_buf struct buf body = {0};

        (void)owner;
        if (strstr(request->path, "watch=true")) {
                fake_begin(connection, 200);
                return;
        }
        to = to < total ? to : total;
        buf_text(&body, "{\"metadata\":{\"resourceVersion\":\"2000000\"");
        if (to < total)
                buf_format(&body, ",\"continue\":\"%d\"", to);
        buf_text(&body, "},\"items\":[");
        for (int i = from; i < to; i++) {
                buf_text(&body, i > from ? "," : "");
                (pods ? add_pod : jobs ? add_job : add_run)(&body, i);
        }
        buf_text(&body, "]}");
        fake_answer(connection, 200, NULL, body.data);
}

static void serve_forever(int tell)
{
        struct loop *loop = loop_new(clock_system());
        struct fake_server *server = fake_server_new(loop, serve, NULL);
        char url[64] = {0};

        snprintf(url, sizeof url, "%s", fake_server_url(server));
        if (write(tell, url, sizeof url) != sizeof url)
                abort();
        for (;;)
                loop_step(loop, NS_PER_S);
}

/* ---- What an operator would keep of a pod and a Job ---- */

static const char *const kept_of_pods[] = {
        "metadata.labels", "metadata.ownerReferences", "metadata.deletionTimestamp", "spec.nodeName", "status.phase", "status.podIP",
        "status.reason", "status.conditions", "status.containerStatuses.name", "status.containerStatuses.state",
        "status.containerStatuses.ready", "status.containerStatuses.restartCount", NULL};
static const char *const kept_of_jobs[] = {"metadata.labels", "metadata.ownerReferences", "metadata.deletionTimestamp",
                                           "metadata.annotations", "spec.suspend", "spec.parallelism", "status", NULL};

/* ---- Measuring ---- */

static double status_mib(const char *field)
{
        auto_free char *text = NULL;

        if (text_file_read("/proc/self/status", 1 << 16, &text, NULL, NULL))
                return -1;
        const char *line = strstr(text, field);
        return line ? (double)atol(line + strlen(field) + 1) / 1024 : -1;
}

static int changes;

static void count(void *owner, struct json_object *before, struct json_object *after)
{
        (void)owner;
        (void)before;
        (void)after;
        changes++;
}

static double seconds_since(struct loop *loop, int64_t begin_ns)
{
        return (double)(loop_now_ns(loop) - begin_ns) / 1e9;
}

static void measure(const char *url)
{
        struct loop *loop = loop_new(clock_system());
        struct kube_config config = {.server = (char *)url};
        struct kube_client *client;
        static const struct kube_kind *const kinds[] = {&runs, &kube_jobs, &kube_pods};
        struct kube_cache *caches[3];
        uint64_t bytes = 0;
        size_t objects = 0;

        if (kube_client_new(loop, &config, &client, NULL))
                abort();
        printf("before        RSS %6.1f MiB\n", status_mib("VmRSS:"));
        int64_t begin_ns = loop_now_ns(loop);
        clock_t begin_cpu = clock();
        for (int i = 0; i < 3; i++)
                caches[i] = kube_cache_new(client, &(struct kube_cache_options){.kind = kinds[i],
                                                                                .keep = i == 2 ? kept_of_pods : i == 1 ? kept_of_jobs : NULL,
                                                                                .changed = count});
        while (!kube_cache_synced(caches[0]) || !kube_cache_synced(caches[1]) || !kube_cache_synced(caches[2]))
                loop_step(loop, NS_PER_S);
        printf("synced        in %.2f s (%.2f s CPU here), %d callbacks\n", seconds_since(loop, begin_ns),
               (double)(clock() - begin_cpu) / CLOCKS_PER_SEC, changes);
        for (int i = 0; i < 3; i++) {
                printf("%-13s %6zu objects, %4.0f bytes each\n", kinds[i]->plural, kube_cache_len(caches[i]),
                       (double)kube_cache_bytes(caches[i]) / (double)kube_cache_len(caches[i]));
                bytes += kube_cache_bytes(caches[i]);
                objects += kube_cache_len(caches[i]);
        }
        printf("all           %6zu objects, %.1f MiB in blocks, RSS %.1f MiB (%.0f bytes each), peak %.1f MiB\n", objects,
               (double)bytes / (1 << 20), status_mib("VmRSS:"), status_mib("VmRSS:") * (1 << 20) / (double)objects,
               status_mib("VmHWM:"));
        begin_ns = loop_now_ns(loop);
        for (int i = 0; i < 10000 / scale; i++) {
                char name[64], namespace[16];
                snprintf(name, sizeof name, "checkout-baseline-%05d", i);
                snprintf(namespace, sizeof namespace, "team-%d", i % 50);
                if (!kube_cache_find(caches[0], namespace, name))
                        abort();
                loop_step(loop, 0);
        }
        printf("find          %.1f us each, RSS %.1f MiB\n", seconds_since(loop, begin_ns) * 1e6 / (10000.0 / scale), status_mib("VmRSS:"));
        begin_ns = loop_now_ns(loop);
        size_t at = 0, walked = 0;
        while (kube_cache_next(caches[2], &at))
                walked++;
        printf("walk          %.1f us each, RSS %.1f MiB\n", seconds_since(loop, begin_ns) * 1e6 / (double)walked, status_mib("VmRSS:"));
        for (int i = 0; i < 3; i++)
                kube_cache_free(caches[i]);
        kube_client_free(client);
        loop_free(loop);
}

int main(int argc, char **argv)
{
        int tell[2];
        char url[64];

        scale = argc > 1 ? atoi(argv[1]) : 1;
        if (pipe(tell))
                return 2;
        pid_t child = fork();
        if (child == 0)
                serve_forever(tell[1]);
        if (read(tell[0], url, sizeof url) != sizeof url)
                return 2;
        measure(url);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        return 0;
}
