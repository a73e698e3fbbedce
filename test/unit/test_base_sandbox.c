/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left after sandbox_enter(): each look is a process of its own, because there is no way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sandbox.h"

enum { AS_IT_SHOULD = 0, NOT_SO = 1, NO_FILTERS = 77 };

/* True when 'look' holds in a process that has entered; skips the test where the kernel has no filters. */
static bool inside(bool writes_files, bool (*look)(void))
{
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                enum fail_kind kind = sandbox_enter(writes_files, NULL);
                _exit(kind == FAIL_MISSING ? NO_FILTERS : kind || !look() ? NOT_SO : AS_IT_SHOULD);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTERS)
                skip();
        return WIFEXITED(status) && WEXITSTATUS(status) == AS_IT_SHOULD;
}

static bool refused(long result)
{
        return result < 0 && errno == EPERM;
}

/* EPERM might also come from the kernel itself: as root, without a filter, each of these does something else. */
static bool takeover_is_refused(void)
{
        char name[] = "/bin/true", *const argv[] = {name, NULL};
        struct { const char *what; bool refused; } calls[] = {
                {"execve", refused(execve("/bin/true", argv, argv))},
                {"execveat", refused(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv, 0))},
                {"fork", refused(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))},
                {"ptrace", refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL))},
                {"process_vm_readv", refused(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0))},
                {"kill", refused(kill(getppid(), 0))},
                {"executable memory", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM},
                {"packet socket", refused(socket(AF_PACKET, SOCK_RAW, 0))},
                {"raw socket", refused(socket(AF_INET, SOCK_RAW, 1))},
                {"unix socket", refused(socket(AF_UNIX, SOCK_STREAM, 0))},
                {"audit socket", refused(socket(AF_NETLINK, SOCK_RAW, 9))},
                {"listen", refused(listen(socket(AF_INET, SOCK_STREAM, 0), 1))},
                {"mount", refused(mount("none", "/nowhere", "tmpfs", 0, NULL))},
                {"unshare", refused(unshare(CLONE_NEWNS))},
                {"bpf", refused(syscall(SYS_bpf, 0, NULL, 0))},
                {"io_uring", refused(syscall(SYS_io_uring_setup, 1, NULL))},
                {"keyctl", refused(syscall(SYS_keyctl, 0, 0, 0, 0, 0))},
                {"memfd", refused(memfd_create("x", 0))},
                {"chmod", refused(syscall(SYS_fchmodat, AT_FDCWD, "/nowhere", 0))},
                {"unlink", refused(unlink("/nowhere"))},
                {"setuid", refused(syscall(SYS_setuid, 0))},
                {"dumpable", refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))},
        };
        bool all = true;

        for (size_t i = 0; i < ARRAY_LEN(calls); i++)
                if (!calls[i].refused) {
                        fprintf(stderr, "not refused: %s\n", calls[i].what);
                        all = false;
                }
        return all;
}

static bool other_code_is_refused(void)
{
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 && errno == EPERM && mprotect(page, 4096, PROT_READ) == 0;
}

static bool files_are_only_read(void)
{
        int fd = open("/proc/self/status", O_RDONLY);

        return fd >= 0 && open("/dev/null", O_WRONLY) < 0 && errno == EPERM && open("/dev/null", O_RDWR) < 0 && errno == EPERM &&
               open("/tmp/loadstone-never", O_RDONLY | O_CREAT, 0600) < 0 && errno == EPERM;
}

static bool files_are_written(void)
{
        return open("/dev/null", O_WRONLY | O_TRUNC) >= 0;
}

static void *note(void *owner)
{
        *(bool *)owner = true;
        return NULL;
}

static bool what_is_needed_goes_on(void)
{
        struct addrinfo *found = NULL;
        struct rlimit limit;
        pthread_t thread;
        bool ran = false;
        void *memory = malloc(8 << 20);

        if (pthread_create(&thread, NULL, note, &ran) || pthread_join(thread, NULL) || !ran || !memory)
                return false;
        free(memory);
        if (getaddrinfo("localhost", "80", NULL, &found) || !found)
                return false;
        freeaddrinfo(found);
        return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool nothing_is_left_behind(void)
{
        struct rlimit core;

        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0 && errno == EPERM && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0;
}

static bool a_second_filter_fits(void)
{
        /* The first one refuses to install another, as the container runtime's allows it: nothing is torn open. */
        return sandbox_enter(false, NULL) != FAIL_NONE && refused(execveat(-1, "/bin/true", environ, environ, 0));
}

static void a_process_that_is_taken_over_has_no_tools(void **state)
{
        (void)state;
        assert_true(inside(true, takeover_is_refused));
        assert_true(inside(true, other_code_is_refused));
}

static void only_who_has_to_write_files_may(void **state)
{
        (void)state;
        assert_true(inside(false, files_are_only_read));
        assert_true(inside(true, files_are_written));
}

static void threads_names_and_connections_go_on(void **state)
{
        (void)state;
        assert_true(inside(false, what_is_needed_goes_on));
}

static void there_is_no_way_back(void **state)
{
        (void)state;
        assert_true(inside(false, nothing_is_left_behind));
        assert_true(inside(false, a_second_filter_fits));
}

/* abort() is how we end when memory is out: a filter must not turn it into something that goes on. */
static bool abort_now(void)
{
        abort();
}

static void abort_still_ends_the_process(void **state)
{
        int status = 0;
        pid_t pid = fork();

        (void)state;
        if (pid == 0) {
                if (sandbox_enter(false, NULL) == FAIL_MISSING)
                        _exit(NO_FILTERS);
                abort_now();
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTERS)
                skip();
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_process_that_is_taken_over_has_no_tools),
                cmocka_unit_test(only_who_has_to_write_files_may),
                cmocka_unit_test(threads_names_and_connections_go_on),
                cmocka_unit_test(there_is_no_way_back),
                cmocka_unit_test(abort_still_ends_the_process),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
