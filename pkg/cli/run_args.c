/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/url.h"
#include "data/doc.h"

/* ---- words ---- */

#define TEXT(member) FLAG_TEXT_AT(run_args, member)
#define SWITCH(member) FLAG_SWITCH_AT(run_args, member)
#define LIST(member) FLAG_LIST_AT(run_args, member)

static const struct flag flags[] = {
        {"a URL", NULL, "http://host:port/", NULL, FLAG_WORD_AT(run_args, url)},
        {"--rate", NULL, "R", "open loop: requests due per second, 500/s or 30000/m", TEXT(rate)},
        {"--closed", NULL, NULL, "closed loop: as fast as the connections allow", SWITCH(closed)},
        {"--for", NULL, "D", "how long, 30s or 5m (default 30s)", TEXT(length)},
        {"--connections", NULL, "N", "connections that are kept open (default 64)", TEXT(connections)},
        {"--streams", NULL, "N", "requests at once on each, over HTTP/2 and gRPC (default 1)", TEXT(streams)},
        {"--when-busy", NULL, "queue|shed|grow", "what becomes of a request while no connection is free (default queue)", TEXT(when_busy)},
        {"--max-connections", NULL, "N", "as many as there may be with --when-busy grow", TEXT(max_connections)},
        {"--reconnect-after", NULL, "N or D", "end a connection after 100 requests or 30s, and open another", TEXT(reconnect_after)},
        {"--warmup", NULL, "D", "extra time before, not measured (default 2s); auto: until the target has settled", TEXT(warmup)},
        {"--timeout", NULL, "D", "per request, from the instant it was due (default 5s)", TEXT(timeout)},
        {"--method", NULL, "M", "GET, POST, … (default GET, with --body POST)", TEXT(method)},
        {"--header", "-H", "'name: value'", "a header of each request; may be repeated", LIST(headers)},
        {"--body", NULL, "TEXT", "what each request carries", TEXT(body)},
        {"--body-base64", NULL, "TEXT", "the same for any bytes, such as a gRPC message", TEXT(body_base64)},
        {"--descriptors", NULL, "FILE", "a descriptor set of gRPC messages: --body is JSON", TEXT(descriptors)},
        {"--expect-status", NULL, "CODES", "what counts as success, 200 or 200,404 (default 200 to 399), of gRPC OK,NOT_FOUND", TEXT(expect_status)},
        {"--expect-body", NULL, "TEXT", "and a text that the body of such an answer must hold", TEXT(expect_body)},
        {"--ca", NULL, "FILE", "certificates to trust instead of the system's", TEXT(ca_file)},
        {"--insecure", NULL, NULL, "do not verify the server's certificate", SWITCH(insecure)},
        {"--objective", NULL, "'latency.p99 <= 250ms'", "judged at the end; may be repeated", LIST(objectives)},
        {"--file", "-f", "PROFILE", "take everything from a PerformanceProfile; the URL says where its Service is", TEXT(file)},
        {"--result", NULL, "FILE", "the result as JSON (default result.json; - is stdout)", TEXT(result)},
        {"--save", NULL, "FILE", "write the PerformanceProfile that does the same in a cluster", TEXT(save)},
        {"--report", NULL, "FILE", "a report of the run: .html for people, .csv or .json for programs", TEXT(report)},
        {"--yes", NULL, NULL, "send load to addresses that are neither this machine's nor private", SWITCH(yes)},
        {"--quiet", "-q", NULL, "no line while it runs", SWITCH(quiet)},
        {"--help", "-h", NULL, "this", SWITCH(help)},
};

void run_args_print_help(void)
{
        puts("usage: loadstone run URL --rate R [--for D] …\n"
             "       loadstone run URL --file PROFILE …\n\n"
             "URL: http:// and https:// for HTTP/1.1, h2c:// and h2:// for HTTP/2, grpc:// and grpcs:// for unary calls to\n"
             "     host:port/package.Service/Method; the second of each pair is over TLS.\n"
             "Sends load from this machine, without a cluster, and measures it as the operator does.\n");
        flags_print(flags, ARRAY_LEN(flags));
        puts("\nexit: 0 passed or nothing to judge, 1 failed, 2 wrong arguments, 3 inconclusive, 4 invalid, 130 interrupted");
}

static enum fail_kind check_together(const struct run_args *args, struct fail *fail)
{
        if (args->help)
                return FAIL_NONE;
        if (!args->url)
                return fail_set(fail, FAIL_INVALID, "where to? A URL is wanted, for example http://localhost:8080/");
        if (args->file && (args->rate || args->closed || args->length || args->connections || args->warmup || args->timeout ||
                           args->method || args->body || args->body_base64 || args->headers_len || args->objectives_len || args->insecure ||
                           args->expect_status || args->expect_body || args->streams || args->when_busy || args->max_connections || args->reconnect_after))
                return fail_set(fail, FAIL_INVALID, "--file says what is sent and how: leave the other flags about it out");
        if (!args->file && !args->rate == !args->closed)
                return fail_set(fail, FAIL_INVALID, "how much? Either --rate, for example --rate 500/s, or --closed");
        return FAIL_NONE;
}

enum fail_kind run_args_parse(int argc, char **argv, struct run_args *ret_args, struct fail *fail)
{
        struct run_args args = {0};

        if (flags_parse(flags, ARRAY_LEN(flags), argc, argv, &args, fail) || check_together(&args, fail))
                return FAIL_INVALID;
        *ret_args = args;
        return FAIL_NONE;
}

/* ---- the spec ---- */

static const struct { const char *path, *flag; } blamed[] = {
        {"spec.load.shape[0].hold.rate", "--rate"},
        {"spec.load.shape[0].hold.for", "--for"},
        {"spec.load.shape[0].closed.for", "--for"},
        {"spec.load.concurrency.connections", "--connections"},
        {"spec.load.concurrency.streamsPerConnection", "--streams"},
        {"spec.load.concurrency.maxConnections", "--max-connections"},
        {"spec.load.concurrency.whenBusy", "--when-busy"},
        {"spec.load.concurrency.reconnectAfter.requests", "--reconnect-after"},
        {"spec.load.concurrency.reconnectAfter.time", "--reconnect-after"},
        {"spec.load.warmup", "--warmup"},
        {"spec.load.timeout", "--timeout"},
        {"spec.load.requests[0].method", "--method"},
        {"spec.load.requests[0].headers", "--header"},
        {"spec.load.requests[0].body.base64", "--body-base64"},
        {"spec.load.requests[0].body.inline", "--body"},
        {"spec.load.requests[0].body", "--body"},
        {"spec.load.grpc", "--descriptors"},
        {"spec.load.requests[0].expect.status", "--expect-status"},
        {"spec.load.requests[0].expect.grpcStatus", "--expect-status"},
        {"spec.load.requests[0].path", "the URL's path"},
        {"spec.load.requests[0].expect.body", "--expect-body"},
        {"spec.objectives", "--objective"},
};

void run_args_blame(struct fail *fail)
{
        for (size_t i = 0; i < ARRAY_LEN(blamed); i++) {
                if (!text_starts(fail->text, blamed[i].path))
                        continue;
                auto_free char *rest = xstrdup(fail->text + strlen(blamed[i].path));
                fail_set(fail, fail->kind, "%s%s", blamed[i].flag, rest);
                return;
        }
}

static enum fail_kind add_headers(const struct run_args *args, struct json_object *request, struct fail *fail)
{
        auto_json struct json_object *headers = doc_object();

        for (size_t i = 0; i < args->headers_len; i++) {
                const char *text = args->headers[i], *colon = strchr(text, ':');
                if (!colon || colon == text)
                        return fail_set(fail, FAIL_INVALID, "--header '%.60s': 'name: value' is wanted", text);
                auto_free char *name = xstrndup(text, (size_t)(colon - text));
                doc_set_text(headers, name, colon + 1 + strspn(colon + 1, " \t"));
        }
        if (args->headers_len)
                doc_set(request, "headers", take(headers));
        return FAIL_NONE;
}

/* "latency.p99 <= 250ms", also "<", ">=" and ">", which mean the same: limits are met when they are reached. */
static enum fail_kind add_objective(const char *text, struct json_object *objectives, struct fail *fail)
{
        size_t len = strcspn(text, "<>");
        const char *sign = text + len, *limit = sign + strspn(sign, "<>=");

        while (len > 0 && text[len - 1] == ' ')
                len--;
        limit += strspn(limit, " ");
        if (!*sign || len == 0 || !*limit)
                return fail_set(fail, FAIL_INVALID, "--objective '%.60s': for example 'latency.p99 <= 250ms' is wanted", text);
        auto_free char *metric = xstrndup(text, len);
        struct json_object *objective = doc_set_text(doc_object(), "metric", metric);
        doc_push(objectives, doc_set_text(objective, *sign == '<' ? "max" : "min", limit));
        return FAIL_NONE;
}

static enum fail_kind add_codes(const char *text, struct json_object *codes, struct fail *fail)
{
        for (const char *at = text; *at;) {
                char *end;
                long code = strtol(at, &end, 10);
                if (end == at || (*end != ',' && *end != '\0'))
                        return fail_set(fail, FAIL_INVALID, "--expect-status '%.40s': codes between commas are wanted, for example 200,404", text);
                doc_push(codes, json_object_new_int64(code));
                at = *end ? end + 1 : end;
        }
        return FAIL_NONE;
}

static void add_names(const char *text, struct json_object *names)
{
        for (size_t len; *text; text += len + (text[len] == ',')) {
                len = strcspn(text, ",");
                auto_free char *name = xstrndup(text, len);
                doc_push_text(names, name);
        }
}

static enum fail_kind add_expected(const struct run_args *args, const struct url *url, struct json_object *request, struct fail *fail)
{
        auto_json struct json_object *expect = doc_object();
        struct json_object *codes = args->expect_status ? doc_array() : NULL;

        if (args->expect_body)
                doc_set(expect, "body", doc_set_text(doc_object(), "contains", args->expect_body));
        if (codes)
                doc_set(expect, url->scheme->grpc ? "grpcStatus" : "status", codes);
        if (codes && url->scheme->grpc)
                add_names(args->expect_status, codes);
        else if (codes && add_codes(args->expect_status, codes, fail))
                return FAIL_INVALID;
        if (args->expect_status || args->expect_body)
                doc_set(request, "expect", take(expect));
        return FAIL_NONE;
}

static enum fail_kind encode_request(const struct run_args *args, const struct url *url, struct json_object *requests, struct fail *fail)
{
        struct json_object *request = doc_set_text(doc_object(), "name", "default");

        doc_push(requests, request);
        bool posts = args->body || args->body_base64 || url->scheme->grpc;
        doc_set_text(request, "method", args->method ? args->method : posts ? "POST" : NULL);
        doc_set_text(request, "path", url->path);
        if (args->body || args->body_base64)
                doc_set(request, "body", doc_set_text(doc_set_text(doc_object(), "inline", args->body), "base64", args->body_base64));
        if (add_expected(args, url, request, fail))
                return FAIL_INVALID;
        return add_headers(args, request, fail);
}

static struct json_object *encode_shape(const struct run_args *args)
{
        struct json_object *piece = doc_set_text(doc_object(), "rate", args->closed ? NULL : args->rate);

        doc_set_text(piece, "for", args->length ? args->length : "30s");
        return doc_push(doc_array(), doc_set(doc_object(), args->closed ? "closed" : "hold", piece));
}

static enum fail_kind add_count(const char *flag, const char *text, struct json_object *into, const char *name, struct fail *fail)
{
        char *end;

        if (!text)
                return FAIL_NONE;
        long count = strtol(text, &end, 10);
        if (*end || count < 1)
                return fail_set(fail, FAIL_INVALID, "%s '%.20s' is not a number", flag, text);
        doc_set_int(into, name, count);
        return FAIL_NONE;
}

static enum fail_kind add_concurrency(const struct run_args *args, struct json_object *load, struct fail *fail)
{
        struct json_object *concurrency = doc_set_text(doc_object(), "whenBusy", args->when_busy);
        const char *after = args->reconnect_after;

        doc_set(load, "concurrency", concurrency);
        if (add_count("--connections", args->connections, concurrency, "connections", fail) ||
            add_count("--streams", args->streams, concurrency, "streamsPerConnection", fail) ||
            add_count("--max-connections", args->max_connections, concurrency, "maxConnections", fail))
                return FAIL_INVALID;
        if (!after)
                return FAIL_NONE;
        struct json_object *reconnect = doc_object();
        doc_set(concurrency, "reconnectAfter", reconnect);
        if (after[strspn(after, "0123456789")] == '\0')
                return add_count("--reconnect-after", after, reconnect, "requests", fail);
        doc_set_text(reconnect, "time", after);
        return FAIL_NONE;
}

/* In a cluster the file is a key of a ConfigMap: here only its name is needed. */
static struct json_object *encode_descriptors(void)
{
        struct json_object *ref = doc_set_text(doc_set_text(doc_object(), "name", "descriptors"), "key", "descriptors");

        return doc_set(doc_object(), "descriptorSetFrom", doc_set(doc_object(), "configMapKeyRef", ref));
}

static enum fail_kind encode_load(const struct run_args *args, const struct url *url, struct json_object *load, struct fail *fail)
{
        struct json_object *requests = doc_array();

        doc_set(load, "requests", requests);
        if (encode_request(args, url, requests, fail))
                return FAIL_INVALID;
        doc_set(load, "shape", encode_shape(args));
        doc_set_text(doc_set_text(load, "warmup", args->warmup ? args->warmup : "2s"), "timeout", args->timeout);
        if (args->descriptors)
                doc_set(load, "grpc", encode_descriptors());
        if (args->insecure)
                doc_set(load, "tls", doc_set_bool(doc_object(), "insecureSkipVerify", true));
        return add_concurrency(args, load, fail);
}

enum fail_kind run_args_spec(const struct run_args *args, struct json_object **ret_spec, struct fail *fail)
{
        auto_json struct json_object *spec = doc_object();
        auto_url struct url url = {0};
        struct json_object *load = doc_object(), *objectives = doc_array();

        doc_set(doc_set(spec, "load", load), "objectives", objectives);
        if (url_parse(args->url, &url, fail) || encode_load(args, &url, load, fail))
                return FAIL_INVALID;
        for (size_t i = 0; i < args->objectives_len; i++)
                if (add_objective(args->objectives[i], objectives, fail))
                        return FAIL_INVALID;
        if (!args->objectives_len)
                json_object_object_del(spec, "objectives");
        /* A minute is what a run in a cluster should take; at a terminal people look at seconds. */
        doc_set(spec, "validity", doc_set_text(doc_object(), "minWindow", "10s"));
        *ret_spec = take(spec);
        return FAIL_NONE;
}
