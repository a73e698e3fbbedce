/* SPDX-License-Identifier: Apache-2.0 */
#include "load/socket_tls.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct socket_tls {
        SSL_CTX *context;
        char *name;
        bool name_is_address;
        bool speaks_http2; /* and nothing else */
};

static bool is_address(const char *name)
{
        unsigned char bytes[16];
        return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* A ticket of TLS 1.3 serves once: each connection remembers its own latest one. */
static int remember_session(SSL *ssl, SSL_SESSION *session)
{
        struct socket *sock = SSL_get_app_data(ssl);

        SSL_SESSION_free(sock->session);
        sock->session = session;
        return 1; /* the reference is ours now */
}

static enum fail_kind openssl_fail(struct fail *fail, enum fail_kind kind, const char *what)
{
        char text[160];

        ERR_error_string_n(ERR_get_error(), text, sizeof text);
        ERR_clear_error();
        return fail_set(fail, kind, "%s: %s", what, text);
}

/* A locked key has no password here: asking somebody at a terminal would be waiting for nobody. */
static int no_password(char *into, int size, int writing, void *unused)
{
        (void)into;
        (void)size;
        (void)writing;
        (void)unused;
        return -1;
}

/* What this client shows of itself when the server asks. OpenSSL's own words name the place, never the content. */
static enum fail_kind show_certificate(SSL_CTX *context, const struct load_plan *plan, struct fail *fail)
{
        if (!plan->certificate_file)
                return FAIL_NONE;
        SSL_CTX_set_default_passwd_cb(context, no_password);
        if (SSL_CTX_use_certificate_chain_file(context, plan->certificate_file) != 1)
                return openssl_fail(fail, FAIL_INVALID, plan->certificate_file);
        if (SSL_CTX_use_PrivateKey_file(context, plan->key_file, SSL_FILETYPE_PEM) != 1)
                return openssl_fail(fail, FAIL_INVALID, plan->key_file);
        return FAIL_NONE;
}

static enum fail_kind trust(SSL_CTX *context, const struct load_plan *plan, struct fail *fail)
{
        SSL_CTX_set_verify(context, plan->tls_verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
        if (!plan->tls_verify)
                return FAIL_NONE;
        if (!plan->ca_file)
                return SSL_CTX_set_default_verify_paths(context) == 1 ? FAIL_NONE
                                                                      : openssl_fail(fail, FAIL_IO, "the system's CA store");
        if (SSL_CTX_load_verify_file(context, plan->ca_file) != 1)
                return openssl_fail(fail, FAIL_INVALID, plan->ca_file);
        return FAIL_NONE;
}

static enum fail_kind set_up(struct socket_tls *tls, const struct load_plan *plan, struct fail *fail)
{
        static const unsigned char http1[] = "\x08http/1.1", http2[] = "\x02h2";

        tls->context = SSL_CTX_new(TLS_client_method());
        if (!tls->context)
                return openssl_fail(fail, FAIL_IO, "TLS");
        SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
        /* Without read-ahead every record costs two reads. */
        SSL_CTX_set_read_ahead(tls->context, 1);
        SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                               SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_options(tls->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
        SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(tls->context, remember_session);
        tls->speaks_http2 = plan->protocol != LOAD_HTTP1;
        SSL_CTX_set_alpn_protos(tls->context, tls->speaks_http2 ? http2 : http1, tls->speaks_http2 ? sizeof http2 - 1 : sizeof http1 - 1);
        if (show_certificate(tls->context, plan, fail))
                return fail->kind;
        return trust(tls->context, plan, fail);
}

enum fail_kind socket_tls_new(const struct load_plan *plan, struct socket_tls **ret_tls, struct fail *fail)
{
        *ret_tls = NULL;
        if (!plan->tls)
                return FAIL_NONE;

        struct socket_tls *tls = xnew(struct socket_tls);
        tls->name = xstrdup(plan->sni);
        tls->name_is_address = is_address(plan->sni);
        if (set_up(tls, plan, fail)) {
                socket_tls_free(tls);
                return fail_wrap(fail, "tls");
        }
        *ret_tls = tls;
        return FAIL_NONE;
}

struct socket_tls *socket_tls_free(struct socket_tls *tls)
{
        if (!tls)
                return NULL;
        SSL_CTX_free(tls->context);
        free(tls->name);
        free(tls);
        return NULL;
}

static bool begin(struct socket *sock)
{
        const struct socket_tls *tls = sock->tls;
        SSL *ssl = SSL_new(tls->context);

        if (!ssl)
                return false;
        sock->ssl = ssl;
        SSL_set_app_data(ssl, sock);
        SSL_set_connect_state(ssl);
        bool named = tls->name_is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), tls->name) == 1
                                          : SSL_set_tlsext_host_name(ssl, tls->name) == 1 &&
                                                    SSL_set1_host(ssl, tls->name) == 1;
        if (sock->session)
                SSL_set_session(ssl, sock->session);
        return named && SSL_set_fd(ssl, sock->fd) == 1;
}

static enum socket_result result_of(struct socket *sock, int code)
{
        switch (SSL_get_error(sock->ssl, code)) {
        case SSL_ERROR_NONE:
                return SOCKET_OK;
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
                return SOCKET_AGAIN;
        case SSL_ERROR_ZERO_RETURN:
                return SOCKET_CLOSED;
        case SSL_ERROR_SYSCALL:
                return SOCKET_RESET;
        default:
                return SOCKET_TLS;
        }
}

/* RFC 9113 section 3.2: HTTP/2 is spoken when the server chose it. HTTP/1.1 is also what a server without ALPN speaks. */
static bool has_agreed(struct socket *sock)
{
        const unsigned char *chosen = NULL;
        unsigned size = 0;

        SSL_get0_alpn_selected(sock->ssl, &chosen, &size);
        return !sock->tls->speaks_http2 || (size == 2 && memcmp(chosen, "h2", 2) == 0);
}

static enum socket_result tls_shake(struct socket *sock)
{
        if (!sock->ssl && !begin(sock))
                return SOCKET_TLS;
        ERR_clear_error();
        enum socket_result result = result_of(sock, SSL_do_handshake(sock->ssl));
        if (result == SOCKET_OK && !has_agreed(sock))
                return SOCKET_TLS;
        /* A peer that hangs up in the handshake speaks no TLS with us. */
        return result == SOCKET_CLOSED || result == SOCKET_RESET ? SOCKET_TLS : result;
}

static enum socket_result tls_read(struct socket *sock, char *data, size_t size, size_t *ret_moved)
{
        *ret_moved = 0;
        ERR_clear_error();
        return result_of(sock, SSL_read_ex(sock->ssl, data, size, ret_moved));
}

static enum socket_result tls_write(struct socket *sock, const char *data, size_t size, size_t *ret_moved)
{
        *ret_moved = 0;
        ERR_clear_error();
        enum socket_result result = result_of(sock, SSL_write_ex(sock->ssl, data, size, ret_moved));
        return result == SOCKET_CLOSED ? SOCKET_RESET : result;
}

static void tls_close(struct socket *sock)
{
        /* No close_notify round trip; marked as shut down, so that the session stays resumable. */
        if (sock->ssl)
                SSL_set_shutdown(sock->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(sock->ssl);
        sock->ssl = NULL;
}

const struct socket_ops socket_tls_ops = {tls_shake, tls_read, tls_write, tls_close};

void socket_tls_forget(struct socket *sock)
{
        SSL_SESSION_free(sock->session);
        sock->session = NULL;
}
