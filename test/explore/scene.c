/* SPDX-License-Identifier: Apache-2.0
 *
 * What workloads ask of their world: objects that people and clusters make, and a look at them. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "check.h"
#include "data/doc.h"
#include "sim.h"
#include "world_internal.h"

#define RUNS "/apis/loadstone.dev/v1alpha1/namespaces/shop/benchmarkruns"

/* ---- what people do ---- */

struct json_object *world_ask(struct world *world, const char *method, const char *path, const char *body)
{
        const struct apisim_request request = {
                .method = method,
                .target = path,
                .content_type = !body ? NULL : text_equal(method, "PATCH") ? "application/merge-patch+json" : "application/json",
                .body = body,
                .size = body ? strlen(body) : 0,
        };
        struct apisim_answer answer = {0};

        json_object_put(world->answer);
        world->answer = NULL;
        check_person(world->check, true);
        apisim_request(world->sim, &request, &answer);
        check_person(world->check, false);
        if (answer.body)
                doc_parse(answer.body, answer.size, &world->answer, NULL);
        if (answer.status >= 300 && answer.status != 404) {
                fprintf(stderr, "%s %s: %d %.*s\n", method, path, answer.status, (int)answer.size, answer.body);
                abort(); /* the workload itself is wrong */
        }
        apisim_answer_done(&answer);
        return world->answer;
}

void world_profile(struct world *world, const char *name, const char *service, const char *load)
{
        auto_free char *body = xasprintf(
                "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"PerformanceProfile\",\"metadata\":{\"name\":\"%s\"},\"spec\":{"
                "\"target\":{\"service\":{\"name\":\"%s\",\"port\":\"http\"}},\"load\":%s,\"validity\":{\"minWindow\":\"1s\"},"
                "\"limits\":{\"readyTimeout\":\"20s\"}}}",
                name, service, load);

        world_ask(world, "POST", "/apis/loadstone.dev/v1alpha1/namespaces/shop/performanceprofiles", body);
}

void world_run_new(struct world *world, const char *name, const char *profile, const char *more)
{
        auto_free char *body = xasprintf(
                "{\"apiVersion\":\"loadstone.dev/v1alpha1\",\"kind\":\"BenchmarkRun\",\"metadata\":{\"name\":\"%s\"},\"spec\":{"
                "\"profile\":\"%s\"%s}}", name, profile, more);

        world_ask(world, "POST", RUNS, body);
}

void world_server(struct world *world, const char *service)
{
        auto_free char *object = xasprintf(
                "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"%s\"},\"spec\":{\"clusterIP\":\"10.0.0.1\",\"selector\":"
                "{\"app\":\"%s\"},\"ports\":[{\"name\":\"http\",\"port\":80,\"targetPort\":8080,\"protocol\":\"TCP\"}]}}", service, service);
        auto_free char *slice = xasprintf(
                "{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{\"name\":\"%s-1\",\"labels\":"
                "{\"kubernetes.io/service-name\":\"%s\"}},\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"http\",\"port\":8080,\"protocol\":"
                "\"TCP\"}],\"endpoints\":[{\"addresses\":[\"10.1.0.1\"],\"conditions\":{\"ready\":true,\"serving\":true},\"nodeName\":\"node-1\"}]}",
                service, service);

        world_ask(world, "POST", "/api/v1/namespaces/shop/services", object);
        world_ask(world, "POST", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", slice);
}

#define POLICIES "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"

void world_authors(struct world *world)
{
        world_ask(world, "POST", POLICIES "ies", "{\"metadata\":{\"name\":\"loadstone-authors\"},\"spec\":{}}");
        world_ask(world, "POST", POLICIES "ybindings",
                  "{\"metadata\":{\"name\":\"loadstone-authors\"},\"spec\":{\"policyName\":\"loadstone-authors\",\"validationActions\":[\"Deny\"]}}");
        world_again_at(world, WORLD_AUTHORS_MS);
}

bool world_due(struct world *world, unsigned step, int64_t at_ms)
{
        unsigned *stands_at = world_step_of(world);

        if (*stands_at != step)
                return false;
        if (world_ms(world) < at_ms) {
                world_again_at(world, at_ms);
                return false;
        }
        (*stands_at)++;
        return true;
}

void world_one_run(struct world *world, const char *name)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, name, "web", "");
}

void world_run_change(struct world *world, const char *name, const char *method, const char *body)
{
        auto_free char *path = xasprintf(RUNS "/%s", name);

        world_ask(world, method, path, body);
}

/* Looked up, not asked for: workloads look whenever something has happened. */
const char *world_phase(struct world *world, const char *run)
{
        const struct kind *runs = kind_find(world->sim, "loadstone.dev", "v1alpha1", "benchmarkruns");
        const struct object *object = sim_store_find(runs, "shop", run);
        const char *phase = object ? doc_text(object->json, "status.phase") : NULL;

        return phase ? phase : "";
}

/* ---- the Lease ---- */

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/loadstone-system/leases/loadstone-operator"

void world_spoil_lease(struct world *world, enum fault_kind kind)
{
        static const char *const spoils[FAULT_KINDS] = {
                [FAULT_LEASE_FREED] = "{\"spec\":{\"holderIdentity\":\"\"}}",
                [FAULT_LEASE_TAKEN] = "{\"spec\":{\"holderIdentity\":\"stranger\",\"leaseDurationSeconds\":15}}",
                [FAULT_LEASE_GARBAGE] = "{\"metadata\":{\"labels\":null},\"spec\":{\"holderIdentity\":\"\\u001b[2J one \\u202e two\","
                                        "\"leaseDurationSeconds\":1,\"leaseTransitions\":2147483647,\"acquireTime\":null,"
                                        "\"renewTime\":\"9999-12-31T23:59:59.999999Z\"}}",
        };

        world_ask(world, spoils[kind] ? "PATCH" : "DELETE", LEASE, spoils[kind]);
}
