/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "serve/certificate.h"
#include "operator/metrics.h"
#include "serve/port.h"
#include "operator/review.h"

#define BODY_BYTES_MAX (256u << 10)
#define TEXT "text/plain; charset=utf-8"
#define EXPOSITION "text/plain; version=0.0.4; charset=utf-8"

struct serve {
        const struct options *options;
        serve_answer_fn *answer;
        void *owner;
        struct certificate *certificate;
        struct review *review;
        struct port *probes, *metrics; /* metrics: NULL when it is switched off */
};

static void answer_text(struct port_request *request, int status, const char *text)
{
        auto_buf struct buf body = {0};

        buf_format(&body, "%s\n", text);
        port_answer(request, status, TEXT, &body);
}

/* ---- Probes ---- */

static void on_probe(void *owner, struct port_request *request, const struct http_head *head)
{
        struct serve *serve = owner;
        auto_buf struct buf body = buf_bounded(BODY_BYTES_MAX);

        if (!text_equal(head->path, "/healthz") && !text_equal(head->path, "/readyz")) {
                answer_text(request, 404, "/healthz and /readyz are here; /metrics is on the port of --metrics-port, by TLS");
                return;
        }
        int status = serve->answer(serve->owner, head->path, &body);
        port_answer(request, status, TEXT, &body);
}

/* ---- Metrics ---- */

/* What only this module knows, behind what the manager says. */
static void add_own(const struct serve *serve, struct buf *body)
{
        metrics_family(body, "loadstone_access_reviews_total", "counter", "TokenReviews and SubjectAccessReviews asked about readers of metrics.");
        metrics_sample(body, "loadstone_access_reviews_total", NULL, serve->review ? (double)review_count(serve->review) : 0);
}

static void answer_metrics(struct serve *serve, struct port_request *request)
{
        auto_buf struct buf body = buf_bounded(BODY_BYTES_MAX);

        int status = serve->answer(serve->owner, "/metrics", &body);
        add_own(serve, &body);
        port_answer(request, status, EXPOSITION, &body);
}

static void reviewed(void *owner, int status, const char *sentence)
{
        struct port_request *request = owner;

        if (status == 200)
                answer_metrics(port_owner(request), request);
        else
                answer_text(request, status, sentence);
}

static void on_scrape(void *owner, struct port_request *request, const struct http_head *head)
{
        struct serve *serve = owner;

        if (!text_equal(head->path, "/metrics"))
                answer_text(request, 404, "only /metrics is here");
        else if (!serve->review)
                answer_metrics(serve, request);
        else if (!head->token)
                answer_text(request, 401, "a bearer token is wanted, of an account that is bound to the ClusterRole loadstone-metrics-reader");
        else
                review_ask(serve->review, head->token, head->token_len, reviewed, request);
}

static void on_gone(void *owner, struct port_request *request)
{
        struct serve *serve = owner;

        review_cancel(serve->review, request);
}

static enum fail_kind open_metrics(struct serve *serve, struct kube_client *client, struct fail *fail)
{
        const struct options *options = serve->options;
        auto_free char *name = xasprintf("loadstone-operator-metrics.%s.svc", options->own_namespace);

        if (certificate_new(options->metrics_cert_dir, name, &serve->certificate, fail))
                return fail->kind;
        if (!options->metrics_open)
                serve->review = review_new(client);
        return port_new(kube_client_loop(client),
                        &(struct port_options){.number = options->metrics_port, .certificate = serve->certificate, .asked = on_scrape,
                                               .gone = serve->review ? on_gone : NULL, .owner = serve},
                        &serve->metrics, fail);
}

/* ---- Life ---- */

static void log_ports(const struct serve *serve)
{
        char probes[16], metrics[16] = "off";

        snprintf(probes, sizeof probes, "%d", port_number(serve->probes));
        if (serve->metrics)
                snprintf(metrics, sizeof metrics, "%d", port_number(serve->metrics));
        log_line("listening", "probes", probes, "metrics", metrics, "certificate",
                 !serve->metrics                         ? NULL
                 : serve->options->metrics_cert_dir ? serve->options->metrics_cert_dir
                                                         : "self-signed: whoever scrapes cannot tell us from another; see --metrics-cert-dir",
                 "access", !serve->metrics ? NULL : serve->review ? "token" : "open to everybody who reaches the port", NULL);
}

enum fail_kind serve_new(struct kube_client *client, const struct options *options, serve_answer_fn *answer, void *owner,
                         struct serve **ret_serve, struct fail *fail)
{
        struct serve *serve = xnew(struct serve);
        const struct port_options probes = {.number = options->port, .asked = on_probe, .owner = serve};

        *serve = (struct serve){.options = options, .answer = answer, .owner = owner};
        if (port_new(kube_client_loop(client), &probes, &serve->probes, fail) ||
            (options->metrics_port >= 0 && open_metrics(serve, client, fail))) {
                serve_free(serve);
                return fail->kind;
        }
        log_ports(serve);
        *ret_serve = serve;
        return FAIL_NONE;
}

struct serve *serve_free(struct serve *serve)
{
        if (!serve)
                return NULL;
        port_free(serve->metrics); /* before what its requests wait for */
        port_free(serve->probes);
        review_free(serve->review);
        certificate_free(serve->certificate);
        free(serve);
        return NULL;
}
