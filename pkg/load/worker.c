/* SPDX-License-Identifier: Apache-2.0 */
#include "load/worker.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "load/resolve.h"
#include "load/shape.h"
#include "load/worker_inner.h"

#define INTERVALS_MAX 3600
#define POLL_MS 10
#define GRACE_MS 2000        /* how long a target that refuses is given before the worker is ready without it */
#define START_AHEAD_MS 20    /* "at once" leaves the lanes time to look */
#define START_AHEAD_MS_MAX 600000
#define LANE_RPS 20000.0     /* what a lane carries with ease; more lanes than needed only burn CPU in polling */
#define LANE_TLS_RPS 10000.0

static double peak_rps(const struct load_plan *plan)
{
        double peak = 0;

        for (size_t i = 0; i < plan->shape_len; i++)
                peak = fmax(peak, shape_peak_rps(&plan->shape[i]));
        return peak;
}

static size_t lanes_wanted(const struct worker *worker)
{
        const struct load_plan *plan = worker->plan;
        double wanted = ceil(peak_rps(plan) / plan->workers / (plan->tls ? LANE_TLS_RPS : LANE_RPS));
        double most = fmin(fmin(floor(worker->cores), worker->connections), WORKER_LANES_MAX);

        if (plan->closed || wanted > most)
                wanted = most;
        return wanted < 1 ? 1 : (size_t)wanted;
}

/* Of 'total' things, those of part 'index' of 'parts'; the first parts have one more. */
static uint32_t share_of(uint32_t total, uint32_t parts, uint32_t index)
{
        return total / parts + (index < total % parts ? 1 : 0);
}

/* Sizes everything that follows from plan and machine. */
static void measure(struct worker *worker)
{
        const struct load_plan *plan = worker->plan;
        int64_t span_ms = plan->warmup_ms + plan->shape_ms;

        cpu_group_init(&worker->cpu_group, "");
        worker->limit = cpu_group_limit(&worker->cpu_group);
        worker->cores = cpu_affinity();
        if (worker->limit > 0 && worker->limit < worker->cores)
                worker->cores = worker->limit;
        worker->connections = share_of(plan->connections, plan->workers, worker->options->index);
        worker->connections_max = share_of(plan->connections_max, plan->workers, worker->options->index);
        worker->lanes_len = lanes_wanted(worker);
        worker->precise = plan->precise && worker->cores >= 1;
        worker->interval_ms = plan->interval_ms;
        int64_t joined = (span_ms + INTERVALS_MAX * plan->interval_ms - 1) / (INTERVALS_MAX * plan->interval_ms);
        if (joined > 1)
                worker->interval_ms *= joined;
}

static void tell_hello(struct worker *worker)
{
        const struct load_plan *plan = worker->plan;
        struct json_object *record = doc_set_text(doc_object(), "type", "hello");
        char boot[CPU_BOOT_MAX];

        doc_set_int(record, "version", 1);
        doc_set_int(record, "worker", worker->options->index);
        doc_set_int(record, "workers", plan->workers);
        doc_set_text(record, "run", plan->run_uid);
        doc_set_int(record, "trial", plan->trial);
        doc_set_text(record, "pod", worker->options->pod);
        doc_set_text(record, "program", "loadstone-load/" LOADSTONE_VERSION);
        doc_set_int(record, "wallMs", clock_wall_ms(clock_system()));
        doc_set_int(record, "startupMicros", (clock_now_ns(clock_system()) - worker->options->began_ns) / 1000);
        doc_set_double(record, "cores", worker->cores, 2);
        doc_set_int(record, "threads", (int64_t)worker->lanes_len);
        doc_set_text(record, "pacing", worker->precise ? "precise" : "coarse");
        doc_set_int(record, "intervalMs", worker->interval_ms);
        cpu_boot(boot);
        doc_set_text(record, "boot", boot);
        report_write(&worker->report, record);
}

static void prepare_process(struct worker *worker)
{
        struct rlimit files;

        worker->signal_fd = signals_open();
        worker->gate.notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (worker->signal_fd < 0 || worker->gate.notify_fd < 0)
                abort();
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                setrlimit(RLIMIT_NOFILE, &files);
        }
}

/* Waits for a signal or a lane's notice, at most 'wait_ms' (-1: no bound). */
static void wait_a_while(struct worker *worker, int wait_ms)
{
        struct pollfd ready[] = {{.fd = worker->signal_fd, .events = POLLIN},
                                 {.fd = worker->gate.notify_fd, .events = POLLIN}};
        struct signalfd_siginfo signal_info;
        eventfd_t value;

        if (poll(ready, 2, wait_ms) <= 0)
                return;
        if (read(worker->signal_fd, &signal_info, sizeof signal_info) == sizeof signal_info)
                worker->terminated = true;
        eventfd_read(worker->gate.notify_fd, &value);
}

static int64_t now_ms(void)
{
        return clock_now_ns(clock_system()) / NS_PER_MS;
}

/* What the worker sends before that is lost, or goes past the mesh. */
static enum fail_kind await_proxies(struct worker *worker, int64_t until_ms, struct fail *fail)
{
        int port = 0;

        while (!worker->terminated && !load_proxies_ready(worker->plan->proxies, worker->plan->proxies_len, &port)) {
                if (now_ms() >= until_ms)
                        return fail_set(fail, FAIL_TIMEOUT, "the proxy in this pod is not ready (127.0.0.1:%d)", port);
                wait_a_while(worker, 100);
        }
        return FAIL_NONE;
}

/* A name may take a moment to appear in DNS. */
static enum fail_kind resolve_patiently(struct worker *worker, int64_t until_ms, struct fail *fail)
{
        for (;;) {
                enum fail_kind kind = resolve_addresses(worker->plan, &worker->addresses, &worker->addresses_len, fail);
                if (kind != FAIL_MISSING || worker->terminated || now_ms() >= until_ms)
                        return kind;
                wait_a_while(worker, 100);
        }
}

static void open_lanes(struct worker *worker)
{
        const struct load_plan *plan = worker->plan;
        uint32_t lanes = (uint32_t)worker->lanes_len, first_connection = worker->options->index;
        /* Lanes that could use the whole limit by polling leave a part of it to everything else. */
        double poll_share = worker->limit > 0 && worker->limit < lanes + 0.25 ? 0.6 : 1;

        for (uint32_t i = 0; i < lanes; i++) {
                uint32_t connections = share_of(worker->connections, lanes, i);
                worker->lanes[i] = lane_new(&(struct lane_setup){
                        .plan = plan,
                        .schedule = &worker->schedule,
                        .tls = worker->tls,
                        .wire = &worker->wire,
                        .addresses = worker->addresses,
                        .addresses_len = worker->addresses_len,
                        .gate = &worker->gate,
                        .first = worker->options->index + (uint64_t)plan->workers * i,
                        .step = (uint64_t)plan->workers * lanes,
                        .connections = connections,
                        .connections_max = share_of(worker->connections_max, lanes, i),
                        .first_connection = first_connection,
                        .interval_ms = worker->interval_ms,
                        .precise = worker->precise,
                        .poll_share = poll_share,
                });
                first_connection += connections;
        }
}

static uint64_t sum_state(const struct worker *worker, uint64_t *ret_open, uint64_t *ret_errors)
{
        uint64_t tried = 0;

        *ret_open = *ret_errors = 0;
        for (size_t i = 0; i < worker->lanes_len; i++) {
                struct lane_state *state = lane_state(worker->lanes[i]);
                *ret_open += atomic_load(&state->open);
                *ret_errors += atomic_load(&state->connect_errors);
                tried += atomic_load(&state->tried);
        }
        return tried;
}

static void become_ready(struct worker *worker, int64_t until_ms)
{
        int64_t grace_ms = worker->plan->ready_timeout_ms / 2 < GRACE_MS ? worker->plan->ready_timeout_ms / 2 : GRACE_MS;
        int64_t patient_ms = now_ms() + grace_ms;
        uint64_t open = 0, errors = 0;

        for (;;) {
                uint64_t tried = sum_state(worker, &open, &errors);
                if (worker->terminated || open == worker->connections || now_ms() >= until_ms ||
                    (tried == worker->connections && now_ms() >= patient_ms))
                        break;
                wait_a_while(worker, POLL_MS);
        }
        /* Before it says that it is ready: nothing comes between that and the start. */
        if (worker->options->floor_fd >= 0 && !worker->terminated)
                floor_measure(worker->options->floor_fd, &worker->floor);
        struct json_object *record = doc_set_text(doc_object(), "type", "ready");
        doc_set_int(record, "wallMs", clock_wall_ms(clock_system()));
        doc_set_int(record, "connections", (int64_t)open);
        doc_set_int(record, "connectErrors", (int64_t)errors);
        doc_set_int(record, "addresses", (int64_t)worker->addresses_len);
        doc_set_int(record, "clockErrorMicros", cpu_clock_error_micros());
        doc_set_int(record, "readyMicros", (clock_now_ns(clock_system()) - worker->options->began_ns) / 1000);
        report_write(&worker->report, record);
}

/* *ret_wall_ms stays 0 while the file is missing or empty: the annotation is not set yet. */
static enum fail_kind read_start_file(const char *path, int64_t *ret_wall_ms, struct fail *fail)
{
        auto_free char *text = NULL;
        char *end = NULL;

        enum fail_kind kind = text_file_read(path, 64, &text, NULL, fail);
        if (kind)
                return kind == FAIL_MISSING ? FAIL_NONE : kind;
        text[strcspn(text, "\r\n")] = '\0';
        if (text[0] == '\0')
                return FAIL_NONE;
        long long value = strtoll(text, &end, 10);
        if (*end != '\0' || value <= 0 || value > clock_wall_ms(clock_system()) + START_AHEAD_MS_MAX)
                return fail_set(fail, FAIL_INVALID, "start file: '%.32s' is no start instant", text);
        *ret_wall_ms = value;
        return FAIL_NONE;
}

static enum fail_kind await_start(struct worker *worker, struct fail *fail)
{
        int64_t until_ms = now_ms() + worker->plan->ready_timeout_ms;

        if (!worker->options->start_file)
                worker->start_wall_ms = clock_wall_ms(clock_system()) + START_AHEAD_MS;
        while (worker->start_wall_ms == 0 && !worker->terminated) {
                enum fail_kind kind = read_start_file(worker->options->start_file, &worker->start_wall_ms, fail);
                if (kind)
                        return kind;
                if (worker->start_wall_ms == 0 && now_ms() >= until_ms)
                        return fail_set(fail, FAIL_TIMEOUT, "no start instant within %lld ms",
                                        (long long)worker->plan->ready_timeout_ms);
                if (worker->start_wall_ms == 0)
                        wait_a_while(worker, POLL_MS);
        }
        return FAIL_NONE;
}

/* The one place where the two clocks meet: wall minus monotonic. */
static int64_t wall_offset_ns(void)
{
        struct timespec wall;

        int64_t before_ns = clock_now_ns(clock_system());
        clock_gettime(CLOCK_REALTIME, &wall);
        int64_t after_ns = clock_now_ns(clock_system());
        return wall.tv_sec * NS_PER_S + wall.tv_nsec - before_ns - (after_ns - before_ns) / 2;
}

void worker_watch_clock(struct worker *worker)
{
        int64_t shift_ns = wall_offset_ns() - worker->wall_offset_ns;

        if (llabs(shift_ns) > llabs(worker->clock_shift_ns))
                worker->clock_shift_ns = shift_ns;
}

/* An instant that has passed already: several workers keep to the common schedule, of which the past is skipped. One that is alone has nobody
 * to keep step with, and does all of it, later. */
static void look_at_lateness(struct worker *worker)
{
        int64_t late_ns = clock_now_ns(clock_system()) - worker->start_ns;

        worker->late = late_ns > NS_PER_MS;
        if (!worker->late || worker->plan->workers > 1)
                return;
        worker->deferred_ms = late_ns / NS_PER_MS + START_AHEAD_MS;
        worker->start_wall_ms += worker->deferred_ms;
        worker->start_ns += worker->deferred_ms * NS_PER_MS;
}

static void release_lanes(struct worker *worker)
{
        worker->wall_offset_ns = wall_offset_ns();
        worker->start_ns = worker->start_wall_ms * NS_PER_MS - worker->wall_offset_ns;
        look_at_lateness(worker);
        worker->cpu_from_micros = cpu_used_micros();
        worker->throttled_from_micros = cpu_group_throttled_micros(&worker->cpu_group);
        worker->stolen_from = cpu_stolen("");
        atomic_store(&worker->gate.late, worker->late && worker->deferred_ms == 0);
        atomic_store(&worker->gate.start_ns, worker->start_ns);
        for (size_t i = 0; i < worker->lanes_len; i++)
                lane_wake(worker->lanes[i]);
}

static struct json_object *encode_floor(const struct load_floor *floor)
{
        struct json_object *doc = doc_set_int(doc_object(), "requests", (int64_t)floor->requests);

        return doc_set_int(doc_set_int(doc, "p50Nanos", floor->p50_ns), "p99Nanos", floor->p99_ns);
}

static void tell_start(struct worker *worker)
{
        for (size_t i = 0; i < worker->lanes_len; i++) {
                int64_t wake_ns = atomic_load(&lane_state(worker->lanes[i])->wake_ns);
                if (wake_ns < 0)
                        return;
                if (wake_ns > worker->wake_ns)
                        worker->wake_ns = wake_ns;
        }
        struct json_object *record = doc_set_text(doc_object(), "type", "start");
        doc_set_int(record, "startWallMs", worker->start_wall_ms);
        doc_set_int(record, "wakeMicros", worker->wake_ns / 1000);
        doc_set_int(record, "clockErrorMicros", cpu_clock_error_micros());
        doc_set_bool(record, "late", worker->late);
        doc_set_int(record, "deferredMs", worker->deferred_ms);
        if (worker->floor.requests > 0)
                doc_set(record, "floor", encode_floor(&worker->floor));
        report_write(&worker->report, record);
        worker->start_told = true;
}

static bool all_ended(const struct worker *worker)
{
        for (size_t i = 0; i < worker->lanes_len; i++)
                if (!atomic_load(&lane_state(worker->lanes[i])->ended))
                        return false;
        return true;
}

static void stop_lanes(struct worker *worker)
{
        atomic_store(&worker->gate.stop, true);
        for (size_t i = 0; i < worker->lanes_len; i++)
                lane_wake(worker->lanes[i]);
}

/* Until the lanes have ended, of themselves or because they were told to. */
static void run_lanes(struct worker *worker)
{
        worker_merge_init(worker);
        while (!all_ended(worker)) {
                wait_a_while(worker, -1);
                if (worker->terminated)
                        stop_lanes(worker);
                if (!worker->start_told)
                        tell_start(worker);
                if (worker->start_told)
                        worker_merge(worker, false);
                if (worker->brake.pulled)
                        stop_lanes(worker);
        }
        for (size_t i = 0; i < worker->lanes_len; i++)
                lane_join(worker->lanes[i]);
        worker_merge(worker, true);
        worker_merge_done(worker);
}

static void end_lanes(struct worker *worker)
{
        stop_lanes(worker);
        for (size_t i = 0; i < worker->lanes_len; i++)
                lane_join(worker->lanes[i]);
}

static void cool_down(struct worker *worker)
{
        int64_t until_ms = now_ms() + worker->plan->cooldown_ms;

        for (int64_t left_ms; !worker->terminated && (left_ms = until_ms - now_ms()) > 0;)
                wait_a_while(worker, (int)left_ms);
}

/* Everything that can fail before the first connection. */
static enum fail_kind prepare(struct worker *worker, int64_t until_ms, struct fail *fail)
{
        schedule_init(&worker->schedule, worker->plan);
        if (wire_init(&worker->wire, worker->plan, fail) || socket_tls_new(worker->plan, &worker->tls, fail) ||
            await_proxies(worker, until_ms, fail))
                return fail->kind;
        return resolve_patiently(worker, until_ms, fail);
}

static void tell_end(struct worker *worker)
{
        char time[UNIT_TEXT_MAX];

        if (worker->terminated || !worker->brake.pulled) {
                worker_tell_result(worker, worker->terminated ? "terminated" : "finished", "");
                return;
        }
        unit_format_duration(worker->brake.for_ms * NS_PER_MS, time);
        auto_free char *text = xasprintf("more than %g%% errors for %s", 100 * worker->brake.ratio, time);
        worker_tell_result(worker, "braked", text);
}

static enum worker_exit run(struct worker *worker)
{
        int64_t until_ms = now_ms() + worker->plan->ready_timeout_ms;
        struct fail fail = {0};
        enum fail_kind kind = prepare(worker, until_ms, &fail);

        if (!kind) {
                open_lanes(worker);
                become_ready(worker, until_ms);
                kind = await_start(worker, &fail);
                if (kind || worker->terminated)
                        end_lanes(worker);
        }
        if (worker->terminated) {
                worker->start_wall_ms = 0;
                worker_tell_result(worker, "terminated", "before the start");
                return WORKER_TERMINATED;
        }
        if (kind) {
                worker_tell_result(worker, "failed", fail.text);
                return WORKER_FAILED;
        }
        release_lanes(worker);
        run_lanes(worker);
        tell_end(worker);
        if (worker->terminated)
                return WORKER_TERMINATED;
        if (!worker->brake.pulled)
                cool_down(worker);
        return WORKER_FINISHED;
}

enum worker_exit worker_run(const struct load_plan *plan, const struct worker_options *options)
{
        auto_free struct worker *worker = xnew(struct worker);

        worker->plan = plan;
        worker->options = options;
        worker->brake = plan->brake;
        prepare_process(worker);
        report_init(&worker->report, options->out_fd);
        measure(worker);
        tell_hello(worker);
        enum worker_exit result = run(worker);
        for (size_t i = 0; i < worker->lanes_len; i++)
                lane_free(worker->lanes[i]);
        socket_tls_free(worker->tls);
        wire_done(&worker->wire);
        free(worker->addresses);
        cpu_group_done(&worker->cpu_group);
        report_done(&worker->report);
        load_proxies_quit(plan->proxies, plan->proxies_len);
        close(worker->signal_fd);
        close(worker->gate.notify_fd);
        return result;
}
