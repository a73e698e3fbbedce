/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever a proxy answers: its body lies within the answer, ends with a NUL, and is never larger. */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "probe/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *answer = xcalloc(size + 1, 1); /* with the room that is asked for */
        char *body = NULL;
        size_t body_size = 0;

        if (size)
                memcpy(answer, data, size);
        if (page_decode(answer, size, &body, &body_size, NULL))
                return 0;
        must(body > answer && body + body_size <= answer + size);
        must(body[body_size] == '\0');
        return 0;
}
