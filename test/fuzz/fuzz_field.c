/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding by table: what is accepted lies within the bounds of its row, what is refused is named by its path. */
#include "data/field.h"
#include "fuzz_json.h"

struct everything {
        const char *text;
        bool yes;
        int64_t number;
        int32_t small;
        int word;
        int64_t ms, ns;
        double rate, ratio;
};

static const char *const words[] = {"queue", "shed", NULL};
static const struct field table[] = {
        {"a.text", FIELD_TEXT, offsetof(struct everything, text), 1, 8, .optional = true},
        {"a.yes", FIELD_BOOL, offsetof(struct everything, yes), .optional = true},
        {"a.number", FIELD_INT, offsetof(struct everything, number), -5, 1e15, .optional = true},
        {"a.small", FIELD_INT32, offsetof(struct everything, small), 0, 65536, .optional = true},
        {"list[1].word", FIELD_WORD, offsetof(struct everything, word), .words = words, .optional = true},
        {"a.ms", FIELD_DURATION_MS, offsetof(struct everything, ms), 100, 86400000, .optional = true},
        {"a.ns", FIELD_DURATION_NS, offsetof(struct everything, ns), 1000, 1e10, .optional = true},
        {"a.rate", FIELD_RATE, offsetof(struct everything, rate), 1e-5, 1e7, .optional = true},
        {"ratio", FIELD_RATIO, offsetof(struct everything, ratio), 0.001, 1},
};

static bool is_within(double value, double least, double most)
{
        return value >= least && value <= most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *doc = fuzz_json(data, size);
        struct everything all = {.text = "absent", .number = 1, .word = 1, .ms = 100, .ns = 1000, .rate = 1};
        struct fail fail = {0};

        if (field_decode(doc, "spec.", table, sizeof table / sizeof *table, &all, &fail)) {
                must(fail.kind == FAIL_INVALID && strncmp(fail.text, "spec.", 5) == 0);
                fuzz_must_be_utf8(fail.text);
                return 0;
        }
        must(is_within((double)strlen(all.text), 1, 8) && is_within((double)all.number, -5, 1e15));
        must(is_within(all.small, 0, 65536) && is_within(all.word, 0, 1));
        must(is_within((double)all.ms, 100, 86400000) && is_within((double)all.ns, 1000, 1e10));
        must(is_within(all.rate, 1e-5, 1e7) && is_within(all.ratio, 0.001, 1));
        return 0;
}
