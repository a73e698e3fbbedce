/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void flags_print(const struct flag *flags, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (flags[i].kind != FLAG_WORD)
                        printf("  %-18s %-24s %s\n", flags[i].name, flags[i].argument ? flags[i].argument : "", flags[i].help);
}

static bool is_named(const struct flag *flag, const char *word)
{
        size_t len = strcspn(word, "=");

        return flag->kind != FLAG_WORD && ((strlen(flag->name) == len && strncmp(flag->name, word, len) == 0) ||
                                           (flag->letter && text_equal(flag->letter, word)));
}

/* The flag that 'word' ("--rate", "--rate=500/s", "-f") names, or the one for words without a dash. NULL when there is none. */
static const struct flag *find_flag(const struct flag *flags, size_t len, const char *word, const void *into)
{
        for (size_t i = 0; i < len; i++) {
                bool free_word = *word != '-' && flags[i].kind == FLAG_WORD;
                if (free_word ? !*(const char *const *)((const char *)into + flags[i].offset) : *word == '-' && is_named(&flags[i], word))
                        return &flags[i];
        }
        return NULL;
}

static enum fail_kind set_flag(const struct flag *flag, const char *value, void *into, struct fail *fail)
{
        char *base = into;

        if (flag->kind != FLAG_LIST) {
                *(const char **)(base + flag->offset) = value;
                return FAIL_NONE;
        }
        size_t *len = (size_t *)(base + flag->len_offset);
        if (*len == FLAGS_LIST_MAX)
                return fail_set(fail, FAIL_INVALID, "%s: at most %d", flag->name, FLAGS_LIST_MAX);
        ((const char **)(base + flag->offset))[(*len)++] = value;
        return FAIL_NONE;
}

enum fail_kind flags_parse(const struct flag *flags, size_t len, int argc, char **argv, void *into, struct fail *fail)
{
        for (int i = 1; i < argc; i++) {
                const char *word = argv[i], *given = strchr(word, '=');
                const struct flag *flag = find_flag(flags, len, word, into);
                if (!flag)
                        return fail_set(fail, FAIL_INVALID, "'%.60s' is not understood; --help shows what is", word);
                if (flag->kind == FLAG_SWITCH) {
                        *((bool *)((char *)into + flag->offset)) = true;
                        continue;
                }
                const char *value = flag->kind == FLAG_WORD ? word : given ? given + 1 : i + 1 < argc ? argv[++i] : NULL;
                if (!value || !*value)
                        return fail_set(fail, FAIL_INVALID, "%s wants %s", flag->name, flag->argument);
                if (set_flag(flag, value, into, fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}
