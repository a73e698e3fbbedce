/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/step_jobs.h"

#define LOOK_AGAIN_NS NS_PER_S

/* ---- the runs that have not ended ---- */

struct other {
        const char *key, *name; /* "namespace/name", and where in it the name begins */
        struct active_run *active;
};

static bool is_in(const struct other *other, const char *namespace)
{
        size_t len = (size_t)(other->name - other->key - 1);

        return strlen(namespace) == len && memcmp(other->key, namespace, len) == 0;
}

/* Admitted, or about to be: of two runs that appear together, the second must see the first before the cache does. */
static bool loads(const struct manager *manager, const struct other *other)
{
        return other->active->loads || (manager->admitting.len && map_find(&manager->admitting, other->key));
}

/* Thousands may wait: whoever visits them parses none. */
static void each_other(struct manager *manager, const struct run *run, void (*visit)(void *owner, const struct other *other), void *owner)
{
        size_t at = 0;
        const char *key;
        void *active;

        while (map_next(&manager->active, &at, &key, &active)) {
                const struct other other = {key, strchr(key, '/') + 1, active};
                if (!text_equal(other.name, run->name) || !is_in(&other, run->namespace))
                        visit(owner, &other);
        }
}

/* ---- the queue at a target ---- */

/* First come, first served; of those that came in one second, by name. */
static bool comes_before(int64_t a_wall_ms, const char *a_name, int64_t b_wall_ms, const char *b_name)
{
        return a_wall_ms != b_wall_ms ? a_wall_ms < b_wall_ms : strcmp(a_name, b_name) < 0;
}

static bool same_target(const char *a, const char *b)
{
        return text_equal(a, b) || !guard_stands(GUARD_TARGET);
}

struct queue_seen {
        struct manager *manager;
        const struct run *run;
        const char *target;
        int ahead;
        bool busy;
};

static bool earlier(const struct other *other, const struct run *run)
{
        return comes_before(other->active->created_wall_ms, other->name, run->created_wall_ms, run->name);
}

/* Where a run is headed: recorded, or found out once for this state of the profiles. Merging and decoding its profile takes long:
 * of thousands that appear together each would do it for all the others. "" is nowhere. */
static const char *headed(const struct queue_seen *seen, const struct other *other)
{
        struct manager *manager = seen->manager;
        struct active_run *active = other->active;

        if (active->target)
                return active->target;
        if (active->wanted && active->wanted_round == manager->profiles_round)
                return active->wanted;
        /* Of other namespaces only runs that load, or say what they wait for: most of the others can never want this target. */
        if (!is_in(other, seen->run->namespace) && !loads(manager, other))
                return "";
        auto_free char *namespace = xstrndup(other->key, (size_t)(other->name - other->key - 1));
        struct run found;
        run_decode(kube_cache_find(manager->runs, namespace, other->name), &found);
        char *wanted = found.object ? session_target_wanted(manager, &found) : NULL;
        auto_free char *before = active->wanted;
        active->wanted = wanted ? wanted : xstrdup("");
        active->wanted_round = manager->profiles_round;
        if (before && !text_equal(before, active->wanted))
                run_queue_left(manager, before);
        return active->wanted;
}

static void see_in_queue(void *owner, const struct other *other)
{
        struct queue_seen *seen = owner;

        if (!same_target(headed(seen, other), seen->target))
                return;
        if (loads(seen->manager, other))
                seen->busy = true;
        else if (earlier(other, seen->run))
                seen->ahead++;
}

static void fill_turn(struct manager *manager, const char *target, struct run_sight *sight, struct run_view *view)
{
        const struct run *run = &sight->run;
        struct queue_seen seen = {.manager = manager, .run = run, .target = target};
        const struct step_job_seen *owed = step_jobs_at_target(&manager->step_jobs, target, run->uid);

        each_other(manager, run, see_in_queue, &seen);
        if (!seen.busy && seen.ahead == 0 && !owed)
                return;
        view->hold = seen.busy || seen.ahead > 0 ? HOLD_TARGET : HOLD_UNDO;
        if (view->hold == HOLD_UNDO)
                snprintf(sight->hold_text, sizeof sight->hold_text, "what run %.60s applied is still being taken back: see its Job %.50s…-undo", owed->run, owed->run);
        view->queue_position = seen.ahead + 1;
        int64_t look_ns = loop_now_ns(manager->loop) + view->queue_position * NS_PER_S;
        if (view->queue_position > QUEUE_NEAR && look_ns < view->wake_ns)
                view->wake_ns = look_ns;
}

/* ---- who looks again ---- */

static bool waits_at(const struct active_run *active, const char *target)
{
        return !active->loads && same_target(active->target ? active->target : active->wanted, target);
}

static bool before_in_queue(const struct other *a, const struct other *b)
{
        return comes_before(a->active->created_wall_ms, a->name, b->active->created_wall_ms, b->name);
}

/* Keeps the first QUEUE_NEAR of those that come, in order. */
static void take_in(struct other first[static QUEUE_NEAR], size_t *len, const struct other *other)
{
        size_t at = *len;

        while (at > 0 && before_in_queue(other, &first[at - 1]))
                at--;
        if (at == QUEUE_NEAR)
                return;
        size_t kept = *len < QUEUE_NEAR ? *len : QUEUE_NEAR - 1;
        memmove(&first[at + 1], &first[at], (kept - at) * sizeof *first);
        first[at] = *other;
        *len = kept + 1;
}

static void look_again(struct manager *manager, const struct other *other)
{
        auto_free char *namespace = xstrndup(other->key, (size_t)(other->name - other->key - 1));

        manager_enqueue_run(manager, namespace, other->name, loop_now_ns(manager->loop));
}

void run_queue_left(struct manager *manager, const char *target)
{
        struct other first[QUEUE_NEAR];
        size_t len = 0, at = 0;
        const char *key;
        void *active;

        while (map_next(&manager->active, &at, &key, &active))
                if (waits_at(active, target))
                        take_in(first, &len, &(struct other){key, strchr(key, '/') + 1, active});
        for (size_t i = 0; i < len; i++)
                look_again(manager, &first[i]);
}

void run_queue_profile(struct manager *manager, const char *namespace, const char *profile)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&manager->active, &at, &key, &value)) {
                const struct active_run *active = value;
                const struct other other = {key, strchr(key, '/') + 1, value};
                if (!active->loads && text_equal(active->profile, profile) && is_in(&other, namespace))
                        look_again(manager, &other);
        }
}

/* ---- the administrator's sums ---- */

struct budget_seen {
        struct manager *manager;
        const struct run *run;
        struct admin_load namespace, cluster;
        bool unknown; /* a run under way is not in memory yet */
};

static void see_in_budget(void *owner, const struct other *other)
{
        struct budget_seen *seen = owner;

        if (!loads(seen->manager, other))
                return;
        auto_free char *key = xasprintf("r:%s", other->key);
        const struct session *session = map_find(&seen->manager->sessions, key);
        if (!session || !session->profile) {
                seen->unknown = true;
                return;
        }
        struct admin_load load = admin_load_of(session->profile);
        admin_load_add(&seen->cluster, &load);
        if (is_in(other, seen->run->namespace))
                admin_load_add(&seen->namespace, &load);
}

static void fill_budget(struct manager *manager, const struct admin *admin, const struct session *session, struct run_sight *sight,
                        struct run_view *view)
{
        struct budget_seen seen = {.manager = manager, .run = &sight->run};
        struct admin_load mine = admin_load_of(session->profile);
        struct fail fail = {0};

        if (!admin_caps_sums(&admin->namespace) && !admin_caps_sums(&admin->cluster))
                return;
        each_other(manager, &sight->run, see_in_budget, &seen);
        if (seen.unknown) { /* only after a restart, and for a moment */
                fail_set(&fail, FAIL_BUSY, "what the runs under way ask for is being read");
                view->wake_ns = sight->now_ns + LOOK_AGAIN_NS;
        } else if (!admin_check_sum(&admin->namespace, "namespace", &seen.namespace, &mine, &fail)) {
                admin_check_sum(&admin->cluster, "cluster", &seen.cluster, &mine, &fail);
        }
        if (!fail.kind)
                return;
        view->hold = HOLD_BUDGET;
        snprintf(sight->hold_text, sizeof sight->hold_text, "%s", fail.text);
}

/* ---- all of it ---- */

static bool may_go_there(struct manager *manager, const struct session *session, struct fail *fail)
{
        if (manager->options->namespace)
                fail_set(fail, FAIL_DENIED, "spec.target.url needs the cluster-wide install: with rights in one namespace it cannot be known which "
                                            "addresses are nodes");
        else
                admin_check_url(settings_admin(manager->settings), session->profile, NULL, fail);
        return fail->kind == FAIL_NONE;
}

void run_queue_fill(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct admin *admin = settings_admin(manager->settings);
        struct fail fail = {0};

        sight->target_key = target_key(session->profile, sight->run.namespace);
        view->target_moved = sight->run.target && !text_equal(sight->run.target, sight->target_key);
        if (admin_check_run(admin, session->profile, &fail)) {
                view->over_cap = true;
                snprintf(sight->invalid_text, sizeof sight->invalid_text, "%s", fail.text);
                return;
        }
        if (session->profile->url && !may_go_there(manager, session, &fail)) {
                view->target_denied = true;
                snprintf(sight->invalid_text, sizeof sight->invalid_text, "%s", fail.text);
                return;
        }
        fill_turn(manager, sight->target_key, sight, view);
        if (view->hold == HOLD_NONE)
                fill_budget(manager, admin, session, sight, view);
        if (settings_unknown(manager->settings)) {
                view->hold = HOLD_CONFIGURATION;
                snprintf(sight->hold_text, sizeof sight->hold_text, "ConfigMap " ADMIN_CONFIGMAP " cannot be read: see its Events");
        }
        if (admin->stop_all) {
                view->hold = HOLD_STOP_ALL;
                snprintf(sight->hold_text, sizeof sight->hold_text, "nothing begins while stopAll is set in ConfigMap " ADMIN_CONFIGMAP);
        }
        if (view->hold != HOLD_NONE && view->queue_position == 0)
                view->queue_position = 1;
}
