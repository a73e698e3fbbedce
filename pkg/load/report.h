/* SPDX-License-Identifier: Apache-2.0
 *
 * The worker's log lane: numbers, frames and writes records, and knows their digest. */
#pragma once

#include <openssl/evp.h>

#include "load/record.h"

#define REPORT_DIGEST_TEXT 65

struct report {
        int fd;      /* borrowed; written with blocking writes */
        bool broken; /* the reader is gone; further records are dropped, the message lane still works */
        uint64_t lines, bytes;
        EVP_MD_CTX *digest; /* SHA-256 over all lines */
};

void report_init(struct report *report, int fd);
void report_done(struct report *report);
/* Takes 'record' ("type" first); writes it as one line, or several when its histograms do not fit one. */
void report_write(struct report *report, struct json_object *record);
/* Digest of what was written so far, in hex. */
void report_digest(const struct report *report, char text[static REPORT_DIGEST_TEXT]);
