/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <stddef.h>
#include <string.h>
#include <sys/types.h>

ssize_t __wrap_getrandom(void *into, size_t size, unsigned flags);
int __wrap_malloc_trim(size_t pad);

static unsigned char last;

void random_again(void)
{
        last = 0;
}

/* Lives of one operator must differ in their identity. */
ssize_t __wrap_getrandom(void *into, size_t size, unsigned flags)
{
        (void)flags;
        memset(into, ++last, size);
        return (ssize_t)size;
}

/* What one life gives back, the next one takes again within the millisecond. */
int __wrap_malloc_trim(size_t pad)
{
        (void)pad;
        return 0;
}
