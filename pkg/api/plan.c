/* SPDX-License-Identifier: Apache-2.0 */
#include "api/plan.h"

#include <stdio.h>
#include <string.h>

#include "api/names.h"
#include "api/steps.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define PLAN_VERSION 1
#define INTERVAL_MS 1000
/* How long after readyTimeout a worker still waits for its start instant: the operator decides first, even one that was just restarted. */
#define START_WAIT_MS INT64_C(300000)

struct json_object *plan_metadata(const char *namespace, const char *run, const char *uid, const char *profile,
                                  const char *name, const char *part)
{
        struct json_object *labels = doc_object(), *annotations = doc_object();

        doc_set_text(labels, LABEL_MANAGED, LABEL_MANAGED_VALUE);
        doc_set_text(labels, LABEL_RUN_UID, uid);
        doc_set_text(labels, LABEL_PART, part);
        doc_set_text(labels, LABEL_PROFILE, profile);
        doc_set_text(annotations, ANNOTATION_RUN, run);
        struct json_object *metadata = doc_object();
        doc_set_text(doc_set_text(metadata, "name", name), "namespace", namespace);
        return doc_set(doc_set(metadata, "labels", labels), "annotations", annotations);
}

static struct json_object *encode_statuses(struct json_object *expected)
{
        struct json_object *out = doc_array();

        for (size_t i = 0; i < doc_len(expected, ""); i++) {
                struct json_object *range = doc_array();
                int64_t code = json_object_get_int64(doc_item(expected, i));
                doc_push(doc_push(range, json_object_new_int64(code)), json_object_new_int64(code));
                doc_push(out, range);
        }
        return out;
}

static struct json_object *encode_request(struct json_object *request, size_t index)
{
        struct json_object *out = doc_object(), *headers = doc_array(), *given = doc_at(request, "headers");

        doc_set_text(out, "name", doc_text(request, "name"));
        doc_set_int(out, "weight", doc_int(request, "weight", 1));
        doc_set_text(out, "method", doc_text(request, "method"));
        doc_set_text(out, "path", doc_text(request, "path"));
        if (given) {
                json_object_object_foreach(given, key, value) {
                        struct json_object *pair = doc_array();
                        doc_push_text(doc_push_text(pair, key), json_object_get_string(value));
                        doc_push(headers, pair);
                }
        }
        doc_set(out, "headers", headers);
        doc_set_text(out, "body", doc_text(request, "body.inline"));
        doc_set_text(out, "bodyBase64", doc_text(request, "body.base64"));
        if (doc_at(request, "body.configMapKeyRef")) {
                auto_free char *path = xasprintf("/etc/loadstone/body/%zu/body", index);
                doc_set_text(out, "bodyFile", path);
        }
        if (doc_len(request, "expect.status") > 0)
                doc_set(out, "statuses", encode_statuses(doc_at(request, "expect.status")));
        if (doc_len(request, "expect.grpcStatus") > 0)
                doc_set(out, "grpcStatuses", json_object_get(doc_at(request, "expect.grpcStatus")));
        doc_set_text(out, "contains", doc_text(request, "expect.body.contains"));
        return out;
}

/* Names of headers and of the files that the kubelet mounts; the values are nowhere but there. */
static struct json_object *encode_headers_from(const struct profile *profile)
{
        struct json_object *out = doc_array();

        for (size_t i = 0; i < profile->headers_from_len; i++) {
                auto_free char *path = xasprintf("/etc/loadstone/header/%zu/value", i);
                doc_push(out, doc_push_text(doc_push_text(doc_array(), profile->headers_from[i].name), path));
        }
        return out;
}

static struct json_object *encode_brake(const struct profile *profile)
{
        struct json_object *brake = doc_object();

        if (profile->brake_off) {
                json_object_put(brake);
                return NULL;
        }
        doc_set(brake, "errorRatio", json_object_new_double(profile->brake_ratio));
        return doc_set_int(brake, "forMs", profile->brake_ms);
}

/* Each with the path at which its pod has the file. */
static struct json_object *encode_proxies(struct json_object *proxies)
{
        struct json_object *out = doc_array();

        for (size_t i = 0; i < doc_len(proxies, ""); i++) {
                struct json_object *proxy = doc_copy(doc_item(proxies, i));
                auto_free char *path = xasprintf("/etc/loadstone/pod/%s", doc_text(proxy, "file"));
                doc_push(out, doc_set_text(proxy, "file", path));
        }
        return out;
}

/* A probe is judged by its tenths. */
static int64_t interval_ms(const struct profile *profile)
{
        int64_t tenth_ms = profile->capacity.probe_ms / 10;

        return profile->capacity.given && tenth_ms < INTERVAL_MS ? tenth_ms : INTERVAL_MS;
}

struct json_object *plan_encode_worker(const struct plan_parts *parts, uint32_t arm)
{
        const struct profile *profile = profile_arm(parts->profile, arm);
        struct json_object *pod = parts->pods[arm];
        struct json_object *worker = doc_object(), *run = doc_object(), *requests = doc_array();

        doc_set_text(doc_set_text(run, "uid", parts->run->uid), "namespace", parts->run->namespace);
        doc_set_int(doc_set_text(run, "name", parts->run->name), "trial", 0);
        for (size_t i = 0; i < doc_len(profile->spec, "load.requests"); i++)
                doc_push(requests, encode_request(doc_item(doc_at(profile->spec, "load.requests"), i), i));
        doc_set(doc_set_int(worker, "version", PLAN_VERSION), "run", run);
        doc_set_int(doc_set_int(worker, "workers", profile->workers), "seed", profile->seed);
        doc_set_text(worker, "scheme", profile->scheme->word);
        doc_set(worker, "addresses", json_object_get(parts->target->addresses));
        doc_set_text(doc_set_text(worker, "authority", parts->target->authority), "sni", parts->target->sni);
        if (profile->scheme->tls) {
                struct json_object *tls = doc_set_bool(doc_object(), "verify", profile->tls_verify);
                doc_set_text(tls, "caFile", profile->ca_configmap || profile->ca_secret ? "/etc/loadstone/ca/ca.crt" : NULL);
                doc_set_text(tls, "certificateFile", profile->client_secret ? "/etc/loadstone/tls/tls.crt" : NULL);
                doc_set_text(tls, "keyFile", profile->client_secret ? "/etc/loadstone/tls/tls.key" : NULL);
                doc_set(worker, "tls", tls);
        }
        doc_set(doc_set(worker, "requests", requests), "shape", profile_encode_shape(profile));
        if (profile->descriptors_key)
                doc_set(worker, "grpc", doc_set_text(doc_object(), "descriptorFile", "/etc/loadstone/grpc/descriptors"));
        if (profile->headers_from_len > 0)
                doc_set(worker, "headersFrom", encode_headers_from(profile));
        doc_set_int(doc_set_int(worker, "timeoutMs", profile->timeout_ms), "connections", profile->connections);
        if (profile->streams > 1)
                doc_set_int(worker, "streamsPerConnection", profile->streams);
        doc_set_text(worker, "whenBusy", doc_text(profile->spec, "load.concurrency.whenBusy"));
        if (text_equal(doc_text(worker, "whenBusy"), "grow"))
                doc_set_int(worker, "connectionsMax", profile->connections_max);
        if (profile->reconnect_requests)
                doc_set_int(worker, "reconnectAfterRequests", profile->reconnect_requests);
        if (profile->reconnect_ms)
                doc_set_int(worker, "reconnectAfterMs", profile->reconnect_ms);
        doc_set_text(worker, "arrival", doc_text(profile->spec, "load.arrival"));
        doc_set_text(worker, "pacing", doc_text(profile->spec, "load.pacing"));
        doc_set_int(doc_set_int(worker, "warmupMs", profile->warmup_ms), "cooldownMs", profile->cooldown_ms);
        if (profile->warmup_auto)
                doc_set_int(worker, "warmupLeastMs", PROFILE_WARMUP_LEAST_MS);
        doc_set(worker, "guard", json_object_get(parts->target->guard));
        doc_set(worker, "brake", encode_brake(profile));
        if (doc_len(pod, "proxies") > 0)
                doc_set(worker, "proxies", encode_proxies(doc_at(pod, "proxies")));
        int64_t wait_ms = profile->ready_timeout_ms + START_WAIT_MS;
        doc_set_int(worker, "readyTimeoutMs", wait_ms < profile->deadline_ms ? wait_ms : profile->deadline_ms);
        return doc_set_int(worker, "intervalMs", interval_ms(profile));
}

static struct json_object *encode_arms(const struct plan_parts *parts)
{
        struct json_object *arms = doc_array();

        for (uint32_t i = 0; i < profile_arms(parts->profile); i++) {
                struct json_object *arm = doc_set_text(doc_object(), "name", profile_arm_name(parts->profile, i));
                doc_push(arms, doc_set(arm, "pod", json_object_get(parts->pods[i])));
        }
        return arms;
}

static struct json_object *encode_meta(const struct plan_parts *parts)
{
        struct json_object *meta = doc_object(), *profile = doc_object();
        char digest[PROFILE_DIGEST_MAX];

        profile_digest(parts->profile, digest);
        doc_set_text(profile, "name", parts->run->profile);
        doc_set_text(profile, "uid", doc_text(parts->profile_object, "metadata.uid"));
        if (parts->profile_object)
                doc_set_int(profile, "generation", doc_int(parts->profile_object, "metadata.generation", 0));
        doc_set_text(profile, "digest", digest);
        profile_load_digest(parts->profile, digest);
        doc_set_text(profile, "loadDigest", digest);
        doc_set(doc_set_int(meta, "version", PLAN_VERSION), "profile", profile);
        doc_set_text(meta, "image", parts->image);
        if (parts->profile->variants_len)
                doc_set(meta, "arms", encode_arms(parts));
        else if (parts->pods[0])
                doc_set(meta, "pod", json_object_get(parts->pods[0]));
        doc_set(meta, "baseline", json_object_get(parts->baseline));
        if (parts->run->labels)
                doc_set(meta, "labels", json_object_get(parts->run->labels));
        return meta;
}

static void add_key(struct json_object *data, const char *key, struct json_object *takes_value)
{
        auto_json struct json_object *value = takes_value;
        auto_free char *text = doc_canonical(value);
        doc_set_text(data, key, text);
}

static struct json_object *encode_target(const struct target *target)
{
        struct json_object *out = doc_set_text(doc_object(), "key", target->key);

        doc_set_text(doc_set_text(out, "authority", target->authority), "sni", target->sni);
        doc_set(out, "addresses", json_object_get(target->addresses));
        doc_set_text(out, "consent", target->consent);
        return doc_set(out, "selector", json_object_get(target->selector));
}

/* The surroundings are worth having, but not at the price of the plan: beyond their budget only the fact stays. */
static struct json_object *encode_context(struct json_object *context)
{
        if (!context)
                return doc_object();
        if (strlen(doc_print(context)) > PLAN_CONTEXT_BYTES_MAX)
                return doc_set_bool(doc_object(), "truncated", true);
        return json_object_get(context);
}

const char *plan_worker_key(uint32_t arm, char key[static PLAN_KEY_MAX])
{
        if (arm == 0)
                return "worker.json";
        snprintf(key, PLAN_KEY_MAX, "worker-%u.json", arm % PROFILE_VARIANTS_MAX);
        return key;
}

const char *plan_steps_key(uint32_t arm, char key[static PLAN_KEY_MAX])
{
        if (arm == 0)
                return STEPS_KEY;
        snprintf(key, PLAN_KEY_MAX, "steps-%u.json", arm % PROFILE_VARIANTS_MAX);
        return key;
}

static void add_steps(struct json_object *data, const struct plan_parts *parts)
{
        char key[PLAN_KEY_MAX];

        for (uint32_t i = 0; i < profile_arms(parts->profile); i++) {
                struct json_object *steps = steps_encode_variant(parts->run, parts->profile, i);
                if (steps)
                        add_key(data, plan_steps_key(i, key), steps);
        }
}

struct json_object *plan_encode(const struct plan_parts *parts)
{
        char name[NAME_MAX_LEN], key[PLAN_KEY_MAX];
        struct json_object *configmap = doc_object(), *data = doc_object();

        name_plan(parts->run->name, parts->run->uid, name);
        add_key(data, "profile.json", json_object_get(parts->profile->spec));
        for (uint32_t i = 0; i < profile_arms(parts->profile); i++)
                add_key(data, plan_worker_key(i, key), plan_encode_worker(parts, i));
        add_steps(data, parts);
        add_key(data, "target.json", encode_target(parts->target));
        add_key(data, "context.json", encode_context(parts->context));
        add_key(data, "meta.json", encode_meta(parts));
        if (parts->mesh)
                add_key(data, "mesh.json", encode_context(parts->mesh));
        doc_set_text(doc_set_text(configmap, "apiVersion", "v1"), "kind", "ConfigMap");
        doc_set(configmap, "metadata", plan_metadata(parts->run->namespace, parts->run->name, parts->run->uid,
                                                     parts->run->profile, name, "plan"));
        doc_set_bool(configmap, "immutable", true);
        return doc_set(configmap, "data", data);
}

/* A key of the plan; false: it is there and cannot be read. */
static bool take_key(struct json_object *configmap, const char *key, struct json_object **into)
{
        auto_free char *path = xasprintf("data[\"%s\"]", key);
        const char *text = doc_text(configmap, path);

        return !text || !doc_parse(text, strlen(text), into, NULL);
}

/* As many plans of workers as there are arms. */
static const char *take_others(struct json_object *configmap, struct plan *plan, char key[static PLAN_KEY_MAX])
{
        for (uint32_t i = 1; i < doc_len(plan->meta, "arms"); i++)
                if (i >= PROFILE_VARIANTS_MAX || !take_key(configmap, plan_worker_key(i, key), &plan->others[i]) || !plan->others[i])
                        return plan_worker_key(i, key);
        return NULL;
}

static const char *take_steps(struct json_object *configmap, struct plan *plan, char key[static PLAN_KEY_MAX])
{
        for (uint32_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                if (!take_key(configmap, plan_steps_key(i, key), &plan->steps[i]))
                        return plan_steps_key(i, key);
        return NULL;
}

enum fail_kind plan_decode(struct json_object *configmap, struct plan *ret_plan, struct fail *fail)
{
        char key[PLAN_KEY_MAX];
        struct plan plan = {0};
        const struct { const char *key; struct json_object **into; } keys[] = {
                {"profile.json", &plan.spec}, {"worker.json", &plan.worker}, {"target.json", &plan.target},
                {"context.json", &plan.context}, {"meta.json", &plan.meta},
        };

        const char *bad = take_key(configmap, "mesh.json", &plan.mesh) ? NULL : "mesh.json";
        for (size_t i = 0; i < ARRAY_LEN(keys) && !bad; i++)
                if (!take_key(configmap, keys[i].key, keys[i].into) || !*keys[i].into)
                        bad = keys[i].key;
        bad = bad ? bad : take_others(configmap, &plan, key);
        bad = bad ? bad : take_steps(configmap, &plan, key);
        if (bad) {
                plan_done(&plan);
                return fail_set(fail, FAIL_INVALID, "plan ConfigMap has no usable %s", bad);
        }
        *ret_plan = plan;
        return FAIL_NONE;
}

void plan_done(struct plan *plan)
{
        json_object_put(plan->spec);
        json_object_put(plan->worker);
        json_object_put(plan->target);
        json_object_put(plan->context);
        json_object_put(plan->meta);
        json_object_put(plan->mesh);
        for (size_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                json_object_put(plan->others[i]);
        for (size_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                json_object_put(plan->steps[i]);
        *plan = (struct plan){0};
}

struct json_object *plan_worker(const struct plan *plan, uint32_t arm)
{
        return arm == 0 ? plan->worker : arm < PROFILE_VARIANTS_MAX ? plan->others[arm] : NULL;
}

struct json_object *plan_pod(const struct plan *plan, uint32_t arm)
{
        struct json_object *arms = doc_at(plan->meta, "arms");

        return arms ? doc_at(doc_item(arms, arm), "pod") : doc_at(plan->meta, "pod");
}
