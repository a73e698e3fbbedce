/* SPDX-License-Identifier: Apache-2.0
 *
 * page.html is built from web/ and kept beside the sources, so that building the programs needs no Node; hack/test web tests that it is
 * what web/ builds. */
#include "report/page.h"

__asm__(".section .rodata\n"
        ".globl page_html\n"
        ".hidden page_html\n"
        ".type page_html, @object\n"
        "page_html:\n"
        ".incbin \"" REPORT_PAGE "\"\n"
        ".byte 0\n"
        ".size page_html, . - page_html\n"
        ".previous\n");
