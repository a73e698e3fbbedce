/* SPDX-License-Identifier: Apache-2.0
 *
 * One page that needs nothing else: the program of pkg/report/web with the document inside. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "report/page.h"
#include "report/run_report.h"

/* JSON inside a <script> element ends at "</script", and "<!--" changes how it is read (HTML, 13.2.5.4 and 4.12.1.3); "&" would be
 * read as an entity where the page is served as XHTML. U+2028 and U+2029 end a line of JavaScript. All of them only stand in strings,
 * where their escapes mean the same. */
static void add_script_safe(struct buf *out, const char *json)
{
        static const struct { const char *text, *escape; } dangers[] = {
                {"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"},
        };

        while (*json) {
                size_t plain = strcspn(json, "<>&\xe2");
                buf_add(out, json, plain);
                json += plain;
                size_t k = 0;
                while (k < ARRAY_LEN(dangers) && strncmp(json, dangers[k].text, strlen(dangers[k].text)) != 0)
                        k++;
                if (k < ARRAY_LEN(dangers)) {
                        buf_text(out, dangers[k].escape);
                        json += strlen(dangers[k].text);
                } else if (*json) {
                        buf_add(out, json++, 1);
                }
        }
}

static void write_html(const struct run_report *report, struct buf *out)
{
        const char *mark = strstr(page_html, PAGE_MARK);

        assert(mark);
        buf_add(out, page_html, (size_t)(mark - page_html));
        add_script_safe(out, doc_print(report->page));
        buf_text(out, mark + strlen(PAGE_MARK));
}

const struct report_exporter report_html = {"html", ".html", "a page for people; it needs no network", write_html};
