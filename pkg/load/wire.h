/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's requests as bytes, built once. Each thread has its own copy, because the index header is patched in
 * place just before sending. Secret headers stand in these bytes and nowhere else: they are wiped before they are freed. */
#pragma once

#include "load/match.h"
#include "load/plan.h"

/* Lines that the worker sets: method, scheme, authority, path, user-agent, content-length or three of gRPC, index. */
#define WIRE_FIELDS_MAX (LOAD_HEADERS_MAX + LOAD_SECRET_HEADERS_MAX + 9)
#define WIRE_STATUSES 1024 /* below it all that wire_expects knows: HTTP's, and gRPC's from RECORD_GRPC_OK on */

/* A header of HTTP/2, in which the name is in lower case and ":method" and the like are headers too. Places in the bytes. */
struct wire_field {
        uint32_t name, name_size, value, value_size;
};

struct wire_request {
        char *bytes; /* HTTP/1: head and body in one piece, one send. HTTP/2: names and values in a row, then the body */
        size_t size;
        size_t body_size; /* at the end of bytes */
        struct wire_field fields[WIRE_FIELDS_MAX]; /* HTTP/2 */
        size_t fields_len;
        size_t deadline; /* gRPC: which of the fields is grpc-timeout, with the whole timeout as its value */
        char *index; /* 16 digits inside bytes, NULL without index header */
        bool to_head;
        uint8_t expected[WIRE_STATUSES / 8]; /* bit per status that counts as success */
        struct match contains;      /* what the body of such an answer must hold */
        bool has_contains;
};

struct wire {
        struct wire_request requests[LOAD_REQUESTS_MAX];
        size_t len;
};

/* Reads the files of bodies, descriptors and secret headers. On failure *wire is empty, and the text names request or header, never a value.
 * FAIL_INVALID, FAIL_TOO_LARGE; FAIL_MISSING … for files. */
enum fail_kind wire_init(struct wire *wire, const struct load_plan *plan, struct fail *fail);
void wire_copy(struct wire *into, const struct wire *from);
void wire_done(struct wire *wire);

/* Writes the request's global number; no-op without index header. The bytes may be sent until the next call. */
void wire_set_index(struct wire_request *request, uint64_t index, bool warmup);
/* The status (0..WIRE_STATUSES-1) is one that the plan expects. */
static inline bool wire_expects(const struct wire_request *request, int status)
{
        return request->expected[status / 8] >> (status % 8) & 1;
}
/* What to look for in the body of an answer; NULL when any will do. */
static inline const struct match *wire_contains(const struct wire_request *request)
{
        return request->has_contains ? &request->contains : NULL;
}
