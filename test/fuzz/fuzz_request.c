/* SPDX-License-Identifier: Apache-2.0
 *
 * A request to the operator's own ports means the same however it arrives, and what is found in it lies inside it. */
#include "fuzz.h"
#include "serve/http_head.h"

static const int refusals[] = {400, 405, 414, 431, 505};

static bool is_refusal(long status)
{
        for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
                if (refusals[i] == status)
                        return true;
        return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *whole = fuzz_copy(data, size);
        struct http_head head, again;
        long result = http_head_parse(whole, size, &head);

        must(result <= (long)size && result <= HTTP_HEAD_BYTES_MAX);
        must(result >= 0 || is_refusal(-result));
        must(result != 0 || size < HTTP_HEAD_BYTES_MAX);
        if (result > 0) {
                must(head.path[0] == '/' && memchr(head.path, '\0', sizeof head.path));
                must(!head.token || (head.token >= whole && head.token_len > 0 && head.token + head.token_len <= whole + result));
        }
        /* Every shorter piece says "more" until the result is there, and then the same. */
        for (size_t part = 0; part < size && part < 256; part++) {
                char *piece = fuzz_copy(whole, part);
                long early = http_head_parse(piece, part, &again);
                must(early == 0 || early == result);
                must(early <= 0 || (again.close == head.close && again.to_head == head.to_head && strcmp(again.path, head.path) == 0));
                free(piece);
        }
        free(whole);
        return 0;
}
