/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/election.h"

#include <stddef.h>

#include "base/guard.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define DURATION_S_MAX 3600

void election_init(struct election *election, const struct election_options *options, int64_t now_ns)
{
        *election = (struct election){
                .options = *options, .next = ELECTION_READ, .due_ns = now_ns, .renewed_ns = -1};
}

void election_done(struct election *election)
{
        json_object_put(take(election->lease));
}

const char *election_holder(const struct election *election)
{
        const char *holder = doc_text(election->lease, "spec.holderIdentity");

        return holder ? holder : "";
}

static bool is_ours(const struct election *election)
{
        return text_equal(election_holder(election), election->options.identity);
}

/* How long the record counts after its last change: what its holder promised, for it may be configured differently. */
static int64_t duration_ns(const struct election *election)
{
        int64_t duration_s = doc_int(election->lease, "spec.leaseDurationSeconds", 0);

        if (duration_s <= 0)
                return election->options.duration_ns;
        return (duration_s < DURATION_S_MAX ? duration_s : DURATION_S_MAX) * NS_PER_S;
}

static bool is_free(const struct election *election, int64_t now_ns)
{
        return election_holder(election)[0] == '\0' || is_ours(election) ||
               now_ns >= election->seen_ns + duration_ns(election);
}

static void see(struct election *election, struct json_object *lease, int64_t now_ns)
{
        const char *version = doc_text(lease, "metadata.resourceVersion");

        if (!election->lease || !text_equal(version, doc_text(election->lease, "metadata.resourceVersion")))
                election->seen_ns = now_ns;
        json_object_put(election->lease);
        election->lease = json_object_get(lease);
        if (!is_ours(election))
                election->renewed_ns = -1;
}

static void plan(struct election *election, enum election_action next, int64_t due_ns)
{
        election->asking = false;
        election->next = next;
        election->due_ns = due_ns;
}

/* ---- What to do ---- */

enum election_action election_run(struct election *election, int64_t now_ns)
{
        /* Also before anything else was made of it: the answer to a renewal may come when that no longer counts. */
        if (!election_holds(election, now_ns))
                election->renewed_ns = -1;
        if (election->asking || election->stopped || now_ns < election->due_ns)
                return ELECTION_IDLE;
        election->asking = true;
        election->sent_ns = now_ns;
        return election->next;
}

/* Until when the Lease is held when nothing more is heard of it; INT64_MAX: it is not held. */
static int64_t lost_at_ns(const struct election *election)
{
        bool counts = election->renewed_ns >= 0 && guard_stands(GUARD_LEASE_FENCE);

        return counts ? election->renewed_ns + election->options.renew_ns : INT64_MAX;
}

int64_t election_wake_ns(const struct election *election)
{
        int64_t lost_ns = lost_at_ns(election);
        int64_t due_ns = election->asking || election->stopped ? INT64_MAX : election->due_ns;

        return lost_ns < due_ns ? lost_ns : due_ns;
}

bool election_holds(const struct election *election, int64_t now_ns)
{
        return election->renewed_ns >= 0 && now_ns < lost_at_ns(election);
}

/* ---- Answers ---- */

static void nobody_there(struct election *election, int64_t now_ns)
{
        json_object_put(take(election->lease));
        election->renewed_ns = -1;
        plan(election, ELECTION_CREATE, now_ns);
}

static int64_t try_again_ns(const struct election *election, const struct fail *fail, int64_t now_ns)
{
        int64_t asked_ns = fail->retry_after_s * NS_PER_S, pause_ns = election->options.retry_ns / 2;

        /* What a busy server asks for is heard, up to a point: a Lease that is not renewed in time is of no use. */
        asked_ns = asked_ns < election->options.retry_ns ? asked_ns : election->options.retry_ns;
        return now_ns + (asked_ns > pause_ns ? asked_ns : pause_ns);
}

/* Not for deciding anything: only so that a new leader can say since when nobody watched. */
static void note_other(struct election *election, struct json_object *lease)
{
        const char *holder = doc_text(lease, "spec.holderIdentity");
        int64_t renewed_wall_ms = clock_parse(doc_text(lease, "spec.renewTime"));

        if (!text_equal(holder, election->options.identity) && renewed_wall_ms > 0)
                election->other_wall_ms = renewed_wall_ms;
}

void election_read(struct election *election, struct json_object *lease, const struct fail *fail, int64_t now_ns)
{
        if (fail->kind == FAIL_MISSING) {
                nobody_there(election, now_ns);
                return;
        }
        if (fail->kind) {
                plan(election, ELECTION_READ, try_again_ns(election, fail, now_ns));
                return;
        }
        see(election, lease, now_ns);
        note_other(election, lease);
        if (is_free(election, now_ns)) {
                plan(election, ELECTION_WRITE, now_ns);
                return;
        }
        int64_t look_ns = now_ns + election->options.look_ns, expiry_ns = election->seen_ns + duration_ns(election);
        plan(election, ELECTION_READ, look_ns < expiry_ns ? look_ns : expiry_ns);
}

void election_wrote(struct election *election, struct json_object *lease, const struct fail *fail, int64_t now_ns)
{
        if (fail->kind == FAIL_MISSING) {
                nobody_there(election, now_ns);
                return;
        }
        if (fail->kind) {
                /* Whatever became of it, only the Lease itself can tell. After a conflict it has something new to say. */
                bool news = fail->kind == FAIL_CONFLICT || fail->kind == FAIL_EXISTS;
                plan(election, ELECTION_READ, news ? now_ns : try_again_ns(election, fail, now_ns));
                return;
        }
        see(election, lease, now_ns);
        election->renewed_ns = is_ours(election) && !election->stopped ? election->sent_ns : -1;
        plan(election, ELECTION_WRITE, election->sent_ns + election->options.retry_ns);
}

void election_stop(struct election *election)
{
        election->stopped = true;
        election->renewed_ns = -1;
}

/* ---- Records ---- */

static struct json_object *empty_lease(const struct election *election)
{
        struct json_object *lease = doc_object(), *metadata = doc_object();

        doc_set_text(lease, "apiVersion", "coordination.k8s.io/v1");
        doc_set_text(lease, "kind", "Lease");
        doc_set_text(metadata, "namespace", election->options.namespace);
        doc_set_text(metadata, "name", election->options.name);
        return doc_set(lease, "metadata", metadata);
}

/* A copy of what is there: labels, and fields of newer servers, are not ours to lose. */
static struct json_object *lease_for(const struct election *election, const char *holder, int64_t duration,
                                     int64_t wall_ms)
{
        struct json_object *lease = election->lease ? doc_copy(election->lease) : empty_lease(election);
        char now[CLOCK_TEXT_MAX];

        if (!json_object_is_type(doc_at(lease, "spec"), json_type_object))
                doc_set(lease, "spec", doc_object());
        struct json_object *spec = doc_at(lease, "spec");
        clock_format_micros(wall_ms, now);
        doc_set_text(spec, "renewTime", now);
        if (!text_equal(holder, election_holder(election)) || clock_parse(doc_text(spec, "acquireTime")) < 0)
                doc_set_text(spec, "acquireTime", now);
        doc_set_text(spec, "holderIdentity", holder);
        doc_set_int(spec, "leaseDurationSeconds", duration);
        return lease;
}

struct json_object *election_record(const struct election *election, int64_t wall_ms)
{
        int64_t duration_s = election->options.duration_ns / NS_PER_S;
        struct json_object *lease = lease_for(election, election->options.identity, duration_s, wall_ms);
        int64_t transitions = doc_int(election->lease, "spec.leaseTransitions", -1);

        /* The server counts in 32 bits and refuses more: a number that somebody wrote by hand must not keep us from leading. */
        if (transitions < 0 || transitions >= INT32_MAX)
                transitions = 0;
        else if (!is_ours(election))
                transitions++;
        doc_set_int(doc_at(lease, "spec"), "leaseTransitions", transitions);
        return lease;
}

struct json_object *election_release(const struct election *election, int64_t wall_ms)
{
        return is_ours(election) ? lease_for(election, "", 1, wall_ms) : NULL;
}
