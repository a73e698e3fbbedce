/* SPDX-License-Identifier: Apache-2.0
 *
 * What "loadstone run" shows: one line that moves while it runs, and the summary at its end. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "result/fold.h"
#include "result/gates.h"
#include "result/harvest.h"
#include "result/verdict.h"

struct run_live {
        FILE *out;
        bool moves;        /* a terminal: the line is written over itself; else one line every ten seconds */
        unsigned looks;
};

/* A local_look_fn; owner is a struct run_live. */
void run_print_live(void *owner, const struct harvest *harvest);
void run_print_nothing(void *owner, const struct harvest *harvest); /* --quiet */
void run_print_summary(FILE *out, const struct fold *fold, const struct gates *gates, const struct verdict_judged *judged);
