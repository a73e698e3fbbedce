/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/config_parts.h"

#define OUTPUT_BYTES_MAX (64u << 10)
#define RUN_NS (30 * NS_PER_S)
#define PAUSE_NS NS_PER_S /* between two runs, whatever the server says */
#define ARGS_MAX 256

extern char **environ;

struct kube_exec {
        char *api_version;
        char *command, *hint;
        char **argv, **env; /* both end with NULL; env holds the additions only */
        size_t argv_len, env_len;
        bool ran;
        int64_t ran_ns, expires_ns; /* expires_ns: INT64_MAX when the plugin gave no time */
};

struct kube_exec *exec_plugin_free(struct kube_exec *exec)
{
        if (!exec)
                return NULL;
        for (size_t i = 0; i < exec->argv_len; i++)
                free(exec->argv[i]);
        for (size_t i = 0; i < exec->env_len; i++)
                config_secret_free(exec->env[i]);
        free(exec->argv);
        free(exec->env);
        free(exec->api_version);
        free(exec->command);
        free(exec->hint);
        free(exec);
        return NULL;
}

static void push(char ***list, size_t *len, char *text)
{
        *list = xrealloc(*list, (*len + 2) * sizeof **list);
        (*list)[(*len)++] = text;
        (*list)[*len] = NULL;
}

/* What the plugin is told about itself and us. */
static char *exec_info(const struct kube_exec *exec, struct json_object *cluster)
{
        auto_json struct json_object *info = doc_object();
        struct json_object *spec = doc_set_bool(doc_object(), "interactive", false);

        doc_set_text(info, "apiVersion", exec->api_version);
        doc_set_text(info, "kind", "ExecCredential");
        doc_set(spec, "cluster", doc_copy(cluster));
        doc_set(info, "spec", spec);
        return xasprintf("KUBERNETES_EXEC_INFO=%s", doc_print(info));
}

static void read_arguments(struct kube_exec *exec, struct json_object *user)
{
        struct json_object *args = doc_at(user, "args"), *env = doc_at(user, "env");

        push(&exec->argv, &exec->argv_len, xstrdup(exec->command));
        for (size_t i = 0; i < doc_len(args, ""); i++) {
                const char *text = doc_text(doc_item(args, i), "");
                push(&exec->argv, &exec->argv_len, xstrdup(text ? text : ""));
        }
        for (size_t i = 0; i < doc_len(env, ""); i++) {
                const char *name = doc_text(doc_item(env, i), "name"), *value = doc_text(doc_item(env, i), "value");
                if (name)
                        push(&exec->env, &exec->env_len, xasprintf("%s=%s", name, value ? value : ""));
        }
}

enum fail_kind exec_plugin_new(struct json_object *user, struct json_object *cluster, const char *folder,
                               struct kube_exec **ret_exec, struct fail *fail)
{
        const char *version = doc_text(user, "apiVersion"), *command = doc_text(user, "command");

        if (!text_equal(version, "client.authentication.k8s.io/v1") &&
            !text_equal(version, "client.authentication.k8s.io/v1beta1"))
                return fail_set(fail, FAIL_INVALID, "exec.apiVersion '%s' is not known", version ? version : "");
        if (!command || !command[0])
                return fail_set(fail, FAIL_INVALID, "exec.command is missing");
        if (text_equal(doc_text(user, "interactiveMode"), "Always"))
                return fail_set(fail, FAIL_INVALID, "exec.command %s wants a terminal (interactiveMode Always)", command);
        if (doc_len(user, "args") > ARGS_MAX || doc_len(user, "env") > ARGS_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "exec has more than %d args or env", ARGS_MAX);

        struct kube_exec *exec = xnew(struct kube_exec);
        exec->api_version = xstrdup(version);
        exec->command = strchr(command, '/') && command[0] != '/' ? xasprintf("%s/%s", folder, command)
                                                                  : xstrdup(command);
        exec->hint = doc_text(user, "installHint") ? xstrdup(doc_text(user, "installHint")) : NULL;
        read_arguments(exec, user);
        push(&exec->env, &exec->env_len, exec_info(exec, doc_bool(user, "provideClusterInfo", false) ? cluster : NULL));
        *ret_exec = exec;
        return FAIL_NONE;
}

bool exec_plugin_due(const struct kube_exec *exec, int64_t now_ns, bool refused)
{
        if (!exec->ran)
                return true;
        return (refused || now_ns >= exec->expires_ns) && now_ns - exec->ran_ns >= PAUSE_NS;
}

static bool names_same(const char *a, const char *b)
{
        size_t len = strcspn(a, "=");

        return len == strcspn(b, "=") && strncmp(a, b, len) == 0;
}

/* Our environment with the plugin's additions; the strings are borrowed, the array is the caller's. */
static char **environment(const struct kube_exec *exec)
{
        size_t len = 0, count = 0;

        while (environ[count])
                count++;
        char **all = xcalloc(count + exec->env_len + 1, sizeof *all);
        for (size_t i = 0; i < count; i++) {
                bool replaced = false;
                for (size_t k = 0; k < exec->env_len; k++)
                        replaced |= names_same(environ[i], exec->env[k]);
                if (!replaced)
                        all[len++] = environ[i];
        }
        for (size_t k = 0; k < exec->env_len; k++)
                all[len++] = exec->env[k];
        return all;
}

static enum fail_kind spawn(const struct kube_exec *exec, int output, pid_t *ret_pid, struct fail *fail)
{
        auto_free char **env = environment(exec);
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;

        sigemptyset(&none);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        /* stderr stays ours: plugins tell people there what is wrong. A group of its own lets a time-out end helpers too. */
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
        int error = posix_spawnp(ret_pid, exec->command, &actions, &attributes, exec->argv, env);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (error)
                return fail_errno(fail, error, "credential plugin %s%s%s", exec->command, exec->hint ? ": " : "",
                                  exec->hint ? exec->hint : "");
        return FAIL_NONE;
}

/* Everything the plugin prints until it closes its output. */
static enum fail_kind collect(int input, int64_t until_ns, struct buf *output, struct fail *fail)
{
        char block[4096];

        for (;;) {
                int64_t left_ns = until_ns - clock_now_ns(clock_system());
                struct pollfd wait = {.fd = input, .events = POLLIN};
                if (left_ns <= 0)
                        return fail_set(fail, FAIL_TIMEOUT, "credential plugin took longer than %d s",
                                        (int)(RUN_NS / NS_PER_S));
                if (poll(&wait, 1, (int)(left_ns / NS_PER_MS) + 1) <= 0)
                        continue;
                ssize_t got = read(input, block, sizeof block);
                if (got == 0)
                        return FAIL_NONE;
                if (got < 0 && errno != EINTR)
                        return fail_errno(fail, errno, "credential plugin");
                if (got > 0 && !buf_add(output, block, (size_t)got))
                        return fail_set(fail, FAIL_TOO_LARGE, "credential plugin printed more than %u bytes",
                                        OUTPUT_BYTES_MAX);
        }
}

/* Waits for the end of a plugin that has closed its output, but not past 'until_ns'. */
static enum fail_kind reap(pid_t pid, int64_t until_ns, bool hurry, struct fail *fail)
{
        int status = 0;

        while (!hurry && waitpid(pid, &status, WNOHANG) == 0) {
                hurry = clock_now_ns(clock_system()) >= until_ns;
                poll(NULL, 0, 1);
        }
        if (hurry) {
                kill(-pid, SIGKILL);
                while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                        ;
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return fail_set(fail, FAIL_IO, "credential plugin ended with %s %d",
                                WIFEXITED(status) ? "status" : "signal",
                                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        return FAIL_NONE;
}

static enum fail_kind run(const struct kube_exec *exec, struct buf *output, struct fail *fail)
{
        int64_t until_ns = clock_now_ns(clock_system()) + RUN_NS;
        int pipes[2];
        pid_t pid;

        if (pipe2(pipes, O_CLOEXEC) < 0)
                return fail_errno(fail, errno, "pipe");
        auto_close int input = pipes[0];
        enum fail_kind kind = spawn(exec, pipes[1], &pid, fail);
        close(pipes[1]);
        if (kind)
                return kind;
        kind = collect(input, until_ns, output, fail);
        enum fail_kind ended = reap(pid, until_ns, kind != FAIL_NONE, kind ? NULL : fail);
        return kind ? kind : ended;
}

/* Only the time left is of use: the calendar may jump, our schedule must not. */
static int64_t expiry_ns(int64_t expires_wall_ms, int64_t now_ns, int64_t wall_ms)
{
        int64_t left_ms = expires_wall_ms - wall_ms;

        if (expires_wall_ms < 0 || left_ms >= (INT64_MAX - now_ns) / NS_PER_MS) /* none given, or beyond all counting */
                return INT64_MAX;
        return now_ns + (left_ms > 0 ? left_ms : 0) * NS_PER_MS;
}

static enum fail_kind adopt(struct kube_exec *exec, struct kube_config *config, struct json_object *credential,
                            int64_t now_ns, int64_t wall_ms, bool *ret_changed, struct fail *fail)
{
        const char *token = doc_text(credential, "status.token");
        const char *cert = doc_text(credential, "status.clientCertificateData");
        const char *key = doc_text(credential, "status.clientKeyData");
        if (!text_equal(doc_text(credential, "apiVersion"), exec->api_version))
                return fail_set(fail, FAIL_INVALID, "credential plugin answered with another apiVersion than %s",
                                exec->api_version);
        if ((!token && !cert) || !cert != !key || (token && strpbrk(token, "\r\n")))
                return fail_set(fail, FAIL_INVALID, "credential plugin gave neither a token nor a certificate with key");
        if (cert && !text_equal(cert, config->cert_pem))
                *ret_changed = true;
        config_secret_set(&config->token, token ? xstrdup(token) : NULL);
        if (cert) {
                config_secret_set(&config->cert_pem, xstrdup(cert));
                config_secret_set(&config->key_pem, xstrdup(key));
        }
        exec->expires_ns = expiry_ns(clock_parse(doc_text(credential, "status.expirationTimestamp")), now_ns, wall_ms);
        return FAIL_NONE;
}

enum fail_kind exec_plugin_take(struct kube_exec *exec, struct kube_config *config, const char *text, size_t size,
                                int64_t now_ns, int64_t wall_ms, bool *ret_changed, struct fail *fail)
{
        auto_json struct json_object *credential = NULL;

        if (doc_parse(text, size, &credential, fail))
                return FAIL_INVALID;
        return adopt(exec, config, credential, now_ns, wall_ms, ret_changed, fail);
}

int64_t exec_plugin_expires_ns(const struct kube_exec *exec)
{
        return exec->expires_ns;
}

enum fail_kind exec_plugin_run(struct kube_exec *exec, struct kube_config *config, int64_t now_ns, bool *ret_changed,
                               struct fail *fail)
{
        auto_buf struct buf output = buf_bounded(OUTPUT_BYTES_MAX);

        exec->ran = true;
        exec->ran_ns = now_ns;
        exec->expires_ns = now_ns; /* a failed run is tried again, after the pause */
        enum fail_kind kind = run(exec, &output, fail);
        if (!kind)
                kind = exec_plugin_take(exec, config, output.data ? output.data : "", output.size, now_ns,
                                        clock_wall_ms(clock_system()), ret_changed, fail);
        if (output.data)
                explicit_bzero(output.data, output.size);
        return kind ? fail_wrap(fail, "%s", exec->command) : FAIL_NONE;
}
