/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out what the machine of kube/election.h says. */
#include "kube/lease.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/doc.h"
#include "kube/election.h"

#define LOOK_NS NS_PER_S
#define RELEASE_NS (5 * NS_PER_S)
#define RELEASE_TRIES 3

struct lease {
        struct kube_client *client;
        struct loop *loop;
        char *namespace, *name, *identity;
        void (*changed)(void *owner, bool leading);
        void *owner;
        struct election election;
        bool leading;       /* what 'changed' was told last */
        uint64_t request;   /* under way, 0: none */
        struct loop_timer timer;
        void (*released)(void *owner);
        void *released_owner;
        int release_tries;
};

static void run(struct lease *lease);

static int64_t now_of(const struct lease *lease)
{
        return loop_now_ns(lease->loop);
}

static struct kube_ref ref_of(const struct lease *lease)
{
        return (struct kube_ref){.kind = &kube_leases, .namespace = lease->namespace, .name = lease->name};
}

/* ---- Requests of the machine ---- */

static void on_read(void *owner, struct json_object *object, const struct fail *fail)
{
        struct lease *lease = owner;

        lease->request = 0;
        election_read(&lease->election, object, fail, now_of(lease));
        run(lease);
}

static void on_wrote(void *owner, struct json_object *object, const struct fail *fail)
{
        struct lease *lease = owner;

        lease->request = 0;
        election_wrote(&lease->election, object, fail, now_of(lease));
        run(lease);
}

static void read_lease(struct lease *lease, kube_done_fn *done)
{
        struct kube_ref ref = ref_of(lease);
        auto_free char *path = kube_path(&ref);

        lease->request = kube_get_path(lease->client, path, true, done, lease);
}

static void act(struct lease *lease, enum election_action action)
{
        struct kube_ref ref = ref_of(lease);

        if (action == ELECTION_READ) {
                read_lease(lease, on_read);
                return;
        }
        auto_json struct json_object *record =
                election_record(&lease->election, clock_wall_ms(loop_clock(lease->loop)));
        if (action == ELECTION_CREATE)
                lease->request = kube_create(lease->client, &ref, record, on_wrote, lease);
        else
                lease->request = kube_replace(lease->client, &ref, record, true, on_wrote, lease);
}

static void run(struct lease *lease)
{
        enum election_action action = election_run(&lease->election, now_of(lease));

        if (action != ELECTION_IDLE)
                act(lease, action);
        int64_t wake_ns = election_wake_ns(&lease->election);
        if (wake_ns == INT64_MAX)
                loop_disarm(lease->loop, &lease->timer);
        else
                loop_arm(lease->loop, &lease->timer, wake_ns);
        bool leading = election_holds(&lease->election, now_of(lease));
        if (leading == lease->leading)
                return;
        lease->leading = leading;
        if (lease->changed)
                lease->changed(lease->owner, leading);
}

static void woken(void *owner)
{
        run(owner);
}

/* ---- Release ---- */

static void end_release(struct lease *lease)
{
        void (*released)(void *owner) = take(lease->released);

        kube_cancel(lease->client, lease->request);
        lease->request = 0;
        loop_disarm(lease->loop, &lease->timer);
        if (released)
                released(lease->released_owner);
}

static void release_overdue(void *owner)
{
        end_release(owner);
}

static void write_release(struct lease *lease);

static void on_read_again(void *owner, struct json_object *object, const struct fail *fail)
{
        struct lease *lease = owner;

        lease->request = 0;
        if (fail->kind) {
                end_release(lease);
                return;
        }
        election_read(&lease->election, object, fail, now_of(lease));
        write_release(lease);
}

static void on_released(void *owner, struct json_object *object, const struct fail *fail)
{
        struct lease *lease = owner;

        (void)object;
        lease->request = 0;
        /* Our own last renewal may have been under way: look, and if it is still ours, try again. */
        if (fail->kind == FAIL_CONFLICT && ++lease->release_tries < RELEASE_TRIES)
                read_lease(lease, on_read_again);
        else
                end_release(lease);
}

static void write_release(struct lease *lease)
{
        struct kube_ref ref = ref_of(lease);
        auto_json struct json_object *record =
                election_release(&lease->election, clock_wall_ms(loop_clock(lease->loop)));

        if (record)
                lease->request = kube_replace(lease->client, &ref, record, true, on_released, lease);
        else
                end_release(lease);
}

static void begin_release(void *owner)
{
        struct lease *lease = owner;

        lease->timer.fire = release_overdue;
        loop_arm(lease->loop, &lease->timer, now_of(lease) + RELEASE_NS);
        /* A renewal that was under way is cut off below; what it did is only known by looking. */
        if (lease->request) {
                kube_cancel(lease->client, lease->request);
                read_lease(lease, on_read_again);
        } else {
                write_release(lease);
        }
}

void lease_release(struct lease *lease, void (*released)(void *owner), void *owner)
{
        if (lease->released)
                return;
        election_stop(&lease->election);
        lease->leading = false;
        lease->released = released;
        lease->released_owner = owner;
        lease->timer.fire = begin_release;
        loop_arm(lease->loop, &lease->timer, now_of(lease));
}

/* ---- The lease ---- */

struct lease *lease_new(struct kube_client *client, const struct lease_options *options)
{
        struct lease *lease = xnew(struct lease);

        assert(options->duration_s > options->renew_s && options->renew_s * 10 > options->retry_s * 12);
        lease->client = client;
        lease->loop = kube_client_loop(client);
        lease->namespace = xstrdup(options->namespace);
        lease->name = xstrdup(options->name);
        lease->identity = xstrdup(options->identity);
        lease->changed = options->changed;
        lease->owner = options->owner;
        lease->timer = (struct loop_timer){.fire = woken, .owner = lease};
        struct election_options rules = {.namespace = lease->namespace,
                                         .name = lease->name,
                                         .identity = lease->identity,
                                         .duration_ns = options->duration_s * NS_PER_S,
                                         .renew_ns = options->renew_s * NS_PER_S,
                                         .retry_ns = options->retry_s * NS_PER_S,
                                         .look_ns = LOOK_NS};
        election_init(&lease->election, &rules, now_of(lease));
        /* Not from here: 'changed' and 'done' come from the loop. */
        loop_arm(lease->loop, &lease->timer, now_of(lease));
        return lease;
}

struct lease *lease_free(struct lease *lease)
{
        if (!lease)
                return NULL;
        kube_cancel(lease->client, lease->request);
        loop_disarm(lease->loop, &lease->timer);
        election_done(&lease->election);
        free(lease->namespace);
        free(lease->name);
        free(lease->identity);
        free(lease);
        return NULL;
}

bool lease_holds(const struct lease *lease)
{
        return election_holds(&lease->election, now_of(lease));
}

const char *lease_holder(const struct lease *lease)
{
        return election_holder(&lease->election);
}

int64_t lease_other_wall_ms(const struct lease *lease)
{
        return lease->election.other_wall_ms;
}

int64_t lease_age_ns(const struct lease *lease)
{
        int64_t renewed_ns = lease->election.renewed_ns;

        return renewed_ns < 0 ? INT64_MAX : now_of(lease) - renewed_ns;
}
