/* SPDX-License-Identifier: Apache-2.0
 *
 * The cache against a whole API server (test/apisim) behind a proxy that cuts: at every byte of an event and here and there
 * in a list, by an end, a reset or a silence. No half event is ever seen, and in the end the cache holds what the server does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apisim.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs.h"
#include "data/doc.h"
#include "http.h"
#include "kube/cache.h"
#include "proxy.h"
#include "stage.h"

#define PATH "/api/v1/namespaces/n/configmaps"

static struct stage stage;
static struct apisim *sim;
static struct http *http;
static struct proxy *proxy;
static struct kube_cache *cache;
static struct authority *authority;
static SSL_CTX *tls;
static char *ca;
static int told; /* calls of 'note' */

/* ---- The server, asked behind the proxy's back ---- */

static struct json_object *ask(const char *method, const char *target, const char *body)
{
        struct apisim_answer answer;
        struct json_object *object = NULL;

        apisim_request(sim,
                       &(struct apisim_request){method, target, body ? "application/json" : NULL, body ? body : "", body ? strlen(body) : 0},
                       &answer);
        assert_true(answer.status < 300);
        assert_int_equal(doc_parse(answer.body, answer.size, &object, NULL), FAIL_NONE);
        apisim_answer_done(&answer);
        return object;
}

static void do_quietly(const char *method, const char *target, const char *body)
{
        json_object_put(ask(method, target, body));
        if (http)
                http_changed(http);
}

static void create(const char *name, int value)
{
        auto_free char *body = xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"},\"data\":{\"v\":\"%d\"}}", name, value);

        do_quietly("POST", PATH, body);
}

static void change(const char *name, int value)
{
        auto_json struct json_object *object = NULL;
        auto_free char *target = xasprintf(PATH "/%s", name), *number = xasprintf("%d", value);

        object = ask("GET", target, NULL);
        doc_set_text(doc_at(object, "data"), "v", number);
        do_quietly("PUT", target, doc_print(object));
}

static void must_agree(void)
{
        auto_json struct json_object *list = ask("GET", PATH, NULL);
        struct json_object *items = doc_at(list, "items");

        assert_int_equal(kube_cache_len(cache), doc_len(items, ""));
        for (size_t i = 0; i < doc_len(items, ""); i++) {
                struct json_object *wanted = doc_item(items, i), *held = kube_cache_find(cache, "n", doc_text(wanted, "metadata.name"));
                assert_non_null(held);
                assert_string_equal(doc_text(held, "metadata.resourceVersion"), doc_text(wanted, "metadata.resourceVersion"));
                assert_string_equal(doc_text(held, "data.v"), doc_text(wanted, "data.v"));
        }
}

/* ---- The stage ---- */

static void note(void *owner, struct json_object *before, struct json_object *after)
{
        struct json_object *object = after ? after : before;

        (void)owner;
        told++;
        assert_non_null(doc_text(object, "metadata.uid"));
        assert_non_null(doc_text(object, "data.v"));
}

/* Always with the same seed: the first objects of two servers have the same uids. */
static void open_server(void)
{
        struct fail fail = {0};

        assert_int_equal(apisim_new(&(struct apisim_options){.clock = loop_clock(stage.loop), .seed = 1}, &sim, &fail), FAIL_NONE);
        do_quietly("POST", "/api/v1/namespaces", "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\"}}");
        assert_int_equal(http_new(stage.loop, sim, "127.0.0.1:0", &http, &fail), FAIL_NONE);
}

static void open_world(bool encrypted)
{
        stage_open(&stage);
        open_server();
        authority = authority_new("the cluster's");
        ca = authority_pem(authority);
        tls = authority_serve(authority, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        proxy = proxy_new(stage.loop, encrypted ? tls : NULL, http_port(http));
        stage.config = (struct kube_config){.server = (char *)proxy_url(proxy), .ca_pem = ca, .token = (char *)"secret-token"};
        stage_client(&stage);
        told = 0;
}

static int open_plain(void **state)
{
        (void)state;
        open_world(false);
        return 0;
}

static int open_encrypted(void **state)
{
        (void)state;
        open_world(true);
        return 0;
}

static int close_world(void **state)
{
        (void)state;
        cache = kube_cache_free(cache);
        stage.client = kube_client_free(stage.client);
        proxy = proxy_free(proxy);
        http = http_free(http);
        sim = apisim_free(sim);
        stage_close(&stage);
        SSL_CTX_free(tls);
        authority = authority_free(authority);
        free(ca);
        return 0;
}

static void start_cache(void)
{
        cache = kube_cache_new(stage.client, &(struct kube_cache_options){.kind = &kube_configmaps, .namespace = "n", .changed = note});
}

/* ---- Every byte ---- */

/* One life: a cache that has "a" and watches; "b" comes, "a" changes, "b" goes, and somewhere in between is the cut. Returns
 * how many bytes the watch's answer had. */
static size_t one_watch(size_t cut_at, enum proxy_end how, size_t piece_bytes)
{
        proxy_use(proxy, &(struct proxy_script){.request = "watch=true", .cut_at = cut_at, .end = how, .piece_bytes = piece_bytes, .times = 1});
        create("a", 1);
        start_cache();
        stage_pass(&stage, NS_PER_S / 10);
        create("b", 2);
        change("a", 3);
        stage_pass(&stage, NS_PER_S / 10);
        do_quietly("DELETE", PATH "/b", NULL);
        change("a", 4);
        /* A watch that is silent is asked after in two minutes; one that broke comes back in seconds. */
        stage_pass(&stage, (how == PROXY_STALLS ? 180 : 5) * NS_PER_S);
        if (cut_at != SIZE_MAX)
                assert_int_equal(proxy_done(proxy), 1);
        must_agree();
        assert_true(told >= 3); /* a, a changed, ... */
        size_t passed = proxy_passed(proxy);
        cache = kube_cache_free(cache);
        do_quietly("DELETE", PATH "/a", NULL);
        return passed;
}

static void a_watch_may_be_cut_at_every_byte(void **state)
{
        size_t size = one_watch(SIZE_MAX, PROXY_CLOSES, 0);
        (void)state;

        assert_true(size > 1000);
        /* Every byte of the head and of the first event, then here and there. Bookmarks come later: what was counted is all. */
        for (size_t at = 1; at < size; at += at < 600 ? 1 : 7)
                one_watch(at, at % 2 ? PROXY_CLOSES : PROXY_RESETS, 0);
}

static void a_watch_may_fall_silent_anywhere(void **state)
{
        size_t size = one_watch(SIZE_MAX, PROXY_CLOSES, 0);
        (void)state;

        for (size_t at = 1; at < size; at += 37)
                one_watch(at, PROXY_STALLS, 0);
}

static void a_watch_may_come_in_records_of_any_size(void **state)
{
        (void)state;
        for (size_t piece_bytes = 1; piece_bytes < 5; piece_bytes++)
                one_watch(SIZE_MAX, PROXY_CLOSES, piece_bytes);
}

/* Of the list nothing is shown before all of it is there. */
static void a_list_may_be_cut_anywhere(void **state)
{
        (void)state;
        for (int i = 0; i < 3; i++)
                create((const char *[]){"x", "y", "z"}[i], i);
        auto_json struct json_object *list = ask("GET", PATH, NULL);
        size_t size = strlen(doc_print(list)) + 60;
        for (size_t at = 1; at < size; at += 11) {
                proxy_use(proxy, &(struct proxy_script){.request = "limit=500", .cut_at = at, .end = at % 2 ? PROXY_CLOSES : PROXY_RESETS, .times = 1});
                told = 0;
                start_cache();
                assert_true(stage_until(&stage, &told, 3, 20 * NS_PER_S));
                stage_pass(&stage, NS_PER_S);
                assert_int_equal(proxy_done(proxy), 1);
                assert_int_equal(told, 3);
                must_agree();
                cache = kube_cache_free(cache);
        }
}

/* ---- The server itself ---- */

static int reopen(void)
{
        struct fail fail = {0};

        assert_int_equal(http_new(stage.loop, sim, "127.0.0.1:0", &http, &fail), FAIL_NONE);
        return http_port(http);
}

/* Everything is reset, nobody listens for half a minute, then the same objects and versions again. */
static void a_server_that_restarts_is_found_again_without_a_new_list(void **state)
{
        (void)state;
        create("a", 1);
        proxy_use(proxy, &(struct proxy_script){.request = "limit=500", .cut_at = SIZE_MAX});
        start_cache();
        stage_pass(&stage, 10 * NS_PER_S);
        assert_int_equal(proxy_requests(proxy), 1);
        http = http_free(http);
        proxy_reset_all(proxy);
        uint64_t before = kube_client_stats(stage.client).requests;
        stage_pass(&stage, 30 * NS_PER_S);
        /* 0.8 s, 1.6, 3.2, ... and as much jitter: no storm. */
        uint64_t tries = kube_client_stats(stage.client).requests - before;
        assert_true(tries >= 2 && tries <= 7);
        assert_int_equal(kube_cache_len(cache), 1); /* what is known stays known */
        assert_string_not_equal(kube_cache_problem(cache), "");
        change("a", 2);
        proxy_target(proxy, reopen());
        stage_pass(&stage, 65 * NS_PER_S);
        must_agree();
        assert_int_equal(proxy_requests(proxy), 1); /* the watch went on from its position */
        assert_string_equal(kube_cache_problem(cache), "");
}

/* The store comes back from a backup: versions go backwards, "a" is as it was long ago, "b" was never there. */
static void a_server_that_lost_its_past_is_believed(void **state)
{
        (void)state;
        create("a", 1);
        create("b", 1);
        for (int i = 2; i < 50; i++)
                change("a", i);
        start_cache();
        stage_pass(&stage, 10 * NS_PER_S);
        must_agree();
        auto_free char *uid = xstrdup(doc_text(kube_cache_find(cache, "n", "a"), "metadata.uid"));
        http = http_free(http);
        sim = apisim_free(sim);
        proxy_reset_all(proxy);
        open_server();
        create("a", 1);
        proxy_target(proxy, http_port(http));
        stage_pass(&stage, 180 * NS_PER_S);
        must_agree();
        assert_string_equal(doc_text(kube_cache_find(cache, "n", "a"), "metadata.uid"), uid);
        change("a", 2);
        stage_pass(&stage, NS_PER_S);
        must_agree();
}

/* Of a thousand changes the server remembers ten; the watch was cut off meanwhile. */
static void a_compacted_past_costs_one_list(void **state)
{
        (void)state;
        create("a", 1);
        create("b", 1);
        proxy_use(proxy, &(struct proxy_script){.request = "limit=500", .cut_at = SIZE_MAX});
        start_cache();
        stage_pass(&stage, 10 * NS_PER_S);
        http = http_free(http);
        proxy_reset_all(proxy);
        do_quietly("DELETE", PATH "/b", NULL);
        change("a", 2);
        apisim_compact(sim);
        proxy_target(proxy, reopen());
        stage_pass(&stage, 60 * NS_PER_S);
        must_agree();
        assert_int_equal(proxy_requests(proxy), 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_watch_may_be_cut_at_every_byte, open_plain, close_world),
                cmocka_unit_test_setup_teardown(a_watch_may_fall_silent_anywhere, open_plain, close_world),
                cmocka_unit_test_setup_teardown(a_watch_may_come_in_records_of_any_size, open_encrypted, close_world),
                cmocka_unit_test_setup_teardown(a_list_may_be_cut_anywhere, open_encrypted, close_world),
                cmocka_unit_test_setup_teardown(a_server_that_restarts_is_found_again_without_a_new_list, open_encrypted, close_world),
                cmocka_unit_test_setup_teardown(a_server_that_lost_its_past_is_believed, open_plain, close_world),
                cmocka_unit_test_setup_teardown(a_compacted_past_costs_one_list, open_plain, close_world),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
