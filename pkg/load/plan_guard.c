/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's rules about addresses. They are read strictly: a rule that is not understood stops the plan, never is left out. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/plan_decode.h"

static enum fail_kind decode_ranges(struct json_object *list, const char *path, struct address_range **ret_ranges, size_t *ret_len,
                                    struct fail *fail)
{
        size_t len = doc_len(list, "");

        if (list && !json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "%s: a list is wanted", path);
        if (len > LOAD_RANGES_MAX)
                return fail_set(fail, FAIL_INVALID, "%s: at most %d ranges are wanted", path, LOAD_RANGES_MAX);
        *ret_ranges = xcalloc(len + 1, sizeof **ret_ranges);
        *ret_len = len;
        for (size_t i = 0; i < len; i++) {
                struct json_object *entry = doc_item(list, i);
                const char *text = json_object_is_type(entry, json_type_string) ? json_object_get_string(entry) : "";
                if (address_parse_range(text, &(*ret_ranges)[i], fail))
                        return fail_wrap(fail, "%s[%zu]", path, i);
        }
        return FAIL_NONE;
}

enum fail_kind plan_decode_guard(struct json_object *doc, struct load_guard *guard, struct fail *fail)
{
        struct json_object *given = doc_at(doc, "guard");

        if (!given)
                return FAIL_NONE;
        if (!json_object_is_type(given, json_type_object))
                return fail_set(fail, FAIL_INVALID, "guard: an object is wanted");
        json_object_object_foreach(given, key, unused) {
                (void)unused;
                if (!text_equal(key, "allow") && !text_equal(key, "deny"))
                        return fail_set(fail, FAIL_INVALID, "guard.%.40s: is not known; allow and deny are", key);
        }
        guard->given = true;
        if (decode_ranges(doc_at(given, "allow"), "guard.allow", &guard->allow, &guard->allow_len, fail))
                return FAIL_INVALID;
        return decode_ranges(doc_at(given, "deny"), "guard.deny", &guard->deny, &guard->deny_len, fail);
}

void plan_free_guard(struct load_guard *guard)
{
        free(guard->allow);
        free(guard->deny);
}
