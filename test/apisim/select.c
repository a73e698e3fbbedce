/* SPDX-License-Identifier: Apache-2.0 */
#include "select.h"

#include <stdlib.h>
#include <string.h>

/* ---- Fields ---- */

/* What may be selected by, beside metadata.name and metadata.namespace (pkg/apis/core/v1/conversion.go). */
static const struct {
        const char *plural, *field;
} known_fields[] = {
        {"pods", "spec.nodeName"},         {"pods", "spec.restartPolicy"},       {"pods", "spec.schedulerName"},
        {"pods", "status.phase"},          {"pods", "status.podIP"},             {"nodes", "spec.unschedulable"},
        {"jobs", "status.successful"},     {"namespaces", "status.phase"},       {"events", "involvedObject.kind"},
        {"events", "involvedObject.name"}, {"events", "involvedObject.uid"},     {"events", "involvedObject.namespace"},
        {"events", "reason"},              {"events", "type"},                   {"events", "reportingComponent"},
        {"events", "source"},              {"events", "involvedObject.apiVersion"},
};

static bool field_known(const struct kind *kind, const char *field)
{
        if (strcmp(field, "metadata.name") == 0 || strcmp(field, "metadata.namespace") == 0)
                return true;
        for (size_t i = 0; i < ARRAY_LEN(known_fields); i++)
                if (strcmp(known_fields[i].plural, kind->plural) == 0 && strcmp(known_fields[i].field, field) == 0)
                        return true;
        return false;
}

static struct select_term *add(struct select_term *terms, size_t *len, enum select_op op, const char *key, size_t key_len)
{
        struct select_term *term = &terms[(*len)++];

        term->op = op;
        term->key = xstrndup(key, key_len);
        return term;
}

static enum fail_kind parse_fields(const struct kind *kind, const char *text, struct select *select, struct fail *fail)
{
        auto_free char *copy = xstrdup(text);
        char *rest = NULL;

        for (char *part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
                char *at = strchr(part, '=');
                if (!at || select->fields_len == SELECT_TERMS_MAX)
                        return fail_set(fail, FAIL_INVALID, "invalid selector: '%s'; can't understand '%s'", text, part);
                bool negative = at > part && at[-1] == '!';
                struct select_term *term = add(select->fields, &select->fields_len, negative ? SELECT_IS_NOT : SELECT_IS, part,
                                               (size_t)(at - part) - negative);
                term->values[term->values_len++] = xstrdup(at[1] == '=' ? at + 2 : at + 1);
                if (!field_known(kind, term->key))
                        return fail_set(fail, FAIL_INVALID, "\"%s\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                                        term->key);
        }
        return FAIL_NONE;
}

/* ---- Labels ---- */

static bool letter(char c)
{
        return c && (strchr("-_./", c) || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
}

static void skip_space(const char **at)
{
        while (**at == ' ')
                (*at)++;
}

static size_t word(const char **at, const char **ret_begin)
{
        skip_space(at);
        *ret_begin = *at;
        while (letter(**at))
                (*at)++;
        size_t len = (size_t)(*at - *ret_begin);
        skip_space(at);
        return len;
}

static bool parse_set(const char **at, struct select_term *term)
{
        const char *begin;

        if (*(*at)++ != '(')
                return false;
        do {
                size_t len = word(at, &begin);
                if (term->values_len == SELECT_VALUES_MAX)
                        return false;
                term->values[term->values_len++] = xstrndup(begin, len);
        } while (*(*at)++ == ',');
        bool closed = (*at)[-1] == ')';
        skip_space(at);
        return closed;
}

/* After the key: nothing, = == != and a value, or in/notin and a set. */
static bool parse_rest(const char **at, struct select_term *term)
{
        const char *begin;

        if (!**at || **at == ',')
                return true;
        if (**at == '=' || (**at == '!' && (*at)[1] == '=')) {
                term->op = **at == '!' ? SELECT_IS_NOT : SELECT_IS;
                *at += 1 + ((*at)[1] == '=');
                size_t len = word(at, &begin);
                term->values[term->values_len++] = xstrndup(begin, len);
                return true;
        }
        size_t len = word(at, &begin);
        term->op = len == 2 && strncmp(begin, "in", 2) == 0 ? SELECT_IN : SELECT_NOT_IN;
        if (term->op == SELECT_NOT_IN && !(len == 5 && strncmp(begin, "notin", 5) == 0))
                return false;
        return parse_set(at, term);
}

static enum fail_kind parse_labels(const char *text, struct select *select, struct fail *fail)
{
        const char *at = text, *begin;

        for (;;) {
                skip_space(&at);
                bool absent = *at == '!';
                at += absent;
                size_t len = word(&at, &begin);
                if (!len || select->labels_len == SELECT_TERMS_MAX)
                        return fail_set(fail, FAIL_INVALID, "unable to parse requirement: found '%.1s', expected: identifier", at);
                struct select_term *term =
                        add(select->labels, &select->labels_len, absent ? SELECT_ABSENT : SELECT_EXISTS, begin, len);
                if (!absent && !parse_rest(&at, term))
                        return fail_set(fail, FAIL_INVALID, "unable to parse requirement: found '%s', expected: in, notin, =, ==, !=, gt, lt", at);
                if (!*at)
                        return FAIL_NONE;
                if (*at++ != ',')
                        return fail_set(fail, FAIL_INVALID, "unable to parse requirement: found '%.1s', expected: identifier", at - 1);
        }
}

enum fail_kind select_parse(const struct kind *kind, const char *namespace, const char *labels, const char *fields,
                            struct select *ret_select, struct fail *fail)
{
        *ret_select = (struct select){.namespace = namespace ? xstrdup(namespace) : NULL};
        if (labels && labels[0] && parse_labels(labels, ret_select, fail))
                return fail->kind;
        if (fields && fields[0] && parse_fields(kind, fields, ret_select, fail))
                return fail->kind;
        return FAIL_NONE;
}

static void done(struct select_term *terms, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                free(terms[i].key);
                for (size_t j = 0; j < terms[i].values_len; j++)
                        free(terms[i].values[j]);
        }
}

void select_done(struct select *select)
{
        done(select->labels, select->labels_len);
        done(select->fields, select->fields_len);
        free(take(select->namespace));
}

/* ---- Matching ---- */

static bool holds(const struct select_term *term, const char *value)
{
        bool among = false;

        for (size_t i = 0; i < term->values_len && value; i++)
                among = among || strcmp(term->values[i], value) == 0;
        switch (term->op) {
        case SELECT_IS:
        case SELECT_IN:
                return among;
        case SELECT_IS_NOT:
        case SELECT_NOT_IN:
                return !among;
        case SELECT_EXISTS:
                return value;
        default:
                return !value;
        }
}

bool select_takes(const struct select *select, struct json_object *json)
{
        struct json_object *labels = doc_at(json, "metadata.labels"), *value = NULL;

        if (!json || (select->namespace && !text_equal(select->namespace, doc_text(json, "metadata.namespace"))))
                return false;
        for (size_t i = 0; i < select->labels_len; i++) {
                bool has = labels && json_object_object_get_ex(labels, select->labels[i].key, &value);
                if (!holds(&select->labels[i], has ? json_object_get_string(value) : NULL))
                        return false;
        }
        for (size_t i = 0; i < select->fields_len; i++) {
                value = doc_at(json, select->fields[i].key);
                if (!holds(&select->fields[i], value ? json_object_get_string(value) : ""))
                        return false;
        }
        return true;
}
