/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of cgroups and of /proc, and names of folders: any bytes. What is found is below what no counter reaches, and found again in
 * the same text with more lines behind it. Then the API server's answer to a probe. */
#include "fuzz.h"

#include "base/mem.h"
#include "data/doc.h"
#include "node/ask.h"
#include "node/figures.h"
#include "node/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_text(data, size), *bytes = fuzz_copy(data, size);
        auto_free char *longer = xasprintf("%s\nmore 1\n", text);
        auto_json struct json_object *object = NULL;
        struct figure_cpu cpu;
        uint64_t value, again;

        for (enum figure_shape shape = FIGURE_WHOLE; shape <= FIGURE_PRESSURE; shape++) {
                if (!figure_find(text, shape, "nr_periods", &value))
                        continue;
                must(value < UINT64_C(1) << 62);
                must(figure_find(longer, shape, "nr_periods", &again) && again == value);
        }
        must(!figure_cpu(text, &cpu) || cpu.cores > 0);
        must(!tree_is_pod(text) || !tree_is_container(text));
        must(ask_decode(bytes, size, &object, NULL) || object);
        free(text);
        free(bytes);
        return 0;
}
