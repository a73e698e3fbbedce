/* SPDX-License-Identifier: Apache-2.0
 *
 * The words after a command: "--rate 500/s", "--rate=500/s", "-n shop", and words without a dash. A command has a struct for them, and
 * a table that says which word goes where. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"

#define FLAGS_LIST_MAX 32

enum flag_kind {
        FLAG_TEXT,   /* a const char * */
        FLAG_SWITCH, /* a bool */
        FLAG_LIST,   /* const char *[FLAGS_LIST_MAX] and a size_t */
        FLAG_WORD,   /* a const char *, the first word without a dash; 'name' says what it is called */
};

struct flag {
        const char *name, *letter; /* "--namespace", "-n" or NULL */
        const char *argument, *help;
        enum flag_kind kind;
        size_t offset, len_offset; /* in the command's struct */
};

/* Rows of a table for 'struct type'; of a list, the member's name and that with _len. */
#define FLAG_TEXT_AT(type, member) FLAG_TEXT, offsetof(struct type, member), 0
#define FLAG_SWITCH_AT(type, member) FLAG_SWITCH, offsetof(struct type, member), 0
#define FLAG_LIST_AT(type, member) FLAG_LIST, offsetof(struct type, member), offsetof(struct type, member##_len)
#define FLAG_WORD_AT(type, member) FLAG_WORD, offsetof(struct type, member), 0

/* Fills the command's struct, zeroed before; texts are borrowed from argv. FAIL_INVALID says which word is wrong. */
enum fail_kind flags_parse(const struct flag *flags, size_t len, int argc, char **argv, void *into, struct fail *fail);
/* A line for each flag. */
void flags_print(const struct flag *flags, size_t len);
