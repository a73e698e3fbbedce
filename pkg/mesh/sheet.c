/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

void sheet_set(struct json_object *sheet, const char *key, struct json_object *value, struct origin origin)
{
        struct json_object *cell = doc_object(), *from = doc_object();

        doc_set_text(from, "kind", origin.kind);
        doc_set_text(from, "ref", origin.ref);
        doc_set_text(from, "field", origin.field);
        doc_set_text(from, "reason", origin.reason);
        doc_set(cell, "value", value);
        doc_set(sheet, key, doc_set(cell, "origin", from));
}

static struct json_object *cell_of(struct json_object *sheet, const char *key)
{
        struct json_object *cell = NULL;

        json_object_object_get_ex(sheet, key, &cell);
        return cell;
}

static void put_cell(struct view *view, const char *key, struct json_object *cell)
{
        struct json_object *from = doc_at(cell, "origin");

        put_policy(view, key, doc_copy(doc_at(cell, "value")),
                   (struct origin){.kind = doc_text(from, "kind"), .ref = doc_text(from, "ref"), .field = doc_text(from, "field"),
                                   .reason = doc_text(from, "reason")});
}

void sheets_put(struct view *view, struct json_object *sheets, const char *what)
{
        struct json_object *first = doc_item(sheets, 0);
        char reason[96];

        if (!first)
                return;
        snprintf(reason, sizeof reason, "differs between %s", what);
        json_object_object_foreach(first, key, cell) {
                bool same = true;
                for (size_t i = 1; i < doc_len(sheets, ""); i++)
                        same = same && doc_equal(doc_at(cell_of(doc_item(sheets, i), key), "value"), doc_at(cell, "value"));
                if (same)
                        put_cell(view, key, cell);
                else
                        put_unknown(view, key, reason);
        }
}
