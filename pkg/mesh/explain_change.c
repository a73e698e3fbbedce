/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes that coincide with a difference of the load: in time, inside a run, or as what differs between two runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/explain_parts.h"
#include "mesh/mesh.h"

/* ---- in time ---- */

/* How long the load took to follow; the point of time in which it began to may hold the change itself. */
static int64_t apart_ms(const struct explaining *explaining, struct json_object *change)
{
        return explaining->load->onset_wall_ms - doc_int(change, "atMs", 0);
}

static bool coincides(const struct explaining *explaining, struct json_object *change)
{
        int64_t apart = apart_ms(explaining, change);

        return doc_text(change, "sentence") && apart >= -explaining->load->onset_width_ms && apart <= MESH_COINCIDENCE_MS;
}

static void tell_coincidence(struct explaining *explaining, struct json_object *change)
{
        int64_t apart = apart_ms(explaining, change);
        struct telling telling = {"Coincidence", "medium", NULL, SIDE_LOAD, "milliseconds from the change to the onset", (double)llabs(apart)};
        auto_free char *when = apart > explaining->load->onset_width_ms ? xasprintf("%.1f s after this", (double)apart / 1000)
                                                                         : xstrdup("in the same moment as this");

        explain_tell(explaining, &telling, "%s %s: %s", explaining->load->onset, when, doc_text(change, "sentence"));
}

/* The nearest; of equally near ones the first. */
static size_t nearest(const struct explaining *explaining, struct json_object *changes, const bool *told)
{
        size_t best = doc_len(changes, "");

        for (size_t i = 0; i < doc_len(changes, ""); i++) {
                struct json_object *change = doc_item(changes, i);
                if (told[i] || !coincides(explaining, change))
                        continue;
                if (best == doc_len(changes, "") || llabs(apart_ms(explaining, change)) < llabs(apart_ms(explaining, doc_item(changes, best))))
                        best = i;
        }
        return best;
}

void explain_coincidences(struct explaining *explaining, struct json_object *changes)
{
        size_t len = doc_len(changes, ""), at;
        auto_free bool *told = xcalloc(len + 1, sizeof *told);

        if (!explaining->load->onset)
                return;
        for (int count = 0; count < MESH_COINCIDENCES_MAX && (at = nearest(explaining, changes, told)) < len; count++) {
                told[at] = true;
                tell_coincidence(explaining, doc_item(changes, at));
        }
}

/* ---- between runs ---- */

/* The object of a changed policy, or of what was added to the proxies or taken from them. */
static const char *object_of(const struct explaining *explaining, struct json_object *change, struct json_object *baseline)
{
        const char *const refs[] = {
                doc_text(change, "to.ref"),
                doc_text(change, "from.ref"),
                doc_text(mesh_policy(explaining->snapshot, doc_text(change, "path")), "origin.ref"),
                doc_text(mesh_policy(baseline, doc_text(change, "path")), "origin.ref"),
        };

        for (size_t i = 0; i < ARRAY_LEN(refs); i++)
                if (refs[i])
                        return refs[i];
        return NULL;
}

static bool is_felt(struct json_object *change)
{
        return !text_equal(doc_text(change, "class"), "inventory");
}

#define CPU_RATIO_MIN 2.0   /* runs of the same thing differ by less */
#define CPU_RISE_MIN_MILLI 50.0

/* What a change of a side's proxies does to them: the CPU that they use. */
struct symptom {
        bool shown;
        enum side side;
        double before_milli, after_milli;
};

static bool ends_in(const char *text, const char *end)
{
        size_t len = strlen(text), end_len = strlen(end);

        return len >= end_len && text_equal(text + len - end_len, end);
}

static struct symptom symptom_of(const struct mesh_case *mesh_case, struct json_object *change)
{
        static const struct {
                const char *end; /* of the key that changed */
                enum side side;
        } sides[] = {{".client", SIDE_CLIENT}, {".server", SIDE_SERVER}};
        const char *path = doc_text(change, "path");

        for (size_t i = 0; path && mesh_case->use && mesh_case->baseline_use && i < ARRAY_LEN(sides); i++) {
                double before = mesh_case->baseline_use[sides[i].side].cpu_milli, after = mesh_case->use[sides[i].side].cpu_milli;
                if (ends_in(path, sides[i].end) && before >= 0 && after >= CPU_RATIO_MIN * before && after - before >= CPU_RISE_MIN_MILLI)
                        return (struct symptom){true, sides[i].side, before, after};
        }
        return (struct symptom){0};
}

static void tell_since(struct explaining *explaining, const struct mesh_case *mesh_case, struct json_object *change, size_t changes, bool only)
{
        const struct symptom symptom = symptom_of(mesh_case, change);
        bool differs = mesh_case->shift && !mesh_case->shift_is_weak;
        struct telling telling = {"ChangedSince", only && (differs || symptom.shown) ? "medium" : "possible", NULL, SIDE_LOAD,
                                  "changes since the baseline", (double)changes};
        auto_free char *used = symptom.shown ? xasprintf("; CPU of the %s's proxy %.0fm -> %.0fm", symptom.side == SIDE_SERVER ? "server" : "client",
                                                         symptom.before_milli, symptom.after_milli)
                                             : xstrdup("");
        struct json_object *entry;

        if (symptom.shown) {
                telling.side = symptom.side;
                telling.counter = "CPU of the proxy, millicores";
                telling.value = symptom.after_milli;
        }
        if (only && mesh_case->shift)
                entry = explain_tell(explaining, &telling, "%s, and this is the only change of the mesh that was seen since: %s%s", mesh_case->shift,
                                     doc_text(change, "sentence"), used);
        else
                entry = explain_tell(explaining, &telling, "changed since %s: %s%s", mesh_case->baseline_run, doc_text(change, "sentence"), used);
        doc_set_text(entry, "object", object_of(explaining, change, mesh_case->baseline));
}

/* A difference between runs and the only thing that differs coincide. Of several things each is only possible. */
void explain_since(struct explaining *explaining, const struct mesh_case *mesh_case)
{
        auto_json struct json_object *diff = mesh_case->baseline && mesh_case->snapshot ? mesh_diff(mesh_case->baseline, mesh_case->snapshot) : NULL;
        struct json_object *changes = doc_at(diff, "changes");
        bool only = text_equal(doc_text(diff, "verdict"), "one");
        int told = 0;

        for (size_t i = 0; i < doc_len(changes, "") && told < MESH_SINCE_MAX; i++)
                if (is_felt(doc_item(changes, i))) {
                        tell_since(explaining, mesh_case, doc_item(changes, i), doc_len(changes, ""), only);
                        told++;
                }
}
