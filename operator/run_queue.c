/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/run_apply.h"

#define LOOK_AGAIN_NS NS_PER_S

static bool earlier(const struct run *a, const struct run *b)
{
        if (a->created_wall_ms != b->created_wall_ms)
                return a->created_wall_ms < b->created_wall_ms;
        return strcmp(a->name, b->name) < 0;
}

static bool same_target(struct manager *manager, const struct run *other, const char *target)
{
        if (other->target)
                return text_equal(other->target, target);
        auto_free char *wanted = session_target_wanted(manager, other); /* nobody has looked at it yet */
        return text_equal(wanted, target);
}

/* ---- the runs that have not ended ---- */

struct other {
        const char *namespace, *name;
        const struct active_run *active;
        bool loads; /* admitted, or about to be: of two runs that appear together, the second must see the first before the cache does */
};

/* Without parsing any: does this one matter to 'owner'? */
typedef bool matters_fn(const void *owner, const struct other *other);
typedef void visit_fn(void *owner, const struct run *other, bool loads);

static void each_other(struct manager *manager, const struct run *run, matters_fn *matters, visit_fn *visit, void *owner)
{
        size_t at = 0;
        const char *key;
        void *active;

        while (map_next(&manager->active, &at, &key, &active)) {
                const char *name = strchr(key, '/') + 1;
                auto_free char *namespace = xstrndup(key, (size_t)(name - 1 - key));
                const struct session *session = manager_session(manager, namespace, name);
                const struct other seen = {namespace, name, active, ((struct active_run *)active)->loads || (session && effect_admits(session))};
                struct json_object *object = matters(owner, &seen) ? kube_cache_find(manager->runs, namespace, name) : NULL;
                struct run other;
                run_decode(object, &other);
                if (object && !other.terminal && !text_equal(other.uid, run->uid))
                        visit(owner, &other, seen.loads);
        }
}

/* ---- the queue at a target ---- */

struct queue_seen {
        struct manager *manager;
        const struct run *run;
        const char *target;
        int ahead;
        bool busy;
};

/* Of other namespaces only runs that load, or say what they wait for: most of the others can never want this target. */
static bool in_queue(const void *owner, const struct other *other)
{
        const struct queue_seen *seen = owner;

        if (other->active->target)
                return text_equal(other->active->target, seen->target);
        return other->loads || text_equal(other->namespace, seen->run->namespace);
}

static void see_in_queue(void *owner, const struct run *other, bool loads)
{
        struct queue_seen *seen = owner;

        if (!loads && !earlier(other, seen->run))
                return;
        /* The target is asked for last: of a run that nobody has looked at it has to be found out. */
        if (!same_target(seen->manager, other, seen->target))
                return;
        if (loads)
                seen->busy = true;
        else
                seen->ahead++;
}

static void fill_turn(struct manager *manager, const struct run *run, const char *target, struct run_view *view)
{
        struct queue_seen seen = {.manager = manager, .run = run, .target = target};

        each_other(manager, run, in_queue, see_in_queue, &seen);
        if (!seen.busy && seen.ahead == 0)
                return;
        view->hold = HOLD_TARGET;
        view->queue_position = seen.ahead + 1;
}

/* ---- the administrator's sums ---- */

struct budget_seen {
        struct manager *manager;
        const struct run *run;
        struct admin_load namespace, cluster;
        bool unknown; /* a run under way is not in memory yet */
};

static bool in_budget(const void *owner, const struct other *other)
{
        (void)owner;
        return other->loads;
}

static void see_in_budget(void *owner, const struct run *other, bool loads)
{
        struct budget_seen *seen = owner;

        (void)loads;
        const struct session *session = manager_session(seen->manager, other->namespace, other->name);
        if (!session || !session->profile) {
                seen->unknown = true;
                return;
        }
        struct admin_load load = admin_load_of(session->profile);
        admin_load_add(&seen->cluster, &load);
        if (text_equal(other->namespace, seen->run->namespace))
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
        each_other(manager, &sight->run, in_budget, see_in_budget, &seen);
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

void run_queue_fill(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct admin *admin = settings_admin(manager->settings);
        struct fail fail = {0};

        sight->target_key = target_key(session->profile, sight->run.namespace);
        if (admin_check_run(admin, session->profile, &fail)) {
                view->over_cap = true;
                snprintf(sight->invalid_text, sizeof sight->invalid_text, "%s", fail.text);
                return;
        }
        fill_turn(manager, &sight->run, sight->target_key, view);
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
