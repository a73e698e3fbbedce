/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of kube/reader.h, shared by its chapters. */
#pragma once

#include "kube/reader.h"

/* The first of what is wrong stays. Returns false, so that failing is one line. */
static inline bool reader_wrong(struct reader *reader, const char *why)
{
        if (!reader->wrong)
                reader->wrong = why;
        return false;
}

static inline void reader_copy(struct buf *out, const char *from, const char *to)
{
        if (out)
                buf_add(out, from, (size_t)(to - from));
}

/* At its first quote: to behind its last. */
bool reader_string(struct reader *reader, struct buf *out);
