/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/local.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "load/floor.h"
#include "load/worker.h"

#define LOOK_EVERY_NS NS_PER_S
#define READ_BYTES 65536

struct local {
        const struct local_spec *spec;
        struct loop *loop;
        struct loop_timer timer;
        struct harvest *harvest;
        pid_t child;
        bool ended, interrupted;
};

static void look(void *owner)
{
        struct local *local = owner;

        local->spec->look(local->spec->owner, local->harvest);
        loop_arm(local->loop, &local->timer, loop_now_ns(local->loop) + LOOK_EVERY_NS);
}

static void records_arrive(void *owner, int fd, uint32_t events)
{
        struct local *local = owner;
        static char data[READ_BYTES];
        ssize_t size = read(fd, data, sizeof data);

        (void)events;
        if (size > 0)
                harvest_feed(local->harvest, 0, data, (size_t)size);
        else if (size == 0 || errno != EINTR)
                local->ended = true;
}

/* The first time the worker is asked to end, and says what it has; the second time it is not asked. */
static void signal_arrives(void *owner, int fd, uint32_t events)
{
        struct local *local = owner;
        struct signalfd_siginfo info;

        (void)events;
        if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
                return;
        kill(local->child, local->interrupted ? SIGKILL : SIGTERM);
        local->interrupted = true;
}

static enum fail_kind begin_worker(struct local *local, int *ret_out, struct fail *fail)
{
        int64_t began_ns = clock_now_ns(clock_system());
        int ends[2];

        if (pipe(ends))
                return fail_errno(fail, errno, "pipe");
        local->child = fork();
        if (local->child < 0) {
                close(ends[0]);
                close(ends[1]);
                return fail_errno(fail, errno, "fork");
        }
        if (local->child == 0) {
                close(ends[0]);
                prctl(PR_SET_PDEATHSIG, SIGTERM); /* no load without somebody who reads of it */
                const struct worker_options options = {.pod = "", .began_ns = began_ns, .out_fd = ends[1], .floor_fd = floor_listen()};
                _exit((int)worker_run(local->spec->plan, &options));
        }
        close(ends[1]);
        *ret_out = ends[0];
        return FAIL_NONE;
}

static void wait_for_the_end(struct local *local, int out, int signals)
{
        loop_watch(local->loop, out, EPOLLIN, records_arrive, local);
        loop_watch(local->loop, signals, EPOLLIN, signal_arrives, local);
        loop_arm(local->loop, &local->timer, loop_now_ns(local->loop) + LOOK_EVERY_NS);
        while (!local->ended)
                loop_step(local->loop, -1);
        loop_forget(local->loop, out);
        loop_forget(local->loop, signals);
        loop_disarm(local->loop, &local->timer);
        while (waitpid(local->child, NULL, 0) < 0 && errno == EINTR)
                ;
        harvest_lost(local->harvest, 0, "the worker ended without a result");
        local->spec->look(local->spec->owner, local->harvest);
}

enum fail_kind local_run(const struct local_spec *spec, struct harvest **ret_harvest, bool *ret_interrupted, struct fail *fail)
{
        struct local local = {.spec = spec};
        sigset_t wanted, before;
        auto_close int out = -1, signals = -1;

        sigemptyset(&wanted);
        sigaddset(&wanted, SIGINT);
        sigaddset(&wanted, SIGTERM);
        sigprocmask(SIG_BLOCK, &wanted, &before);
        signals = signalfd(-1, &wanted, SFD_CLOEXEC);
        if (signals < 0)
                return fail_errno(fail, errno, "signalfd");
        if (begin_worker(&local, &out, fail))
                return fail->kind;
        const struct harvest_spec harvest = {
                .run_uid = spec->plan->run_uid,
                .trial = spec->plan->trial,
                .workers = 1,
                .shape_ms = spec->plan->shape_ms,
                .interval_ms = spec->plan->interval_ms,
                .timeout_ms = spec->plan->timeout_ms,
        };
        local.harvest = harvest_new(&harvest);
        local.loop = loop_new(clock_system());
        local.timer = (struct loop_timer){.fire = look, .owner = &local};
        wait_for_the_end(&local, out, signals);
        loop_free(local.loop);
        sigprocmask(SIG_SETMASK, &before, NULL);
        *ret_harvest = local.harvest;
        *ret_interrupted = local.interrupted;
        return FAIL_NONE;
}
