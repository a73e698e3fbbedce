/* SPDX-License-Identifier: Apache-2.0
 *
 * A Lease that anybody may have edited, and any order of answers about it. Each line is a letter and an object: R read,
 * W written, F a failure of its kind's number, T so many seconds later, S stop. We lead only after a write of ours was answered
 * with our name, and never longer than the renewal time; what we would write is always a Lease that the server takes. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "kube/election.h"

static const struct election_options options = {.namespace = "n", .name = "l", .identity = "me",
                                                .duration_ns = 15 * NS_PER_S, .renew_ns = 10 * NS_PER_S,
                                                .retry_ns = 2 * NS_PER_S, .look_ns = NS_PER_S};

struct run {
        struct election election;
        enum election_action action; /* under way */
        int64_t now_ns, sent_ns;
        int64_t led_ns;              /* when the last write that was answered well was sent, -1: none */
};

static void must_be_a_lease(struct json_object *lease, const char *holder)
{
        int64_t transitions = doc_int(lease, "spec.leaseTransitions", 0), duration_s = doc_int(lease, "spec.leaseDurationSeconds", 0);

        must(text_equal(doc_text(lease, "spec.holderIdentity"), holder));
        must(duration_s >= 1 && duration_s <= 3600);
        must(transitions >= 0 && transitions <= INT32_MAX);
        must(clock_parse(doc_text(lease, "spec.renewTime")) > 0 && clock_parse(doc_text(lease, "spec.acquireTime")) > 0);
        fuzz_must_survive(lease);
}

static void look(struct run *run)
{
        struct election *election = &run->election;

        if (run->action == ELECTION_IDLE) {
                run->action = election_run(election, run->now_ns);
                run->sent_ns = run->now_ns;
        }
        if (run->action == ELECTION_CREATE || run->action == ELECTION_WRITE) {
                auto_json struct json_object *record = election_record(election, 1800000000000);
                must_be_a_lease(record, "me");
        }
        auto_json struct json_object *release = election_release(election, 1800000000000);
        if (release)
                must_be_a_lease(release, "");
        if (election_holds(election, run->now_ns))
                must(run->led_ns >= 0 && run->now_ns < run->led_ns + options.renew_ns && text_equal(election_holder(election), "me"));
        must(election_wake_ns(election) >= 0);
        /* Whatever the Lease says, it is looked at again soon. */
        must(run->action || election->stopped || election_wake_ns(election) <= run->now_ns + 2 * NS_PER_S);
}

static void answer(struct run *run, char letter, struct json_object *lease, const struct fail *fail)
{
        bool wrote = run->action == ELECTION_CREATE || run->action == ELECTION_WRITE;

        if (run->action == ELECTION_IDLE)
                return;
        if (!fail->kind && wrote != (letter == 'W'))
                return;
        run->action = ELECTION_IDLE;
        if (wrote) {
                if (!fail->kind)
                        run->led_ns = run->sent_ns;
                election_wrote(&run->election, lease, fail, run->now_ns);
        } else {
                election_read(&run->election, lease, fail, run->now_ns);
        }
}

static void step(struct run *run, const char *line, size_t size)
{
        auto_json struct json_object *lease = fuzz_json((const uint8_t *)line + 1, size - 1);
        int64_t number = doc_int(lease, "", 0);
        struct fail fail = {0};

        if (line[0] == 'T')
                run->now_ns += (number < 0 ? 0 : number > 100 ? 100 : number) * NS_PER_S;
        if (line[0] == 'S')
                election_stop(&run->election);
        if (line[0] == 'F' && number > 0 && number <= FAIL_UNKNOWN)
                fail_set(&fail, (enum fail_kind)number, "failed");
        if (fail.kind || ((line[0] == 'R' || line[0] == 'W') && json_object_is_type(lease, json_type_object)))
                answer(run, line[0], fail.kind ? NULL : lease, &fail);
        look(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct run run = {.now_ns = NS_PER_S, .led_ns = -1};
        auto_free char *text = fuzz_copy(data, size);

        election_init(&run.election, &options, run.now_ns);
        look(&run);
        for (size_t at = 0; at < size;) {
                const char *end = memchr(text + at, '\n', size - at);
                size_t line = end ? (size_t)(end - text) - at : size - at;
                if (line > 0)
                        step(&run, text + at, line);
                at += line + 1;
        }
        election_done(&run.election);
        return 0;
}
