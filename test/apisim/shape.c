/* SPDX-License-Identifier: Apache-2.0
 *
 * Built-in kinds have no schema here; what stands in for the Go decoder is a table of members by name, wherever they stand.
 * Everything behind this may trust that an object is one. */
#include <string.h>

#include "rules.h"

enum shape { TEXT, TRUTH, NUMBER, OBJECT, TEXTS_BY_NAME, LIST_OF_OBJECTS, LIST_OF_TEXTS };

static const struct {
        const char *member;
        enum shape shape;
} members[] = {
        {"metadata", OBJECT},          {"spec", OBJECT},
        {"template", OBJECT},          {"selector", OBJECT},          {"resources", OBJECT},
        {"securityContext", OBJECT},   {"valueFrom", OBJECT},         {"fieldRef", OBJECT},
        {"configMap", OBJECT},         {"downwardAPI", OBJECT},       {"podFailurePolicy", OBJECT},
        {"onExitCodes", OBJECT},       {"involvedObject", OBJECT},    {"regarding", OBJECT},
        {"series", OBJECT},            {"state", OBJECT},             {"waiting", OBJECT},
        {"running", OBJECT},           {"terminated", OBJECT},        {"strategy", OBJECT},
        {"labels", TEXTS_BY_NAME},     {"annotations", TEXTS_BY_NAME}, {"matchLabels", TEXTS_BY_NAME},
        {"nodeSelector", TEXTS_BY_NAME}, {"data", TEXTS_BY_NAME},     {"binaryData", TEXTS_BY_NAME},
        {"containers", LIST_OF_OBJECTS}, {"initContainers", LIST_OF_OBJECTS}, {"volumes", LIST_OF_OBJECTS},
        {"env", LIST_OF_OBJECTS},      {"ports", LIST_OF_OBJECTS},    {"volumeMounts", LIST_OF_OBJECTS},
        {"ownerReferences", LIST_OF_OBJECTS}, {"containerStatuses", LIST_OF_OBJECTS},
        {"rules", LIST_OF_OBJECTS},    {"onPodConditions", LIST_OF_OBJECTS}, {"items", LIST_OF_OBJECTS},
        {"finalizers", LIST_OF_TEXTS}, {"command", LIST_OF_TEXTS},    {"args", LIST_OF_TEXTS},
        {"name", TEXT},                {"generateName", TEXT},
        {"namespace", TEXT},           {"uid", TEXT},                 {"resourceVersion", TEXT},
        {"image", TEXT},               {"phase", TEXT},               {"reason", TEXT},
        {"message", TEXT},             {"note", TEXT},                {"action", TEXT},
        {"type", TEXT},                {"nodeName", TEXT},            {"restartPolicy", TEXT},
        {"completionMode", TEXT},      {"podReplacementPolicy", TEXT}, {"holderIdentity", TEXT},
        {"suspend", TRUTH},            {"immutable", TRUTH},          {"completions", NUMBER},
        {"parallelism", NUMBER},       {"backoffLimit", NUMBER},      {"activeDeadlineSeconds", NUMBER},
        {"leaseDurationSeconds", NUMBER}, {"terminationGracePeriodSeconds", NUMBER}, {"exitCode", NUMBER},
};

/* What a value, and what stands in it, must be. */
static const struct {
        json_type type, inner; /* inner null: is walked, or free */
        const char *words;
} shapes[] = {
        [TEXT] = {json_type_string, json_type_null, "string"},
        [TRUTH] = {json_type_boolean, json_type_null, "bool"},
        [NUMBER] = {json_type_int, json_type_null, "int"},
        [OBJECT] = {json_type_object, json_type_null, "struct"},
        [TEXTS_BY_NAME] = {json_type_object, json_type_string, "map[string]string"},
        [LIST_OF_OBJECTS] = {json_type_array, json_type_object, "[]struct"},
        [LIST_OF_TEXTS] = {json_type_array, json_type_string, "[]string"},
};

static bool inner_fits(struct json_object *value, json_type inner)
{
        for (size_t i = 0; i < doc_len(value, ""); i++)
                if (json_object_get_type(doc_item(value, i)) != inner)
                        return false;
        if (!json_object_is_type(value, json_type_object))
                return true;
        json_object_object_foreach(value, name, part) {
                (void)name;
                if (json_object_get_type(part) != inner)
                        return false;
        }
        return true;
}

static const char *wrong_member(struct json_object *json, const char **ret_words);

static const char *wrong_value(const char *name, struct json_object *value, const char **ret_words)
{
        const char *wrong = NULL;

        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
                if (strcmp(members[i].member, name) != 0)
                        continue;
                json_type type = shapes[members[i].shape].type, inner = shapes[members[i].shape].inner;
                *ret_words = shapes[members[i].shape].words;
                if (json_object_get_type(value) != type || (inner != json_type_null && !inner_fits(value, inner)))
                        return members[i].member;
                if (members[i].shape == TEXTS_BY_NAME)
                        return NULL;
        }
        for (size_t i = 0; i < doc_len(value, "") && !wrong; i++)
                wrong = wrong_member(doc_item(value, i), ret_words);
        return wrong ? wrong : wrong_member(value, ret_words);
}

/* Name of a member that is not what it must be, NULL when all are. Members that are null are as good as absent, and go. */
static const char *wrong_member(struct json_object *json, const char **ret_words)
{
        const char *wrong = NULL;

        if (!json_object_is_type(json, json_type_object))
                return NULL;
        json_object_object_foreach(json, name, value) {
                if (!value)
                        json_object_object_del(json, name);
                else if (!wrong)
                        wrong = wrong_value(name, value, ret_words);
        }
        return wrong;
}

/* What a patch makes of an object is the patch's fault, and another answer. */
static void refuse_shape(struct call *call, const char *wrong, const char *words)
{
        const struct kind *kind = call->kind;
        struct json_object *causes = doc_array();
        auto_free char *text = xasprintf("json: cannot unmarshal into field %s of type %s", wrong, words);

        if (strcmp(call->request->method, "PATCH") != 0) {
                json_object_put(causes);
                refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: %s", kind->name, kind->version, kind->name, text);
                return;
        }
        cause_add(causes, CAUSE_INVALID, "patch", "\"\": %s", text);
        refuse(call, 422, "Invalid", doc_set(doc_object(), "causes", causes), " \"\" is invalid: patch: Invalid value: \"\": %s", text);
}

bool shape_fits(struct call *call, struct json_object *json)
{
        const char *words = NULL;
        struct json_object *metadata = doc_at(json, "metadata");
        /* The rest of a custom resource is its schema's business. */
        const char *wrong = !call->kind->schema ? wrong_member(json, &words) : metadata ? wrong_value("metadata", metadata, &words) : NULL;

        /* Conditions have a status too, which is a word. */
        if (!wrong && doc_at(json, "status") && !json_object_is_type(doc_at(json, "status"), json_type_object)) {
                wrong = "status";
                words = "struct";
        }
        if (wrong)
                refuse_shape(call, wrong, words);
        return !wrong;
}
