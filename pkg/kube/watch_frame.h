/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of a watch: {"type": …, "object": …}. */
#pragma once

#include <stddef.h>

#include "base/fail.h"
#include "kube/sift.h"
#include "kube/watch.h"

enum frame_type { FRAME_UNKNOWN, FRAME_OBJECT, FRAME_BOOKMARK, FRAME_ERROR };

struct frame {
        enum frame_type type;
        enum watch_event event; /* of FRAME_OBJECT */
        const char *object;     /* its text, in the line */
        size_t size;
};

/* What is kept of the object goes into 'sifted', of all but FRAME_ERROR. FAIL_INVALID: not JSON, a part is missing, or the object is
 * none. */
enum fail_kind frame_read(const struct sift *sift, const char *line, size_t size, struct frame *ret_frame, struct sifted *sifted, struct fail *fail);
