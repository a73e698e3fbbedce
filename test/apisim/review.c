/* SPDX-License-Identifier: Apache-2.0
 *
 * TokenReview and SubjectAccessReview from two small tables: enough to tell who may scrape the operator. */
#include <string.h>

#include "call.h"

static const struct {
        const char *token, *user, *group;
} tokens[] = {
        {"apisim-admin", "admin", "system:masters"},
        {"apisim-scraper", "system:serviceaccount:monitoring:scraper", "system:serviceaccounts"},
        {"apisim-nobody", "system:serviceaccount:default:nobody", "system:serviceaccounts"},
};

/* Who may do what: NULL is anything. */
static const struct {
        const char *user, *group, *verb, *path;
} rights[] = {
        {NULL, "system:masters", NULL, NULL},
        {"system:serviceaccount:monitoring:scraper", NULL, "get", "/metrics"},
};

static struct json_object *review_token(struct json_object *spec)
{
        const char *token = doc_text(spec, "token");
        struct json_object *status = doc_object(), *user = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
                if (text_equal(tokens[i].token, token)) {
                        doc_set_text(user, "username", tokens[i].user);
                        doc_set(user, "groups", doc_push_text(doc_push_text(doc_array(), tokens[i].group), "system:authenticated"));
                        return doc_set(doc_set_bool(status, "authenticated", true), "user", user);
                }
        return doc_set_text(doc_set(status, "user", user), "error", "invalid bearer token");
}

static bool fits(const char *wanted, const char *given)
{
        return !wanted || text_equal(wanted, given);
}

static struct json_object *review_access(struct json_object *spec)
{
        const char *user = doc_text(spec, "user"), *path = doc_text(spec, "nonResourceAttributes.path");
        const char *verb = doc_text(spec, path ? "nonResourceAttributes.verb" : "resourceAttributes.verb");
        struct json_object *groups = doc_at(spec, "groups");
        bool allowed = false;

        for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
                bool member = !rights[i].group;
                for (size_t j = 0; j < doc_len(groups, ""); j++)
                        member = member || text_equal(json_object_get_string(doc_item(groups, j)), rights[i].group);
                allowed = allowed || (member && fits(rights[i].user, user) && fits(rights[i].verb, verb) && fits(rights[i].path, path));
        }
        return doc_set_bool(doc_object(), "allowed", allowed);
}

void verb_review(struct call *call, const char *plural)
{
        auto_json struct json_object *body = NULL;
        struct fail fail;

        if (strcmp(call->request->method, "POST") != 0) {
                refuse_method(call);
                return;
        }
        if (doc_parse(call->request->body ? call->request->body : "", call->request->size, &body, &fail)) {
                refuse_bad_request(call, "the object provided is unrecognized: %s", fail.text);
                return;
        }
        struct json_object *spec = doc_at(body, "spec");
        doc_set(body, "status", strcmp(plural, "tokenreviews") == 0 ? review_token(spec) : review_access(spec));
        answer_json(call, 201, json_object_get(body));
}
