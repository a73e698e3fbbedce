/* SPDX-License-Identifier: Apache-2.0 */
#include "result/arms_mesh.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"

static const char *const facts[] = {"type", "mode", "version", "clientMeshed", "serverMeshed", "mtls"};

static void add_facts(struct json_object *merged, struct json_object *mesh)
{
        doc_set_text(merged, "summary", doc_text(mesh, "summary"));
        doc_set_text(merged, "effective", doc_text(mesh, "effective"));
        for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
                const char *before = doc_text(merged, facts[i]), *now = doc_text(mesh, facts[i]);
                doc_set_text(merged, facts[i], !before || text_equal(before, now) ? now : ARMS_MESH_MIXED);
        }
}

/* ---- what the proxies used ---- */

static void format_cpu(double milli, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.0fm", milli);
}

static void format_memory(double kib, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.1fMi", kib / 1024);
}

static void format_throttled(double permille, char text[static UNIT_TEXT_MAX])
{
        snprintf(text, UNIT_TEXT_MAX, "%.1f%%", permille / 10);
}

static const struct use_row {
        const char *name, *number; /* in the status, in a trial's document */
        bool most;                 /* of all trials, not the mean over them */
        void (*format)(double value, char text[static UNIT_TEXT_MAX]);
} uses[] = {
        {"proxyCpu", "cpuMilli", false, format_cpu},
        {"proxyMemory", "memoryKiB", true, format_memory},
        {"proxyThrottled", "throttledPermille", false, format_throttled},
};

/* False: no trial knows it. */
static bool sum_up(struct json_object *const *docs, size_t len, const char *side, const struct use_row *row, double *ret_value)
{
        double sum = 0, most = 0;
        int known = 0;

        for (size_t i = 0; i < len; i++) {
                double value = (double)doc_int(doc_at(doc_at(doc_at(docs[i], "mesh.use"), side), row->number), "", -1);
                if (value < 0)
                        continue;
                sum += value;
                most = fmax(most, value);
                known++;
        }
        *ret_value = row->most || known == 0 ? most : sum / known;
        return known > 0;
}

static void put_use(struct json_object *merged, struct json_object *const *docs, size_t len)
{
        static const char *const sides[] = {"client", "server"};
        char text[UNIT_TEXT_MAX];
        double value;

        for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
                auto_json struct json_object *both = doc_object();
                for (size_t k = 0; k < ARRAY_LEN(sides); k++)
                        if (sum_up(docs, len, sides[k], &uses[i], &value)) {
                                uses[i].format(value, text);
                                doc_set_text(both, sides[k], text);
                        }
                if (json_object_object_length(both) > 0)
                        doc_set(merged, uses[i].name, take(both));
        }
}

struct json_object *arms_mesh_merge(struct json_object *const *docs, size_t len)
{
        auto_json struct json_object *merged = doc_object();

        for (size_t i = 0; i < len; i++)
                if (doc_at(docs[i], "mesh"))
                        add_facts(merged, doc_at(docs[i], "mesh"));
        if (json_object_object_length(merged) == 0)
                return NULL;
        put_use(merged, docs, len);
        return take(merged);
}
