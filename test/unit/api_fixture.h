/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of pkg/api share: JSON written with ' for ", a smallest good spec, profiles made from it, and golden files. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/profile.h"
#include "base/mem.h"
#include "base/text.h"
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

/* Against test/golden/NAME.json; with UPDATE_GOLDEN in the environment the file is written anew first. */
static inline void check_golden(const char *name, struct json_object *doc)
{
        auto_free char *path = xasprintf(SOURCE_DIR "/test/golden/%s.json", name), *wanted = NULL;
        auto_free char *text = xasprintf("%s\n", json_object_to_json_string_ext(
                                                         doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));

        if (getenv("UPDATE_GOLDEN")) {
                FILE *file = fopen(path, "w");
                assert_non_null(file);
                fputs(text, file);
                fclose(file);
        }
        assert_int_equal(text_file_read(path, 1 << 20, &wanted, NULL, NULL), FAIL_NONE);
        assert_string_equal(text, wanted);
}
