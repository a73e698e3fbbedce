/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML text into the same tree that JSON becomes. Plain scalars are typed as in the YAML 1.2 core schema (null, true,
 * false, decimal, 0o and 0x integers, floats), everything quoted, and everything tagged !!str, is a string. Keys are
 * strings whatever they look like. Not read, but refused: keys that repeat, merge keys (<<), foreign tags, infinities. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include "base/fail.h"

#define YAML_BYTES_MAX (4u << 20)
#define YAML_NODES_MAX 200000 /* aliases count with all they stand for */
#define YAML_DEPTH_MAX 64

/* Parses exactly one document of 'size' bytes. *ret_doc is a new reference; an empty document is NULL with FAIL_NONE.
 * FAIL_INVALID (with line and column), FAIL_TOO_LARGE. */
enum fail_kind yaml_parse(const char *text, size_t size, struct json_object **ret_doc, struct fail *fail);

/* The same for a file of several documents ("---" between them): *ret_docs is an array; empty documents are left out. */
enum fail_kind yaml_parse_all(const char *text, size_t size, struct json_object **ret_docs, struct fail *fail);

/* The document as block YAML that yaml_parse(), and readers of YAML 1.1, read as the same tree. New string, the caller frees it.
 * Texts must be UTF-8. */
char *yaml_format(struct json_object *doc);
