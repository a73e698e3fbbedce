/* SPDX-License-Identifier: Apache-2.0
 *
 * A small run for the targets behind the workers' two lanes, and what must hold of its result whatever they said. */
#pragma once

#include <math.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/harvest.h"
#include "result/pack.h"
#include "result/status.h"

#define RUN_UID "0f8fad5b-d9cb-469f-a165-70867728950e"
#define SHAPE_MS 5000

static inline struct harvest *fuzz_harvest(void)
{
        const struct harvest_spec spec = {
                .run_uid = RUN_UID, .workers = 1, .shape_ms = SHAPE_MS, .interval_ms = 1000, .timeout_ms = 1000};
        return harvest_new(&spec);
}

/* 'text' with the CRC that makes it a whole line or message, unless it has one. */
static inline void fuzz_frame(struct buf *out, const char *text, size_t size)
{
        buf_add(out, text, size);
        if (size > 0 && text[0] == '{' && text[size - 1] != '}')
                buf_format(out, ",\"crc\":\"%08x\"}", text_crc32c(0, text, size));
}

/* The run's result; fold_free() frees it. */
static inline struct fold *fuzz_fold(const struct harvest *harvest)
{
        static char uid[] = RUN_UID, first[] = "get-cart", second[] = "list";
        struct load_plan plan = {.run_uid = uid, .workers = 1, .timeout_ms = 1000, .interval_ms = 1000, .shape_ms = SHAPE_MS};

        plan.shape[0] = (struct load_piece){LOAD_HOLD, 10, 10, 3000};
        plan.shape[1] = (struct load_piece){LOAD_RAMP, 10, 20, 2000};
        plan.shape_len = 2;
        plan.requests[0].name = first;
        plan.requests[1].name = second;
        plan.requests_len = 2;
        return fold_new(harvest, &plan);
}

/* It as text that the caller frees; it must be JSON, with figures that are figures. */
static inline char *fuzz_result(const struct harvest *harvest)
{
        struct fold *fold = fuzz_fold(harvest);
        struct json_object *full = status_encode_full(fold);
        char *text = xstrdup(doc_print(full));

        must(fold->covered <= 1 && fold->reduced <= fold->covered && fold->lost == (fold->covered == 0));
        must(fold_error_ratio(&fold->whole) >= 0 && fold_error_ratio(&fold->whole) <= 1);
        must(fold_offered_rps(&fold->whole) >= 0 && fold->whole.to_ms >= 0 && fold->whole.to_ms <= SHAPE_MS);
        must(isfinite(fold->cpu_ratio_max) && (fold->cpu_ratio_max >= 0 || fold->cpu_ratio_max == -1));
        must(isfinite(fold->throttled_ratio_max) && fold->pacing_p99_ns >= -1);
        must(fold->start_skew_us >= -1);
        fuzz_must_survive(full);
        json_object_put(full);
        fold_free(fold);
        return text;
}

/* What is judged and stored of it: within its bounds, the same bytes each time, and without a negative number. */
static inline void fuzz_must_be_packable(const struct harvest *harvest)
{
        struct fold *fold = fuzz_fold(harvest);
        struct json_object *summary = status_encode_full(fold);
        const struct gates_facts facts = {0};
        const struct gates gates = gates_judge(fold, &GATES_LIMITS_DEFAULT, &facts);
        const struct pack_input input = {.namespace = "shop", .run_name = "web-1", .run_uid = RUN_UID, .profile = "web",
                                         .fold = fold, .interval_ms = 1000, .summary = summary};
        struct pack pack, again;

        for (size_t i = 0; i < gates.len; i++)
                fuzz_must_be_utf8(gates.reasons[i].text);
        must(!pack_write(&input, &pack, NULL) && !pack_write(&input, &again, NULL));
        must(pack.len >= 2 && pack.len <= PACK_CHUNKS_MAX + 1 && strcmp(pack.digest, again.digest) == 0);
        for (size_t i = 0; i < pack.len; i++) {
                must(strlen(doc_print(pack.maps[i])) <= PACK_BYTES_MAX + 4096);
                const char *grid = doc_text(pack.maps[i], "data[\"grid.json\"]");
                must(!grid || !strchr(grid, '-'));
        }
        pack_done(&pack);
        pack_done(&again);
        json_object_put(summary);
        fold_free(fold);
}

static inline void fuzz_must_be_sound(const struct harvest *harvest)
{
        const struct harvest_worker *view = harvest_worker(harvest, 0);
        struct harvest_live live = harvest_live(harvest);
        const struct harvest_point *points;
        size_t len = harvest_points(harvest, &points);

        must(len <= HARVEST_POINTS_MAX && live.percent >= 0 && live.percent <= 100);
        must(live.offered_rps >= 0 && live.achieved_rps >= 0 && live.shape_ms_done >= 0 && live.shape_ms_done <= SHAPE_MS);
        for (size_t i = 0; i < len; i++) {
                must(points[i].from_ms % harvest_point_ms(harvest) == 0 && points[i].workers == 1);
                must(points[i].latency_sum_ns >= 0 && points[i].cpu_us >= 0 && points[i].throttled_us >= 0);
                must(i == 0 || points[i - 1].from_ms < points[i].from_ms);
        }
        must(view->cpu_us >= 0 && view->throttled_us >= 0 && view->cpu_span_us >= 0);
        must(isfinite(view->cores) && view->cores >= 0);
        fuzz_must_be_utf8(view->text);
        fuzz_must_be_utf8(view->reason);
        fuzz_must_be_utf8(view->pod);
}
