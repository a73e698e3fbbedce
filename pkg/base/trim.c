/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trim.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that may not be written are files alone: there are no relocations in them (test/golden/hardening). */
static int trim_object(struct dl_phdr_info *object, size_t size, void *owner)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

        (void)size, (void)owner;
        for (size_t i = 0; i < object->dlpi_phnum; i++) {
                const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
                if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
                        continue;
                uintptr_t from = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
                uintptr_t to = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + page - 1) & ~(page - 1);
                madvise((void *)from, to - from, MADV_DONTNEED); /* refused: then it stays */
        }
        return 0;
}

void trim_memory(void)
{
        malloc_trim(0);
        dl_iterate_phdr(trim_object, NULL);
}
