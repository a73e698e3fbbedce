/* SPDX-License-Identifier: Apache-2.0
 *
 * How the operator fares: to the log, to the kubelet's probes, to whoever reads metrics. */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "operator/manager.h"
#include "operator/manager_internal.h"

/* ---- the log ---- */

/* Nobody sees these in an object: the log is the only place that can explain a pause of the operator. */
static void log_silence(struct manager *manager)
{
        uint64_t silent = kube_client_stats(manager->client).silent;

        if (silent != manager->counters.silent_logged)
                log_line("the API server did not answer in time", NULL);
        manager->counters.silent_logged = silent;
}

struct watch_state {
        const char *name, *problem;
        bool synced;
};

static void look_at_watches(const struct manager *manager, struct watch_state states[static WATCHES])
{
        const struct { const char *name; const struct kube_cache *cache; } caches[WATCHES - 1] = {
                {"benchmarkruns", manager->runs}, {"performanceprofiles", manager->profiles}, {"jobs", manager->jobs},
                {"pods", manager->pods},          {"configmaps", manager->configmaps},
        };

        for (size_t i = 0; i < WATCHES - 1; i++)
                states[i] = (struct watch_state){caches[i].name, kube_cache_problem(caches[i].cache), kube_cache_synced(caches[i].cache)};
        states[WATCHES - 1] = (struct watch_state){"configuration", settings_problem(manager->settings), settings_synced(manager->settings)};
}

/* What keeps a watch from working is for the log: /readyz answers anybody. Said once, until it is another. */
static void log_problems(struct manager *manager)
{
        struct watch_state states[WATCHES];

        look_at_watches(manager, states);
        for (size_t i = 0; i < WATCHES; i++) {
                uint64_t said = text_hash(states[i].problem, strlen(states[i].problem));
                if (states[i].problem[0] && said != manager->problems_logged[i])
                        log_line("a watch does not work", "kind", states[i].name, "error", states[i].problem, NULL);
                manager->problems_logged[i] = said;
        }
}

void manager_log_troubles(struct manager *manager)
{
        log_silence(manager);
        log_problems(manager);
}

/* ---- probes and metrics ---- */

static int answer_health(const struct manager *manager, struct buf *body)
{
        int64_t age_ns = loop_now_ns(manager->loop) - manager->ticked_ns;
        bool fine = age_ns < 20 * NS_PER_S && (!manager->leading || lease_age_ns(manager->lease) < 35 * NS_PER_S);

        buf_text(body, fine ? "ok\n" : "stuck\n");
        return fine ? 200 : 503;
}

static int answer_ready(const struct manager *manager, struct buf *body)
{
        struct watch_state states[WATCHES];
        bool ready = !manager->stopping;

        look_at_watches(manager, states);
        for (size_t i = 0; i < WATCHES; i++) {
                buf_format(body, "%s %s\n", states[i].synced ? "ok     " : "waiting", states[i].name);
                ready = ready && states[i].synced;
        }
        return ready ? 200 : 503;
}

int manager_answer(void *owner, const char *path, struct buf *body)
{
        const struct manager *manager = owner;

        if (text_equal(path, "/healthz"))
                return answer_health(manager, body);
        if (text_equal(path, "/readyz"))
                return answer_ready(manager, body);
        if (text_equal(path, "/metrics")) {
                metrics_print(manager, body);
                return 200;
        }
        buf_text(body, "not found: /healthz, /readyz and /metrics are here\n");
        return 404;
}
