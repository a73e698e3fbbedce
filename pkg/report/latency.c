/* SPDX-License-Identifier: Apache-2.0
 *
 * How long answers took, of the measured window: a curve over all percentiles that mean something, and counts in bins. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "data/doc.h"
#include "report/parts.h"
#include "result/fold.h"

#define STEPS_PER_DECADE 20 /* of 1 - q */
#define STEPS_MAX (7 * STEPS_PER_DECADE)
#define BINS_PER_DECADE 20
#define BINS_MAX (13 * BINS_PER_DECADE) /* 1 ns to 1 h */

static int64_t micros(int64_t ns)
{
        return (ns + 500) / 1000;
}

/* Ends where a percentile falls among requests without an answer, or where too few were slower. */
static struct json_object *encode_curve(const struct hist *ok, const struct hist *censored, int64_t timeout_ns)
{
        struct json_object *curve = doc_array();
        char text[32];

        for (int step = 0; step <= STEPS_MAX; step++) {
                double q = 1 - pow(10, -(double)step / STEPS_PER_DECADE);
                struct fold_value value = fold_quantile(ok, censored, q, timeout_ns);
                if (!value.known || value.censored)
                        break;
                struct json_object *point = doc_array();
                snprintf(text, sizeof text, "%.7f", q);
                doc_push(point, json_object_new_double_s(q, text));
                doc_push(curve, doc_push(point, json_object_new_int64(micros(value.ns))));
        }
        return curve;
}

struct json_object *parts_curve(const struct unpack *unpack)
{
        const struct unpack_span *span = unpack_window(unpack);
        struct json_object *curve;

        if (!span || (!span->hists[UNPACK_LATENCY] && !span->hists[UNPACK_CENSORED]))
                return NULL;
        curve = doc_set(doc_object(), "latency", encode_curve(span->hists[UNPACK_LATENCY], span->hists[UNPACK_CENSORED], unpack->timeout_ns));
        if (span->hists[UNPACK_SERVICE])
                doc_set(curve, "service", encode_curve(span->hists[UNPACK_SERVICE], NULL, unpack->timeout_ns));
        return curve;
}

/* ---- bins ---- */

struct bins {
        uint64_t counts[BINS_MAX];
        int first, last; /* the ones in use; last < first: none */
};

static void add_bins(struct bins *bins, const struct hist *hist)
{
        uint32_t at = 0;
        int64_t value_ns;
        uint64_t count;

        while (hist && hist_next(hist, &at, &value_ns, &count)) {
                int bin = value_ns > 1 ? (int)floor(log10((double)value_ns) * BINS_PER_DECADE) : 0;
                if (bin >= BINS_MAX)
                        bin = BINS_MAX - 1;
                bins->counts[bin] += count;
                bins->first = bin < bins->first ? bin : bins->first;
                bins->last = bin > bins->last ? bin : bins->last;
        }
}

static struct json_object *encode_bins(const struct bins *bins, int first, int last)
{
        struct json_object *array = doc_array();

        for (int i = first; i <= last; i++)
                doc_push(array, json_object_new_int64((int64_t)bins->counts[i]));
        return array;
}

struct json_object *parts_histogram(const struct unpack *unpack)
{
        const struct unpack_span *span = unpack_window(unpack);
        struct bins ok = {.first = BINS_MAX, .last = -1}, error = {.first = BINS_MAX, .last = -1};

        if (!span)
                return NULL;
        add_bins(&ok, span->hists[UNPACK_LATENCY]);
        add_bins(&error, span->hists[UNPACK_ERROR]);
        int first = ok.first < error.first ? ok.first : error.first, last = ok.last > error.last ? ok.last : error.last;
        struct json_object *object = doc_set_int(doc_object(), "perDecade", BINS_PER_DECADE);
        doc_set_int(object, "first", last < 0 ? 0 : first);
        doc_set(doc_set(object, "ok", encode_bins(&ok, first, last)), "error", encode_bins(&error, first, last));
        const struct hist *censored = span->hists[UNPACK_CENSORED];
        return doc_set_int(object, "censored", censored ? (int64_t)hist_count(censored) : 0);
}
