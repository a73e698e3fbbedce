/* SPDX-License-Identifier: Apache-2.0
 *
 * Label and field selectors of lists and watches. */
#pragma once

#include "sim.h"

#define SELECT_TERMS_MAX 16
#define SELECT_VALUES_MAX 16

enum select_op { SELECT_IS, SELECT_IS_NOT, SELECT_IN, SELECT_NOT_IN, SELECT_EXISTS, SELECT_ABSENT };

struct select_term {
        char *key;
        enum select_op op;
        char *values[SELECT_VALUES_MAX];
        size_t values_len;
};

struct select {
        char *namespace; /* NULL: all */
        struct select_term labels[SELECT_TERMS_MAX], fields[SELECT_TERMS_MAX];
        size_t labels_len, fields_len;
};

/* Texts may be NULL or empty. FAIL_INVALID in the words of the real server. Release with select_done, also after a failure. */
enum fail_kind select_parse(const struct kind *kind, const char *namespace, const char *labels, const char *fields,
                            struct select *ret_select, struct fail *fail);
void select_done(struct select *select);
/* 'json' is in its stored form, NULL is never selected. */
bool select_takes(const struct select *select, struct json_object *json);
