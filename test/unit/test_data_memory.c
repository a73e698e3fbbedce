/* SPDX-License-Identifier: Apache-2.0
 *
 * Out of memory is an end by abort(), not a wild pointer: tried in a child of little address space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "data/doc.h"

#define SPACE_BYTES (256u << 20)
#define BLOCK_BYTES (1u << 20)

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

static void grow_a_buffer(void)
{
        static char block[BLOCK_BYTES];
        struct buf buf = {0};

        for (;;)
                buf_add(&buf, block, sizeof block);
}

static void fill_a_map(void)
{
        struct map map = {0};

        for (size_t i = 0;; i++) {
                char *key = xasprintf("%*zu", 1 << 16, i);
                map_set(&map, key, key);
        }
}

/* Also where json-c allocates: a document without the member that did not fit would be another document. */
static void grow_a_document(void)
{
        struct json_object *array = doc_array();

        for (int64_t i = 0;; i++)
                doc_push(array, doc_set_int(doc_set_text(doc_object(), "name", "value"), "number", i));
}

static void keep_blocks(void)
{
        for (;;) {
                char *volatile block = xcalloc(1, BLOCK_BYTES);
                block[BLOCK_BYTES - 1] = 1;
        }
}

/* Nothing but abort() may end it: not SIGSEGV, not a return. */
static void must_abort(void (*work)(void))
{
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                const struct rlimit space = {SPACE_BYTES, SPACE_BYTES}, none = {0, 0};
                setrlimit(RLIMIT_CORE, &none);
                setrlimit(RLIMIT_AS, &space);
                signal(SIGABRT, SIG_DFL);
                work();
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void without_memory_a_program_ends_by_abort(void **state)
{
        (void)state;
#ifdef SANITIZED
        skip(); /* sanitizers need more address space than there is to run out of */
#endif
        must_abort(grow_a_buffer);
        must_abort(fill_a_map);
        must_abort(grow_a_document);
        must_abort(keep_blocks);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_memory_a_program_ends_by_abort),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
