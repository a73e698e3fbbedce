/* SPDX-License-Identifier: Apache-2.0
 *
 * From a spec to the worker's plan. The input is {"spec":…,"overrides":…}. What is accepted can be run: the plan that comes of
 * it is one that the worker accepts, the Job can be made, and merging again changes nothing. */
#include "api/job.h"
#include "api/metric.h"
#include "api/plan.h"
#include "api/profile.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "load/schedule.h"
#include "load/wire.h"

static void must_be_runnable(struct json_object *worker)
{
        struct load_plan *plan = NULL;
        struct schedule schedule;
        struct wire wire;
        struct fail fail = {0};

        if (load_plan_decode(worker, &plan, &fail)) {
                fprintf(stderr, "%s\n", fail.text);
                must(!"a plan that the worker accepts");
        }
        schedule_init(&schedule, plan);
        must(plan->closed || schedule.requests > 0);
        for (size_t i = 0; i < plan->requests_len; i++) {
                must(!plan->requests[i].body_file || text_starts(plan->requests[i].body_file, "/etc/loadstone/"));
                free(take(plan->requests[i].body_file)); /* is not here */
        }
        for (size_t i = 0; i < plan->secret_headers_len; i++)
                must(text_starts(plan->secret_headers[i].file, "/etc/loadstone/header/"));
        must(!plan->certificate_file == !plan->key_file && (plan->tls || !plan->key_file));
        if (plan->secret_headers_len == 0) { /* neither are their values */
                must(!wire_init(&wire, plan, &fail));
                wire_done(&wire);
        }
        load_plan_free(plan);
}

static void must_make_a_plan(struct profile *profile)
{
        const struct run run = {.namespace = "shop", .name = "checkout-1", .uid = "0f8fad5b-d9cb-469f-a165-70867728950e",
                                .profile = "checkout"};
        auto_json struct json_object *addresses = doc_push_text(doc_array(), "10.96.3.4:8080");
        auto_free char *authority = xstrdup(profile->host ? profile->host : "checkout.shop.svc:8080");
        auto_free char *sni = xstrndup(authority, strcspn(authority, ":")), *key = target_key(profile, "shop");
        const struct target target = {.addresses = addresses, .authority = authority, .sni = sni, .key = key};
        const struct plan_parts parts = {.run = &run, .profile = profile, .target = &target, .image = "loadstone:1"};
        auto_json struct json_object *configmap = plan_encode(&parts), *job = job_encode(&run, profile, "loadstone:1", 0, 0);
        struct plan plan;

        fuzz_must_survive(configmap);
        fuzz_must_survive(job);
        must(!plan_decode(configmap, &plan, NULL));
        must(doc_equal(plan.spec, profile->spec));
        must_be_runnable(plan.worker);
        plan_done(&plan);
}

static void must_keep_its_promises(const struct profile *profile)
{
        struct metric metric;

        must(profile->timeout_ms >= 1 && profile->warmup_ms >= 0 && profile->shape_ms >= 100);
        must(profile->warmup_ms + profile->shape_ms + profile->timeout_ms + profile->cooldown_ms < profile->deadline_ms);
        must(profile->workers >= 1 && profile->workers <= profile->connections && profile->keep >= 1);
        must(profile->objectives_len <= PROFILE_OBJECTIVES_MAX);
        for (size_t i = 0; i < profile->objectives_len; i++)
                must(!metric_parse(profile->objectives[i].metric, &metric, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *doc = fuzz_json(data, size), *merged = NULL, *again = NULL;
        auto_profile struct profile *profile = NULL, *profile_again = NULL;
        char digest[PROFILE_DIGEST_MAX], digest_again[PROFILE_DIGEST_MAX];
        struct fail fail = {0};

        if (profile_merge(doc_at(doc, "spec"), doc_at(doc, "overrides"), &merged, &fail)) {
                fuzz_must_be_utf8(fail.text);
                return 0;
        }
        if (profile_decode(merged, &profile, &fail)) {
                must(fail.kind == FAIL_INVALID && strncmp(fail.text, "spec.", 5) == 0);
                return 0;
        }
        must_keep_its_promises(profile);
        profile_digest(profile, digest);
        must(!profile_merge(merged, NULL, &again, NULL) && doc_equal(merged, again));
        must(!profile_decode(again, &profile_again, NULL));
        profile_digest(profile_again, digest_again);
        must(text_equal(digest, digest_again));
        must_make_a_plan(profile);
        return 0;
}
