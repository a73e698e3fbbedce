/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-stat-claims [--short]: plays every experiment and prints each promise beside what was seen.
 *
 * A promise is met when the exact one-sided 99 % limit of the share seen lies on its side, and the same limit of the rival's share on the other.
 * --short plays fewer repetitions and only experiments with promises, and asks of our own share only that its limit does not contradict
 * the promise. */
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "stat/dist.h"

#define CONFIDENCE 0.99

static bool shown(const struct row *row, uint32_t hits, uint32_t repeats)
{
        return (row->low == 0 || dist_share_low(hits, repeats, CONFIDENCE) >= row->low) &&
               (row->high == 1 || dist_share_high(hits, repeats, CONFIDENCE) <= row->high);
}

static bool contradicted(const struct row *row, uint32_t hits, uint32_t repeats)
{
        return dist_share_high(hits, repeats, CONFIDENCE) < row->low || dist_share_low(hits, repeats, CONFIDENCE) > row->high;
}

static void print_promise(const struct row *row)
{
        if (row->low == 0)
                printf("promised <= %g %%", row->high * 100);
        else if (row->high == 1)
                printf("promised >= %g %%", row->low * 100);
        else
                printf("promised %g to %g %%", row->low * 100, row->high * 100);
}

static bool promises(const struct experiment *experiment)
{
        for (size_t i = 0; i < experiment->len; i++)
                if (experiment->rows[i].promised)
                        return true;
        return false;
}

/* Returns whether the promise is met. */
static bool report(const struct row *row, uint32_t ours, uint32_t rival, uint32_t repeats, bool lenient)
{
        bool kept = lenient ? !contradicted(row, ours, repeats) : shown(row, ours, repeats);
        bool broken = row->rival && contradicted(row, rival, repeats);

        printf("  %-13s%s: %.2f %% (%.2f to %.2f), ", !row->promised ? "not promised" : kept && broken ? "met" : "MISSED", row->what,
               100.0 * ours / repeats, 100 * dist_share_low(ours, repeats, CONFIDENCE), 100 * dist_share_high(ours, repeats, CONFIDENCE));
        if (row->promised)
                print_promise(row);
        else
                printf("would be %s", shown(row, ours, repeats) ? "kept" : "broken or not shown");
        if (row->rival)
                printf("; %s: %.2f %%, %s", row->rival, 100.0 * rival / repeats, broken ? "fails" : "does not fail");
        printf("; R %u\n", repeats);
        return kept && broken;
}

static void play(const struct experiment *experiment, uint64_t seed, uint32_t repeats, bool lenient, uint32_t *met,
                 uint32_t *promised)
{
        uint32_t ours[ROWS_MAX] = {0}, rival[ROWS_MAX] = {0};
        struct random random = random_seed(seed);

        for (uint32_t i = 0; i < repeats; i++) {
                struct hit hits[ROWS_MAX] = {{false, false}};
                experiment->play(&random, experiment->of, hits);
                for (size_t row = 0; row < experiment->len; row++) {
                        ours[row] += hits[row].ours;
                        rival[row] += hits[row].rival;
                }
        }
        printf("%s\n", experiment->what);
        for (size_t row = 0; row < experiment->len; row++) {
                bool is_met = report(&experiment->rows[row], ours[row], rival[row], repeats, lenient);
                *met += experiment->rows[row].promised && is_met;
                *promised += experiment->rows[row].promised;
        }
        fflush(stdout);
}

int main(int argc, char **argv)
{
        static const struct { const struct experiment *experiments; const size_t *len; } chapters[] = {
                {within_experiments, &within_len}, {trial_experiments, &trial_len}, {series_experiments, &series_len},
                {variant_experiments, &variant_len}, {capacity_experiments, &capacity_len}};
        static const uint32_t repeats[][PLAY_KINDS] = {
                {[PLAY_TRIALS] = 10000, [PLAY_WITHIN] = 2000, [PLAY_SEARCH] = 1000},
                {[PLAY_TRIALS] = 3000, [PLAY_WITHIN] = 1000, [PLAY_SEARCH] = 100}};
        bool lenient = argc == 2 && strcmp(argv[1], "--short") == 0;
        uint32_t met = 0, promised = 0;

        if (argc > 2 || (argc == 2 && !lenient)) {
                fprintf(stderr, "usage: %s [--short]\n", argv[0]);
                return 2;
        }
        for (size_t chapter = 0; chapter < sizeof chapters / sizeof *chapters; chapter++)
                for (size_t i = 0; i < *chapters[chapter].len; i++) {
                        const struct experiment *experiment = &chapters[chapter].experiments[i];
                        if (!lenient || promises(experiment))
                                play(experiment, 1000 * chapter + i, repeats[lenient][experiment->kind], lenient, &met, &promised);
                }
        printf("claims_met=%u/%u\n", met, promised);
        return met == promised ? 0 : 1;
}
