/* SPDX-License-Identifier: Apache-2.0 */
#include "result/arms_added.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"
#include "result/compare.h"
#include "stat/shift.h"

#define CONFIDENCE 0.95

const char *arms_part_name(enum arms_part part)
{
        static const char *const names[ARMS_PARTS] = {NULL, "client", "server", "whole", "mtls"};

        return names[part];
}

/* ---- what differs ---- */

/* 1: it has a proxy, 0: it has none, -1: nobody knows, or only some have. */
static int client_of(struct json_object *mesh)
{
        const char *meshed = doc_text(mesh, "clientMeshed");

        return text_equal(meshed, "true") ? 1 : text_equal(meshed, "false") ? 0 : -1;
}

static int server_of(struct json_object *mesh)
{
        const char *meshed = doc_text(mesh, "serverMeshed");
        long long with = 0, all = 0;

        if (!meshed || sscanf(meshed, "%lld/%lld", &with, &all) != 2 || all <= 0 || (with != 0 && with != all))
                return -1;
        return with > 0;
}

static int mtls_of(struct json_object *mesh)
{
        const char *mtls = doc_text(mesh, "mtls");

        if (!mtls && client_of(mesh) == 0 && server_of(mesh) == 0)
                return 0; /* nobody is there who could */
        return text_equal(mtls, "mutual") ? 1 : text_equal(mtls, "plaintext") ? 0 : -1;
}

/* What B has and A has not is above 0, what A has and B has not below. */
struct difference {
        enum arms_part part;
        int sign;
        bool with_mtls;
};

static struct difference difference_of(struct json_object *a, struct json_object *b)
{
        const int known[] = {client_of(a), client_of(b), server_of(a), server_of(b)};
        int client = known[1] - known[0], server = known[3] - known[2];
        bool mtls_known = mtls_of(a) >= 0 && mtls_of(b) >= 0;
        int mtls = mtls_known ? mtls_of(b) - mtls_of(a) : 0;

        for (size_t i = 0; i < 4; i++)
                if (known[i] < 0)
                        return (struct difference){ARMS_PART_NONE, 1, false};
        if (client != 0 && server == 0)
                return (struct difference){ARMS_PART_CLIENT, client, mtls == client};
        if (server != 0 && client == 0)
                return (struct difference){ARMS_PART_SERVER, server, mtls == server};
        if (client != 0 && client == server)
                return (struct difference){ARMS_PART_BOTH, client, mtls == client};
        if (client == 0 && server == 0 && mtls != 0)
                return (struct difference){ARMS_PART_MTLS, mtls, false};
        return (struct difference){ARMS_PART_NONE, 1, false};
}

/* ---- by how much ---- */

static struct arms_added_value value_of(const struct pairs *pairs, const struct trial *trials, const char *metric, int sign)
{
        double a[PROFILE_TRIALS_MAX], b[PROFILE_TRIALS_MAX], sum = 0;
        struct shift shift;

        for (size_t i = 0; i < pairs->len; i++) {
                const struct estimate *of_a = estimates_find(&trials[pairs->a[i]].estimates, metric);
                const struct estimate *of_b = estimates_find(&trials[pairs->b[i]].estimates, metric);
                if (!of_a->known || !of_b->known || of_a->censored || of_b->censored)
                        return (struct arms_added_value){0};
                a[i] = sign * of_a->value;
                b[i] = sign * of_b->value;
                sum += b[i] - a[i];
        }
        if (pairs->len == 0)
                return (struct arms_added_value){0};
        struct arms_added_value value = {.known = true, .ns = sum / (double)pairs->len};
        if (shift_stein(a, b, pairs->first, pairs->len, &shift) != STAT_OK)
                return value;
        struct shift_interval interval = shift_interval(&shift, CONFIDENCE);
        value.interval = true;
        value.low_ns = interval.low;
        value.high_ns = interval.high;
        return value;
}

/* ---- in words ---- */

struct subject {
        const char *name;
        bool plural;
};

static struct subject subject_of(enum arms_part part, bool sidecar)
{
        static const struct subject sidecars[ARMS_PARTS] = {
                {NULL, false}, {"the client's sidecar", false}, {"the server's sidecar", false}, {"both sidecars", true}, {"mTLS", false}};
        static const struct subject others[ARMS_PARTS] = {
                {NULL, false}, {"the mesh at the client", false}, {"the mesh at the server", false}, {"the mesh at both ends", false}, {"mTLS", false}};

        return (sidecar ? sidecars : others)[part];
}

/* Two digits that say something, of the largest number that stands there. */
static int decimals_of(const struct arms_added_value *value)
{
        double most_ms = fmax(fabs(value->ns), fmax(fabs(value->low_ns), fabs(value->high_ns))) / 1e6;

        return most_ms >= 9.95 ? 0 : most_ms >= 0.995 ? 1 : most_ms >= 0.0995 ? 2 : 3;
}

/* The interval has its ends on both sides of 0. */
static bool is_in_doubt(const struct arms_added_value *value)
{
        return value->interval && value->low_ns <= 0 && value->high_ns >= 0;
}

/* "add", "take", "add nothing": one verb goes with both. */
static bool is_alike(const struct arms_added_value *a, const struct arms_added_value *b)
{
        return !is_in_doubt(a) && !is_in_doubt(b) && (a->ns < 0) == (b->ns < 0);
}

static void put(struct arms_added *added, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct arms_added *added, const char *format, ...)
{
        size_t used = strlen(added->text);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(added->text + used, sizeof added->text - used, format, arguments);
        va_end(arguments);
}

/* "1.9 ms to the median (1.6 to 2.2)"; what is taken off has positive numbers too. */
static void put_value(struct arms_added *added, const struct arms_added_value *value, const char *what)
{
        bool less = value->ns < 0;
        int decimals = decimals_of(value);
        double low_ms = (less ? -value->high_ns : value->low_ns) / 1e6, high_ms = (less ? -value->low_ns : value->high_ns) / 1e6;

        put(added, "%.*f ms %s the %s", decimals, fabs(value->ns) / 1e6, less ? "off" : "to", what);
        if (value->interval)
                put(added, " (%.*f to %.*f)", decimals, low_ms, decimals, high_ms);
        else
                put(added, " (interval unknown)");
}

static void put_doubt(struct arms_added *added, const struct arms_added_value *value, const char *what)
{
        int decimals = decimals_of(value);

        put(added, "nothing to the %s that is beyond doubt (%.*f to %.*f ms)", what, decimals, value->low_ns / 1e6, decimals, value->high_ns / 1e6);
}

static void put_part(struct arms_added *added, const struct arms_added_value *value, const char *what, bool plural)
{
        put(added, "%s%s ", !is_in_doubt(value) && value->ns < 0 ? "take" : "add", plural ? "" : "s");
        if (is_in_doubt(value))
                put_doubt(added, value, what);
        else
                put_value(added, value, what);
}

static void put_text(struct arms_added *added, const struct difference *difference, bool sidecar, size_t pairs)
{
        const struct subject subject = subject_of(difference->part, sidecar);
        const char *with_mtls = !difference->with_mtls ? "" : subject.plural ? ", mTLS with them," : ", mTLS with it,";

        put(added, "%s%s ", subject.name, with_mtls);
        put_part(added, &added->p50, "median", subject.plural);
        if (added->p99.known && is_alike(&added->p50, &added->p99)) {
                put(added, " and ");
                put_value(added, &added->p99, "99th percentile");
        } else if (added->p99.known) {
                put(added, ", and ");
                put_part(added, &added->p99, "99th percentile", subject.plural);
        }
        put(added, "; %zu pair%s%s", pairs, pairs == 1 ? "" : "s", pairs < COMPARE_CONFIRMED_MIN ? ", indicative" : "");
        text_scrub(added->text);
}

void arms_added_of(const struct pairs *pairs, const struct trial *trials, struct json_object *a, struct json_object *b, struct arms_added *ret_added)
{
        const struct difference difference = difference_of(a, b);
        bool sidecar = text_equal(doc_text(difference.sign > 0 ? b : a, "mode"), "sidecar");

        *ret_added = (struct arms_added){
                .part = difference.part,
                .p50 = value_of(pairs, trials, "latency.p50", difference.sign),
                .p99 = value_of(pairs, trials, "latency.p99", difference.sign),
        };
        if (difference.part != ARMS_PART_NONE && ret_added->p50.known)
                put_text(ret_added, &difference, sidecar, pairs->len);
}

/* ---- JSON ---- */

static struct json_object *encode_value(const struct arms_added_value *value)
{
        struct json_object *out = doc_object();
        char text[UNIT_TEXT_MAX];

        unit_format_latency(llround(value->ns), text);
        doc_set_text(out, "mean", text);
        if (value->interval) {
                unit_format_latency(llround(value->low_ns), text);
                doc_set_text(out, "low", text);
                unit_format_latency(llround(value->high_ns), text);
                doc_set_text(out, "high", text);
        }
        return out;
}

struct json_object *arms_added_encode(const struct arms_added *added)
{
        if (!added->p50.known && !added->p99.known)
                return NULL;
        struct json_object *out = doc_set_text(doc_object(), "part", arms_part_name(added->part));
        if (added->p50.known)
                doc_set(out, "p50", encode_value(&added->p50));
        if (added->p99.known)
                doc_set(out, "p99", encode_value(&added->p99));
        return doc_set_text(out, "text", added->text[0] ? added->text : NULL);
}

struct json_object *arms_added_explain(const struct arms_added *added, bool confirmed)
{
        struct json_object *entry, *evidence;

        if (!added->text[0] || !added->p50.interval || is_in_doubt(&added->p50))
                return NULL;
        entry = doc_set_text(doc_set_text(doc_object(), "code", "AddedLatency"), "confidence", confirmed ? "high" : "medium");
        evidence = doc_set_text(doc_set_text(doc_object(), "side", "load"), "counter", "latency.p50 added in pairs of trials, microseconds");
        doc_set_int(evidence, "value", llround(added->p50.ns / 1e3));
        return doc_set(doc_set_text(entry, "sentence", added->text), "evidence", evidence);
}

bool arms_added_bounds(const struct arms_added *added, char text[static ARMS_ADDED_TEXT_MAX])
{
        char low[UNIT_TEXT_MAX], high[UNIT_TEXT_MAX];

        if (!added->p50.interval)
                return false;
        unit_format_latency(llround(added->p50.low_ns), low);
        unit_format_latency(llround(added->p50.high_ns), high);
        snprintf(text, ARMS_ADDED_TEXT_MAX, "%s to %s", low, high);
        return true;
}
