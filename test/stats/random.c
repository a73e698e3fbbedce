/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <math.h>

static uint64_t rotate(uint64_t x, int by)
{
        return (x << by) | (x >> (64 - by));
}

struct random random_seed(uint64_t seed)
{
        struct random random = {0};

        for (int i = 0; i < 4; i++) {
                uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
                z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
                z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
                random.state[i] = z ^ (z >> 31);
        }
        return random;
}

uint64_t random_bits(struct random *random)
{
        uint64_t *s = random->state, result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = rotate(s[3], 45);
        return result;
}

double random_unit(struct random *random)
{
        return ((double)(random_bits(random) >> 12) + 0.5) * 0x1p-52;
}

uint32_t random_below(struct random *random, uint32_t end)
{
        return (uint32_t)(((random_bits(random) >> 32) * end) >> 32);
}

double random_exponential(struct random *random)
{
        return -log(random_unit(random));
}

/* Marsaglia's polar method. */
double random_normal(struct random *random)
{
        double x, y, square;

        if (random->has_spare) {
                random->has_spare = false;
                return random->spare;
        }
        do {
                x = 2 * random_unit(random) - 1;
                y = 2 * random_unit(random) - 1;
                square = x * x + y * y;
        } while (square >= 1);
        double scale = sqrt(-2 * log(square) / square);
        random->spare = y * scale;
        random->has_spare = true;
        return x * scale;
}

double random_noise(struct random *random, enum noise noise)
{
        double x = random_normal(random);

        switch (noise) {
        case NOISE_NORMAL:
                return x;
        case NOISE_HEAVY: {
                double squares = 0;
                for (int i = 0; i < 3; i++) {
                        double y = random_normal(random);
                        squares += y * y;
                }
                return x / sqrt(squares / 3) / sqrt(3); /* t with 3 df has variance 3 */
        }
        case NOISE_OUTLIERS:
                return (random_below(random, 10) == 0 ? 5 * x : x) / sqrt(0.9 + 0.1 * 25);
        case NOISE_SKEWED: {
                double square = exp(0.25);
                return (exp(0.5 * x) - sqrt(square)) / sqrt((square - 1) * square);
        }
        }
        return x;
}

void random_drift(struct random *random, enum drift drift, double *ret_drift, size_t len)
{
        double at = drift == DRIFT_AR ? 2 * random_normal(random) : 0;

        for (size_t i = 0; i < len; i++) {
                ret_drift[i] = at;
                if (drift == DRIFT_LINEAR)
                        at += 0.3;
                else if (drift == DRIFT_WALK)
                        at += 0.5 * random_normal(random);
                else if (drift == DRIFT_AR)
                        at = 0.9 * at + 2 * sqrt(1 - 0.81) * random_normal(random);
        }
}
