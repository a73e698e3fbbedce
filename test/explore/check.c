/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "check_warmup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "check_steps.h"
#include "data/doc.h"
#include "load/record.h"
#include "reasons.h"
#include "sim.h"
#include "stat/plan.h"
#include "stream.h"

#define LABEL_RUN_UID "metadata.labels[\"loadstone.dev/run-uid\"]"
#define LABEL_VARIANT "metadata.labels[\"loadstone.dev/variant\"]"

struct seen_run {
        char *name;
        struct map jobs;    /* name of each Job ever made -> UID of the one that was released under it, "" when none was */
        int64_t ended_ns;   /* 0: it has not */
        unsigned told;      /* workers that ended by themselves and left their termination message */
        int64_t begun_ms;   /* when the load of the last of these began, by its own word */
};

struct check {
        struct apisim *sim;
        uint64_t version;   /* looked at up to here */
        struct map runs;    /* by uid; those that are there */
        struct check_steps steps;
        unsigned runs_seen;
        bool person;
        char problem[512];
};

static struct seen_run *run_free(struct seen_run *run)
{
        if (!run)
                return NULL;
        free(run->name);
        map_done_values(&run->jobs);
        free(run);
        return NULL;
}

struct check *check_new(struct apisim *sim)
{
        struct check *check = xnew(struct check);

        *check = (struct check){.sim = sim};
        return check;
}

struct check *check_free(struct check *check)
{
        size_t at = 0;
        const char *uid;
        void *run;

        while (map_next(&check->runs, &at, &uid, &run))
                run_free(run);
        map_done(&check->runs);
        check_steps_done(&check->steps);
        free(check);
        return NULL;
}

static void wrong(struct check *check, const char *format, ...)
{
        va_list args;

        if (check->problem[0])
                return; /* the first is the cause */
        va_start(args, format);
        vsnprintf(check->problem, sizeof check->problem, format, args);
        va_end(args);
}

static struct seen_run *run_of(const struct check *check, const char *uid)
{
        return uid ? map_find(&check->runs, uid) : NULL;
}

static struct seen_run *new_run(struct check *check, struct json_object *object)
{
        struct seen_run *run = xnew(struct seen_run);

        check->runs_seen++;
        run->name = xstrdup(doc_text(object, "metadata.name"));
        map_set(&check->runs, doc_text(object, "metadata.uid"), run);
        return run;
}

static bool same(struct json_object *a, struct json_object *b, const char *path)
{
        return json_object_equal(doc_at(a, path), doc_at(b, path));
}

/* ---- BenchmarkRuns ---- */

static struct json_object *condition_of(struct json_object *run, const char *type)
{
        struct json_object *conditions = doc_at(run, "status.conditions");

        for (size_t i = 0; i < doc_len(conditions, ""); i++)
                if (text_equal(doc_text(doc_item(conditions, i), "type"), type))
                        return doc_item(conditions, i);
        return NULL;
}

/* Admitted and not over. */
static bool loads(struct json_object *run)
{
        return doc_at(run, "status.startTime") && !doc_at(run, "status.finishTime");
}

static void look_for_others(struct check *check, struct json_object *run)
{
        const struct kind *runs = kind_find(check->sim, "loadstone.dev", "v1alpha1", "benchmarkruns");

        for (size_t i = 0; i < runs->len; i++) {
                struct json_object *other = runs->objects[i]->json;
                if (loads(other) && same(other, run, "status.target") && !same(other, run, "metadata.uid"))
                        wrong(check, "two runs load one target: %s and %s", doc_text(run, "metadata.name"),
                              doc_text(other, "metadata.name"));
        }
}

/* Reasons are of the list that docs/reasons.md shows to people, and time does not go back. */
static void look_at_conditions(struct check *check, struct json_object *before, struct json_object *after)
{
        struct json_object *conditions = doc_at(after, "status.conditions");

        for (size_t i = 0; i < doc_len(conditions, ""); i++) {
                struct json_object *condition = doc_item(conditions, i);
                const char *type = doc_text(condition, "type"), *reason = doc_text(condition, "reason");
                const char *since = doc_text(condition, "lastTransitionTime"), *was = doc_text(condition_of(before, type), "lastTransitionTime");
                if (!reasons_have(reason))
                        wrong(check, "I15: condition %s has the reason %s, which docs/reasons.md does not know", type, reason ? reason : "none");
                if (was && since && strcmp(since, was) < 0)
                        wrong(check, "I5: the time of condition %s went back from %s to %s", type, was, since);
        }
        if (doc_at(after, "status.finishTime") && !doc_text(after, "status.message"))
                wrong(check, "I15: run %s ended and says nothing", doc_text(after, "metadata.name"));
}

/* What a worker has left in a lane that cannot be lost any more stands in the status at the end. */
static void look_at_results(struct check *check, const struct seen_run *run, struct json_object *after)
{
        int64_t finished = doc_int(after, "status.workers.finished", 0);

        if (run->told > 0 && !doc_at(after, "status.results"))
                wrong(check, "I2: run %s ended without the results that %u of its workers left", run->name, run->told);
        if (run->told > 0 && finished < (int64_t)run->told)
                wrong(check, "I2: run %s ended with the results of %d workers, and %u left theirs", run->name, (int)finished, run->told);
        /* What happened meanwhile, and in the cluster, is put beside it by that instant. */
        const char *begun = doc_text(after, "status.workers.startAt");
        if (run->told > 0 && doc_at(after, "status.results") && (!begun || clock_parse(begun) / 1000 != run->begun_ms / 1000))
                wrong(check, "I2: run %s ended with a load that began at %s, and its workers began at %lld s", run->name, begun ? begun : "no time",
                      (long long)(run->begun_ms / 1000));
}

static void look_at_run(struct check *check, struct json_object *before, struct json_object *after)
{
        const char *name = doc_text(after, "metadata.name");
        struct seen_run *run = run_of(check, doc_text(after, "metadata.uid"));
        char text[256];

        if (!after) {
                run_free(map_remove(&check->runs, doc_text(before, "metadata.uid")));
                return;
        }
        run = run ? run : new_run(check, after);
        if (loads(after) && !loads(before))
                look_for_others(check, after);
        if (loads(after) && !loads(before) && check_steps_admitted(check->sim, after, text, sizeof text))
                wrong(check, "%s", text);
        if (!before)
                return;
        if (!check->person && (!same(before, after, "spec") || !same(before, after, "metadata.labels") ||
                               !same(before, after, "metadata.annotations")))
                wrong(check, "I6: spec or metadata of run %s was changed", name);
        look_at_conditions(check, before, after);
        if (doc_int(after, "status.observedGeneration", -1) < doc_int(before, "status.observedGeneration", -1))
                wrong(check, "I5: observedGeneration of run %s went back", name);
        if (!doc_at(before, "status.finishTime")) {
                if (doc_at(after, "status.finishTime")) {
                        run->ended_ns = sim_now_ns(check->sim);
                        look_at_results(check, run, after);
                }
                return;
        }
        if (!json_object_equal(condition_of(before, "Succeeded"), condition_of(after, "Succeeded")) ||
            !same(before, after, "status.phase") || !same(before, after, "status.verdict") ||
            !same(before, after, "status.finishTime") || !same(before, after, "status.results"))
                wrong(check, "I5: run %s changed after its end", name);
}

/* ---- Jobs ---- */

static bool suspended(struct json_object *job)
{
        return doc_bool(job, "spec.suspend", false);
}

/* The last trial that status shows is the one of this Job. */
static bool names_job(struct json_object *run, const char *uid)
{
        struct json_object *trials = doc_at(run, "status.trials");
        size_t len = doc_len(trials, "");

        return len > 0 && text_equal(doc_text(doc_item(trials, len - 1), "job.uid"), uid);
}

/* Of a run with two variants, A B B A: status names the variant, and so does the Job. Without variants neither names one. */
static bool is_in_turn(struct json_object *run, struct json_object *job)
{
        struct json_object *trials = doc_at(run, "status.trials");
        size_t len = doc_len(trials, "");
        const char *variant = len ? doc_text(doc_item(trials, len - 1), "variant") : NULL, *first = doc_text(doc_item(trials, 0), "variant");

        if (!variant)
                return !doc_text(job, LABEL_VARIANT);
        for (size_t i = 0; i + 1 < len; i++) /* what is run once more shifts the order */
                if (text_equal(doc_text(doc_item(trials, i), "validity"), "Invalid"))
                        return text_equal(variant, doc_text(job, LABEL_VARIANT));
        return text_equal(variant, doc_text(job, LABEL_VARIANT)) && text_equal(variant, first) == (plan_arm((uint32_t)len - 1, 2) == 0);
}

static bool over(struct json_object *job)
{
        struct json_object *conditions = doc_at(job, "status.conditions");

        for (size_t i = 0; i < doc_len(conditions, ""); i++)
                if (text_equal(doc_text(doc_item(conditions, i), "type"), "Complete") || text_equal(doc_text(doc_item(conditions, i), "type"), "Failed"))
                        return true;
        return doc_at(job, "metadata.deletionTimestamp") != NULL;
}

static bool another_is_active(const struct check *check, struct json_object *run, const char *name)
{
        const struct kind *jobs = kind_find(check->sim, "batch", "v1", "jobs");

        for (size_t i = 0; i < jobs->len; i++) {
                struct json_object *job = jobs->objects[i]->json;
                if (!check_steps_concern(job) && text_equal(doc_text(job, LABEL_RUN_UID), doc_text(run, "metadata.uid")) && !text_equal(doc_text(job, "metadata.name"), name) &&
                    !suspended(job) && !over(job))
                        return true;
        }
        return false;
}

static void look_at_job(struct check *check, struct json_object *before, struct json_object *after)
{
        const char *run_uid = doc_text(after, LABEL_RUN_UID), *uid = doc_text(after, "metadata.uid"), *name = doc_text(after, "metadata.name");
        struct seen_run *run = run_of(check, run_uid);
        char text[256];

        if (!run_uid)
                return;
        if (check_steps_concern(after)) {
                if (check_steps_job(&check->steps, check->sim, before, after, text, sizeof text))
                        wrong(check, "%s", text);
                return;
        }
        /* For a run that is gone or has ended, which its operator has not seen yet, a Job may be made: suspended, never to be released,
         * and collected. */
        struct object *object = sim_store_by_uid(check->sim, run_uid);
        bool ended = !object || doc_at(object->json, "status.finishTime");
        char *released = run ? map_find(&run->jobs, name) : NULL;
        if (!before && !check_warmup(check->sim, after))
                wrong(check, "I17: Job %s has another warm-up than the trials before it", name);
        if (!before && !ended && released)
                wrong(check, "I1: a second Job %s was made for run %s", name, run->name);
        if (run && !released)
                map_set(&run->jobs, name, released = xstrdup(""));
        if (suspended(after) || (before && !suspended(before)))
                return;
        if (!object || !names_job(object->json, uid))
                wrong(check, "I8: Job %s was released, and no run's status names it", name);
        if (object && !is_in_turn(object->json, after))
                wrong(check, "I18: Job %s was released for a variant whose turn it is not", name);
        if (check_steps_load(&check->steps, after, text, sizeof text))
                wrong(check, "%s", text);
        if (!run)
                return;
        if (*released && !text_equal(released, uid))
                wrong(check, "I1: a second Job %s was released for run %s", name, run->name);
        if (text_equal(released, uid) && object && doc_at(object->json, "status.workers.startAt"))
                wrong(check, "I1: Job %s was released again after its load had begun", name);
        if (object && another_is_active(check, object->json, name))
                wrong(check, "I1: two trials of run %s are under way", run->name);
        free(map_set(&run->jobs, name, xstrdup(uid)));
        run->told = 0; /* status.workers is about the last trial */
}

/* ---- pods ---- */

#define ENDED "status.containerStatuses[0].state.terminated"

static bool has_told(struct json_object *pod)
{
        struct json_object *ended = doc_at(pod, ENDED);
        const char *message = doc_text(ended, "message");

        return message && message[0] && doc_int(ended, "exitCode", -1) == 0;
}

static int64_t begun_ms(struct json_object *pod)
{
        const char *message = doc_text(pod, ENDED ".message");
        struct json_object *doc = NULL;

        if (record_unframe_message(message, strlen(message), &doc, NULL))
                return 0;
        int64_t wall_ms = doc_int(doc, "startWallMs", 0);
        json_object_put(doc);
        return wall_ms;
}

static void look_at_pod(struct check *check, struct json_object *before, struct json_object *after)
{
        struct seen_run *run = run_of(check, doc_text(after, LABEL_RUN_UID));
        char text[256];

        if (check_steps_concern(after ? after : before)) {
                if (check_steps_pod(&check->steps, before, after, text, sizeof text))
                        wrong(check, "%s", text);
                return;
        }
        if (run && has_told(after) && !has_told(before)) {
                run->told++;
                run->begun_ms = begun_ms(after);
        }
}

/* ---- ConfigMaps ---- */

static void look_at_configmap(struct check *check, struct json_object *before, struct json_object *after)
{
        if (before && after && doc_text(after, LABEL_RUN_UID) &&
            (!same(before, after, "data") || !same(before, after, "binaryData")))
                wrong(check, "I3: what is stored in ConfigMap %s was changed", doc_text(after, "metadata.name"));
}

/* ---- everything ---- */

static const struct {
        const char *group, *plural;
        void (*look)(struct check *check, struct json_object *before, struct json_object *after);
} lookers[] = {
        {"loadstone.dev", "benchmarkruns", look_at_run},
        {"loadstone.dev", "performanceprofiles", look_at_conditions},
        {"batch", "jobs", look_at_job},
        {"", "pods", look_at_pod},
        {"", "configmaps", look_at_configmap},
};

static void look(struct check *check)
{
        const struct apisim *sim = check->sim;

        for (size_t i = history_after(sim, check->version); i < sim->history_len; i++) {
                const struct change *change = &sim->history[i];
                for (size_t k = 0; k < ARRAY_LEN(lookers); k++)
                        if (kind_is(change->kind, lookers[k].group, lookers[k].plural))
                                lookers[k].look(check, change->before, change->after);
        }
        check->version = sim->version;
}

bool check_look(struct check *check, char *text, size_t size)
{
        look(check);
        if (check->problem[0])
                snprintf(text, size, "%s", check->problem);
        return check->problem[0] != '\0';
}

void check_person(struct check *check, bool acts)
{
        check->person = !acts;
        look(check);
        check->person = false;
}

static const struct kind *kind_named(const struct check *check, const char *group, const char *version, const char *plural)
{
        return kind_find(check->sim, group, version, plural);
}

static size_t left(const struct kind *kind)
{
        size_t count = 0;

        for (size_t i = 0; i < kind->len; i++)
                count += doc_text(kind->objects[i]->json, LABEL_RUN_UID) != NULL;
        return count;
}

bool check_over(struct check *check)
{
        const struct kind *runs = kind_named(check, "loadstone.dev", "v1alpha1", "benchmarkruns");

        for (size_t i = 0; i < runs->len; i++)
                if (!doc_at(runs->objects[i]->json, "status.finishTime"))
                        return false;
        return check->runs_seen > 0 && left(kind_named(check, "batch", "v1", "jobs")) == 0 &&
               left(kind_named(check, "", "v1", "pods")) == 0;
}

static struct json_object *run_named(const struct check *check, const char *name)
{
        const struct kind *runs = kind_named(check, "loadstone.dev", "v1alpha1", "benchmarkruns");

        for (size_t i = 0; i < runs->len; i++)
                if (text_equal(doc_text(runs->objects[i]->json, "metadata.name"), name))
                        return runs->objects[i]->json;
        return NULL;
}

/* Is 'seen' one of the words between the bars? */
static bool allowed(const char *phases, const char *seen)
{
        size_t len = seen ? strlen(seen) : 0;

        for (const char *at = phases; len && *at; at += strcspn(at, "|"), at += *at == '|')
                if (strcspn(at, "|") == len && strncmp(at, seen, len) == 0)
                        return true;
        return false;
}

int64_t check_ended_ns(const struct check *check, const char *name)
{
        size_t at = 0;
        const char *uid;
        void *run;

        while (map_next(&check->runs, &at, &uid, &run))
                if (text_equal(((struct seen_run *)run)->name, name) && ((struct seen_run *)run)->ended_ns)
                        return ((struct seen_run *)run)->ended_ns;
        return -1;
}

size_t check_trials(const struct check *check, const char *name)
{
        return doc_len(run_named(check, name), "status.trials");
}

bool check_end(struct check *check, const char *ends, char *text, size_t size)
{
        auto_free char *words = xstrdup(ends);
        char *rest = words, *word;

        while ((word = strsep(&rest, " "))) {
                char *phase = strchr(word, '=');
                *phase++ = '\0';
                struct json_object *run = run_named(check, word);
                const char *seen = run ? doc_text(run, "status.phase") : "-", *validity = doc_text(run, "status.validity");
                auto_free char *valid = xasprintf("%s/%s", seen ? seen : "", validity ? validity : "");
                if (allowed(phase, seen) || allowed(phase, valid))
                        continue;
                snprintf(text, size, "run %s ended as %s, expected %s: %s", word, valid, phase,
                         run && doc_text(run, "status.message") ? doc_text(run, "status.message") : "");
                return true;
        }
        return check_steps_end(&check->steps, text, size);
}

void check_print_end(struct check *check, struct buf *out)
{
        const struct kind *runs = kind_named(check, "loadstone.dev", "v1alpha1", "benchmarkruns");

        for (size_t i = 0; i < runs->len; i++) {
                struct json_object *run = runs->objects[i]->json;
                const char *phase = doc_text(run, "status.phase"), *verdict = doc_text(run, "status.verdict");
                buf_format(out, "%s%s=%s/%s/%lld", i ? " " : "", doc_text(run, "metadata.name"), phase ? phase : "",
                           verdict ? verdict : "", (long long)doc_int(run, "status.results.requests", 0));
        }
}
