/* SPDX-License-Identifier: Apache-2.0
 *
 * One attempt of one request with libcurl's multi interface.
 *
 * libcurl repeats a request by itself when a kept connection turns out to be closed. That is right for reads and wrong
 * for writes: the first copy may have been carried out. So bodies go out through a callback that cannot be rewound,
 * which makes libcurl report the failure instead; and as every write here has a body, "no byte of it was asked for" is
 * proof that nothing was done. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "kube/request.h"

#ifndef LOADSTONE_VERSION
#define LOADSTONE_VERSION "dev"
#endif

#define CONNECT_MS 10000
#define ERROR_BODY_BYTES_MAX (64u << 10)

/* ---- What libcurl asks and tells during an attempt ---- */

static size_t on_send(char *into, size_t size, size_t count, void *owner)
{
        struct request *request = owner;
        size_t left = request->body_size - request->body_sent;
        size_t now = size * count < left ? size * count : left;

        memcpy(into, request->body + request->body_sent, now);
        request->body_sent += now;
        return now;
}

static long status_of(const struct request *request)
{
        long status = 0;

        curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
        return status;
}

static size_t on_body(char *data, size_t size, size_t count, void *owner)
{
        struct request *request = owner;

        request->heard_ns = loop_now_ns(request->client->loop);
        request->client->heard++;
        if (!buf_add(&request->answer, data, size * count))
                return CURL_WRITEFUNC_ERROR;
        if (request->opened)
                client_ready(request);
        return size * count;
}

static void note_answer(struct request *request, long status)
{
        traffic_record(&request->client->traffic, request->method, (int)status, loop_now_ns(request->client->loop) - request->started_ns);
}

static size_t on_header(char *line, size_t size, size_t count, void *owner)
{
        struct request *request = owner;
        long status = status_of(request);

        request->heard_ns = loop_now_ns(request->client->loop);
        if (size * count > 2 || line[0] != '\r' || request->class != CLASS_STREAM || status < 200 || status > 299)
                return size * count;
        /* The head is complete and good: from here on the body goes to the owner, however long it gets. */
        request->opened = true;
        note_answer(request, status);
        request->answer.size_max = 0;
        client_ready(request);
        return size * count;
}

/* ---- One attempt ---- */

static void set_tls(CURL *easy, const struct kube_config *config)
{
        struct curl_blob blob = {.flags = CURL_BLOB_COPY};

        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (config->insecure_skip_verify) {
                curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
                curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (config->ca_pem) {
                blob.data = config->ca_pem;
                blob.len = strlen(config->ca_pem);
                curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
                /* Else the machine's own authorities would be trusted besides the cluster's. */
                curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        }
        if (!config->cert_pem || !config->key_pem)
                return;
        blob.data = config->cert_pem;
        blob.len = strlen(config->cert_pem);
        curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &blob);
        blob.data = config->key_pem;
        blob.len = strlen(config->key_pem);
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &blob);
}

static void set_connection(CURL *easy, struct request *request)
{
        struct lane *lane = request_lane(request);
        const struct kube_config *config = request->client->config;

        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        /* Wait for the handshake to say whether one connection will do; without TLS only a whole answer would tell. */
        curl_easy_setopt(easy, CURLOPT_PIPEWAIT, text_starts(request->client->base_url, "https:") ? 1L : 0L);
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)(lane->peer_timeout_ms < CONNECT_MS ? lane->peer_timeout_ms : CONNECT_MS));
        lane_watch_peer(lane, easy);
        if (config->proxy_url)
                curl_easy_setopt(easy, CURLOPT_PROXY, config->proxy_url);
        if (request->client->connect_to)
                curl_easy_setopt(easy, CURLOPT_CONNECT_TO, request->client->connect_to);
        if (lane->suspect)
                curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        /* Watches never end, so that lane is never empty: there one new connection has to be enough. */
        if (request->class == CLASS_STREAM)
                lane->suspect = false;
        set_tls(easy, config);
}

static void add_header(struct request *request, const char *name, const char *value)
{
        auto_free char *line = xasprintf("%s: %s", name, value);

        request->headers = curl_slist_append(request->headers, line);
        explicit_bzero(line, strlen(line));
}

static void set_headers(CURL *easy, struct request *request, const char *token)
{
        const struct kube_config *config = request->client->config;

        add_header(request, "Accept", "application/json");
        if (request->client->host)
                add_header(request, "Host", request->client->host);
        if (request->content_type)
                add_header(request, "Content-Type", request->content_type);
        /* Asking first for leave to send costs a round trip and gains nothing. */
        request->headers = curl_slist_append(request->headers, "Expect:");
        if (token) {
                auto_free char *bearer = xasprintf("Bearer %s", token);
                add_header(request, "Authorization", bearer);
                explicit_bzero(bearer, strlen(bearer));
        } else if (config->username) {
                auto_free char *pair = xasprintf("%s:%s", config->username, config->password ? config->password : "");
                auto_free char *encoded = text_base64_encode(pair, strlen(pair));
                auto_free char *basic = xasprintf("Basic %s", encoded);
                add_header(request, "Authorization", basic);
        }
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
}

static void set_body(CURL *easy, struct request *request)
{
        if (!request->body)
                return;
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(easy, CURLOPT_READDATA, request);
}

enum fail_kind transfer_start(struct request *request, struct fail *fail)
{
        struct kube_client *client = request->client;
        struct lane *lane = request_lane(request);
        bool changed = false;

        const char *token = kube_config_token(client->config, loop_now_ns(client->loop), false, &changed);
        for (size_t i = 0; changed && i < LANES; i++)
                client->lanes[i].suspect = true;
        lane_drop_suspect(lane);
        CURL *easy = curl_easy_init();
        if (!easy)
                return fail_set(fail, FAIL_IO, "no handle from libcurl");
        auto_free char *url = xasprintf("%s%s", client->base_url, request->path);

        request->easy = easy;
        request->finished = request->overdue = request->opened = request->opened_told = false;
        request->body_sent = 0;
        request->code_text[0] = '\0';
        buf_clear(&request->answer);
        request->answer.size_max = request->class == CLASS_STREAM ? ERROR_BODY_BYTES_MAX : KUBE_BODY_BYTES_MAX;
        curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "loadstone/" LOADSTONE_VERSION);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->code_text);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
        set_connection(easy, request);
        set_headers(easy, request, token);
        set_body(easy, request);
        lane->running++;
        curl_multi_add_handle(lane->multi, easy);
        return FAIL_NONE;
}

void transfer_stop(struct request *request)
{
        struct lane *lane = request_lane(request);

        if (!request->easy)
                return;
        lane->running--;
        if (!request->finished && request->overdue)
                lane->suspect = true;
        curl_multi_remove_handle(lane->multi, request->easy);
        curl_easy_cleanup(take(request->easy));
        for (struct curl_slist *header = request->headers; header; header = header->next)
                explicit_bzero(header->data, strlen(header->data));
        curl_slist_free_all(take(request->headers));
        lane_drop_suspect(lane);
}

/* ---- What it came to ---- */

static enum fail_kind kind_of_code(const struct request *request)
{
        switch (request->code) {
        case CURLE_OPERATION_TIMEDOUT:
                return FAIL_TIMEOUT;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
                return FAIL_DENIED;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
                return FAIL_INVALID;
        default:
                return FAIL_IO;
        }
}

static enum fail_kind broken(struct request *request, struct fail *fail)
{
        bool ambiguous = request->body_sent > 0;
        const char *text = request->code_text[0] ? request->code_text : curl_easy_strerror(request->code);

        if (request->overdue)
                return fail_set(fail, ambiguous ? FAIL_UNKNOWN : FAIL_TIMEOUT, "no answer in time");
        if (request->answer.overflowed)
                return fail_set(fail, ambiguous ? FAIL_UNKNOWN : FAIL_TOO_LARGE, "answer of more than %zu bytes",
                                request->answer.size_max);
        return fail_set(fail, ambiguous ? FAIL_UNKNOWN : kind_of_code(request), "%s", text);
}

enum fail_kind transfer_result(struct request *request, struct json_object **ret_object, struct fail *fail)
{
        long status = request->easy ? status_of(request) : 0;
        curl_off_t retry_after_s = 0;
        bool refused = status >= 300;

        if (!request->opened)
                note_answer(request, status);
        /* A refusal is one even when its explanation was cut short; anything else has to be whole. */
        if ((request->code != CURLE_OK || request->overdue) && !refused)
                return broken(request, fail);
        if (request->opened)
                return FAIL_NONE;
        curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
        /* A server that asks for a week is as busy as one that asks for a minute; answer.c knows how long is long enough. */
        return client_answer(request, (int)status, retry_after_s < INT_MAX ? (int)retry_after_s : INT_MAX, ret_object, fail);
}

/* A server that is reached under one name and certified under another: libcurl gets a URL with the certified name and is
 * told to connect elsewhere; the Host header keeps what the address says. */
static void prepare_other_name(struct kube_client *client, CURLU *url, const char *host, const char *port)
{
        const char *name = client->config->tls_server_name;
        auto_free char *route = xasprintf("%s:%s:%s:%s", name, port, host, port);

        client->host = xasprintf("%s:%s", host, port);
        client->connect_to = curl_slist_append(NULL, route);
        curl_url_set(url, CURLUPART_HOST, name, 0);
}

enum fail_kind transfer_prepare(struct kube_client *client, struct fail *fail)
{
        const struct kube_config *config = client->config;
        char *host = NULL, *port = NULL, *whole = NULL;
        CURLU *url = curl_url();

        if (!url || !config->server || curl_url_set(url, CURLUPART_URL, config->server, 0) != CURLUE_OK ||
            (!text_starts(config->server, "https://") && !text_starts(config->server, "http://"))) {
                curl_url_cleanup(url);
                return fail_set(fail, FAIL_INVALID, "'%s' is not the URL of an API server",
                                config->server ? config->server : "");
        }
        curl_url_get(url, CURLUPART_HOST, &host, 0);
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
        if (config->tls_server_name && !text_equal(config->tls_server_name, host))
                prepare_other_name(client, url, host, port);
        curl_url_get(url, CURLUPART_URL, &whole, 0);
        client->base_url = xstrdup(whole);
        size_t len = strlen(client->base_url);
        while (len > 0 && client->base_url[len - 1] == '/')
                client->base_url[--len] = '\0';
        curl_free(host);
        curl_free(port);
        curl_free(whole);
        curl_url_cleanup(url);
        return FAIL_NONE;
}
