/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_report.h"

#include <string.h>

#include "api/names.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "report/parts.h"

/* ---- who and when ---- */

static struct json_object *encode_run(struct json_object *run)
{
        struct json_object *object = doc_object(), *status = doc_at(run, "status");
        const char *namespace = doc_text(run, "metadata.namespace");

        doc_set_text(object, "name", doc_text(run, "metadata.name"));
        doc_set_text(object, "namespace", namespace);
        doc_set_text(object, "uid", doc_text(run, "metadata.uid"));
        doc_set_text(object, "profile", doc_text(run, "spec.profile"));
        doc_set_text(object, "phase", doc_text(status, "phase"));
        doc_set_text(object, "message", doc_text(status, "message"));
        doc_set_text(object, "startedAt", doc_text(status, "workers.startAt") ? doc_text(status, "workers.startAt") : doc_text(status, "startTime"));
        doc_set_text(object, "finishedAt", doc_text(status, "finishTime"));
        return doc_set_bool(object, "local", !namespace);
}

/* The start that all workers were told, and after it the warm-up. */
static int64_t shape_wall_ms(struct json_object *run, struct json_object *provenance)
{
        const char *text = doc_text(run, "status.workers.startAt");
        const char *trimmed = doc_text(run, "status.results.warmupTrimmed");
        int64_t start_ms = text ? clock_parse(text) : -1, warmup_ms = doc_int(provenance, "worker.warmupMs", -1), trimmed_ns;

        if (trimmed && !unit_parse_duration_ns(trimmed, &trimmed_ns, NULL))
                warmup_ms = trimmed_ns / 1000000;

        return start_ms < 0 || warmup_ms < 0 ? -1 : start_ms + warmup_ms;
}

static struct json_object *encode_provenance(struct json_object *run, struct json_object *provenance)
{
        static const char *const texts[][2] = {
                {"program", "program"}, {"operator", "operator"}, {"image", "image"}, {"profileDigest", "profile.digest"},
        };
        struct json_object *object = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                doc_set_text(object, texts[i][0], doc_text(provenance, texts[i][1]));
        doc_set(object, "addresses", doc_copy(doc_at(provenance, "worker.addresses")));
        doc_set(object, "labels", doc_copy(doc_at(run, "spec.labels")));
        return doc_set(object, "workers", doc_copy(doc_at(run, "status.workers")));
}

/* ---- the load ---- */

/* The merged spec: from the plan that was frozen before the run, or what stands in the run itself. NULL: not kept. */
static struct json_object *find_spec(struct json_object *run, struct json_object *maps)
{
        const char *name = doc_text(run, "metadata.name"), *uid = doc_text(run, "metadata.uid");
        char plan[NAME_MAX_LEN] = "";
        struct json_object *spec = NULL;

        if (name && uid)
                name_plan(name, uid, plan);
        for (size_t i = 0; i < doc_len(maps, "") && plan[0]; i++) {
                struct json_object *map = doc_item(maps, i);
                const char *text = doc_text(map, "data[\"profile.json\"]");
                if (text && text_equal(doc_text(map, "metadata.name"), plan) && !doc_parse(text, strlen(text), &spec, NULL))
                        return spec;
        }
        return doc_copy(doc_at(run, "spec.template"));
}

/* ---- the document ---- */

static void add_status(struct json_object *page, struct json_object *status)
{
        static const char *const kept[] = {"reasons", "objectives", "comparison", "explanations", "trials", "variants", "capacity", "results"};

        doc_set_text(page, "validity", doc_text(status, "validity"));
        doc_set_text(page, "verdict", doc_text(status, "verdict"));
        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                doc_set(page, kept[i], doc_copy(doc_at(status, kept[i])));
        doc_set(page, "evidence", doc_copy(doc_at(status, "resultRef")));
}

static void add_stored(struct json_object *page, const struct unpack *unpack)
{
        static const char *const kept[] = {"whole", "byPiece", "byRequest"};
        struct json_object *full = doc_at(unpack->summary, "full");

        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                doc_set(page, kept[i], doc_copy(doc_at(full, kept[i])));
        doc_set(page, "curve", parts_curve(unpack));
        doc_set(page, "histogram", parts_histogram(unpack));
        struct json_object *series = parts_series(unpack);
        parts_add_samples(unpack, series);
        doc_set(page, "series", series);
        doc_set(page, "samples", parts_samples(unpack));
        doc_set(page, "metrics", parts_metrics(unpack));
        doc_set(page, "tail", parts_tail(unpack));
}

/* 'mesh' is the status's, which is short enough for people. */
static void add_context(struct json_object *page, struct json_object *context, struct json_object *mesh, int64_t shape_ms)
{
        struct json_object *shown = doc_set(doc_object(), "mesh", doc_copy(mesh));

        doc_set(page, "changes", parts_changes(context, shape_ms));
        doc_set(page, "gaps", parts_gaps(context, shape_ms));
        doc_set(shown, "target", doc_copy(doc_at(context, "target")));
        doc_set(shown, "samples", doc_copy(doc_at(context, "samples")));
        doc_set(shown, "metrics", doc_copy(doc_at(context, "metrics")));
        doc_set(page, "context", doc_set(shown, "nodes", doc_copy(doc_at(context, "nodes"))));
}

static struct json_object *encode_page(const struct run_report *report, const struct unpack *unpack)
{
        struct json_object *page = doc_set_int(doc_object(), "version", 1), *status = doc_at(report->run, "status");
        struct json_object *provenance = unpack ? unpack->provenance : NULL;
        struct json_object *context = unpack && unpack->context ? unpack->context : doc_at(status, "context");
        auto_json struct json_object *spec = find_spec(report->run, report->maps);

        doc_set(page, "run", encode_run(report->run));
        add_status(page, status);
        if (unpack)
                add_stored(page, unpack);
        if (context)
                add_context(page, context, doc_at(status, "context.mesh"), shape_wall_ms(report->run, provenance));
        struct json_object *load = parts_load(spec);
        if (load && text_equal(doc_text(load, "warmup"), "auto") && doc_text(status, "results.warmupTrimmed"))
                doc_set_text(load, "warmup", doc_text(status, "results.warmupTrimmed")); /* what it came to */
        doc_set(page, "load", load);
        return doc_set(page, "provenance", encode_provenance(report->run, provenance));
}

enum fail_kind run_report_init(struct run_report *report, struct json_object *run, struct json_object *maps, struct fail *fail)
{
        struct unpack *unpack = NULL;
        struct json_object *ref = doc_at(run, "status.resultRef");

        *report = (struct run_report){.run = run, .maps = maps};
        if (!text_equal(doc_text(run, "kind"), "BenchmarkRun"))
                return fail_set(fail, FAIL_INVALID, "not a BenchmarkRun");
        if (!doc_text(run, "status.finishTime"))
                return fail_set(fail, FAIL_INVALID, "the run is not at its end: its phase is %.32s",
                                doc_text(run, "status.phase") ? doc_text(run, "status.phase") : "unknown");
        enum fail_kind kind = ref ? unpack_read(ref, maps, &unpack, fail) : FAIL_NONE;
        if (kind)
                return kind;
        report->page = encode_page(report, unpack);
        unpack_free(unpack);
        return FAIL_NONE;
}

void run_report_done(struct run_report *report)
{
        json_object_put(report->run);
        json_object_put(report->maps);
        json_object_put(report->page);
        *report = (struct run_report){0};
}
