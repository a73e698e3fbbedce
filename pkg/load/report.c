/* SPDX-License-Identifier: Apache-2.0 */
#include "load/report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "data/doc.h"

void report_init(struct report *report, int fd)
{
        *report = (struct report){.fd = fd, .digest = EVP_MD_CTX_new()};
        if (!report->digest || EVP_DigestInit_ex(report->digest, EVP_sha256(), NULL) != 1)
                abort();
}

void report_done(struct report *report)
{
        EVP_MD_CTX_free(report->digest);
        report->digest = NULL;
}

static void write_all(struct report *report, const char *data, size_t size)
{
        while (size > 0 && !report->broken) {
                ssize_t moved = write(report->fd, data, size);
                if (moved < 0 && errno == EAGAIN)
                        poll(&(struct pollfd){.fd = report->fd, .events = POLLOUT}, 1, -1);
                else if (moved < 0 && errno != EINTR)
                        report->broken = true;
                if (moved > 0) {
                        data += moved;
                        size -= (size_t)moved;
                }
        }
}

void report_write(struct report *report, struct json_object *record)
{
        auto_json struct json_object *lines = doc_array();
        auto_buf struct buf out = {0};

        record_split(record, lines);
        for (size_t i = 0; i < doc_len(lines, ""); i++)
                record_frame(&out, report->lines++, json_object_get(doc_item(lines, i)));
        EVP_DigestUpdate(report->digest, out.data, out.size);
        report->bytes += out.size;
        write_all(report, out.data, out.size);
}

void report_digest(const struct report *report, char text[static REPORT_DIGEST_TEXT])
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        EVP_MD_CTX *copy = EVP_MD_CTX_new();

        if (!copy || EVP_MD_CTX_copy_ex(copy, report->digest) != 1 || EVP_DigestFinal_ex(copy, digest, &size) != 1)
                abort();
        EVP_MD_CTX_free(copy);
        for (unsigned i = 0; i < size && i < 32; i++)
                snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
