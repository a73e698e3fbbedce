/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/doc.h"

#define CALL_LIMIT_NS (180 * NS_PER_S)
#define STEP_NS (NS_PER_MS / 10)

static int64_t stands_ns; /* 0: no stage is open */

static int64_t standing_now_ns(const struct clock *clock)
{
        (void)clock;
        return stands_ns;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
        if (!stands_ns || which == CLOCK_REALTIME || which == CLOCK_PROCESS_CPUTIME_ID || which == CLOCK_THREAD_CPUTIME_ID)
                return (int)syscall(SYS_clock_gettime, which, now);
        *now = (struct timespec){.tv_sec = stands_ns / NS_PER_S, .tv_nsec = stands_ns % NS_PER_S};
        return 0;
}

static int64_t usual_wall_ms(const struct clock *clock)
{
        (void)clock;
        return clock_wall_ms(clock_system());
}

static const struct clock standing = {.now_ns = standing_now_ns, .wall_ms = usual_wall_ms};

void stage_open(struct stage *stage)
{
        stands_ns = NS_PER_S;
        *stage = (struct stage){.loop = loop_new(&standing)};
}

void stage_client(struct stage *stage)
{
        struct fail fail = {0};

        kube_client_free(stage->client);
        if (kube_client_new(stage->loop, &stage->config, &stage->client, &fail))
                fail_msg("%s", fail.text);
        kube_client_seed(stage->client, 1);
}

void stage_close(struct stage *stage)
{
        stage->client = kube_client_free(stage->client);
        stage->loop = loop_free(stage->loop);
        stands_ns = 0;
}

/* Both ends are here, so what is sent is there: a millisecond without anything means that everybody waits for time. */
static bool moves(struct stage *stage)
{
        struct pollfd ready = {.fd = loop_fd(stage->loop), .events = POLLIN};

        return loop_next_ns(stage->loop) <= stands_ns || poll(&ready, 1, 1) > 0;
}

bool stage_until(struct stage *stage, const int *count, int wanted, int64_t limit_ns)
{
        int64_t until_ns = stands_ns + limit_ns;

        while (*count < wanted) {
                if (moves(stage)) {
                        loop_step(stage->loop, 0);
                        stands_ns += STEP_NS;
                } else if (loop_next_ns(stage->loop) < until_ns) {
                        stands_ns = loop_next_ns(stage->loop);
                } else {
                        stands_ns = until_ns;
                        return false;
                }
        }
        return true;
}

void stage_pass(struct stage *stage, int64_t ns)
{
        int never = 0;

        stage_until(stage, &never, 1, ns);
}

int64_t stage_now_ns(const struct stage *stage)
{
        (void)stage;
        return stands_ns;
}

/* ---- Calls ---- */

static void on_done(void *owner, struct json_object *object, const struct fail *fail)
{
        struct outcome *outcome = owner;

        outcome->calls++;
        outcome->fail = *fail;
        snprintf(outcome->text, sizeof outcome->text, "%s", object ? doc_print(object) : "");
}

static void on_data(void *owner, const char *data, size_t size)
{
        struct outcome *outcome = owner;
        size_t used = strlen(outcome->text), left = sizeof outcome->text - 1 - used;

        memcpy(outcome->text + used, data, size < left ? size : left);
}

static void on_closed(void *owner, const struct fail *fail)
{
        struct outcome *outcome = owner;

        outcome->calls++;
        outcome->fail = *fail;
}

static void start(struct stage *stage, enum stage_call call, struct outcome *outcome)
{
        auto_json struct json_object *object = doc_set_text(doc_object(), "kind", "Thing");

        if (call == STAGE_READ)
                kube_get_path(stage->client, "/api/v1/pods", false, on_done, outcome);
        else if (call == STAGE_WRITE)
                kube_create(stage->client, &(struct kube_ref){&kube_pods, "n", NULL}, object, on_done, outcome);
        else if (call == STAGE_LEASE)
                kube_replace(stage->client, &(struct kube_ref){&kube_leases, "n", "l"}, object, true, on_done, outcome);
        else
                kube_stream(stage->client, "/api/v1/pods?watch=true", 30, on_data, on_closed, outcome);
}

struct outcome stage_call(struct stage *stage, enum stage_call call)
{
        static struct outcome outcome;
        int64_t began_ns = stands_ns;

        outcome = (struct outcome){0};
        start(stage, call, &outcome);
        assert_true(stage_until(stage, &outcome.calls, 1, CALL_LIMIT_NS));
        assert_int_equal(outcome.calls, 1);
        outcome.took_ns = stands_ns - began_ns;
        return outcome;
}
