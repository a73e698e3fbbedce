/* SPDX-License-Identifier: Apache-2.0
 *
 * What a pod shows of itself in each stage. */
#include "controllers.h"
#include "kubelet.h"

/* {"name", "state", "ready", …} of every container, in one state. */
static void set_containers(struct json_object *pod, struct json_object *state, bool running)
{
        struct json_object *containers = doc_at(pod, "spec.containers"), *list = doc_array();

        for (size_t i = 0; i < doc_len(containers, ""); i++) {
                struct json_object *container = doc_item(containers, i), *status = doc_object();
                doc_set(doc_set_text(status, "name", doc_text(container, "name")), "state", doc_copy(state));
                doc_set(status, "lastState", doc_object());
                doc_set_int(doc_set_bool(status, "ready", running), "restartCount", 0);
                doc_set_text(doc_set_text(status, "image", doc_text(container, "image")), "imageID", running ? "sha256:apisim" : "");
                doc_push(list, doc_set_bool(status, "started", running));
        }
        doc_set(doc_at(pod, "status"), "containerStatuses", list);
        json_object_put(state);
}

void pod_show_waiting(struct apisim *sim, struct object *object, const char *reason, const char *message)
{
        struct json_object *pod = sim_store_copy(object), *waiting = doc_set_text(doc_object(), "reason", reason);

        set_containers(pod, doc_set(doc_object(), "waiting", doc_set_text(waiting, "message", message)), false);
        object_replace(sim, object, pod);
}

void pod_show_unschedulable(struct apisim *sim, struct object *object)
{
        struct json_object *pod = sim_store_copy(object);
        static const char message[] = "0/1 nodes are available: 1 Insufficient cpu.";

        condition_set(sim, doc_at(pod, "status"), "PodScheduled", "False", "Unschedulable", message);
        event_write(sim, pod, "default-scheduler", "Warning", "FailedScheduling", message);
        object_replace(sim, object, pod);
}

void pod_show_scheduled(struct apisim *sim, struct object *object, const char *node)
{
        struct json_object *pod = sim_store_copy(object), *status = doc_at(pod, "status");
        static const char *const yes[] = {"PodScheduled", "Initialized", "PodReadyToStartContainers"};

        doc_set_text(doc_at(pod, "spec"), "nodeName", node);
        for (size_t i = 0; i < ARRAY_LEN(yes); i++)
                condition_set(sim, status, yes[i], "True", NULL, NULL);
        condition_set(sim, status, "Ready", "False", "ContainersNotReady", "containers with unready status");
        condition_set(sim, status, "ContainersReady", "False", "ContainersNotReady", "containers with unready status");
        doc_set_text(doc_set(status, "startTime", sim_time(sim)), "hostIP", "192.0.2.1");
        set_containers(pod, doc_set(doc_object(), "waiting", doc_set_text(doc_object(), "reason", "ContainerCreating")), false);
        object_replace(sim, object, pod);
}

void pod_show_running(struct apisim *sim, struct object *object)
{
        struct json_object *pod = sim_store_copy(object), *status = doc_at(pod, "status");
        uint64_t random = sim_random(sim);
        auto_free char *ip = xasprintf("10.244.%u.%u", (unsigned)(random >> 8 & 0xff), (unsigned)(random & 0xff) | 1);

        doc_set_text(status, "phase", "Running");
        doc_set_text(status, "podIP", ip);
        doc_set(status, "podIPs", doc_push(doc_array(), doc_set_text(doc_object(), "ip", ip)));
        condition_set(sim, status, "Ready", "True", NULL, NULL);
        condition_set(sim, status, "ContainersReady", "True", NULL, NULL);
        set_containers(pod, doc_set(doc_object(), "running", doc_set(doc_object(), "startedAt", sim_time(sim))), true);
        object_replace(sim, object, pod);
}

void pod_show_ended(struct apisim *sim, struct object *object, const struct life_end *end)
{
        struct json_object *pod = sim_store_copy(object), *status = doc_at(pod, "status"), *state = doc_object();
        const char *started = doc_text(status, "containerStatuses[0].state.running.startedAt");
        const char *reason = end->reason ? end->reason : end->exit_code ? "Error" : "Completed";

        doc_set_text(doc_set_int(state, "exitCode", end->exit_code), "reason", reason);
        doc_set_text(state, "message", end->message);
        doc_set(doc_set_text(state, "startedAt", started), "finishedAt", sim_time(sim));
        doc_set_text(status, "phase", end->exit_code ? "Failed" : "Succeeded");
        doc_set_text(doc_set_text(status, "reason", end->pod_reason), "message", end->pod_message);
        condition_set(sim, status, "Ready", "False", end->exit_code ? "PodFailed" : "PodCompleted", NULL);
        condition_set(sim, status, "ContainersReady", "False", end->exit_code ? "PodFailed" : "PodCompleted", NULL);
        if (end->disruption)
                condition_set(sim, status, "DisruptionTarget", "True", end->disruption, end->pod_message);
        set_containers(pod, doc_set(doc_object(), "terminated", state), false);
        object_replace(sim, object, pod);
}
