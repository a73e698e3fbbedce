/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of pkg/api share: JSON written with ' for ", a smallest good spec, and profiles made from it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/profile.h"
#include "base/mem.h"
#include "data/doc.h"

#define GOOD_SPEC                                                  \
        "{'target':{'service':{'name':'web','port':'http'}},"      \
        "'load':{'requests':[{'name':'front','path':'/'}],"        \
        "'shape':[{'hold':{'rate':'500/s','for':'60s'}}]}}"

static inline struct json_object *json(const char *text)
{
        struct json_object *doc = NULL;
        auto_free char *copy = xstrdup(text);

        for (char *c = copy; *c; c++)
                *c = *c == '\'' ? '"' : *c;
        assert_int_equal(doc_parse(copy, strlen(copy), &doc, NULL), FAIL_NONE);
        return doc;
}

/* The good spec changed by 'change' (a merge patch), merged with defaults. */
static inline struct json_object *spec_with(const char *change)
{
        auto_json struct json_object *good = json(GOOD_SPEC), *patch = json(change), *spec = doc_merge(good, patch);
        struct json_object *merged = NULL;

        assert_int_equal(profile_merge(spec, NULL, &merged, NULL), FAIL_NONE);
        return merged;
}

static inline struct profile *profile_with(const char *change)
{
        auto_json struct json_object *spec = spec_with(change);
        struct profile *profile = NULL;
        struct fail fail = {0};

        if (profile_decode(spec, &profile, &fail))
                fail_msg("%s", fail.text);
        return profile;
}
