/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-live: the client library against a real API server. Makes a namespace of its own, goes through everything that
 * cannot be believed from a fake (HTTP/2, admission, uid preconditions, compaction, log following, two candidates for a
 * Lease), and removes it again. Uses its service account, else KUBECONFIG; prints a line per step and ends with 1 when one fails. 'kube-live IMAGE ARG…'
 * also follows the log of a pod with that image and those arguments, which has to print something and end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/cache.h"
#include "kube/client.h"
#include "kube/event.h"
#include "kube/lease.h"

#define CONFIGMAPS 1200

static struct loop *loop;
static struct kube_config *config;
static struct kube_client *client;
static char namespace[64];
static int steps_failed;

/* ---- Waiting ---- */

struct answer {
        bool done;
        struct json_object *object;
        struct fail fail;
};

static void keep(void *owner, struct json_object *object, const struct fail *fail)
{
        struct answer *answer = owner;

        answer->done = true;
        answer->object = json_object_get(object);
        answer->fail = *fail;
}

static void wait_for(const bool *done, int limit_s)
{
        int64_t until_ns = loop_now_ns(loop) + limit_s * NS_PER_S;

        while (!*done && loop_now_ns(loop) < until_ns)
                loop_step(loop, 50 * NS_PER_MS);
}

static void pass_time(int64_t ns)
{
        bool never = false;
        int64_t until_ns = loop_now_ns(loop) + ns;

        while (!never && loop_now_ns(loop) < until_ns)
                loop_step(loop, 20 * NS_PER_MS);
}

static void verdict(bool good, const char *what, const char *detail)
{
        printf("%s %-60s %s\n", good ? "ok  " : "FAIL", what, detail ? detail : "");
        fflush(stdout);
        steps_failed += !good;
}

static struct fail finish(struct answer *answer, struct json_object **ret_object)
{
        wait_for(&answer->done, 120);
        if (!answer->done)
                fail_set(&answer->fail, FAIL_TIMEOUT, "no answer at all");
        if (ret_object)
                *ret_object = answer->object;
        else
                json_object_put(answer->object);
        return answer->fail;
}

/* ---- Objects ---- */

static struct kube_ref ref_to(const struct kube_kind *kind, const char *name)
{
        return (struct kube_ref){.kind = kind, .namespace = namespace, .name = name};
}

static struct json_object *object_of(const struct kube_kind *kind, const char *name)
{
        struct json_object *object = doc_object(), *metadata = doc_set_text(doc_object(), "name", name);
        auto_free char *api_version = kube_api_version(kind);

        doc_set_text(doc_set_text(object, "apiVersion", api_version), "kind", kind->name);
        doc_set(metadata, "labels", doc_set_text(doc_object(), "test", "live"));
        return doc_set(object, "metadata", metadata);
}

static struct fail create(const struct kube_kind *kind, struct json_object *object, struct json_object **ret_object)
{
        struct answer answer = {0};
        struct kube_ref ref = ref_to(kind, NULL);

        kube_create(client, &ref, object, keep, &answer);
        return finish(&answer, ret_object);
}

static struct fail patch(const char *name, const char *version, const char *value, enum kube_patch type,
                         struct json_object **ret_object)
{
        struct answer answer = {0};
        struct kube_ref ref = ref_to(&kube_configmaps, name);
        auto_json struct json_object *change = doc_object();

        if (type == KUBE_PATCH_APPLY) {
                json_object_put(take(change));
                change = object_of(&kube_configmaps, name);
        }
        if (version)
                doc_set(change, "metadata", doc_set_text(doc_object(), "resourceVersion", version));
        doc_set(change, "data", doc_set_text(doc_object(), "value", value));
        kube_patch(client, &ref, NULL, type, change, keep, &answer);
        return finish(&answer, ret_object);
}

static struct fail delete_uid(const struct kube_kind *kind, const char *name, const char *uid)
{
        struct answer answer = {0};
        struct kube_ref ref = ref_to(kind, name);

        kube_delete(client, &ref, uid, keep, &answer);
        return finish(&answer, NULL);
}

/* ---- Steps ---- */

static void writes_and_their_conflicts(void)
{
        auto_json struct json_object *object = object_of(&kube_configmaps, "a"), *made = NULL, *patched = NULL;
        struct fail fail = create(&kube_configmaps, object, &made);

        verdict(!fail.kind, "create", fail.text);
        fail = create(&kube_configmaps, object, NULL);
        verdict(fail.kind == FAIL_EXISTS, "create again is Exists", fail.text);
        fail = patch("a", NULL, "1", KUBE_PATCH_MERGE, &patched);
        verdict(!fail.kind && text_equal(doc_text(patched, "data.value"), "1"), "merge patch", fail.text);
        fail = patch("a", doc_text(made, "metadata.resourceVersion"), "2", KUBE_PATCH_MERGE, NULL);
        verdict(fail.kind == FAIL_CONFLICT, "patch with an old version is Conflict", fail.text);
        fail = patch("applied", NULL, "3", KUBE_PATCH_APPLY, NULL);
        verdict(!fail.kind, "server-side apply creates", fail.text);
        fail = patch("nobody", NULL, "3", KUBE_PATCH_MERGE, NULL);
        verdict(fail.kind == FAIL_MISSING, "patch of nothing is Missing", fail.text);
        fail = delete_uid(&kube_configmaps, "a", "00000000-0000-0000-0000-000000000000");
        verdict(fail.kind == FAIL_CONFLICT, "delete with another uid is Conflict", fail.text);
        fail = delete_uid(&kube_configmaps, "a", doc_text(made, "metadata.uid"));
        verdict(!fail.kind, "delete with the right uid", fail.text);
        fail = delete_uid(&kube_configmaps, "a", doc_text(made, "metadata.uid"));
        verdict(fail.kind == FAIL_MISSING, "delete again is Missing", fail.text);
        auto_json struct json_object *bad = object_of(&kube_configmaps, "Not_A_Name");
        fail = create(&kube_configmaps, bad, NULL);
        verdict(fail.kind == FAIL_INVALID, "a bad name is Invalid", fail.text);
}

static struct counts {
        int added, changed, removed;
} counts;

static void count(void *owner, struct json_object *before, struct json_object *after)
{
        (void)owner;
        counts.added += !before;
        counts.changed += before && after;
        counts.removed += !after;
}

static int made, made_failed;

static void on_made(void *owner, struct json_object *object, const struct fail *fail)
{
        (void)owner;
        (void)object;
        made++;
        made_failed += fail->kind != FAIL_NONE;
}

static void many_objects_pages_and_watches(void)
{
        struct kube_cache_options options = {
                .kind = &kube_configmaps, .namespace = namespace, .label_selector = "test=live", .changed = count};
        struct kube_cache *cache = kube_cache_new(client, &options);
        struct kube_ref ref = ref_to(&kube_configmaps, NULL);
        char text[160];

        pass_time(NS_PER_S);
        verdict(kube_cache_synced(cache), "cache synced", kube_cache_problem(cache));
        int64_t begin_ns = loop_now_ns(loop);
        for (int i = 0; i < CONFIGMAPS; i++) {
                snprintf(text, sizeof text, "many-%d", i);
                auto_json struct json_object *object = object_of(&kube_configmaps, text);
                kube_create(client, &ref, object, on_made, NULL);
        }
        for (int i = 0; i < 1200 && made < CONFIGMAPS; i++)
                pass_time(100 * NS_PER_MS);
        snprintf(text, sizeof text, "%d made, %d failed, %.0f/s", made, made_failed,
                 made * 1e9 / (double)(loop_now_ns(loop) - begin_ns));
        verdict(made == CONFIGMAPS && !made_failed, "1200 creates through 8 at a time", text);
        pass_time(NS_PER_S);
        snprintf(text, sizeof text, "%d added, %zu held, %.0f bytes each", counts.added, kube_cache_len(cache),
                 (double)kube_cache_bytes(cache) / (double)kube_cache_len(cache));
        verdict(counts.added >= CONFIGMAPS && kube_cache_len(cache) >= CONFIGMAPS, "the watch saw all of them", text);
        verdict(kube_cache_find(cache, namespace, "many-1199") && !kube_cache_find(cache, namespace, "many-1200"),
                "found by name", NULL);

        struct answer answer = {0};
        auto_json struct json_object *list = NULL;
        kube_list(client, &ref, "test=live", keep, &answer);
        struct fail fail = finish(&answer, &list);
        snprintf(text, sizeof text, "%zu items %s", doc_len(list, "items"), fail.text);
        verdict(doc_len(list, "items") >= CONFIGMAPS, "paged list is whole", text);

        struct answer removed = {0};
        for (int i = 0; i < CONFIGMAPS; i += 2) {
                snprintf(text, sizeof text, "many-%d", i);
                struct kube_ref one = ref_to(&kube_configmaps, text);
                kube_delete(client, &one, NULL, i + 2 < CONFIGMAPS ? on_made : keep, &removed);
        }
        finish(&removed, NULL);
        pass_time(2 * NS_PER_S);
        snprintf(text, sizeof text, "%d removed, %zu held", counts.removed, kube_cache_len(cache));
        verdict(counts.removed >= CONFIGMAPS / 2, "the watch saw 600 deletes", text);
        kube_cache_free(cache);
}

static void own_writes_are_seen_at_once(void)
{
        struct kube_cache_options options = {.kind = &kube_configmaps, .namespace = namespace, .changed = count};
        struct kube_cache *cache = kube_cache_new(client, &options);
        bool current = true;

        pass_time(NS_PER_S);
        auto_json struct json_object *object = object_of(&kube_configmaps, "own"), *first = NULL;
        create(&kube_configmaps, object, &first);
        for (int i = 0; i < 50 && current; i++) {
                char value[16];
                auto_json struct json_object *written = NULL;
                snprintf(value, sizeof value, "%d", i);
                patch("own", NULL, value, KUBE_PATCH_MERGE, &written);
                kube_cache_wrote(cache, written);
                current = text_equal(doc_text(kube_cache_find(cache, namespace, "own"), "data.value"), value);
                loop_step(loop, 0);
                current = current && text_equal(doc_text(kube_cache_find(cache, namespace, "own"), "data.value"), value);
        }
        verdict(current, "an own write is never overtaken by an older event", NULL);
        delete_uid(&kube_configmaps, "own", doc_text(first, "metadata.uid"));
        kube_cache_gone(cache, namespace, "own", doc_text(first, "metadata.uid"));
        bool gone = !kube_cache_find(cache, namespace, "own");
        for (int i = 0; i < 20; i++) {
                loop_step(loop, 20 * NS_PER_MS);
                gone = gone && !kube_cache_find(cache, namespace, "own");
        }
        verdict(gone, "an own delete is not undone by late events", NULL);
        kube_cache_free(cache);
}

/* ---- Streams ---- */

struct stream {
        bool accepted, closed;
        struct fail fail;
        struct buf text;
};

static void on_data(void *owner, const char *data, size_t size)
{
        struct stream *stream = owner;

        stream->accepted = true;
        buf_add(&stream->text, data, size);
}

static void on_closed(void *owner, const struct fail *fail)
{
        struct stream *stream = owner;

        stream->closed = true;
        stream->fail = *fail;
}

static void an_old_version_is_expired(void)
{
        auto_free char *path = xasprintf("/api/v1/namespaces/%s/configmaps?watch=true&resourceVersion=1", namespace);
        struct stream stream = {0};
        uint64_t id = kube_stream(client, path, 0, on_data, on_closed, &stream);

        for (int i = 0; i < 100 && !stream.closed && !stream.text.size; i++)
                pass_time(50 * NS_PER_MS);
        kube_cancel(client, id);
        bool expired = (stream.closed && stream.fail.kind == FAIL_EXPIRED) ||
                       (stream.text.size && strstr(stream.text.data, "\"code\":410"));
        verdict(expired, "a watch from version 1 is told 410", stream.text.size ? stream.text.data : stream.fail.text);
        buf_done(&stream.text);
}

static void a_silent_stream_times_out(void)
{
        auto_free char *path = xasprintf("/api/v1/namespaces/%s/secrets?watch=true&timeoutSeconds=60", namespace);
        struct stream stream = {0};
        int64_t begin_ns = loop_now_ns(loop);

        kube_stream(client, path, 2, on_data, on_closed, &stream);
        wait_for(&stream.closed, 10);
        char text[64];
        snprintf(text, sizeof text, "after %.2f s, accepted %d: ", (double)(loop_now_ns(loop) - begin_ns) / 1e9,
                 stream.accepted);
        verdict(stream.closed && stream.fail.kind == FAIL_TIMEOUT && stream.accepted, "silence ends a stream", text);
        buf_done(&stream.text);
}

static struct json_object *pod_that_prints(const char *image, char **args)
{
        static const char text[] = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"talker\"},\"spec\":{"
                                   "\"restartPolicy\":\"Never\",\"terminationGracePeriodSeconds\":1,\"containers\":[{"
                                   "\"name\":\"main\",\"imagePullPolicy\":\"Never\",\"args\":[]}]}}";
        struct json_object *pod = NULL;

        if (doc_parse(text, strlen(text), &pod, NULL))
                abort();
        struct json_object *container = doc_item(doc_at(pod, "spec.containers"), 0);
        doc_set_text(container, "image", image);
        for (; *args; args++)
                doc_push_text(doc_at(container, "args"), *args);
        return pod;
}

/* A pod's log, to its end. */
static struct stream read_log(bool follow)
{
        auto_free char *path = xasprintf("/api/v1/namespaces/%s/pods/talker/log?follow=%s", namespace, follow ? "true" : "false");
        struct stream stream = {0};

        kube_stream(client, path, 0, on_data, on_closed, &stream);
        wait_for(&stream.closed, 60);
        return stream;
}

static void logs_are_followed(const char *image, char **args)
{
        auto_json struct json_object *pod = pod_that_prints(image, args);
        struct fail fail = create(&kube_pods, pod, NULL);
        bool running = false;

        for (int i = 0; i < 300 && !running && !fail.kind; i++) {
                struct answer answer = {0};
                auto_json struct json_object *now = NULL;
                struct kube_ref ref = ref_to(&kube_pods, "talker");
                kube_get(client, &ref, keep, &answer);
                fail = finish(&answer, &now);
                running = doc_text(now, "status.phase") && !text_equal(doc_text(now, "status.phase"), "Pending");
                pass_time(50 * NS_PER_MS);
        }
        if (!running) {
                verdict(false, "pod log follow: the pod never ran", fail.text);
                return;
        }
        struct stream followed = read_log(true), after = read_log(false);
        char text[128];
        snprintf(text, sizeof text, "%zu bytes followed, %zu read afterwards %s", followed.text.size, after.text.size,
                 followed.fail.text);
        verdict(followed.closed && !followed.fail.kind && followed.text.size &&
                        text_equal(followed.text.data, after.text.data),
                "a log is followed to its end", text);
        buf_done(&followed.text);
        buf_done(&after.text);
}

/* ---- Leases and events ---- */

static void on_lead(void *owner, bool leading)
{
        *(int *)owner += leading ? 1 : -1;
}

static void set_true(void *owner)
{
        *(bool *)owner = true;
}

static void two_candidates_and_one_lease(void)
{
        struct kube_client *other;
        struct fail fail;
        int first_leads = 0, second_leads = 0;
        bool both = false, released = false;
        char text[96];

        if (kube_client_new(loop, config, &other, &fail)) {
                verdict(false, "second client", fail.text);
                return;
        }
        struct lease_options options = {.namespace = namespace, .name = "operator", .identity = "first",
                                        .duration_s = 5, .renew_s = 3, .retry_s = 1,
                                        .changed = on_lead, .owner = &first_leads};
        struct lease *first = lease_new(client, &options);
        pass_time(NS_PER_S);
        options.identity = "second";
        options.owner = &second_leads;
        struct lease *second = lease_new(other, &options);
        for (int i = 0; i < 400; i++) {
                pass_time(10 * NS_PER_MS);
                both |= lease_holds(first) && lease_holds(second);
        }
        verdict(first_leads == 1 && second_leads == 0 && lease_holds(first), "the first leads and goes on leading", NULL);
        verdict(text_equal(lease_holder(second), "first"), "the second knows who leads", lease_holder(second));

        int64_t begin_ns = loop_now_ns(loop);
        lease_release(first, set_true, &released);
        while (!lease_holds(second) && loop_now_ns(loop) - begin_ns < 10 * NS_PER_S) {
                pass_time(5 * NS_PER_MS);
                both |= lease_holds(first) && lease_holds(second);
        }
        snprintf(text, sizeof text, "%.2f s", (double)(loop_now_ns(loop) - begin_ns) / 1e9);
        verdict(released && lease_holds(second) && loop_now_ns(loop) - begin_ns < 2500 * NS_PER_MS,
                "a released lease is taken over within 2.5 s", text);
        first = lease_free(first);

        options.identity = "third";
        options.owner = &first_leads;
        first_leads = 0;
        first = lease_new(client, &options);
        pass_time(1500 * NS_PER_MS);
        begin_ns = loop_now_ns(loop);
        second = lease_free(second); /* as in a crash: nothing is released */
        other = kube_client_free(other);
        while (!lease_holds(first) && loop_now_ns(loop) - begin_ns < 20 * NS_PER_S)
                pass_time(5 * NS_PER_MS);
        snprintf(text, sizeof text, "%.2f s (duration 5 s)", (double)(loop_now_ns(loop) - begin_ns) / 1e9);
        verdict(lease_holds(first) && loop_now_ns(loop) - begin_ns < 7 * NS_PER_S, "a crashed leader is replaced", text);
        verdict(!both, "never two leaders", NULL);
        lease_free(first);
}

static void events_become_a_series(void)
{
        struct event_sink *sink = event_sink_new(client, "loadstone.dev/live", "live-1");
        auto_json struct json_object *object = object_of(&kube_configmaps, "applied"), *list = NULL;
        struct answer answer = {0};
        struct kube_ref ref = ref_to(&kube_events, NULL);

        doc_set_text(doc_at(object, "metadata"), "namespace", namespace);
        doc_set_text(doc_at(object, "metadata"), "uid", "11111111-2222-3333-4444-555555555555");
        for (int i = 0; i < 5; i++)
                event_emit(sink, object, true, "TooSlow", "Measure", "it took its time");
        event_emit(sink, object, false, "Started", "Start", "off it goes");
        for (int i = 0; i < 100 && !event_sink_idle(sink); i++)
                pass_time(50 * NS_PER_MS);
        kube_list(client, &ref, NULL, keep, &answer);
        struct fail fail = finish(&answer, &list);
        size_t ours = 0;
        for (size_t i = 0; i < doc_len(list, "items"); i++)
                ours += text_equal(doc_text(doc_item(doc_at(list, "items"), i), "reportingController"), "loadstone.dev/live");
        char text[128];
        snprintf(text, sizeof text, "%zu events, %" PRIu64 " dropped %s", ours, event_sink_dropped(sink), fail.text);
        verdict(ours == 2 && !event_sink_dropped(sink), "six emissions, two events", text);
        event_sink_free(sink);
}

static struct fail version_as(struct kube_config *other)
{
        struct kube_client *stranger;
        struct answer answer = {0};
        struct fail fail = {0};

        if (kube_client_new(loop, other, &stranger, &fail))
                return fail;
        kube_get_path(stranger, "/version", false, keep, &answer);
        fail = finish(&answer, NULL);
        kube_client_free(stranger);
        return fail;
}

static void only_the_right_server_is_trusted(void)
{
        struct kube_config saved = *config;

        config->ca_pem = config->ca_file = NULL; /* the machine's own authorities then */
        struct fail fail = version_as(config);
        verdict(fail.kind == FAIL_DENIED, "a server of another authority is not trusted", fail.text);
        *config = saved;
        config->tls_server_name = (char *)"kubernetes.default.svc";
        fail = version_as(config);
        verdict(!fail.kind, "a server certified under another name that is given", fail.text);
        config->tls_server_name = (char *)"elsewhere.example";
        fail = version_as(config);
        verdict(fail.kind == FAIL_DENIED, "a server certified under other names only", fail.text);
        *config = saved;
}

static void requests_share_a_connection(void)
{
        struct answer answers[40] = {0};
        unsigned sockets = 0;

        for (int i = 0; i < 40; i++)
                kube_get_path(client, "/version", false, keep, &answers[i]);
        for (int i = 0; i < 40; i++)
                finish(&answers[i], NULL);
        for (int fd = 0; fd < 64; fd++) {
                struct sockaddr_storage peer;
                socklen_t size = sizeof peer;
                sockets += getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.ss_family != AF_UNIX;
        }
        auto_free char *text = xasprintf("%u connections", sockets);
        verdict(sockets == 1, "40 requests share one connection", text);
}

int main(int argc, char **argv)
{
        struct fail fail;

        loop = loop_new(clock_system());
        enum fail_kind found = kube_config_in_cluster(&config, &fail);
        if (found == FAIL_MISSING)
                found = kube_config_load(NULL, NULL, &config, &fail);
        if (found || kube_client_new(loop, config, &client, &fail)) {
                fprintf(stderr, "kube-live: %s\n", fail.text);
                return 2;
        }
        snprintf(namespace, sizeof namespace, "kube-live-%d", (int)getpid());
        auto_json struct json_object *space = object_of(&kube_namespaces, namespace), *made_space = NULL;
        fail = create(&kube_namespaces, space, &made_space);
        verdict(!fail.kind, "namespace made", fail.text);
        if (!fail.kind) {
                only_the_right_server_is_trusted();
                requests_share_a_connection();
                writes_and_their_conflicts();
                many_objects_pages_and_watches();
                own_writes_are_seen_at_once();
                an_old_version_is_expired();
                a_silent_stream_times_out();
                two_candidates_and_one_lease();
                events_become_a_series();
                if (argc > 1)
                        logs_are_followed(argv[1], argv + 2);
                fail = delete_uid(&kube_namespaces, namespace, doc_text(made_space, "metadata.uid"));
                verdict(!fail.kind, "namespace removed", fail.text);
        }
        struct kube_stats stats = kube_client_stats(client);
        printf("%" PRIu64 " requests, %" PRIu64 " retries, %" PRIu64 " errors\n", stats.requests, stats.retries, stats.errors);
        kube_client_free(client);
        kube_config_free(config);
        loop_free(loop);
        return steps_failed ? 1 : 0;
}
