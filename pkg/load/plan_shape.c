/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's shape: each kind of piece is a row that names its members. */
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/plan_decode.h"

const char *const load_piece_names[LOAD_PIECE_KINDS] = {
        [LOAD_HOLD] = "hold", [LOAD_RAMP] = "ramp", [LOAD_STEP] = "step",
        [LOAD_SPIKE] = "spike", [LOAD_SINE] = "sine", [LOAD_CLOSED] = "closed",
};

struct member {
        const char *name;
        size_t offset;
};

static const struct shape_row {
        struct member rates[2], times[3]; /* all of them are wanted */
} rows[LOAD_PIECE_KINDS] = {
        [LOAD_HOLD] = {.rates = {{"rate", offsetof(struct load_piece, from_rps)}}},
        [LOAD_RAMP] = {.rates = {{"from", offsetof(struct load_piece, from_rps)}, {"to", offsetof(struct load_piece, to_rps)}}},
        [LOAD_STEP] = {.rates = {{"from", offsetof(struct load_piece, from_rps)}, {"to", offsetof(struct load_piece, to_rps)}}},
        [LOAD_SPIKE] = {.rates = {{"base", offsetof(struct load_piece, from_rps)}, {"peak", offsetof(struct load_piece, peak_rps)}},
                        .times = {{"atMs", offsetof(struct load_piece, at_ms)}, {"widthMs", offsetof(struct load_piece, width_ms)}}},
        [LOAD_SINE] = {.rates = {{"mean", offsetof(struct load_piece, from_rps)}, {"amplitude", offsetof(struct load_piece, peak_rps)}},
                       .times = {{"periodMs", offsetof(struct load_piece, period_ms)}}},
};

static enum fail_kind want_rate(struct json_object *doc, const struct member *member, struct load_piece *piece, struct fail *fail)
{
        double rate_rps = doc_double(doc, member->name, -1);

        if (!(rate_rps >= 0 && rate_rps <= LOAD_RATE_MAX))
                return fail_set(fail, FAIL_INVALID, "%s: a rate from 0 to %.0f is wanted", member->name, LOAD_RATE_MAX);
        *(double *)((char *)piece + member->offset) = rate_rps;
        return FAIL_NONE;
}

static enum fail_kind want_time(struct json_object *doc, const char *name, int64_t least, int64_t *ret_ms, struct fail *fail)
{
        const struct plan_int want = {name, least, LOAD_SHAPE_MS_MAX, -1};

        if (plan_want_int(doc, &want, ret_ms, fail))
                return FAIL_INVALID;
        return *ret_ms >= 0 ? FAIL_NONE : fail_set(fail, FAIL_INVALID, "%s: is missing", name);
}

/* What holds between members. */
static enum fail_kind check_piece(struct load_piece *piece, struct fail *fail)
{
        switch (piece->kind) {
        case LOAD_SPIKE:
                if (piece->width_ms == 0 || piece->at_ms + piece->width_ms > piece->for_ms)
                        return fail_set(fail, FAIL_INVALID, "atMs: the spike must begin and end within forMs");
                break;
        case LOAD_SINE:
                if (piece->peak_rps > piece->from_rps || piece->from_rps + piece->peak_rps > LOAD_RATE_MAX)
                        return fail_set(fail, FAIL_INVALID, "amplitude: at most the mean, and both together at most %.0f, are wanted",
                                        LOAD_RATE_MAX);
                if (piece->period_ms == 0)
                        return fail_set(fail, FAIL_INVALID, "periodMs: at least 1 is wanted");
                piece->peak_rps += piece->from_rps;
                break;
        default:
                break;
        }
        if (piece->kind != LOAD_RAMP && piece->kind != LOAD_STEP)
                piece->to_rps = piece->from_rps;
        return FAIL_NONE;
}

static enum fail_kind decode_piece(struct json_object *doc, struct load_piece *piece, struct fail *fail)
{
        const struct plan_int want_steps = {"steps", 2, LOAD_STEPS_MAX, 0};
        const char *kind = doc_text(doc, "kind");
        int64_t steps = 0;

        piece->kind = LOAD_HOLD;
        while (piece->kind < LOAD_PIECE_KINDS && !text_equal(kind, load_piece_names[piece->kind]))
                piece->kind++;
        if (piece->kind == LOAD_PIECE_KINDS)
                return fail_set(fail, FAIL_INVALID, "kind: hold, ramp, step, spike, sine or closed is wanted");
        if (want_time(doc, "forMs", 1, &piece->for_ms, fail))
                return FAIL_INVALID;
        const struct shape_row *row = &rows[piece->kind];
        for (size_t i = 0; i < ARRAY_LEN(row->rates) && row->rates[i].name; i++)
                if (want_rate(doc, &row->rates[i], piece, fail))
                        return FAIL_INVALID;
        for (size_t i = 0; i < ARRAY_LEN(row->times) && row->times[i].name; i++)
                if (want_time(doc, row->times[i].name, 0, (int64_t *)((char *)piece + row->times[i].offset), fail))
                        return FAIL_INVALID;
        if (piece->kind == LOAD_STEP && (plan_want_int(doc, &want_steps, &steps, fail) || steps == 0))
                return fail_set(fail, FAIL_INVALID, "steps: 2 to %d are wanted", LOAD_STEPS_MAX);
        piece->steps = (uint32_t)steps;
        return check_piece(piece, fail);
}

enum fail_kind plan_decode_shape(struct json_object *doc, struct load_plan *plan, struct fail *fail)
{
        size_t len = doc_len(doc, "shape");

        if (len < 1 || len > LOAD_PIECES_MAX)
                return fail_set(fail, FAIL_INVALID, "shape: 1 to %d pieces are wanted", LOAD_PIECES_MAX);
        for (size_t i = 0; i < len; i++) {
                struct load_piece *piece = &plan->shape[plan->shape_len++];
                if (decode_piece(doc_item(doc_at(doc, "shape"), i), piece, fail))
                        return fail_wrap(fail, "shape[%zu]", i);
                if (piece->kind == LOAD_CLOSED && len > 1)
                        return fail_set(fail, FAIL_INVALID, "shape[%zu]: a closed piece stands alone", i);
                plan->closed = piece->kind == LOAD_CLOSED;
                plan->shape_ms += piece->for_ms;
                if (plan->shape_ms > LOAD_SHAPE_MS_MAX)
                        return fail_set(fail, FAIL_INVALID, "shape[%zu]: the shape is longer than 7 days", i);
        }
        return FAIL_NONE;
}
