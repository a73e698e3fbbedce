/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation fails once: alloc_sweep SCENARIO [SAMPLE SEED]. A scenario is run in a child of its own for each n, with the n-th
 * allocation after its beginning failing, whoever makes it: we, json-c, libcurl, nghttp2 or OpenSSL; or for SAMPLE of them, spread
 * evenly, each by chance of its neighbourhood. What may come of it: our abort(), which says nothing (base/heap.c); or, for whoever has
 * an allocator of his own, calls that end with a failure, or what comes of it otherwise. Not: a crash, a message of somebody else's
 * abort, a hang, a wrong answer, a request without its token, or a request to somebody who is not believed. The linker puts the
 * functions below in the place of glibc's allocator under ours. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs.h"
#include "data/doc.h"
#include "fake_h2.h"
#include "fake_server.h"
#include "kube/cache.h"
#include "stage.h"

#define GOOD "{\"ok\":1}"
#define HANG_S 60
#define CHILDREN_MAX 16

enum verdict { SAME, FAILED, WRONG, ABORTED, CRASHED, VERDICTS };

/* ---- Allocations ---- */

void *__real___libc_malloc(size_t size);
void *__real___libc_calloc(size_t count, size_t size);
void *__real___libc_realloc(void *old, size_t size);
void *__wrap___libc_malloc(size_t size);
void *__wrap___libc_calloc(size_t count, size_t size);
void *__wrap___libc_realloc(void *old, size_t size);

static bool counting;
static long counted, fails_at; /* 0: none fails */

static bool is_refused(void)
{
        return counting && ++counted == fails_at;
}

void *__wrap___libc_malloc(size_t size)
{
        return is_refused() ? NULL : __real___libc_malloc(size);
}

void *__wrap___libc_calloc(size_t count, size_t size)
{
        return is_refused() ? NULL : __real___libc_calloc(count, size);
}

void *__wrap___libc_realloc(void *old, size_t size)
{
        return is_refused() ? NULL : __real___libc_realloc(old, size);
}

/* ---- Scenarios ---- */

static struct stage stage;
static struct authority *ours, *others;
static SSL_CTX *tls;
static char *ca;
static struct fake_server *server;
static struct h2_server *h2;
static bool seen_wrong; /* a request that should never have come, or not like this */

static void answer(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        bool write = !text_equal(request->method, "GET");

        seen_wrong = seen_wrong || owner || !strstr(request->head, "\r\nAuthorization: Bearer secret-token\r\n") ||
                     !strstr(request->head, "\r\nAccept: application/json\r\n") || (write && !strstr(request->head, "\r\nContent-Type: application/json\r\n")) ||
                     (write && !text_equal(request->body, "{\"kind\":\"Thing\"}"));
        fake_answer(connection, 200, NULL, GOOD);
}

static void answer_h2(void *owner, struct h2_connection *connection, uint32_t stream, bool complete)
{
        (void)owner;
        if (complete)
                h2_answer(connection, stream, 200, GOOD);
}

static void prepare_talk(void)
{
        tls = authority_serve(ours, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        server = fake_server_new_tls(stage.loop, tls, answer, NULL);
        stage.config.server = (char *)fake_server_url(server);
}

static void prepare_stranger(void)
{
        tls = authority_serve(others, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        server = fake_server_new_tls(stage.loop, tls, answer, &seen_wrong); /* any request is one too many */
        stage.config.server = (char *)fake_server_url(server);
}

static void prepare_h2(void)
{
        tls = authority_serve(ours, &(struct certificate){.names = "IP:127.0.0.1"});
        h2 = h2_server_new(stage.loop, tls, answer_h2, NULL);
        stage.config.server = (char *)h2_server_url(h2);
}

static enum verdict talk(void)
{
        enum verdict verdict = SAME;
        struct fail fail = {0};

        if (kube_client_new(stage.loop, &stage.config, &stage.client, &fail))
                return FAILED;
        kube_client_seed(stage.client, 1);
        for (enum stage_call call = 0; call < STAGE_CALLS; call++) {
                struct outcome outcome = stage_call(&stage, call);
                if (outcome.fail.kind)
                        verdict = FAILED;
                else if (!text_equal(outcome.text, GOOD))
                        return WRONG;
        }
        return seen_wrong ? WRONG : verdict;
}

#define MAP(name, version) \
        "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\",\"uid\":\"u" name "\",\"resourceVersion\":\"" version "\"},\"data\":{\"v\":\"" name "\"}}"

/* Lists a and b; whoever watches from there hears of c. */
static void answer_cache(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        static const char event[] = "{\"type\":\"ADDED\",\"object\":" MAP("c", "7") "}\n";

        (void)owner;
        counting = false; /* the server is not what is tried */
        if (strstr(request->path, "watch=true")) {
                fake_begin(connection, 200);
                if (strstr(request->path, "resourceVersion=5"))
                        fake_piece(connection, event, strlen(event));
        } else {
                fake_answer(connection, 200, NULL, "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" MAP("a", "3") "," MAP("b", "4") "]}");
        }
        counting = true;
}

static void prepare_cache(void)
{
        server = fake_server_new(stage.loop, answer_cache, NULL);
        stage.config.server = (char *)fake_server_url(server);
}

/* A cache lists, watches, hears of a third object, and has all three in the end, or at least nothing else: it has time to try again. */
static enum verdict follow(void)
{
        static const char *const names[] = {"a", "b", "c"};
        struct fail fail = {0};

        if (kube_client_new(stage.loop, &stage.config, &stage.client, &fail))
                return FAILED;
        struct kube_cache *cache = kube_cache_new(stage.client, &(struct kube_cache_options){.kind = &kube_configmaps});
        stage_pass(&stage, 100 * NS_PER_S);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (!text_equal(doc_text(kube_cache_find(cache, "n", names[i]), "data.v"), names[i]))
                        return WRONG;
        kube_cache_free(cache);
        return SAME;
}

static const struct scenario {
        const char *name;
        void (*prepare)(void); /* nothing fails here */
        enum verdict (*run)(void);
        enum verdict usual;
} scenarios[] = {
        {"talk", prepare_talk, talk, SAME},
        {"stranger", prepare_stranger, talk, FAILED},
        {"h2", prepare_h2, talk, SAME},
        {"cache", prepare_cache, follow, SAME},
};

static const struct scenario *scenario_named(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
                if (text_equal(scenarios[i].name, name))
                        return &scenarios[i];
        return NULL;
}

/* ---- The sweep ---- */

static enum verdict run_here(const struct scenario *scenario, long fails)
{
        stage_open(&stage);
        ours = authority_new("ours");
        others = authority_new("another's");
        ca = authority_pem(ours);
        stage.config = (struct kube_config){.ca_pem = ca, .token = (char *)"secret-token"};
        scenario->prepare();
        counted = 0;
        fails_at = fails;
        counting = true;
        enum verdict verdict = scenario->run();
        counting = false;
        return verdict;
}

/* ---- Children ---- */

struct child {
        pid_t pid;
        long fails;
        int said; /* its standard error: whoever aborts because of something else than memory says there what it was */
};

/* They mostly wait for a millisecond in which nothing moves: many at once are many times as fast. */
static struct child children[CHILDREN_MAX];
static size_t children_len;

static void begin_child(const struct scenario *scenario, long fails)
{
        int pipes[2];

        if (pipe2(pipes, O_CLOEXEC))
                abort();
        pid_t pid = fork();
        if (pid < 0)
                abort();
        if (pid == 0) {
                dup2(pipes[1], STDERR_FILENO);
                alarm(HANG_S);
                _exit(run_here(scenario, fails));
        }
        close(pipes[1]);
        children[children_len++] = (struct child){pid, fails, pipes[0]};
}

static enum verdict verdict_of(int status, bool said)
{
        if (WIFEXITED(status))
                return WEXITSTATUS(status) < ABORTED ? (enum verdict)WEXITSTATUS(status) : CRASHED;
        return WTERMSIG(status) == SIGABRT && !said ? ABORTED : CRASHED;
}

static void end_child(const struct scenario *scenario, long of[static VERDICTS])
{
        static const char *const names[VERDICTS] = {"same", "failed", "wrong", "aborted", "crashed"};
        char said[1024];
        int status = 0;
        size_t at = 0;
        pid_t pid = wait(&status);

        while (at < children_len && children[at].pid != pid)
                at++;
        if (at == children_len)
                abort();
        const struct child child = children[at];
        children[at] = children[--children_len];
        ssize_t size = read(child.said, said, sizeof said - 1);
        said[size > 0 ? size : 0] = '\0';
        close(child.said);
        enum verdict verdict = verdict_of(status, size > 0);
        of[verdict]++;
        if (verdict == WRONG || verdict == CRASHED || (verdict == SAME && scenario->usual != SAME))
                printf("%s, allocation %ld: %s %s\n", scenario->name, child.fails, names[verdict], said);
}

static long allocations_of(const struct scenario *scenario)
{
        int pipes[2];
        long total = 0;

        if (pipe(pipes))
                abort();
        pid_t child = fork();
        if (child == 0) {
                enum verdict verdict = run_here(scenario, 0);
                total = verdict == scenario->usual ? counted : -1;
                _exit(write(pipes[1], &total, sizeof total) != sizeof total);
        }
        if (read(pipes[0], &total, sizeof total) != sizeof total)
                total = -1;
        waitpid(child, NULL, 0);
        return total;
}

int main(int argc, char **argv)
{
        const struct scenario *scenario = argc > 1 ? scenario_named(argv[1]) : NULL;
        long sample = argc > 3 ? atol(argv[2]) : 0, of[VERDICTS] = {0};
        uint64_t random = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

        if (!scenario) {
                fprintf(stderr, "alloc_sweep talk|stranger|h2|cache [SAMPLE SEED]\n");
                return 2;
        }
        long total = allocations_of(scenario);
        if (total <= 0) {
                fprintf(stderr, "%s: not even without failures\n", scenario->name);
                return 1;
        }
        long wanted = sample && sample < total ? sample : total;
        for (long i = 0; i < wanted; i++) {
                random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                long stride = (i + 1) * total / wanted - i * total / wanted; /* one of each, so that none is tried twice */
                if (children_len == CHILDREN_MAX)
                        end_child(scenario, of);
                begin_child(scenario, i * total / wanted + 1 + (long)((random >> 33) % (uint64_t)stride));
        }
        while (children_len > 0)
                end_child(scenario, of);
        printf("%s: %ld of %ld allocations failed (%.1f %%): %ld the same, %ld failed, %ld aborted, %ld wrong, %ld crashed\n", scenario->name, wanted,
               total, 100.0 * (double)wanted / (double)total, of[SAME], of[FAILED], of[ABORTED], of[WRONG], of[CRASHED]);
        return of[WRONG] || of[CRASHED] || (scenario->usual != SAME && of[SAME]);
}
