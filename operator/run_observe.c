/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_observe.h"

#include "operator/session_mesh.h"
#include "operator/session_samples.h"

static void put(struct observed *observed, enum metric_family family, bool known, double number, double covered)
{
        if (known)
                *observed_figure(observed, family) = (struct observed_figure){.known = true, .number = number, .covered = covered};
}

/* A container that was restarted by the warm-up was so by this load, too; one after the window was busy with it. */
static void put_restarts(const struct session *session, struct observed *observed)
{
        int64_t from_wall_ms = session->measured_from_wall_ms - session_warmup_ms(session), now_wall_ms = clock_wall_ms(loop_clock(session->manager->loop));
        bool whole;

        if (!session->context || !context_counts_restarts(session->context, from_wall_ms, now_wall_ms, &whole))
                return;
        put(observed, METRIC_TARGET_RESTARTS, true, context_count(session->context, CONTEXT_RESTART, from_wall_ms, now_wall_ms), whole ? 1 : 0);
}

void run_observe(const struct session *session, int64_t from_wall_ms, int64_t to_wall_ms, struct observed *ret_observed)
{
        struct samples_summary target, proxy = session_mesh_server_use(session);

        *ret_observed = (struct observed){.window_ms = to_wall_ms - from_wall_ms};
        session_samples_container(session, SAMPLES_TARGET, NULL, from_wall_ms, to_wall_ms, &target);
        put(ret_observed, METRIC_TARGET_CPU, target.cpu_known, target.cpu_mean, target.covered);
        put(ret_observed, METRIC_TARGET_MEMORY, target.memory_known, target.memory_max, target.covered);
        put(ret_observed, METRIC_TARGET_THROTTLED, target.throttled_known, target.throttled, target.covered);
        put(ret_observed, METRIC_PROXY_CPU, proxy.cpu_known, proxy.cpu_mean, proxy.covered);
        put(ret_observed, METRIC_PROXY_MEMORY, proxy.memory_known, proxy.memory_max, proxy.covered);
        put_restarts(session, ret_observed);
}
