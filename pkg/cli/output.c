/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"

enum fail_kind output_write(const char *path, const char *data, size_t size, struct fail *fail)
{
        if (text_equal(path, "-"))
                return fwrite(data, 1, size, stdout) != size || fflush(stdout) ? fail_errno(fail, errno, "stdout") : FAIL_NONE;
        FILE *file = fopen(path, "we");
        if (!file)
                return fail_errno(fail, errno, "%s", path);
        bool written = fwrite(data, 1, size, file) == size;
        if (fclose(file) != 0 || !written)
                return fail_errno(fail, errno, "%s", path);
        return FAIL_NONE;
}
