/* SPDX-License-Identifier: Apache-2.0 */
#include "data/grpc_code.h"

#include "base/text.h"

const char *const grpc_code_names[GRPC_CODES] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
};

int grpc_code_parse(const char *name)
{
        for (int code = 0; code < GRPC_CODES; code++)
                if (text_equal(name, grpc_code_names[code]))
                        return code;
        return -1;
}
