/* SPDX-License-Identifier: Apache-2.0
 *
 * The shape of a profile: each kind of piece is a table of its members, read into one struct and written out for the worker. */
#include <stdlib.h>
#include <string.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"

#define PIECES_MAX 64
#define HOUR_MS 3600000.0
#define RATE_MAX 1e7
#define RATE_LEAST 1e-5

struct piece {
        int64_t for_ms, at_ms, width_ms, period_ms;
        double from_rps, to_rps; /* or whatever the kind's first and second rate are */
        int32_t steps;
};

#define PIECE_FOR {"for", FIELD_DURATION_MS, offsetof(struct piece, for_ms), 100, PROFILE_DAY_MS}

static const struct field hold_fields[] = {
        {"rate", FIELD_RATE, offsetof(struct piece, from_rps), RATE_LEAST, RATE_MAX},
        PIECE_FOR,
};
static const struct field ramp_fields[] = {
        {"from", FIELD_RATE, offsetof(struct piece, from_rps), 0, RATE_MAX},
        {"to", FIELD_RATE, offsetof(struct piece, to_rps), 0, RATE_MAX},
        PIECE_FOR,
};
static const struct field step_fields[] = {
        {"from", FIELD_RATE, offsetof(struct piece, from_rps), 0, RATE_MAX},
        {"to", FIELD_RATE, offsetof(struct piece, to_rps), 0, RATE_MAX},
        {"steps", FIELD_INT32, offsetof(struct piece, steps), 2, 100},
        PIECE_FOR,
};
static const struct field spike_fields[] = {
        {"base", FIELD_RATE, offsetof(struct piece, from_rps), 0, RATE_MAX},
        {"peak", FIELD_RATE, offsetof(struct piece, to_rps), RATE_LEAST, RATE_MAX},
        {"at", FIELD_DURATION_MS, offsetof(struct piece, at_ms), 0, PROFILE_DAY_MS},
        {"width", FIELD_DURATION_MS, offsetof(struct piece, width_ms), 100, PROFILE_DAY_MS},
        PIECE_FOR,
};
static const struct field sine_fields[] = {
        {"mean", FIELD_RATE, offsetof(struct piece, from_rps), RATE_LEAST, RATE_MAX},
        {"amplitude", FIELD_RATE, offsetof(struct piece, to_rps), RATE_LEAST, RATE_MAX},
        {"period", FIELD_DURATION_MS, offsetof(struct piece, period_ms), 100, PROFILE_DAY_MS},
        PIECE_FOR,
};
static const struct field closed_fields[] = {PIECE_FOR};

/* What holds between members: NULL, or what to write instead. */
static const char *check_line(const struct piece *piece)
{
        return piece->from_rps > 0 || piece->to_rps > 0 ? NULL : "from and to must not both be 0";
}

static const char *check_spike(const struct piece *piece)
{
        return piece->at_ms + piece->width_ms <= piece->for_ms ? NULL : "at and width together must not be longer than for";
}

static const char *check_sine(const struct piece *piece)
{
        if (piece->to_rps > piece->from_rps)
                return "amplitude must not be above mean, or the rate would fall below 0";
        return piece->from_rps + piece->to_rps <= RATE_MAX ? NULL : "mean and amplitude together must not be above 10000000/s";
}

static const struct piece_kind {
        const char *name;
        const struct field *fields;
        size_t fields_len;
        const char *(*check)(const struct piece *piece);
} kinds[] = {
        {"hold", hold_fields, ARRAY_LEN(hold_fields), NULL},
        {"ramp", ramp_fields, ARRAY_LEN(ramp_fields), check_line},
        {"step", step_fields, ARRAY_LEN(step_fields), check_line},
        {"spike", spike_fields, ARRAY_LEN(spike_fields), check_spike},
        {"sine", sine_fields, ARRAY_LEN(sine_fields), check_sine},
        {"closed", closed_fields, ARRAY_LEN(closed_fields), NULL},
};

/* *ret_kind: the one kind of the piece. */
static enum fail_kind decode_piece(struct json_object *doc, size_t index, struct piece *ret_piece, const struct piece_kind **ret_kind,
                                   struct fail *fail)
{
        const struct piece_kind *found = NULL;
        size_t count = 0;

        for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
                if (doc_at(doc, kinds[k].name)) {
                        found = &kinds[k];
                        count++;
                }
        if (count != 1)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape[%zu] must be exactly one of hold, ramp, step, spike, sine and closed", index);
        auto_free char *where = xasprintf("spec.load.shape[%zu].%s.", index, found->name);
        *ret_piece = (struct piece){0};
        if (field_decode(doc_at(doc, found->name), where, found->fields, found->fields_len, ret_piece, fail))
                return FAIL_INVALID;
        const char *wrong = found->check ? found->check(ret_piece) : NULL;
        if (wrong)
                return fail_set(fail, FAIL_INVALID, "%s%s", where, wrong);
        *ret_kind = found;
        return FAIL_NONE;
}

static double peak_rps(const struct piece_kind *kind, const struct piece *piece)
{
        if (kind->fields == sine_fields)
                return piece->from_rps + piece->to_rps;
        return piece->from_rps > piece->to_rps ? piece->from_rps : piece->to_rps;
}

static const struct field warmup_fields[] = {{"load.warmup", FIELD_DURATION_MS, offsetof(struct profile, warmup_ms), 0, HOUR_MS}};

/* After the pieces: one that ends by itself may take as much time as half of them. */
static enum fail_kind decode_warmup(struct profile *profile, struct fail *fail)
{
        int64_t most_ms = profile->shape_ms / 2 / 1000 * 1000;

        profile->warmup_auto = text_equal(doc_text(profile->spec, "load.warmup"), "auto");
        if (!profile->warmup_auto)
                return field_decode(profile->spec, "spec.", warmup_fields, ARRAY_LEN(warmup_fields), profile, fail);
        most_ms = most_ms < PROFILE_WARMUP_MOST_MS ? most_ms : PROFILE_WARMUP_MOST_MS;
        profile->warmup_ms = most_ms > PROFILE_WARMUP_LEAST_MS ? most_ms : PROFILE_WARMUP_LEAST_MS;
        return FAIL_NONE;
}

/* A search may hold every rate up to its limit, and no probe is longer than the longest. */
static void take_search(struct profile *profile)
{
        const struct profile_capacity *capacity = &profile->capacity;

        profile->peak_rps = capacity->search.limit_rps;
        profile->shape_ms = capacity->probe_ms * CAPACITY_LENGTHS_MAX;
}

static enum fail_kind decode_pieces(struct profile *profile, struct fail *fail)
{
        struct json_object *shape = doc_at(profile->spec, "load.shape");
        size_t len = doc_len(shape, "");

        if (len < 1 || len > PIECES_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape must be 1 to %d pieces", PIECES_MAX);
        for (size_t i = 0; i < len; i++) {
                const struct piece_kind *kind = NULL;
                struct piece piece;
                if (decode_piece(doc_item(shape, i), i, &piece, &kind, fail))
                        return FAIL_INVALID;
                profile->closed = profile->closed || kind->fields == closed_fields;
                profile->shape_ms += piece.for_ms;
                if (peak_rps(kind, &piece) > profile->peak_rps)
                        profile->peak_rps = peak_rps(kind, &piece);
        }
        if (profile->closed && len > 1)
                return fail_set(fail, FAIL_INVALID, "spec.load.shape: a closed piece stands alone");
        return FAIL_NONE;
}

enum fail_kind profile_decode_shape(struct profile *profile, struct fail *fail)
{
        if (profile->capacity.given)
                take_search(profile);
        else if (decode_pieces(profile, fail))
                return FAIL_INVALID;
        if (decode_warmup(profile, fail))
                return FAIL_INVALID;
        if (profile->warmup_ms + profile->shape_ms + profile->timeout_ms + profile->cooldown_ms >= profile->deadline_ms)
                return fail_set(fail, FAIL_INVALID, "spec.limits.deadline must be longer than load.warmup, all pieces of load.shape, load.timeout and load.cooldown together");
        return FAIL_NONE;
}

bool profile_knows_piece(const struct profile *profile, const char *piece)
{
        struct json_object *shape = doc_at(profile->spec, "load.shape");
        size_t len = doc_len(shape, ""), of_kind = 0;
        char *end;

        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
                if (strcmp(piece, kinds[k].name) != 0)
                        continue;
                for (size_t i = 0; i < len; i++)
                        of_kind += doc_at(doc_item(shape, i), piece) != NULL;
                return of_kind == 1;
        }
        unsigned long index = strtoul(piece, &end, 10);
        return piece[0] >= '0' && piece[0] <= '9' && *end == '\0' && index < len;
}

/* The worker's names are ours; durations carry their unit. */
static void encode_member(struct json_object *out, const struct field *field, const struct piece *piece)
{
        const char *at = (const char *)piece + field->offset;
        auto_free char *name_ms = xasprintf("%sMs", field->path);

        switch (field->type) {
        case FIELD_RATE:
                doc_set(out, field->path, json_object_new_double(*(const double *)at));
                break;
        case FIELD_DURATION_MS:
                doc_set_int(out, name_ms, *(const int64_t *)at);
                break;
        default:
                doc_set_int(out, field->path, *(const int32_t *)at);
        }
}

static struct json_object *encode_piece(const struct piece_kind *kind, const struct piece *piece)
{
        struct json_object *encoded = doc_set_text(doc_object(), "kind", kind->name);

        for (size_t k = 0; k < kind->fields_len; k++)
                encode_member(encoded, &kind->fields[k], piece);
        return encoded;
}

/* Of a search its first probe: the others are told their rate with their Job. */
struct json_object *profile_encode_shape(const struct profile *profile)
{
        struct json_object *shape = doc_at(profile->spec, "load.shape"), *out = doc_array();

        if (profile->capacity.given) {
                const struct piece first = {.from_rps = profile->capacity.search.from_rps, .for_ms = profile->capacity.probe_ms};
                return doc_push(out, encode_piece(&kinds[0], &first));
        }
        for (size_t i = 0; i < doc_len(shape, ""); i++) {
                const struct piece_kind *kind = NULL;
                struct piece piece;
                if (decode_piece(doc_item(shape, i), i, &piece, &kind, NULL))
                        abort(); /* profile_decode took it */
                doc_push(out, encode_piece(kind, &piece));
        }
        return out;
}
