/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/local_plan.h"

#include <stdlib.h>
#include <string.h>

#include "api/plan.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"
#include "load/wire.h"

#define PROFILE_BYTES_MAX (1u << 20)

static enum fail_kind read_profile(const char *path, struct json_object **ret_spec, struct fail *fail)
{
        auto_free char *text = NULL;
        auto_json struct json_object *doc = NULL;
        size_t size;

        if (text_file_read(path, PROFILE_BYTES_MAX, &text, &size, fail) || yaml_parse(text, size, &doc, fail))
                return fail_wrap(fail, "%s", path);
        if (!text_equal(doc_text(doc, "kind"), "PerformanceProfile") || !doc_at(doc, "spec"))
                return fail_set(fail, FAIL_INVALID, "%s: not a PerformanceProfile", path);
        *ret_spec = json_object_get(doc_at(doc, "spec"));
        return FAIL_NONE;
}

/* What the kubelet would mount from objects of the cluster, or only an operator can do. */
static enum fail_kind check_stands_alone(struct json_object *spec, const struct run_args *args, struct fail *fail)
{
        static const struct { const char *path, *instead; } elsewhere[] = {
                {"load.tls.caFrom", " and name a file with --ca"},
                {"load.tls.clientCertificateFrom", ""},
                {"load.headersFrom[0]", ""},
                {"context.require[0]", ""},
                {"workload", ""},
        };
        struct json_object *requests = doc_at(spec, "load.requests");

        for (size_t i = 0; i < doc_len(requests, ""); i++)
                if (doc_at(doc_item(requests, i), "body.configMapKeyRef"))
                        return fail_set(fail, FAIL_INVALID, "spec.load.requests[%zu].body.configMapKeyRef stands in a cluster: write body.inline to run here", i);
        if (doc_at(spec, "variants"))
                return fail_set(fail, FAIL_INVALID, "spec.variants are compared in a cluster, one trial after the other: remove them to run here");
        if (doc_at(spec, "capacity"))
                return fail_set(fail, FAIL_INVALID, "spec.capacity is searched for in a cluster, one probe after the other: write a load.shape to run here");
        for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
                if (doc_at(spec, elsewhere[i].path))
                        return fail_set(fail, FAIL_INVALID, "spec.%s stands in a cluster: remove it%s to run here", elsewhere[i].path, elsewhere[i].instead);
        if (doc_at(spec, "load.grpc") && !args->descriptors)
                return fail_set(fail, FAIL_INVALID, "spec.load.grpc.descriptorSetFrom stands in a cluster: name a file with --descriptors to run here");
        return FAIL_NONE;
}

/* The URL takes the place of the target, whatever that is in a cluster; a host that the profile names stays in the requests. */
static enum fail_kind decode(struct local_plan *plan, struct fail *fail)
{
        const char *host = doc_text(plan->given, "target.host");
        auto_free char *text = xasprintf("%s://%s/", plan->url.scheme->word, plan->url.authority);

        plan->host = host ? xstrdup(host) : NULL;
        doc_set(plan->given, "target", doc_set_text(doc_object(), "url", text));
        if (profile_merge(plan->given, NULL, &plan->spec, fail))
                return fail->kind;
        return profile_decode(plan->spec, &plan->profile, fail);
}

/* Files of this machine stand where the kubelet would mount keys. */
static void name_files(struct local_plan *plan, const struct run_args *args)
{
        if (args->ca_file && plan->url.scheme->tls)
                doc_set_text(doc_at(plan->worker, "tls"), "caFile", args->ca_file);
        if (args->descriptors)
                doc_set(plan->worker, "grpc", doc_set_text(doc_object(), "descriptorFile", args->descriptors));
}

static enum fail_kind encode_load(struct local_plan *plan, const struct run_args *args, struct fail *fail)
{
        const struct run run = {.uid = "local", .namespace = "local", .name = "local"};
        struct target target = {
                .addresses = doc_push_text(doc_array(), plan->url.address),
                .authority = plan->host ? plan->host : plan->url.authority,
                .sni = plan->host ? plan->host : plan->url.host,
        };
        struct json_object *worker = plan->worker =
                plan_encode_worker(&(struct plan_parts){.run = &run, .profile = plan->profile, .target = &target}, 0);

        json_object_put(target.addresses);
        doc_set_int(worker, "workers", 1);
        name_files(plan, args);
        return load_plan_decode(worker, &plan->load, fail);
}

/* What the worker finds wrong in what it is to send is a wrong argument here: it is asked before there is one. */
static enum fail_kind check_wire(const struct load_plan *load, struct fail *fail)
{
        struct wire wire;

        if (wire_init(&wire, load, fail))
                return fail->kind;
        wire_done(&wire);
        return FAIL_NONE;
}

enum fail_kind local_plan_init(struct local_plan *plan, const struct run_args *args, struct fail *fail)
{
        *plan = (struct local_plan){0};
        if (url_parse(args->url, &plan->url, fail))
                return fail->kind;
        if (args->file && !text_equal(plan->url.path, "/"))
                return fail_set(fail, FAIL_INVALID, "the requests of --file have paths of their own: leave %.60s out", plan->url.path);
        if (args->file ? read_profile(args->file, &plan->given, fail) : run_args_spec(args, &plan->given, fail))
                return fail->kind;
        if (check_stands_alone(plan->given, args, fail) || decode(plan, fail) || encode_load(plan, args, fail) || check_wire(plan->load, fail)) {
                if (!args->file)
                        run_args_blame(fail);
                return fail->kind;
        }
        return FAIL_NONE;
}

void local_plan_done(struct local_plan *plan)
{
        load_plan_free(plan->load);
        json_object_put(plan->worker);
        profile_free(plan->profile);
        json_object_put(plan->spec);
        json_object_put(plan->given);
        free(plan->host);
        url_done(&plan->url);
}

const char *local_plan_left_out(const struct local_plan *plan)
{
        static const char *const sentences[2][2] = {
                {NULL, "spec.baseline is left out: what is measured here is compared with nothing"},
                {"spec.trials is left out: one trial is run here",
                 "spec.trials and spec.baseline are left out: one trial is run here, and compared with nothing"},
        };

        return sentences[profile_trials_most(plan->profile) > 1][plan->profile->baseline.from != PROFILE_BASELINE_NONE];
}

char *local_plan_format_profile(const struct local_plan *plan)
{
        auto_json struct json_object *profile = doc_object();

        doc_set_text(doc_set_text(profile, "apiVersion", "loadstone.dev/v1alpha1"), "kind", "PerformanceProfile");
        doc_set(profile, "metadata", doc_set_text(doc_object(), "name", "local"));
        doc_set(profile, "spec", json_object_get(plan->given));
        return yaml_format(profile);
}
