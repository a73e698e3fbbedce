/* SPDX-License-Identifier: Apache-2.0
 *
 * Discovery: versions, groups and resources as the table of kinds has them, and the least of openapi that lets kubectl
 * leave validation to the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

/* 'version' NULL: any. */
static bool group_version_served(const struct apisim *sim, const char *group, const char *version)
{
        for (size_t i = 0; i < sim->kinds_len; i++)
                if (text_equal(sim->kinds[i].group, group) && (!version || text_equal(sim->kinds[i].version, version)))
                        return true;
        return false;
}

/* Reviews are no kinds: nothing of them is stored. */
static const struct {
        const char *group, *plural, *name;
} reviews[] = {
        {"authentication.k8s.io", "tokenreviews", "TokenReview"},
        {"authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"},
};

static bool review_group(const char *group)
{
        for (size_t i = 0; i < ARRAY_LEN(reviews); i++)
                if (text_equal(reviews[i].group, group))
                        return true;
        return false;
}

/* ---- Groups ---- */

static struct json_object *group_version(const struct kind *kind)
{
        auto_free char *text = kind_api_version(kind);

        return doc_set_text(doc_set_text(doc_object(), "groupVersion", text), "version", kind->version);
}

static struct json_object *group_of(const struct kind *kind)
{
        struct json_object *group = doc_set_text(doc_object(), "name", kind->group);

        doc_set(group, "versions", doc_push(doc_array(), group_version(kind)));
        return doc_set(group, "preferredVersion", group_version(kind));
}

static void answer_groups(struct call *call)
{
        struct json_object *list = doc_object(), *groups = doc_array();
        struct apisim *sim = call->sim;

        for (size_t i = 0; i < sim->kinds_len; i++) {
                bool first = sim->kinds[i].group[0];
                for (size_t j = 0; j < i && first; j++)
                        first = !text_equal(sim->kinds[j].group, sim->kinds[i].group);
                if (first)
                        doc_push(groups, group_of(&sim->kinds[i]));
        }
        for (size_t i = 0; i < ARRAY_LEN(reviews); i++)
                doc_push(groups, group_of(&(struct kind){.group = reviews[i].group, .version = "v1"}));
        doc_set_text(doc_set_text(list, "kind", "APIGroupList"), "apiVersion", "v1");
        answer_json(call, 200, doc_set(list, "groups", groups));
}

static void answer_group(struct call *call, const char *group)
{
        for (size_t i = 0; i < call->sim->kinds_len; i++)
                if (text_equal(call->sim->kinds[i].group, group)) {
                        struct json_object *body = group_of(&call->sim->kinds[i]);
                        answer_json(call, 200, doc_set_text(doc_set_text(body, "kind", "APIGroup"), "apiVersion", "v1"));
                        return;
                }
}

/* ---- Resources ---- */

static struct json_object *words_of(const char *text)
{
        auto_free char *copy = xstrdup(text);
        struct json_object *list = doc_array();
        char *rest = NULL;

        for (char *at = strtok_r(copy, ",", &rest); at; at = strtok_r(NULL, ",", &rest))
                doc_push_text(list, at);
        return list;
}

static struct json_object *resource(const char *name, const char *kind, bool namespaced, const char *verbs)
{
        struct json_object *out = doc_set_text(doc_object(), "name", name);

        doc_set_bool(doc_set_text(out, "singularName", ""), "namespaced", namespaced);
        return doc_set(doc_set_text(out, "kind", kind), "verbs", words_of(verbs));
}

static struct json_object *resource_of(const struct kind *kind)
{
        struct json_object *out = resource(kind->plural, kind->name, kind->namespaced, "create,delete,get,list,patch,update,watch");
        auto_free char *singular = xstrdup(kind->name);

        for (char *at = singular; *at; at++)
                *at |= 0x20;
        doc_set_text(out, "singularName", singular);
        doc_set(out, "shortNames", kind->short_name ? words_of(kind->short_name) : doc_copy(doc_at(kind->names, "shortNames")));
        return doc_set(out, "categories", kind->in_all ? words_of("all") : doc_copy(doc_at(kind->names, "categories")));
}

static void answer_resources(struct call *call, const char *group, const char *version)
{
        struct json_object *list = doc_object(), *resources = doc_array();
        auto_free char *name = xasprintf("%s%s%s", group, group[0] ? "/" : "", version);

        for (size_t i = 0; i < call->sim->kinds_len; i++) {
                const struct kind *kind = &call->sim->kinds[i];
                auto_free char *status = xasprintf("%s/status", kind->plural);
                if (!text_equal(kind->group, group) || !text_equal(kind->version, version))
                        continue;
                doc_push(resources, resource_of(kind));
                if (kind->status)
                        doc_push(resources, resource(status, kind->name, kind->namespaced, "get,patch,update"));
                if (kind_is(kind, "", "pods"))
                        doc_push(resources, resource("pods/log", "Pod", true, "get"));
        }
        for (size_t i = 0; i < ARRAY_LEN(reviews); i++)
                if (text_equal(reviews[i].group, group))
                        doc_push(resources, resource(reviews[i].plural, reviews[i].name, false, "create"));
        doc_set_text(doc_set_text(list, "kind", "APIResourceList"), "apiVersion", "v1");
        answer_json(call, 200, doc_set(doc_set_text(list, "groupVersion", name), "resources", resources));
}

/* ---- openapi v3: only that PATCH takes fieldValidation and dryRun, which is what kubectl looks for ---- */

static void answer_openapi(struct call *call)
{
        struct json_object *paths = doc_object();

        for (size_t i = 0; i < call->sim->kinds_len; i++) {
                const struct kind *kind = &call->sim->kinds[i];
                auto_free char *name = xasprintf("%s%s%s%s", kind->group[0] ? "apis/" : "api/", kind->group, kind->group[0] ? "/" : "", kind->version);
                auto_free char *url = xasprintf("/openapi/v3/%s", name);
                doc_set(paths, name, doc_set_text(doc_object(), "serverRelativeURL", url));
        }
        answer_json(call, 200, doc_set(doc_object(), "paths", paths));
}

static struct json_object *patch_operation(const struct kind *kind)
{
        static const char *const parameters[] = {"dryRun", "fieldValidation"};
        struct json_object *patch = doc_object(), *list = doc_array(), *which = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
                doc_push(list, doc_set_text(doc_set_text(doc_object(), "name", parameters[i]), "in", "query"));
        doc_set_text(doc_set_text(doc_set_text(which, "group", kind->group), "version", kind->version), "kind", kind->name);
        return doc_set(doc_set(patch, "parameters", list), "x-kubernetes-group-version-kind", which);
}

static bool answer_openapi_of(struct call *call, const char *name)
{
        struct json_object *body = doc_set_text(doc_object(), "openapi", "3.0.0"), *paths = doc_object();
        bool known = false;

        for (size_t i = 0; i < call->sim->kinds_len; i++) {
                const struct kind *kind = &call->sim->kinds[i];
                auto_free char *own = xasprintf("%s%s%s%s", kind->group[0] ? "apis/" : "api/", kind->group, kind->group[0] ? "/" : "", kind->version);
                auto_free char *path = xasprintf("/%s/%s%s/{name}", own, kind->namespaced ? "namespaces/{namespace}/" : "", kind->plural);
                if (!text_equal(own, name))
                        continue;
                known = true;
                doc_set(paths, path, doc_set(doc_object(), "patch", patch_operation(kind)));
        }
        doc_set(body, "info", doc_set_text(doc_set_text(doc_object(), "title", "apisim"), "version", "v1"));
        doc_set(body, "paths", paths);
        if (known)
                answer_json(call, 200, body);
        else
                json_object_put(body);
        return known;
}

/* ---- Fixed ones ---- */

static void answer_version(struct call *call)
{
        struct json_object *body = doc_set_text(doc_set_text(doc_object(), "major", "1"), "minor", "34");

        doc_set_text(doc_set_text(body, "gitVersion", "v1.34.0+apisim"), "gitCommit", "");
        doc_set_text(doc_set_text(body, "gitTreeState", ""), "buildDate", "1970-01-01T00:00:00Z");
        answer_json(call, 200, doc_set_text(doc_set_text(doc_set_text(body, "goVersion", ""), "compiler", ""), "platform", "linux/amd64"));
}

static void answer_versions(struct call *call)
{
        struct json_object *body = doc_set_text(doc_object(), "kind", "APIVersions");

        answer_json(call, 200, doc_set(body, "versions", doc_push_text(doc_array(), "v1")));
}

static void answer_ok(struct call *call)
{
        answer_text(call, 200, "ok");
}

static void answer_core(struct call *call)
{
        answer_resources(call, "", "v1");
}

bool document_get(struct call *call)
{
        static const struct {
                const char *path;
                void (*answer)(struct call *call);
        } documents[] = {
                {"/api", answer_versions},   {"/apis", answer_groups}, {"/api/v1", answer_core},        {"/version", answer_version},
                {"/healthz", answer_ok},     {"/readyz", answer_ok},   {"/livez", answer_ok},           {"/openapi/v3", answer_openapi},
                {"/version/", answer_version},
        };
        char group[128], version[64], more;

        for (size_t i = 0; i < ARRAY_LEN(documents); i++)
                if (strcmp(call->path, documents[i].path) == 0) {
                        documents[i].answer(call);
                        return true;
                }
        if (text_starts(call->path, "/openapi/v3/"))
                return answer_openapi_of(call, call->path + strlen("/openapi/v3/"));
        int parts = sscanf(call->path, "/apis/%127[^/]/%63[^/]%c", group, version, &more);
        if (parts == 2 && (group_version_served(call->sim, group, version) || (review_group(group) && strcmp(version, "v1") == 0)))
                answer_resources(call, group, version);
        else if (parts == 1 && group_version_served(call->sim, group, NULL))
                answer_group(call, group);
        else
                return false;
        return true;
}
