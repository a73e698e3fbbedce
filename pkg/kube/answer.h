/* SPDX-License-Identifier: Apache-2.0
 *
 * What an HTTP answer means. Most errors of an API server are a JSON Status, but those of its filters and of
 * everything between us and it are plain text or HTML: the code decides first, the reason refines, the body is only
 * quoted. Pure. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"

struct answer {
        int status;        /* HTTP status code */
        int retry_after_s; /* from the header, 0: none */
        bool create;       /* the request was a POST: a 409 without a reason means "exists" */
        bool write;        /* the request may have changed something: an unclear answer is FAIL_UNKNOWN */
        bool unread;       /* the body of a good one is for others to read: *ret_object is NULL then */
        const char *body;  /* borrowed */
        size_t size;
};

/* FAIL_NONE for 2xx with a JSON body: *ret_object is a new reference. A 2xx body that cannot be read is
 * FAIL_INVALID for a read and FAIL_UNKNOWN for a write, which has happened.
 * Otherwise *fail gets kind, status, the seconds to wait (header, else details.retryAfterSeconds) and a text. */
enum fail_kind answer_decode(const struct answer *answer, struct json_object **ret_object, struct fail *fail);

/* The failure that a metav1.Status object describes: an ERROR event of a watch. */
enum fail_kind answer_status(struct json_object *status, struct fail *fail);
