/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct authority {
        EVP_PKEY *key;
        X509 *own;
};

static void must_be(bool fine)
{
        if (!fine)
                abort();
}

static void extend(X509 *certificate, int what, const char *value)
{
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);

        must_be(extension && X509_add_ext(certificate, extension, -1));
        X509_EXTENSION_free(extension);
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, long begins_s, long ends_s)
{
        static long serial;
        X509 *certificate = X509_new();
        X509_NAME *subject = X509_get_subject_name(certificate);

        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(certificate), begins_s);
        X509_gmtime_adj(X509_getm_notAfter(certificate), ends_s);
        X509_set_pubkey(certificate, key);
        must_be(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0));
        X509_set_issuer_name(certificate, subject);
        return certificate;
}

struct authority *authority_new(const char *name)
{
        struct authority *authority = xnew(struct authority);

        authority->key = EVP_EC_gen("P-256");
        authority->own = certificate_new(authority->key, name, -7200, 100 * 86400L);
        extend(authority->own, NID_basic_constraints, "critical,CA:TRUE");
        extend(authority->own, NID_key_usage, "critical,keyCertSign,cRLSign");
        must_be(X509_sign(authority->own, authority->key, EVP_sha256()) > 0);
        return authority;
}

struct authority *authority_free(struct authority *authority)
{
        if (!authority)
                return NULL;
        EVP_PKEY_free(authority->key);
        X509_free(authority->own);
        free(authority);
        return NULL;
}

char *authority_pem(const struct authority *authority)
{
        BIO *bio = BIO_new(BIO_s_mem());
        char *data = NULL;

        must_be(PEM_write_bio_X509(bio, authority->own));
        long size = BIO_get_mem_data(bio, &data);
        char *text = xstrndup(data, (size_t)size);
        BIO_free(bio);
        return text;
}

static char protocols[] = "\x02h2\x08http/1.1";

/* The first that both sides know; 'owner' points to where our offer begins. */
static int choose(SSL *tls, const unsigned char **out, unsigned char *size, const unsigned char *in, unsigned in_size, void *owner)
{
        const char *offer = owner;

        (void)tls;
        int found = SSL_select_next_proto((unsigned char **)out, size, (const unsigned char *)offer, (unsigned)strlen(offer), in, in_size);
        return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX *authority_serve(const struct authority *authority, const struct certificate *wanted)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        bool dated = wanted->begins_s || wanted->ends_s;
        X509 *certificate = certificate_new(key, "127.0.0.1", dated ? wanted->begins_s : -3600, dated ? wanted->ends_s : 86400);
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());

        if (wanted->names)
                extend(certificate, NID_subject_alt_name, wanted->names);
        if (!wanted->self_signed)
                X509_set_issuer_name(certificate, X509_get_subject_name(authority->own));
        must_be(X509_sign(certificate, wanted->self_signed ? key : authority->key, EVP_sha256()) > 0);
        if (wanted->newest_tls) {
                SSL_CTX_set_security_level(context, 0); /* or OpenSSL refuses to be that old */
                SSL_CTX_set_min_proto_version(context, wanted->oldest_tls);
                SSL_CTX_set_max_proto_version(context, wanted->newest_tls);
        }
        SSL_CTX_set_alpn_select_cb(context, choose, protocols + (wanted->http1_only ? 3 : 0));
        must_be(SSL_CTX_use_certificate(context, certificate) && SSL_CTX_use_PrivateKey(context, key));
        X509_free(certificate);
        EVP_PKEY_free(key);
        return context;
}
