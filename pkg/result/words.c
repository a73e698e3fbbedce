/* SPDX-License-Identifier: Apache-2.0 */
#include "result/words.h"

#include <stddef.h>

/* Bytes of the character that begins with 'first'; 0 when none does. */
static size_t size_from(unsigned char first)
{
        if (first < 0x80)
                return 1;
        if (first >= 0xc2 && first < 0xe0)
                return 2;
        if (first >= 0xe0 && first < 0xf0)
                return 3;
        return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

void words_scrub(char *text)
{
        unsigned char *at = (unsigned char *)text;

        while (*at) {
                size_t size = size_from(*at), good = size > 0;
                while (good > 0 && good < size && (at[good] & 0xc0) == 0x80)
                        good++;
                if (size == 0 || good < size)
                        *at++ = '?';
                else
                        at += size;
        }
}
