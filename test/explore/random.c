/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's only source of chance, replaced (linker option --wrap), so that a plan does the same each time. */
#include <sys/random.h>
#include <string.h>

ssize_t __wrap_getrandom(void *into, size_t size, unsigned flags);

ssize_t __wrap_getrandom(void *into, size_t size, unsigned flags)
{
        static unsigned char next; /* lives of one operator must differ in their identity */

        (void)flags;
        memset(into, ++next, size);
        return (ssize_t)size;
}
