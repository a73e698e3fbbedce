/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom the client believes, and what it shows them: certificates that are wrong, versions that are too old, authorities and
 * tokens that change on disk. Whoever is not believed sees no request and no token, and a write to him has not happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs.h"
#include "fake_server.h"
#include "stage.h"

#define GOOD "{\"ok\":1}"

static struct stage stage;
static struct authority *ours, *others;
static struct fake_server *server;
static SSL_CTX *tls;
static char *our_pem, *other_pem;
static char folder[64], token_path[96], ca_path[96];
static unsigned handled, refusals;
static const char *wanted_token; /* NULL: any */

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        auto_free char *line = xasprintf("\r\nAuthorization: Bearer %s\r\n", wanted_token ? wanted_token : "");

        (void)owner;
        handled++;
        if (wanted_token && !strstr(request->head, line)) {
                refusals++;
                fake_answer(connection, 401, NULL, "{\"kind\":\"Status\",\"code\":401,\"reason\":\"Unauthorized\"}");
        } else {
                fake_answer(connection, 200, NULL, GOOD);
        }
}

static void write_file(const char *path, const char *text, size_t size)
{
        unlink(path);
        auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0 && write(fd, text, size) == (ssize_t)size);
}

static int set_up(void **state)
{
        (void)state;
        stage_open(&stage);
        ours = authority_new("ours");
        others = authority_new("another's");
        our_pem = authority_pem(ours);
        other_pem = authority_pem(others);
        tls = authority_serve(ours, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        server = fake_server_new_tls(stage.loop, tls, handle, NULL);
        snprintf(folder, sizeof folder, "/tmp/loadstone-tls.XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(token_path, sizeof token_path, "%s/token", folder);
        snprintf(ca_path, sizeof ca_path, "%s/ca.crt", folder);
        stage.config = (struct kube_config){.server = (char *)fake_server_url(server), .ca_pem = xstrdup(our_pem), .token = xstrdup("secret-token")};
        handled = refusals = 0;
        wanted_token = NULL;
        return 0;
}

static int tear_down(void **state)
{
        auto_free char *command = xasprintf("rm -rf %s", folder);

        (void)state;
        stage.client = kube_client_free(stage.client);
        server = fake_server_free(server);
        stage_close(&stage);
        SSL_CTX_free(tls);
        ours = authority_free(ours);
        others = authority_free(others);
        free(our_pem);
        free(other_pem);
        free(stage.config.ca_pem);
        free(stage.config.token);
        return system(command);
}

/* ---- Certificates ---- */

struct proof {
        const char *name;
        struct certificate certificate;
        bool from_another; /* signed by an authority that we do not know */
        const char *tls_server_name;
        bool believed;
};

#define DAY 86400L
static const struct proof proofs[] = {
        {"in order", {.names = "IP:127.0.0.1"}, .believed = true},
        {"one of many names", {.names = "DNS:kubernetes,IP:10.96.0.1,IP:127.0.0.1"}, .believed = true},
        {"expired", {.names = "IP:127.0.0.1", .begins_s = -2 * DAY, .ends_s = -60}},
        {"not yet valid", {.names = "IP:127.0.0.1", .begins_s = 3600, .ends_s = DAY}},
        {"another address", {.names = "IP:127.0.0.2"}},
        {"another name", {.names = "DNS:kubernetes.default"}},
        {"the address as if it were a name", {.names = "DNS:127.0.0.1"}},
        {"an unknown authority", {.names = "IP:127.0.0.1"}, .from_another = true},
        {"its own authority", {.names = "IP:127.0.0.1", .self_signed = true}},
        {"TLS 1.0 only", {.names = "IP:127.0.0.1", .oldest_tls = TLS1_VERSION, .newest_tls = TLS1_VERSION}},
        {"TLS 1.1 only", {.names = "IP:127.0.0.1", .oldest_tls = TLS1_1_VERSION, .newest_tls = TLS1_1_VERSION}},
        {"TLS 1.2 only", {.names = "IP:127.0.0.1", .oldest_tls = TLS1_2_VERSION, .newest_tls = TLS1_2_VERSION}, .believed = true},
        {"the name that was agreed on", {.names = "DNS:kubernetes"}, .tls_server_name = "kubernetes", .believed = true},
        {"any of that domain", {.names = "DNS:*.example.com"}, .tls_server_name = "api.example.com", .believed = true},
        {"not the name that was agreed on", {.names = "IP:127.0.0.1"}, .tls_server_name = "kubernetes"},
        {"a domain too deep", {.names = "DNS:*.example.com"}, .tls_server_name = "a.b.example.com"},
};

static void only_who_proves_himself_sees_a_request(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(proofs); i++)
                for (enum stage_call call = 0; call < STAGE_CALLS; call++) {
                        const struct proof *proof = &proofs[i];
                        struct certificate certificate = proof->certificate;
                        certificate.http1_only = true;
                        SSL_CTX *shown = authority_serve(proof->from_another ? others : ours, &certificate);
                        wire_server_use(fake_server_wires(server), shown);
                        stage.config.tls_server_name = (char *)proof->tls_server_name;
                        stage_client(&stage);
                        handled = 0;
                        struct outcome outcome = stage_call(&stage, call);
                        wire_server_use(fake_server_wires(server), tls);
                        SSL_CTX_free(shown);
                        bool refused = outcome.fail.kind == FAIL_DENIED || outcome.fail.kind == FAIL_IO;
                        if (proof->believed ? outcome.fail.kind || handled != 1 : !refused || handled)
                                fail_msg("%s, call %d: %s: %s, %u requests seen", proof->name, call, fail_kind_name(outcome.fail.kind),
                                         outcome.fail.text, handled);
                        assert_null(strstr(outcome.fail.text, "secret-token"));
                }
        stage.config.tls_server_name = NULL;
}

/* Whoever is at the port speaks no TLS at all, or breaks off in the middle of it. */
static enum { SPEAKS_PLAIN, HANGS_UP, BABBLES } stranger;
static bool saw_token;

static void stranger_opened(void *owner, struct wire *wire)
{
        (void)owner;
        if (stranger == SPEAKS_PLAIN)
                wire_send(wire, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"ok\":1}", 46);
        else if (stranger == HANGS_UP)
                wire_reset(wire);
        else
                wire_send(wire, "\x16\x03\x03\x40\x00\x02\x00\x00\x00\xff\xff\xff", 12);
}

static void stranger_bytes(void *owner, struct wire *wire, const char *data, size_t size)
{
        (void)owner;
        (void)wire;
        saw_token = saw_token || memmem(data, size, "secret-token", 12);
}

static void strangers_see_no_token(void **state)
{
        static const struct wire_calls calls = {.opened = stranger_opened, .bytes = stranger_bytes};
        struct wire_server *strange = wire_listen(stage.loop, NULL, &calls, NULL);
        auto_free char *url = xasprintf("https://127.0.0.1:%d", wire_server_port(strange));
        (void)state;

        stage.config.server = url;
        for (stranger = SPEAKS_PLAIN; stranger <= BABBLES; stranger++)
                for (enum stage_call call = 0; call < STAGE_CALLS; call++) {
                        stage_client(&stage);
                        struct outcome outcome = stage_call(&stage, call);
                        if (outcome.fail.kind != FAIL_IO && outcome.fail.kind != FAIL_TIMEOUT)
                                fail_msg("stranger %d, call %d: %s", stranger, call, outcome.fail.text);
                        assert_false(saw_token);
                }
        stage.client = kube_client_free(stage.client);
        wire_server_free(strange);
}

/* ---- What changes on disk ---- */

static void a_new_authority_on_disk_is_believed_within_five_minutes(void **state)
{
        SSL_CTX *renewed = authority_serve(others, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        (void)state;

        write_file(ca_path, our_pem, strlen(our_pem));
        stage.config.ca_file = ca_path;
        stage_client(&stage);
        assert_int_equal(stage_call(&stage, STAGE_READ).fail.kind, FAIL_NONE);
        /* The connection that exists has proved itself and goes on; a new one fails until the file is read again. */
        write_file(ca_path, other_pem, strlen(other_pem));
        wire_server_use(fake_server_wires(server), renewed);
        assert_int_equal(stage_call(&stage, STAGE_READ).fail.kind, FAIL_NONE);
        assert_int_equal(stage_call(&stage, STAGE_LEASE).fail.kind, FAIL_DENIED);
        stage_pass(&stage, 300 * NS_PER_S);
        assert_int_equal(stage_call(&stage, STAGE_LEASE).fail.kind, FAIL_NONE);
        /* An empty or missing file takes no trust away, and gives none. */
        write_file(ca_path, "", 0);
        stage_pass(&stage, 301 * NS_PER_S);
        assert_int_equal(stage_call(&stage, STAGE_STREAM).fail.kind, FAIL_NONE);
        unlink(ca_path);
        stage_pass(&stage, 301 * NS_PER_S);
        assert_int_equal(stage_call(&stage, STAGE_READ).fail.kind, FAIL_NONE);
        stage.client = kube_client_free(stage.client);
        SSL_CTX_free(renewed);
}

/* Nothing that can be read as a certificate: nobody is believed, rather than everybody. */
static void an_authority_that_is_none_believes_nobody(void **state)
{
        static const char *const nonsense[] = {"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
                free(stage.config.ca_pem);
                stage.config.ca_pem = xstrdup(nonsense[i]);
                stage_client(&stage);
                struct outcome outcome = stage_call(&stage, STAGE_WRITE);
                if (outcome.fail.kind != FAIL_DENIED && outcome.fail.kind != FAIL_IO)
                        fail_msg("'%s': %s", nonsense[i], outcome.fail.text);
                assert_int_equal(handled, 0);
        }
}

enum token_file { REPLACED, EMPTY, MISSING, LARGEST, TOO_LARGE, SWAPPED, FOLDER, ONLY_NEWLINE, TWO_LINES, WITH_ZERO, TOKEN_FILES };

static const struct rotation {
        const char *name;
        bool taken; /* else the old one stays */
} rotations[TOKEN_FILES] = {
        [REPLACED] = {"replaced", true},         [EMPTY] = {"empty", false},      [MISSING] = {"missing", false},
        [LARGEST] = {"of 64 KiB", true},         [TOO_LARGE] = {"of 64 KiB and a byte", false},
        [SWAPPED] = {"behind a link that is swapped", true}, [FOLDER] = {"a folder", false},
        [ONLY_NEWLINE] = {"only a line end", false}, [TWO_LINES] = {"of two lines", true}, [WITH_ZERO] = {"with a zero byte", true},
};

static char *new_token; /* what the server wants after the change */

static void change_token_file(enum token_file change)
{
        auto_free char *large = xcalloc((64 << 10) + 2, 1);
        auto_free char *target = xasprintf("%s/..data.%d", folder, change), *link = xasprintf("%s/..new", folder);
        const char *text = "new";

        memset(large, 'n', (64 << 10) + 1);
        unlink(token_path);
        if (change == REPLACED)
                write_file(token_path, text = "newer\n", 6);
        else if (change == EMPTY)
                write_file(token_path, "", 0);
        else if (change == LARGEST)
                write_file(token_path, text = large, 64 << 10);
        else if (change == TOO_LARGE)
                write_file(token_path, text = large, (64 << 10) + 1);
        else if (change == FOLDER)
                assert_int_equal(mkdir(token_path, 0700), 0);
        else if (change == ONLY_NEWLINE)
                write_file(token_path, "\r\n", 2);
        else if (change == TWO_LINES)
                write_file(token_path, text = "first\r\nX-Injected: 1\r\n", 22);
        else if (change == WITH_ZERO)
                write_file(token_path, text = "zero\0tail", 9);
        if (change == SWAPPED) { /* as the kubelet does it: a new file, and a link moved over the old one */
                write_file(target, text = "swapped", 7);
                assert_int_equal(symlink(target, link), 0);
                assert_int_equal(rename(link, token_path), 0);
        }
        new_token = xstrndup(text, change == LARGEST ? 64 << 10 : strcspn(text, "\r\n"));
}

static void whatever_becomes_of_the_token_file_is_survived(void **state)
{
        (void)state;
        for (enum token_file change = 0; change < TOKEN_FILES; change++) {
                rmdir(token_path);
                write_file(token_path, "old\n", 4);
                free(stage.config.token);
                stage.config.token = NULL;
                stage.config.token_file = token_path;
                stage.config.token_due_ns = 0;
                stage_client(&stage);
                wanted_token = "old";
                assert_int_equal(stage_call(&stage, STAGE_READ).fail.kind, FAIL_NONE);
                change_token_file(change);
                /* Without a word from the server the file is read again within a minute ... */
                stage_pass(&stage, 61 * NS_PER_S);
                wanted_token = rotations[change].taken ? new_token : "old";
                refusals = 0;
                struct outcome outcome = stage_call(&stage, STAGE_WRITE);
                if (outcome.fail.kind || refusals)
                        fail_msg("%s: %s after %u refusals", rotations[change].name, outcome.fail.text, refusals);
                /* ... and after a refusal at once, once. */
                wanted_token = "another";
                handled = 0;
                outcome = stage_call(&stage, STAGE_READ);
                assert_int_equal(outcome.fail.kind, FAIL_DENIED);
                assert_null(strstr(outcome.fail.text, new_token));
                assert_int_equal(handled, 1);
                free(take(new_token));
        }
        stage.config.token_file = NULL;
}

/* The server forgets us for five minutes, as it does when its keys change before the kubelet has brought a new token. */
static void five_minutes_of_refusals_are_sat_out(void **state)
{
        (void)state;
        write_file(token_path, "old\n", 4);
        free(stage.config.token);
        stage.config.token = NULL;
        stage.config.token_file = token_path;
        stage_client(&stage);
        wanted_token = "new";
        for (int i = 0; i < 300; i++) {
                assert_int_equal(stage_call(&stage, i % 2 ? STAGE_WRITE : STAGE_READ).fail.kind, FAIL_DENIED);
                stage_pass(&stage, NS_PER_S);
        }
        assert_int_equal(handled, 300); /* one each: nothing new was there to try again with */
        write_file(token_path, "new\n", 4);
        assert_int_equal(stage_call(&stage, STAGE_WRITE).fail.kind, FAIL_NONE);
        stage.config.token_file = NULL;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(only_who_proves_himself_sees_a_request, set_up, tear_down),
                cmocka_unit_test_setup_teardown(strangers_see_no_token, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_new_authority_on_disk_is_believed_within_five_minutes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_authority_that_is_none_believes_nobody, set_up, tear_down),
                cmocka_unit_test_setup_teardown(whatever_becomes_of_the_token_file_is_survived, set_up, tear_down),
                cmocka_unit_test_setup_teardown(five_minutes_of_refusals_are_sat_out, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
