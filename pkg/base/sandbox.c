/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netlink.h>

#include "base/mem.h"

/* Calls that are let through whatever their arguments are. Names that this architecture does not have are skipped. */
static const int plain_calls[] = {
        /* bytes */
        SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fcntl),
        SCMP_SYS(dup),
        /* what is known of files; opening them is below */
        SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(access),
        SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
        /* sockets; making them is below */
        SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
        SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
        SCMP_SYS(recvmmsg),
        /* waiting and time */
        SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll),
        SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(eventfd2), SCMP_SYS(pipe2), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
        SCMP_SYS(timerfd_gettime), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
        SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(restart_syscall),
        /* threads and signals within the process; new threads are below */
        SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid),
        SCMP_SYS(getppid), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity), SCMP_SYS(getcpu), SCMP_SYS(membarrier),
        SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack), SCMP_SYS(signalfd4),
        SCMP_SYS(exit), SCMP_SYS(exit_group),
        /* memory; what may be executed is below */
        SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(mincore),
        /* who and where we are */
        SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage),
        SCMP_SYS(getrlimit), SCMP_SYS(getrandom),
};

/* Calls that are let through with some values of one argument: (argument & mask) == value. */
static const struct narrow_call {
        int call;
        unsigned argument;
        uint64_t mask, value;
} narrow_calls[] = {
        /* no new code in memory */
        {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
        {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
        /* threads, not processes */
        {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
        /* names of threads, and how exactly they are woken */
        {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME},
        {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_TIMERSLACK},
        /* our own limits */
        {SCMP_SYS(prlimit64), 0, UINT32_MAX, 0},
        /* what the C library asks descriptors */
        {SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD},
        {SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO},
        {SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},
        /* two ends for threads of one process; no Unix sockets that others listen on */
        {SCMP_SYS(socketpair), 0, UINT32_MAX, AF_UNIX},
};

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)
#define SOCKET_KIND 0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

static int allow_sockets(scmp_filter_ctx filter)
{
        static const struct { int family, kind; } sockets[] = {
                {AF_INET, SOCK_STREAM}, {AF_INET, SOCK_DGRAM}, {AF_INET6, SOCK_STREAM}, {AF_INET6, SOCK_DGRAM},
        };
        int error = 0;

        for (size_t i = 0; i < ARRAY_LEN(sockets) && !error; i++)
                error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)sockets[i].family),
                                         SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCKET_KIND, (uint32_t)sockets[i].kind));
        /* getaddrinfo() asks the kernel which addresses we have. */
        return error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2_32(SCMP_CMP_EQ, NETLINK_ROUTE));
}

static int allow_files(scmp_filter_ctx filter, bool writes_files)
{
        if (writes_files)
                return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 0);
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY));
}

static int allow_narrow(scmp_filter_ctx filter, const struct narrow_call *narrow)
{
        struct scmp_arg_cmp compare = {.arg = narrow->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = narrow->mask, .datum_b = narrow->value};

        return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, narrow->call, 1, &compare);
}

static int fill(scmp_filter_ctx filter, bool writes_files)
{
        int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

        seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list; an older library does without */
        for (size_t i = 0; i < ARRAY_LEN(plain_calls) && !error; i++)
                error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i], 0);
        for (size_t i = 0; i < ARRAY_LEN(narrow_calls) && !error; i++)
                error = allow_narrow(filter, &narrow_calls[i]);
        /* Its arguments are in memory, where a filter does not look: the C library goes on with clone when there is none. */
        if (!error)
                error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        /* abort() sends a signal to its own thread, in its own process. */
        if (!error)
                error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()));
        if (!error)
                error = allow_sockets(filter);
        return error ? error : allow_files(filter, writes_files);
}

enum fail_kind sandbox_enter(bool writes_files, struct fail *fail)
{
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &(struct rlimit){0}) < 0)
                return fail_errno(fail, errno, "giving up core dumps and privileges by exec");
#ifdef LOADSTONE_NO_SANDBOX
        (void)writes_files, (void)fill;
        return fail_set(fail, FAIL_MISSING, "no system call filter: this build is instrumented");
#else
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int error = filter ? fill(filter, writes_files) : -ENOMEM;
        if (!error)
                error = seccomp_load(filter);
        seccomp_release(filter);
        if (error)
                return fail_set(fail, FAIL_MISSING, "no system call filter here: %s", strerror(-error));
        return FAIL_NONE;
#endif
}
