/* SPDX-License-Identifier: Apache-2.0
 *
 * What watches and followed logs have in common: embedded as the first member. */
#pragma once

#include "sim.h"

struct apisim_stream {
        bool (*read)(struct apisim_stream *stream, struct buf *out);
        int64_t (*wake_ns)(const struct apisim_stream *stream);
        void (*done)(struct apisim_stream *stream); /* what it holds beside its own memory */
};

/* Index of the first change after 'version'. */
size_t history_after(const struct apisim *sim, uint64_t version);
