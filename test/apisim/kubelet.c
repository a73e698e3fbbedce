/* SPDX-License-Identifier: Apache-2.0
 *
 * Scheduler and kubelet in one: pods go through their script. Each stage has an instant at which it is over; a step catches
 * up with all that have passed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "controllers.h"
#include "kubelet.h"

#define COMPONENT "kubelet"
#define BACK_OFF_NS (10 * NS_PER_S)
#define SIGTERM_CODE 143
#define SIGKILL_CODE 137

/* ---- Lives ---- */

static struct life *life_of(struct apisim *sim, struct json_object *pod)
{
        const char *uid = doc_text(pod, "metadata.uid");
        struct life *life = map_find(&sim->pods, uid);

        if (life)
                return life;
        life = xnew(struct life);
        sim->options.script(sim->options.script_owner, pod, &life->script);
        life->log = xnew(struct pod_log);
        life->log->readers = 1;
        life->stage = LIFE_NEW;
        life->next_ns = sim_now_ns(sim) + life->script.schedule_ms * NS_PER_MS;
        life->kill_ns = life->stop_ns = INT64_MAX;
        map_set(&sim->pods, uid, life);
        return life;
}

void pod_log_leave(struct pod_log *log)
{
        if (--log->readers > 0)
                return;
        buf_done(&log->text);
        free(log);
}

static void free_life(void *memory)
{
        struct life *life = memory;

        sim_worker_free(life->worker);
        life->log->ended = true;
        pod_log_leave(life->log);
        free(life);
}

void pods_done(struct apisim *sim)
{
        size_t at = 0;
        const char *key;
        void *life;

        while (map_next(&sim->pods, &at, &key, &life))
                free_life(life);
        map_done(&sim->pods);
}

struct life *life_find(struct apisim *sim, const char *uid)
{
        return uid ? map_find(&sim->pods, uid) : NULL;
}

/* ---- Stages ---- */

static void end_life(struct apisim *sim, struct object *object, struct life *life, const struct life_end *end)
{
        life->stage = LIFE_ENDED;
        life->log->ended = true;
        life->next_ns = life->kill_ns = life->stop_ns = INT64_MAX;
        pod_show_ended(sim, object, end);
}

static void start(struct apisim *sim, struct object *object, struct life *life, int64_t at_ns)
{
        const struct pod_script *script = &life->script;

        pod_show_running(sim, object);
        life->stage = LIFE_RUNNING;
        life->started_ns = at_ns;
        life->next_ns = script->run_ms < 0 ? INT64_MAX : at_ns + script->run_ms * NS_PER_MS;
        if (script->kill_ms)
                life->kill_ns = at_ns + script->kill_ms * NS_PER_MS;
        if (!script->worker)
                return;
        life->next_ns = INT64_MAX;
        life->worker = sim_worker_new(sim, object->json, script->worker, at_ns);
        if (!life->worker)
                end_life(sim, object, life, &(struct life_end){.exit_code = 2, .message = "apisim: the pod has no plan that can be read"});
}

static void pass_stage(struct apisim *sim, struct object *object, struct life *life)
{
        const struct pod_script *script = &life->script;
        int64_t at_ns = life->next_ns;

        switch (life->stage) {
        case LIFE_NEW:
                life->stage = LIFE_SCHEDULED;
                life->next_ns = script->node ? at_ns + script->pull_ms * NS_PER_MS : INT64_MAX;
                if (script->node)
                        pod_show_scheduled(sim, object, script->node);
                else
                        pod_show_unschedulable(sim, object);
                break;
        case LIFE_SCHEDULED:
                life->stage = script->pull_error ? LIFE_PULL_FAILED : LIFE_PULLED;
                life->next_ns = at_ns + (script->pull_error ? BACK_OFF_NS : script->start_ms * NS_PER_MS);
                if (script->pull_error) {
                        event_write(sim, object->json, COMPONENT, "Warning", "Failed", script->pull_error);
                        pod_show_waiting(sim, object, "ErrImagePull", script->pull_error);
                }
                break;
        case LIFE_PULL_FAILED:
                life->next_ns = INT64_MAX;
                pod_show_waiting(sim, object, "ImagePullBackOff", script->pull_error);
                break;
        case LIFE_PULLED:
                start(sim, object, life, at_ns);
                break;
        case LIFE_RUNNING:
                end_life(sim, object, life, &(struct life_end){.exit_code = script->exit_code, .message = script->message});
                break;
        case LIFE_ENDED:
                break;
        }
}

/* ---- From outside ---- */

static void kill_pod(struct apisim *sim, struct object *object, struct life *life)
{
        const char *reason = life->script.kill_reason;
        static const char text[] = "The node was low on resource: memory.";

        life->kill_ns = INT64_MAX;
        if (text_equal(reason, "OOMKilled")) {
                end_life(sim, object, life, &(struct life_end){.exit_code = SIGKILL_CODE, .reason = reason});
        } else if (text_equal(reason, "TerminationByKubelet")) {
                end_life(sim, object, life, &(struct life_end){.exit_code = SIGKILL_CODE, .pod_reason = "Evicted", .pod_message = text, .disruption = reason});
        } else {
                /* The API's own ways: the condition first, then an ordinary deletion. */
                auto_free char *uid = xstrdup(doc_text(object->json, "metadata.uid"));
                struct json_object *pod = sim_store_copy(object);
                condition_set(sim, doc_at(pod, "status"), "DisruptionTarget", "True", reason, "Eviction API: evicting");
                object_replace(sim, object, pod);
                object_delete(sim, sim_store_by_uid(sim, uid), "Background", -1);
        }
}

/* SIGTERM has come, and the container has used its time. */
static void stopped(struct apisim *sim, struct object *object, struct life *life)
{
        struct life_end end = {.exit_code = life->script.ignores_stop ? SIGKILL_CODE : SIGTERM_CODE};
        auto_free char *message = NULL;

        if (life->worker && !life->script.ignores_stop)
                message = sim_worker_stop(life->worker, sim_now_ns(sim), &life->log->text);
        end.message = message;
        end_life(sim, object, life, &end);
}

static void see_deletion(struct apisim *sim, struct object *object, struct life *life, int64_t now_ns)
{
        int64_t grace_ns = doc_int(object->json, "metadata.deletionGracePeriodSeconds", 0) * NS_PER_S;
        int64_t stop_ns = life->script.ignores_stop ? grace_ns : life->script.stop_ms * NS_PER_MS;

        if (life->stage != LIFE_RUNNING && life->stage != LIFE_ENDED) {
                struct life_end end = {.exit_code = SIGKILL_CODE, .reason = "ContainerStatusUnknown"};
                end_life(sim, object, life, &end);
                return;
        }
        if (life->stage == LIFE_RUNNING && life->stop_ns == INT64_MAX)
                life->stop_ns = now_ns + (stop_ns < grace_ns ? stop_ns : grace_ns);
}

static void run_script(struct apisim *sim, struct object *object, struct life *life, int64_t now_ns)
{
        const struct pod_script *script = &life->script;

        if (life->stage != LIFE_RUNNING)
                return;
        if (life->worker) {
                struct life_end end = {0};
                if (sim_worker_run(life->worker, object->json, now_ns, &life->log->text, &end))
                        end_life(sim, object, life, &end);
                free(end.owned_message);
                return;
        }
        while (life->line < script->lines_len && life->started_ns + script->lines[life->line].at_ms * NS_PER_MS <= now_ns) {
                buf_text(&life->log->text, script->lines[life->line++].text);
                buf_text(&life->log->text, "\n");
        }
}

/* ---- The round ---- */

/* When its container has something to say: a worker, or else the lines of its script. */
static int64_t says_ns(const struct life *life)
{
        if (life->worker)
                return sim_worker_wake_ns(life->worker);
        return life->line < life->script.lines_len ? life->started_ns + life->script.lines[life->line].at_ms * NS_PER_MS : INT64_MAX;
}

static int64_t wake_of(const struct life *life)
{
        int64_t wake_ns = life->next_ns;

        if (life->stage == LIFE_RUNNING && says_ns(life) < wake_ns)
                wake_ns = says_ns(life);
        wake_ns = life->kill_ns < wake_ns ? life->kill_ns : wake_ns;
        return life->stop_ns < wake_ns ? life->stop_ns : wake_ns;
}

static void round_of(struct apisim *sim, struct object *object, const char *uid, int64_t now_ns)
{
        struct life *life = life_of(sim, object->json);

        while (life->next_ns <= now_ns && life->stage != LIFE_ENDED) {
                run_script(sim, object, life, life->next_ns);
                pass_stage(sim, object, life);
        }
        run_script(sim, object, life, now_ns);
        if (life->kill_ns <= now_ns)
                kill_pod(sim, sim_store_by_uid(sim, uid), life);
        object = sim_store_by_uid(sim, uid);
        if (!object || !object_deleting(object))
                return;
        see_deletion(sim, object, life, now_ns);
        if (life->stop_ns <= now_ns)
                stopped(sim, object, life);
        object = sim_store_by_uid(sim, uid);
        if (object && life->stage == LIFE_ENDED)
                object_delete(sim, object, "Background", 0);
}

static void note(struct apisim *sim, const struct change *change, struct agenda *agenda)
{
        const char *uid = doc_text(change->after ? change->after : change->before, "metadata.uid");

        if (!kind_is(change->kind, "", "pods"))
                return;
        struct life *life = change->after ? NULL : map_remove(&sim->pods, uid);
        if (life)
                free_life(life);
        agenda_add(agenda, sim_store_by_uid(sim, uid));
}

static void note_due(struct apisim *sim, struct agenda *agenda, int64_t now_ns)
{
        size_t at = 0;
        const char *uid;
        void *life;

        if (now_ns < sim->pods_wake_ns)
                return;
        sim->pods_wake_ns = INT64_MAX;
        while (map_next(&sim->pods, &at, &uid, &life)) {
                int64_t wake_ns = wake_of(life);
                if (wake_ns <= now_ns)
                        agenda_add(agenda, sim_store_by_uid(sim, uid));
                else if (wake_ns < sim->pods_wake_ns)
                        sim->pods_wake_ns = wake_ns;
        }
}

void pods_step(struct apisim *sim)
{
        int64_t now_ns = sim_now_ns(sim);
        struct agenda agenda = {0};
        struct object *object;

        if (!sim->options.script)
                return;
        if (!agenda_fill(&agenda, sim, sim->pods_version, note))
                sim_forget_gone(sim, &sim->pods, free_life);
        note_due(sim, &agenda, now_ns);
        sim->pods_version = sim->version;
        while ((object = agenda_next(&agenda, sim))) {
                auto_free char *uid = xstrdup(doc_text(object->json, "metadata.uid"));
                round_of(sim, object, uid, now_ns);
                const struct life *life = life_find(sim, uid);
                if (life && wake_of(life) < sim->pods_wake_ns)
                        sim->pods_wake_ns = wake_of(life);
        }
        agenda_done(&agenda);
}
