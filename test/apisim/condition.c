/* SPDX-License-Identifier: Apache-2.0 */
#include "controllers.h"

static struct json_object *find(struct json_object *list, const char *type)
{
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "type"), type))
                        return doc_item(list, i);
        return NULL;
}

bool condition_is_true(struct json_object *status, const char *type)
{
        return text_equal(doc_text(find(doc_at(status, "conditions"), type), "status"), "True");
}

bool condition_set(struct apisim *sim, struct json_object *status, const char *type, const char *value, const char *reason,
                   const char *message)
{
        struct json_object *list = doc_at(status, "conditions"), *condition = find(list, type);

        if (condition && text_equal(doc_text(condition, "status"), value) && text_equal(doc_text(condition, "reason"), reason))
                return false;
        if (!json_object_is_type(list, json_type_array))
                doc_set(status, "conditions", list = doc_array());
        bool moved = !text_equal(doc_text(condition, "status"), value);
        if (!condition)
                doc_push(list, condition = doc_set_text(doc_object(), "type", type));
        doc_set_text(condition, "status", value);
        if (moved) {
                doc_set(condition, "lastProbeTime", sim_time(sim));
                doc_set(condition, "lastTransitionTime", sim_time(sim));
        }
        json_object_object_del(condition, "reason");
        json_object_object_del(condition, "message");
        doc_set_text(doc_set_text(condition, "reason", reason), "message", message);
        return true;
}
