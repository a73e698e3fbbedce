/* SPDX-License-Identifier: Apache-2.0
 *
 * The status codes of gRPC by name (google.rpc.Code; github.com/grpc/grpc, doc/statuscodes.md). */
#pragma once

#define GRPC_CODES 17 /* 0 OK to 16 UNAUTHENTICATED */

extern const char *const grpc_code_names[GRPC_CODES];

/* -1 when it is none, or NULL. */
int grpc_code_parse(const char *name);
