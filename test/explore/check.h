/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold after every step, whatever went wrong (docs/faults.md lists the invariants by number). Reads the server's
 * own history, so nothing that was ever stored escapes it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct apisim;
struct check;

struct check *check_new(struct apisim *sim);
struct check *check_free(struct check *check);

/* Looks at all changes since the last look. True: something is wrong, and 'text' says what. */
bool check_look(struct check *check, char *text, size_t size);
/* Every run has ended or is gone, and no Job and no worker pod is left. */
bool check_over(struct check *check);
/* At the end: each run as it was expected, "name=Phase name=Phase|Phase name=-". True: something is wrong. */
bool check_end(struct check *check, const char *ends, char *text, size_t size);
/* When the end of the run of that name was stored; -1: it was not. */
int64_t check_ended_ns(const struct check *check, const char *name);
/* How many trials its status has. */
size_t check_trials(const struct check *check, const char *name);
/* "name=Phase/verdict/requests …". */
void check_print_end(struct check *check, struct buf *out);

/* Changes made between true and false are a person's. */
void check_person(struct check *check, bool acts);
