/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define LINE_BREAK_MAX 2 /* "\r\n" */

struct secret {
        size_t size, capacity;
        char bytes[];
};

struct secret *secret_free(struct secret *secret)
{
        if (!secret)
                return NULL;
        explicit_bzero(secret, sizeof *secret + secret->capacity);
        free(secret);
        return NULL;
}

/* Into memory that never moves: a buffer that grows leaves copies behind. */
static enum fail_kind fill(struct secret *secret, int fd, const char *path, struct fail *fail)
{
        while (secret->size < secret->capacity) {
                ssize_t got = read(fd, secret->bytes + secret->size, secret->capacity - secret->size);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return fail_errno(fail, errno, "cannot read %s", path);
                if (got == 0)
                        break;
                secret->size += (size_t)got;
        }
        return FAIL_NONE;
}

static void drop_line_break(struct secret *secret)
{
        if (secret->size == 0 || secret->bytes[secret->size - 1] != '\n')
                return;
        secret->size--;
        if (secret->size > 0 && secret->bytes[secret->size - 1] == '\r')
                secret->size--;
}

enum fail_kind secret_read(const char *path, size_t size_max, struct secret **ret_secret, struct fail *fail)
{
        auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t capacity = size_max + LINE_BREAK_MAX + 1;

        if (fd < 0)
                return fail_errno(fail, errno, "cannot open %s", path);
        struct secret *secret = xcalloc(1, sizeof *secret + capacity);
        secret->capacity = capacity;
        if (fill(secret, fd, path, fail)) {
                secret_free(secret);
                return fail->kind;
        }
        drop_line_break(secret);
        size_t size = secret->size;
        if (size == 0 || size > size_max) {
                secret_free(secret);
                return size == 0 ? fail_set(fail, FAIL_INVALID, "the value is empty")
                                 : fail_set(fail, FAIL_TOO_LARGE, "the value is longer than %zu bytes", size_max);
        }
        *ret_secret = secret;
        return FAIL_NONE;
}

size_t secret_size(const struct secret *secret)
{
        return secret->size;
}

bool secret_has_controls(const struct secret *secret)
{
        for (size_t i = 0; i < secret->size; i++) {
                unsigned char byte = (unsigned char)secret->bytes[i];
                if ((byte < ' ' && byte != '\t') || byte == 0x7f)
                        return true;
        }
        return false;
}

char *secret_copy(const struct secret *secret, char *into)
{
        return (char *)memcpy(into, secret->bytes, secret->size) + secret->size;
}
