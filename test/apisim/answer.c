/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: objects, and metav1.Status in the words of the real server (apimachinery, pkg/api/errors). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

static void __attribute__((format(printf, 1, 0))) format_text(const char *format, va_list arguments, char **ret_text)
{
        if (vasprintf(ret_text, format, arguments) < 0)
                abort();
}

#define FORMATTED(text, format)                    \
        auto_free char *text = NULL;               \
        va_list text##_arguments;                  \
        va_start(text##_arguments, format);        \
        format_text(format, text##_arguments, &text); \
        va_end(text##_arguments)

void answer_json(struct call *call, int status, struct json_object *body)
{
        auto_buf struct buf text = {0};

        buf_text(&text, doc_print(body));
        buf_text(&text, "\n");
        call->answer->status = status;
        call->answer->size = text.size;
        call->answer->body = buf_take(&text);
        json_object_put(body);
}

void answer_text(struct call *call, int status, const char *text)
{
        call->answer->status = status;
        call->answer->content_type = "text/plain; charset=utf-8";
        call->answer->body = xstrdup(text);
        call->answer->size = strlen(text);
}

void answer_object(struct call *call, int status, struct json_object *json)
{
        answer_json(call, status, event_shown(call->kind, json));
}

static struct json_object *status_body(const char *outcome, const char *message, const char *reason,
                                       struct json_object *details, int code)
{
        struct json_object *body = doc_object();

        doc_set_text(doc_set_text(body, "kind", "Status"), "apiVersion", "v1");
        doc_set(body, "metadata", doc_object());
        doc_set_text(doc_set_text(body, "status", outcome), "message", message);
        doc_set(doc_set_text(body, "reason", reason), "details", details);
        return doc_set_int(body, "code", code);
}

struct json_object *status_expired(const char *format, ...)
{
        FORMATTED(text, format);
        return status_body("Failure", text, "Expired", NULL, 410);
}

void refuse(struct call *call, int status, const char *reason, struct json_object *details, const char *format, ...)
{
        FORMATTED(text, format);
        call->answer->retry_after_s = (int)doc_int(details, "retryAfterSeconds", 0);
        answer_json(call, status, status_body("Failure", text, reason, details, status));
}

void refuse_bad_request(struct call *call, const char *format, ...)
{
        FORMATTED(text, format);
        refuse(call, 400, "BadRequest", NULL, "%s", text);
}

struct json_object *details_of(const struct kind *kind, const char *name)
{
        struct json_object *details = doc_set_text(doc_object(), "name", name);

        doc_set_text(details, "group", kind->group[0] ? kind->group : NULL);
        return doc_set_text(details, "kind", kind->plural);
}

void refuse_not_found(struct call *call, const struct kind *kind, const char *name)
{
        auto_free char *resource = kind_qualified(kind, kind->plural);

        refuse(call, 404, "NotFound", details_of(kind, name), "%s \"%s\" not found", resource, name);
}

void refuse_conflict(struct call *call, const char *format, ...)
{
        FORMATTED(text, format);
        auto_free char *resource = kind_qualified(call->kind, call->kind->plural);

        refuse(call, 409, "Conflict", details_of(call->kind, call->name), "Operation cannot be fulfilled on %s \"%s\": %s", resource,
               call->name, text);
}

void refuse_method(struct call *call)
{
        refuse(call, 405, "MethodNotAllowed", doc_object(), "the server does not allow this method on the requested resource");
}

void refuse_unmodelled(struct call *call, int status, const char *format, ...)
{
        FORMATTED(text, format);

        call->sim->unmodelled++;
        snprintf(call->sim->unmodelled_text, sizeof call->sim->unmodelled_text, "%s %s: %s", call->request->method,
                 call->request->target, text);
        refuse(call, status, status == 404 ? "NotFound" : "NotImplemented", doc_object(), "apisim does not model %s", text);
}

/* ---- Invalid ---- */

void cause_add(struct json_object *causes, enum cause cause, const char *field, const char *format, ...)
{
        static const struct {
                const char *reason, *words;
        } kinds[] = {
                [CAUSE_INVALID] = {"FieldValueInvalid", "Invalid value: "},
                [CAUSE_REQUIRED] = {"FieldValueRequired", "Required value"},
                [CAUSE_FORBIDDEN] = {"FieldValueForbidden", "Forbidden: "},
                [CAUSE_UNSUPPORTED] = {"FieldValueNotSupported", "Unsupported value: "},
                [CAUSE_TYPE] = {"FieldValueTypeInvalid", "Invalid value: "},
                [CAUSE_DUPLICATE] = {"FieldValueDuplicate", "Duplicate value: "},
                [CAUSE_TOO_LONG] = {"FieldValueTooLong", "Too long: "},
                [CAUSE_TOO_MANY] = {"FieldValueTooMany", "Too many: "},
        };
        FORMATTED(text, format);
        auto_free char *message = xasprintf("%s%s", kinds[cause].words, text);
        struct json_object *entry = doc_set_text(doc_object(), "reason", kinds[cause].reason);

        doc_push(causes, doc_set_text(doc_set_text(entry, "message", message), "field", field));
}

static char *causes_text(struct json_object *causes)
{
        struct buf text = {0};
        size_t len = doc_len(causes, "");

        for (size_t i = 0; i < len; i++) {
                struct json_object *cause = doc_item(causes, i);
                buf_format(&text, "%s%s: %s", i ? ", " : len > 1 ? "[" : "", doc_text(cause, "field"), doc_text(cause, "message"));
        }
        if (len > 1)
                buf_text(&text, "]");
        return buf_take(&text);
}

static void refuse_causes(struct call *call, const char *group, const char *word, const char *name, struct json_object *causes)
{
        auto_free char *text = causes_text(causes);
        struct json_object *details = doc_set_text(doc_object(), "name", name[0] ? name : NULL);

        doc_set_text(doc_set_text(details, "group", group[0] ? group : NULL), "kind", word);
        refuse(call, 422, "Invalid", doc_set(details, "causes", causes), "%s%s%s \"%s\" is invalid: %s", word, group[0] ? "." : "", group,
               name, text);
}

void refuse_invalid(struct call *call, struct json_object *causes)
{
        /* Events of both groups are checked by the old one's rules, and named so. */
        const struct kind *kind = call->kind->storage;
        const char *name = call->name ? call->name : call->body_name;

        refuse_causes(call, kind->group, kind->name, name ? name : "", causes);
}

void refuse_options(struct call *call, const char *kind, struct json_object *causes)
{
        refuse_causes(call, "meta.k8s.io", kind, "", causes);
}
