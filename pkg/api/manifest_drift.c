/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether an object still is as it was applied. What the API server makes of a manifest (defaults, quantities in their canonical form) is
 * not known here, so the object as it was right afterwards is the measure, and of it only what the manifest names. */
#include <stdio.h>

#include "api/manifest.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

static struct json_object *part_of(struct json_object *named, struct json_object *there)
{
        struct json_object *part = doc_object();

        json_object_object_foreach(named, key, value) {
                struct json_object *now = NULL;
                json_object_object_get_ex(there, key, &now);
                bool inner = json_object_is_type(value, json_type_object) && json_object_is_type(now, json_type_object);
                json_object_object_add(part, key, inner ? part_of(value, now) : doc_copy(now));
        }
        return part;
}

struct json_object *manifest_part(struct json_object *manifest, struct json_object *there)
{
        auto_json struct json_object *marked = manifest_marked(manifest, NULL, "");

        return part_of(marked, there);
}

/* True: 'field' has the path of the first difference. */
static bool find(struct json_object *before, struct json_object *now, const char *prefix, char field[static MANIFEST_FIELD_MAX])
{
        json_object_object_foreach(before, key, value) {
                struct json_object *other = NULL;
                json_object_object_get_ex(now, key, &other);
                if (doc_equal(value, other))
                        continue;
                auto_free char *path = xasprintf("%.*s%s%.63s", MANIFEST_FIELD_MAX, prefix, *prefix ? "." : "", key);
                if (!json_object_is_type(value, json_type_object) || !json_object_is_type(other, json_type_object) || !find(value, other, path, field)) {
                        snprintf(field, MANIFEST_FIELD_MAX, "%s", path);
                        text_scrub(field);
                }
                return true;
        }
        return false;
}

bool manifest_drifted(struct json_object *part, struct json_object *there, char field[static MANIFEST_FIELD_MAX])
{
        auto_json struct json_object *now = part_of(part, there);

        field[0] = '\0';
        return find(part, now, "", field);
}
