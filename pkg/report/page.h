/* SPDX-License-Identifier: Apache-2.0
 *
 * The page that pkg/report/web builds, as a part of the program. */
#pragma once

/* The whole of page.html, NUL-terminated. */
extern const char page_html[];
/* Stands in it once, where the document goes. */
#define PAGE_MARK "{\"version\":0}"
