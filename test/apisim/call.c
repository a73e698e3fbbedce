/* SPDX-License-Identifier: Apache-2.0
 *
 * From method, path and query to a verb on a kind. What is not known is refused, and counted. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum verb { GET = 1, LIST = 2, WATCH = 4, CREATE = 8, UPDATE = 16, PATCH = 32, DELETE = 64, LOG = 128, REVIEW = 256 };
#define READS (GET | LIST | WATCH)
#define WRITES (CREATE | UPDATE | PATCH)
#define ANY 0x1ff

static const struct {
        const char *name;
        unsigned verbs;
} parameters[] = {
        {"labelSelector", LIST | WATCH},
        {"fieldSelector", LIST | WATCH},
        {"limit", LIST | WATCH},
        {"continue", LIST | WATCH},
        {"resourceVersion", READS},
        {"resourceVersionMatch", LIST | WATCH},
        {"watch", LIST | WATCH},
        {"allowWatchBookmarks", LIST | WATCH},
        {"sendInitialEvents", LIST | WATCH},
        {"timeoutSeconds", LIST | WATCH},
        {"timeout", ANY},
        {"pretty", ANY},
        {"dryRun", WRITES | DELETE},
        {"fieldManager", WRITES},
        {"fieldValidation", WRITES},
        {"force", PATCH},
        {"propagationPolicy", DELETE},
        {"gracePeriodSeconds", DELETE},
        {"container", LOG},
        {"follow", LOG},
};

/* ---- Query ---- */

const char *call_query(const struct call *call, const char *name)
{
        for (size_t i = 0; i < call->query_len; i++)
                if (strcmp(call->query[i].name, name) == 0)
                        return call->query[i].value;
        return NULL;
}

bool call_query_true(const struct call *call, const char *name)
{
        const char *value = call_query(call, name);

        return value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

bool call_query_int(struct call *call, const char *name, int64_t otherwise, int64_t *ret_value)
{
        const char *text = call_query(call, name);
        char *end;

        *ret_value = otherwise;
        if (!text || !text[0])
                return true;
        errno = 0;
        *ret_value = strtoll(text, &end, 10);
        if (!*end && !errno)
                return true;
        refuse_bad_request(call, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
        return false;
}

static int hex(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = c ? strchr(digits, c | 0x20) : NULL;

        return at ? (int)(at - digits) : -1;
}

static void decode(char *text, bool query)
{
        char *to = text;

        for (const char *from = text; *from; from++) {
                if (from[0] == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
                        *to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
                        from += 2;
                } else {
                        *to++ = query && *from == '+' ? ' ' : *from;
                }
        }
        *to = '\0';
}

static void split_query(struct call *call, char *text)
{
        char *rest = NULL;

        for (char *pair = strtok_r(text, "&", &rest); pair && call->query_len < QUERY_MAX; pair = strtok_r(NULL, "&", &rest)) {
                char *value = strchr(pair, '=');
                if (value)
                        *value++ = '\0';
                else
                        value = pair + strlen(pair);
                decode(pair, true);
                decode(value, true);
                call->query[call->query_len].name = pair;
                call->query[call->query_len++].value = value;
        }
}

static bool parameters_known(struct call *call, enum verb verb)
{
        for (size_t i = 0; i < call->query_len; i++) {
                bool known = false;
                for (size_t j = 0; j < ARRAY_LEN(parameters) && !known; j++)
                        known = strcmp(parameters[j].name, call->query[i].name) == 0 && parameters[j].verbs & verb;
                if (!known) {
                        refuse_unmodelled(call, 501, "the query parameter %s=%s here", call->query[i].name, call->query[i].value);
                        return false;
                }
        }
        return true;
}

/* ---- Path ---- */

#define SEGMENTS_MAX 9

static size_t split_path(char *path, const char *segments[static SEGMENTS_MAX])
{
        char *rest = NULL;
        size_t len = 0;

        for (char *at = strtok_r(path, "/", &rest); at && len < SEGMENTS_MAX; at = strtok_r(NULL, "/", &rest)) {
                decode(at, false);
                segments[len++] = at;
        }
        return len;
}

/* Below the group and version: [namespaces/NS/]PLURAL[/NAME[/SUB]]. Returns the plural, NULL when it is no such path. */
static const char *resource_of(struct call *call, const char **segments, size_t len)
{
        bool scoped = len >= 3 && strcmp(segments[0], "namespaces") == 0 && strcmp(segments[2], "status") != 0 &&
                      strcmp(segments[2], "finalize") != 0;

        if (scoped) {
                call->namespace = segments[1];
                segments += 2;
                len -= 2;
        }
        if (len == 0 || len > 3)
                return NULL;
        call->name = len > 1 ? segments[1] : NULL;
        call->subresource = len > 2 ? segments[2] : NULL;
        return segments[0];
}

/* False when it was answered. */
static bool find_kind(struct call *call, const char **segments, size_t len, bool *ret_review)
{
        bool core = len >= 2 && strcmp(segments[0], "api") == 0, named = len >= 3 && strcmp(segments[0], "apis") == 0;
        const char *group = core ? "" : segments[1], *version = core ? segments[1] : named ? segments[2] : "";
        size_t skip = core ? 2 : 3;
        const char *plural = (core || named) && len > skip ? resource_of(call, segments + skip, len - skip) : NULL;

        *ret_review = plural && (kind_is(&(struct kind){.group = group, .plural = plural}, "authentication.k8s.io", "tokenreviews") ||
                                 kind_is(&(struct kind){.group = group, .plural = plural}, "authorization.k8s.io", "subjectaccessreviews"));
        if (*ret_review)
                return true;
        call->kind = plural ? kind_find(call->sim, group, version, plural) : NULL;
        if (!call->kind || (!call->kind->namespaced && call->namespace) || (call->kind->namespaced && call->name && !call->namespace)) {
                refuse_unmodelled(call, 404, "the path %s", call->request->target);
                return false;
        }
        return true;
}

/* ---- Verbs ---- */

static bool subresource_known(const struct call *call)
{
        const char *sub = call->subresource;

        return !sub || (strcmp(sub, "status") == 0 && call->kind->status) ||
               (strcmp(sub, "log") == 0 && kind_is(call->kind, "", "pods"));
}

static enum verb verb_of(const struct call *call)
{
        const char *method = call->request->method;
        bool named = call->name;

        if (call->subresource && strcmp(call->subresource, "log") == 0)
                return strcmp(method, "GET") == 0 ? LOG : 0;
        if (strcmp(method, "GET") == 0)
                return named ? GET : call_query_true(call, "watch") ? WATCH : LIST;
        if (strcmp(method, "POST") == 0)
                return named || (call->kind->namespaced && !call->namespace) ? 0 : CREATE;
        if (strcmp(method, "PUT") == 0)
                return named ? UPDATE : 0;
        if (strcmp(method, "PATCH") == 0)
                return named ? PATCH : 0;
        if (strcmp(method, "DELETE") == 0)
                return named ? DELETE : 0;
        return 0;
}

static void run_verb(struct call *call)
{
        static const struct {
                enum verb verb;
                void (*run)(struct call *call);
        } verbs[] = {
                {GET, verb_get},       {LIST, verb_list},   {WATCH, verb_watch},   {CREATE, verb_create},
                {UPDATE, verb_update}, {PATCH, verb_patch}, {DELETE, verb_delete}, {LOG, verb_log},
        };
        enum verb verb = verb_of(call);

        if (!subresource_known(call)) {
                refuse_unmodelled(call, 501, "the subresource %s of %s", call->subresource, call->kind->plural);
                return;
        }
        if (!verb && strcmp(call->request->method, "DELETE") == 0) {
                refuse_unmodelled(call, 501, "deletecollection");
                return;
        }
        if (!verb || (verb == DELETE && call->subresource)) {
                refuse_method(call);
                return;
        }
        if (!parameters_known(call, verb))
                return;
        for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
                if (verbs[i].verb == verb)
                        verbs[i].run(call);
}

static void dispatch(struct call *call)
{
        const char *segments[SEGMENTS_MAX] = {0};
        bool review;

        if (strcmp(call->request->method, "GET") == 0 && document_get(call))
                return;
        size_t len = split_path(call->path, segments);
        if (!find_kind(call, segments, len, &review))
                return;
        const char *dry = call_query(call, "dryRun");
        call->dry_run = dry && strcmp(dry, "All") == 0;
        if (review)
                verb_review(call, segments[3]);
        else
                run_verb(call);
}

void apisim_request(struct apisim *sim, const struct apisim_request *request, struct apisim_answer *ret_answer)
{
        struct call call = {.sim = sim, .request = request, .answer = ret_answer, .path = xstrdup(request->target)};

        *ret_answer = (struct apisim_answer){.content_type = "application/json"};
        char *mark = strchr(call.path, '?');
        if (mark) {
                *mark = '\0';
                call.query_text = xstrdup(mark + 1);
                split_query(&call, call.query_text);
        }
        dispatch(&call);
        free(call.query_text);
        free(call.path);
}

void apisim_answer_done(struct apisim_answer *answer)
{
        answer->stream = apisim_stream_free(answer->stream);
        free(take(answer->body));
        free(take(answer->warning));
}
