/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "operator/manager_internal.h"
#include "operator/settings.h"

#define QUEUE "name=\"loadstone\",controller=\"loadstone\"" /* one queue serves both controllers */

static const char *const controllers[CONTROLLERS] = {[CONTROLLER_RUN] = "benchmarkrun", [CONTROLLER_PROFILE] = "performanceprofile"};
static const char *const results[PASS_RESULTS] = {
        [PASS_SUCCESS] = "success", [PASS_ERROR] = "error", [PASS_REQUEUE] = "requeue", [PASS_REQUEUE_AFTER] = "requeue_after"};
/* Those of controller_runtime_reconcile_time_seconds. */
static const double pass_bounds_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60};

static enum controller controller_of(const char *key)
{
        return text_starts(key, "r:") ? CONTROLLER_RUN : CONTROLLER_PROFILE;
}

void metrics_init(struct metrics *metrics, int64_t wall_ms)
{
        *metrics = (struct metrics){.started_wall_ms = wall_ms};
        for (int i = 0; i < CONTROLLERS; i++)
                metrics->pass_durations[i] = (struct buckets){.bounds_s = pass_bounds_s, .len = ARRAY_LEN(pass_bounds_s)};
}

void metrics_pass(struct metrics *metrics, const char *key, enum pass_result result, int64_t duration_ns)
{
        enum controller controller = controller_of(key);

        metrics->passes[controller][result]++;
        buckets_record(&metrics->pass_durations[controller], duration_ns);
}

/* ---- The format ---- */

void metrics_family(struct buf *body, const char *name, const char *type, const char *help)
{
        buf_format(body, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_sample(struct buf *body, const char *name, const char *labels, double value)
{
        if (labels)
                buf_format(body, "%s{%s} %.17g\n", name, labels, value);
        else
                buf_format(body, "%s %.17g\n", name, value);
}

static void print_bucket(struct buf *body, const char *name, const char *labels, const char *bound, uint64_t count)
{
        buf_format(body, "%s_bucket{%s%sle=\"%s\"} %llu\n", name, labels ? labels : "", labels ? "," : "", bound, (unsigned long long)count);
}

void metrics_histogram(struct buf *body, const char *name, const char *labels, const struct buckets *buckets)
{
        auto_free char *sum = xasprintf("%s_sum", name), *count = xasprintf("%s_count", name);
        uint64_t below = 0;
        char bound[32];

        for (size_t i = 0; i < buckets->len; i++) {
                snprintf(bound, sizeof bound, "%g", buckets->bounds_s[i]);
                print_bucket(body, name, labels, bound, below += buckets->counts[i]);
        }
        print_bucket(body, name, labels, "+Inf", buckets->total);
        metrics_sample(body, sum, labels, buckets->sum_s);
        metrics_sample(body, count, labels, (double)buckets->total);
}

/* A family of one sample. */
static void single(struct buf *body, const char *name, const char *type, const char *labels, double value, const char *help)
{
        metrics_family(body, name, type, help);
        metrics_sample(body, name, labels, value);
}

/* ---- controller_runtime_ and workqueue_ ---- */

struct working {
        int64_t now_ns;
        unsigned active[CONTROLLERS];
        double sum_s, longest_s;
};

static void visit_working(void *owner, const char *key, int64_t taken_ns)
{
        struct working *working = owner;
        double taken_s = (double)(working->now_ns - taken_ns) / NS_PER_S;

        working->active[controller_of(key)]++;
        working->sum_s += taken_s;
        working->longest_s = fmax(working->longest_s, taken_s);
}

static void print_passes(const struct metrics *metrics, const struct working *working, struct buf *body)
{
        char labels[128];

        metrics_family(body, "controller_runtime_reconcile_total", "counter", "Total number of reconciliations per controller.");
        for (int i = 0; i < CONTROLLERS; i++)
                for (int k = 0; k < PASS_RESULTS; k++) {
                        snprintf(labels, sizeof labels, "controller=\"%s\",result=\"%s\"", controllers[i], results[k]);
                        metrics_sample(body, "controller_runtime_reconcile_total", labels, (double)metrics->passes[i][k]);
                }
        metrics_family(body, "controller_runtime_reconcile_errors_total", "counter", "Total number of reconciliation errors per controller.");
        for (int i = 0; i < CONTROLLERS; i++) {
                snprintf(labels, sizeof labels, "controller=\"%s\"", controllers[i]);
                metrics_sample(body, "controller_runtime_reconcile_errors_total", labels, (double)metrics->passes[i][PASS_ERROR]);
        }
        metrics_family(body, "controller_runtime_active_workers", "gauge", "Number of currently used workers per controller.");
        for (int i = 0; i < CONTROLLERS; i++) {
                snprintf(labels, sizeof labels, "controller=\"%s\"", controllers[i]);
                metrics_sample(body, "controller_runtime_active_workers", labels, working->active[i]);
        }
        metrics_family(body, "controller_runtime_reconcile_time_seconds", "histogram", "Length of time per reconciliation per controller.");
        for (int i = 0; i < CONTROLLERS; i++) {
                snprintf(labels, sizeof labels, "controller=\"%s\"", controllers[i]);
                metrics_histogram(body, "controller_runtime_reconcile_time_seconds", labels, &metrics->pass_durations[i]);
        }
}

static void print_queue(const struct queue *queue, const struct working *working, struct buf *body)
{
        const struct queue_stats *stats = queue_stats(queue);

        single(body, "workqueue_depth", "gauge", QUEUE, (double)queue_len(queue), "Current depth of workqueue, names that are due later included.");
        single(body, "workqueue_adds_total", "counter", QUEUE, (double)stats->adds, "Total number of adds handled by workqueue.");
        single(body, "workqueue_retries_total", "counter", QUEUE, (double)stats->retries, "Total number of retries handled by workqueue.");
        single(body, "workqueue_unfinished_work_seconds", "gauge", QUEUE, working->sum_s,
               "How many seconds of work has been done that is in progress and hasn't been observed by work_duration.");
        single(body, "workqueue_longest_running_processor_seconds", "gauge", QUEUE, working->longest_s,
               "How many seconds has the longest running processor for workqueue been running.");
        metrics_family(body, "workqueue_queue_duration_seconds", "histogram", "How long in seconds an item that is due stays in workqueue before being requested.");
        metrics_histogram(body, "workqueue_queue_duration_seconds", QUEUE, &stats->waited);
        metrics_family(body, "workqueue_work_duration_seconds", "histogram", "How long in seconds processing an item from workqueue takes.");
        metrics_histogram(body, "workqueue_work_duration_seconds", QUEUE, &stats->worked);
}

/* ---- rest_client_ ---- */

static void code_text(int code, char text[static 16])
{
        if (code == TRAFFIC_CODE_NONE)
                snprintf(text, 16, "<error>"); /* as client-go calls it */
        else if (code == TRAFFIC_CODE_OTHER)
                snprintf(text, 16, "other");
        else
                snprintf(text, 16, "%d", code);
}

static void print_requests(const struct kube_client *client, struct buf *body)
{
        const struct traffic *traffic = kube_client_traffic(client);
        auto_free char *host = kube_client_host(client);
        char code[16];

        metrics_family(body, "rest_client_requests_total", "counter", "Number of HTTP requests, partitioned by status code, method, and host.");
        for (size_t i = 0; i < TRAFFIC_METHODS; i++)
                for (size_t k = 0; k < traffic->methods[i].len; k++) {
                        code_text(traffic->methods[i].counts[k].code, code);
                        auto_free char *labels = xasprintf("code=\"%s\",host=\"%s\",method=\"%s\"", code, host, traffic->methods[i].name);
                        metrics_sample(body, "rest_client_requests_total", labels, (double)traffic->methods[i].counts[k].count);
                }
        metrics_family(body, "rest_client_request_duration_seconds", "histogram",
                       "Request latency in seconds, partitioned by verb and host; of watches and logs until the head of the answer.");
        for (size_t i = 0; i < TRAFFIC_METHODS; i++) {
                auto_free char *labels = xasprintf("host=\"%s\",verb=\"%s\"", host, traffic->methods[i].name);
                metrics_histogram(body, "rest_client_request_duration_seconds", labels, &traffic->methods[i].durations);
        }
}

/* ---- loadstone_ ---- */

static void print_caches(const struct manager *manager, struct buf *body)
{
        const struct { const char *kind; const struct kube_cache *cache; } caches[] = {
                {"kind=\"benchmarkruns\"", manager->runs}, {"kind=\"performanceprofiles\"", manager->profiles}, {"kind=\"jobs\"", manager->jobs},
                {"kind=\"pods\"", manager->pods},          {"kind=\"configmaps\"", manager->configmaps},
        };

        metrics_family(body, "loadstone_cache_objects", "gauge", "Objects in the operator's caches.");
        for (size_t i = 0; i < ARRAY_LEN(caches); i++)
                metrics_sample(body, "loadstone_cache_objects", caches[i].kind, (double)kube_cache_len(caches[i].cache));
        metrics_family(body, "loadstone_cache_synced", "gauge", "Whether the first list is complete.");
        for (size_t i = 0; i < ARRAY_LEN(caches); i++)
                metrics_sample(body, "loadstone_cache_synced", caches[i].kind, kube_cache_synced(caches[i].cache));
        metrics_family(body, "loadstone_cache_silence_seconds", "gauge", "Since the API server last said anything on the watch, if only a bookmark.");
        for (size_t i = 0; i < ARRAY_LEN(caches); i++)
                metrics_sample(body, "loadstone_cache_silence_seconds", caches[i].kind,
                               (double)(loop_now_ns(manager->loop) - kube_cache_heard_ns(caches[i].cache)) / NS_PER_S);
}

static void print_own(const struct manager *manager, struct buf *body)
{
        const struct kube_stats stats = kube_client_stats(manager->client);
        const struct manager_counters *counters = &manager->counters;

        single(body, "loadstone_build_info", "gauge", "version=\"" LOADSTONE_VERSION "\"", 1, "Always 1; the label is the version.");
        single(body, "loadstone_api_requests_total", "counter", NULL, (double)stats.requests, "Attempts sent to the API server, repeats included.");
        single(body, "loadstone_api_writes_total", "counter", NULL, (double)stats.writes, "Attempts that were not GETs.");
        single(body, "loadstone_api_retries_total", "counter", NULL, (double)stats.retries, "Repeats among the attempts.");
        single(body, "loadstone_api_silent_total", "counter", NULL, (double)stats.silent, "Attempts that nobody answered in time.");
        single(body, "loadstone_api_errors_total", "counter", NULL, (double)stats.errors, "Requests and streams that ended with a failure.");
        single(body, "loadstone_effects_total", "counter", NULL, (double)counters->effects, "Effects that passes over runs have begun.");
        single(body, "loadstone_runs_finished_total", "counter", NULL, (double)counters->runs_finished, "Runs whose end was written.");
        single(body, "loadstone_runs_in_memory", "gauge", NULL, (double)manager->sessions.len, "Runs under way that are held in memory.");
        single(body, "loadstone_runs_active", "gauge", NULL, (double)manager->active.len, "Runs that have not ended.");
        single(body, "loadstone_runs_waiting", "gauge", NULL, (double)manager->waiting.len, "Runs that wait for a target, a profile or a resumption.");
        single(body, "loadstone_configuration_refused", "gauge", NULL, settings_refused(manager->settings), "Whether the last change of the configuration was refused.");
        single(body, "loadstone_stop_all", "gauge", NULL, settings_admin(manager->settings)->stop_all, "Whether the configuration stops all load.");
        print_caches(manager, body);
}

void metrics_print(const struct manager *manager, struct buf *body)
{
        struct working working = {.now_ns = loop_now_ns(manager->loop)};

        queue_each_working(manager->queue, visit_working, &working);
        print_passes(&manager->metrics, &working, body);
        print_queue(manager->queue, &working, body);
        print_requests(manager->client, body);
        single(body, "leader_election_master_status", "gauge", "name=\"loadstone-operator\"", manager->leading,
               "Whether this process holds the Lease: 1 is the leader, 0 a standby.");
        print_own(manager, body);
        metrics_process(body, manager->metrics.started_wall_ms);
}
