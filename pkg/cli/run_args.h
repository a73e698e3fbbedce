/* SPDX-License-Identifier: Apache-2.0
 *
 * The words after "loadstone run", and the profile spec that they mean. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"
#include "cli/flags.h"

struct run_args { /* texts are borrowed from argv; NULL where not given */
        const char *url, *file;
        const char *rate, *length, *connections, *warmup, *timeout; /* --for is 'length' */
        const char *streams, *when_busy, *max_connections, *reconnect_after, *expect_status, *expect_body;
        const char *method, *body, *body_base64, *ca_file, *descriptors, *result, *save, *report;
        const char *headers[FLAGS_LIST_MAX], *objectives[FLAGS_LIST_MAX];
        size_t headers_len, objectives_len;
        bool closed, insecure, yes, quiet, help;
};

/* FAIL_INVALID says which word is wrong. */
enum fail_kind run_args_parse(int argc, char **argv, struct run_args *ret_args, struct fail *fail);
void run_args_print_help(void);

/* A failure of the spec that run_args_spec made, in the words of the command line: "spec.load.shape[0].hold.rate: …" is "--rate: …". */
void run_args_blame(struct fail *fail);

/* A PerformanceProfile's spec for the URL and the flags; what the flags leave open has the schema's defaults. *ret_spec is new.
 * FAIL_INVALID names the flag. Numbers and units are left to profile_decode. */
enum fail_kind run_args_spec(const struct run_args *args, struct json_object **ret_spec, struct fail *fail);
