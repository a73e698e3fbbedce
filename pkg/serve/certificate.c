/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define FILE_BYTES_MAX (64u << 10)
#define LOOK_NS (10 * NS_PER_S)
#define SELF_SIGNED_S (365L * 24 * 3600)
#define CHAIN_MAX 8

struct certificate {
        SSL_CTX *context;
        char *folder;       /* NULL: self-signed */
        char *name;
        uint64_t seen;      /* hash of the files' bytes, good or bad, as last looked at */
        int64_t look_ns;    /* not before */
        int64_t expires_ns; /* of the self-signed one: made anew then */
};

static enum fail_kind openssl_failed(struct fail *fail, const char *what)
{
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());

        ERR_clear_error();
        return fail_set(fail, FAIL_INVALID, "%s: %s", what, reason ? reason : "refused by OpenSSL");
}

/* ---- Self-signed ---- */

static X509_EXTENSION *extension(X509 *x509, int nid, const char *value)
{
        X509V3_CTX context;

        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
        return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}

static bool describe(X509 *x509, EVP_PKEY *key, const char *name)
{
        static const char common_name[] = "loadstone"; /* it has room for 64 characters, and a name may have more */
        const struct { int nid; char *value; } extensions[] = {
                {NID_basic_constraints, xstrdup("critical,CA:FALSE")},
                {NID_ext_key_usage, xstrdup("serverAuth")},
                {NID_subject_alt_name, xasprintf("DNS:%s", name)},
        };
        uint64_t serial = 0;
        X509_NAME *subject = X509_get_subject_name(x509);
        bool fine = RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 && X509_set_version(x509, 2) &&
                    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1) &&
                    X509_gmtime_adj(X509_getm_notBefore(x509), -3600) && X509_gmtime_adj(X509_getm_notAfter(x509), SELF_SIGNED_S) &&
                    X509_set_pubkey(x509, key) &&
                    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) &&
                    X509_set_issuer_name(x509, subject);

        for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
                X509_EXTENSION *made = extension(x509, extensions[i].nid, extensions[i].value);
                fine = fine && made && X509_add_ext(x509, made, -1);
                X509_EXTENSION_free(made);
                free(extensions[i].value);
        }
        return fine && X509_sign(x509, key, EVP_sha256());
}

static enum fail_kind use_self_signed(struct certificate *certificate, int64_t now_ns, struct fail *fail)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *x509 = X509_new();
        bool fine = key && x509 && describe(x509, key, certificate->name) && SSL_CTX_use_certificate(certificate->context, x509) == 1 &&
                    SSL_CTX_use_PrivateKey(certificate->context, key) == 1;

        X509_free(x509);
        EVP_PKEY_free(key);
        certificate->expires_ns = now_ns + SELF_SIGNED_S / 2 * NS_PER_S;
        return fine ? FAIL_NONE : openssl_failed(fail, "self-signed certificate");
}

/* ---- From a folder ---- */

static int no_passphrase(char *into, int size, int writing, void *unused)
{
        (void)into, (void)size, (void)writing, (void)unused;
        return -1; /* nobody is there to type one */
}

/* Looks at certificate and key before the context gets either: a context with halves of two pairs serves nobody. */
static enum fail_kind use_pair(struct certificate *certificate, const char *cert_pem, const char *key_pem, struct fail *fail)
{
        BIO *certs = BIO_new_mem_buf(cert_pem, -1), *keys = BIO_new_mem_buf(key_pem, -1);
        X509 *leaf = PEM_read_bio_X509(certs, NULL, no_passphrase, NULL), *above;
        EVP_PKEY *key = PEM_read_bio_PrivateKey(keys, NULL, no_passphrase, NULL);
        STACK_OF(X509) *chain = sk_X509_new_null();

        while (leaf && sk_X509_num(chain) < CHAIN_MAX && (above = PEM_read_bio_X509(certs, NULL, no_passphrase, NULL)))
                sk_X509_push(chain, above);
        ERR_clear_error(); /* the end of the file is told as an error */
        enum fail_kind kind = FAIL_NONE;
        if (!leaf || !key)
                kind = fail_set(fail, FAIL_INVALID, "%s holds no %s", leaf ? "tls.key" : "tls.crt", leaf ? "private key" : "certificate");
        else if (X509_check_private_key(leaf, key) != 1)
                kind = openssl_failed(fail, "tls.key does not belong to tls.crt");
        else if (SSL_CTX_use_cert_and_key(certificate->context, leaf, key, chain, 1) != 1)
                kind = openssl_failed(fail, "tls.crt and tls.key");
        sk_X509_pop_free(chain, X509_free);
        EVP_PKEY_free(key);
        X509_free(leaf);
        BIO_free(keys);
        BIO_free(certs);
        return kind;
}

/* Reads the folder, and uses the pair when it is not the one that was seen last. */
static enum fail_kind look(struct certificate *certificate, struct fail *fail)
{
        auto_free char *cert_path = xasprintf("%s/tls.crt", certificate->folder);
        auto_free char *key_path = xasprintf("%s/tls.key", certificate->folder);
        auto_free char *cert_pem = NULL, *key_pem = NULL;
        size_t cert_size, key_size;
        enum fail_kind kind = FAIL_NONE;
        uint64_t seen = 1;

        if (text_file_read(cert_path, FILE_BYTES_MAX, &cert_pem, &cert_size, fail) ||
            text_file_read(key_path, FILE_BYTES_MAX, &key_pem, &key_size, fail)) {
                kind = fail->kind;
        } else {
                seen = text_hash(cert_pem, cert_size) ^ (text_hash(key_pem, key_size) * 3);
                if (seen != certificate->seen)
                        kind = use_pair(certificate, cert_pem, key_pem, fail);
                explicit_bzero(key_pem, key_size);
        }
        if (kind && seen == certificate->seen)
                fail->kind = FAIL_NONE; /* said before */
        certificate->seen = seen;
        return kind;
}

/* ---- Life ---- */

static SSL_CTX *make_context(void)
{
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());

        if (!context)
                abort(); /* out of memory */
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context, 0);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
        return context;
}

enum fail_kind certificate_new(const char *folder, const char *name, struct certificate **ret_certificate, struct fail *fail)
{
        struct certificate *certificate = xnew(struct certificate);
        int64_t now_ns = clock_now_ns(clock_system());

        certificate->context = make_context();
        certificate->folder = folder ? xstrdup(folder) : NULL;
        certificate->name = xstrdup(name);
        certificate->look_ns = now_ns + LOOK_NS;
        enum fail_kind kind = folder ? look(certificate, fail) : use_self_signed(certificate, now_ns, fail);
        if (kind) {
                certificate_free(certificate);
                return folder ? fail_wrap(fail, "certificate in %s", folder) : kind;
        }
        *ret_certificate = certificate;
        return FAIL_NONE;
}

struct certificate *certificate_free(struct certificate *certificate)
{
        if (!certificate)
                return NULL;
        SSL_CTX_free(certificate->context);
        free(certificate->folder);
        free(certificate->name);
        free(certificate);
        return NULL;
}

SSL_CTX *certificate_context(struct certificate *certificate, int64_t now_ns, struct fail *fail)
{
        fail->kind = FAIL_NONE;
        if (certificate->folder && now_ns >= certificate->look_ns) {
                certificate->look_ns = now_ns + LOOK_NS;
                if (look(certificate, fail) && fail->kind)
                        fail_wrap(fail, "certificate in %s", certificate->folder);
        } else if (!certificate->folder && now_ns >= certificate->expires_ns) {
                use_self_signed(certificate, now_ns, fail);
        }
        return certificate->context;
}
