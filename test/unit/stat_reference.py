#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes stat_reference.h: what others answer. They share nothing with pkg/stat.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install mpmath==1.4.1 scipy==1.17.1 statsmodels==0.15.0
    /tmp/v/bin/python test/unit/stat_reference.py > test/unit/stat_reference.h

Distributions: mpmath with 50 digits; quantiles are roots of its own integrals. Methods: scipy and statsmodels; rank tests with ties, which
scipy only approximates, by dealing the values in every possible way. The table is committed; the tests need neither Python nor the network."""
import itertools
import random

import mpmath as mp
import numpy
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

mp.mp.dps = 50


def f(x):
    return mp.nstr(mp.mpf(x), 20, min_fixed=1, max_fixed=0)


def beta(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def normal_tail(z):
    return mp.erfc(mp.mpf(z) / mp.sqrt(2)) / 2


def t_tail(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    half = beta(df / 2, mp.mpf(1) / 2, df / (df + t * t)) / 2
    return half if t >= 0 else 1 - half


def f_tail(x, d1, d2):
    x, d1, d2 = mp.mpf(x), mp.mpf(d1), mp.mpf(d2)
    return beta(d2 / 2, d1 / 2, d2 / (d2 + d1 * x))


def root(tail, p, start, positive=False):
    """x with tail(x) = 1 - p by halving: slow, and beyond doubt."""
    want = 1 - mp.mpf(p)
    if tail(mp.mpf(0)) == want:
        return mp.mpf(0)
    low, high = (mp.mpf(0) if positive else -mp.mpf(start)), mp.mpf(start)
    for _ in range(140):
        middle = (low + high) / 2
        if tail(middle) > want:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def table(name, columns, rows):
    print(f"static const struct {{ double {', '.join(columns)}; }} {name}[] = {{")
    for row in rows:
        print("        {" + ", ".join(f(x) for x in row) + "},")
    print("};\n")


print("/* SPDX-License-Identifier: Apache-2.0\n *\n * Written by stat_reference.py; do not edit. */\n#pragma once\n")
table("log_gamma_of", ["x", "want"], [(x, mp.loggamma(mp.mpf(x))) for x in (0.01, 0.5, 1.5, 2.5, 10, 33.25, 100, 12345.5, 1e6)])
table("beta_ratio_of", ["a", "b", "x", "want"], [
    (a, b, x, beta(mp.mpf(a), mp.mpf(b), mp.mpf(x))) for a, b, x in (
        (0.5, 0.5, 0.25), (1, 1, 0.3125), (2, 3, 0.5), (0.5, 5, 0.0009765625), (5, 0.5, 0.9990234375), (10, 10, 0.4375), (30, 2, 0.875),
        (2, 30, 0.125), (150, 152, 0.5), (1000, 3000, 0.234375), (5000, 5000, 0.4921875), (10000, 0.5, 0.9995))])
table("normal_tail_of", ["z", "want"], [(z, normal_tail(z)) for z in (-8, -3, -1, -0.0078125, 0, 0.5, 1, 1.959963984540054, 3, 6, 10, 30)])
table("normal_quantile_of", ["p", "want"], [(p, root(normal_tail, p, 40)) for p in (1e-25, 1e-12, 0.001, 0.01, 0.025, 0.1, 0.4999, 0.5, 0.75, 0.9, 0.975, 0.99, 0.999)])
table("t_tail_of", ["t", "df", "want"], [(t, df, t_tail(t, df)) for t, df in (
    (1e-9, 4), (0.25, 1), (1, 1), (12.70620473617471, 1), (1e6, 1), (2, 10), (-2, 10), (8.240355, 7.956876), (15.829101, 5), (2.5, 3.3),
    (40, 9), (100, 30), (3, 1e4), (5, 0.7))])
table("t_quantile_of", ["p", "df", "want"], [(p, df, root(lambda t, d=df: t_tail(t, d), p, "1e14")) for p, df in (
    (0.975, 1), (1e-12, 1), (0.975, 2), (0.975, 3), (0.975, 9), (0.025, 9), (0.99, 5), (0.999, 5), (0.95, 7.956876), (0.5, 4), (0.50001, 4),
    (0.975, 17.99902), (0.995, 29), (0.975, 1e4), (1e-9, 63), (0.8, 2.5))])
table("f_tail_of", ["f", "above", "below", "want"], [(x, a, b, f_tail(x, a, b)) for x, a, b in (
    (0.25, 3, 7), (1, 1, 1), (4.7374141279, 5, 5), (3.5, 10, 2), (0.01, 2, 30), (20, 4, 60), (161.44763879758, 1, 1), (1.1, 1000, 1000))])
table("f_quantile_of", ["p", "above", "below", "want"], [(p, a, b, root(lambda x, a=a, b=b: f_tail(x, a, b), p, "1e8", True)) for p, a, b in (
    (0.95, 1, 1), (0.95, 5, 10), (0.99, 9, 9), (0.05, 5, 10), (0.025, 3, 40), (0.975, 120, 60), (0.5, 2, 2))])


# ---- methods ----

def array(values):
    return "{" + ", ".join(f(x) for x in values) + "}"


def methods(rows):
    print("""/* Groups of trials and what scipy and statsmodels say: Welch's t of b - a with its df and 95 % interval; the same of pairs (equal lengths),
 * and the two one-sided tests within 0.03 of zero; one-sided p of Mann-Whitney, by dealing the values in every way. */
static const struct {
        size_t a_len, b_len;
        double a[12], b[12];
        double welch_t, welch_df, welch_p_above, welch_low, welch_high;
        double paired_t, paired_low, paired_high, paired_p_outside;
        double u, p_above, p_below;
} methods_of[] = {""")
    for a, b in rows:
        w = stats.ttest_ind(b, a, equal_var=False, alternative="greater")
        ci = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
        pair = [0] * 4
        if len(a) == len(b):
            r = stats.ttest_rel(b, a)
            c = r.confidence_interval(0.95)
            pair = [r.statistic, c.low, c.high, ttost_paired(numpy.array(b), numpy.array(a), -0.03, 0.03)[0]]
        u, above, below = deal(a, b)
        print(f"        {{{len(a)}, {len(b)}, {array(a)}, {array(b)},")
        print("         " + ", ".join(f(x) for x in (w.statistic, w.df, w.pvalue, ci.low, ci.high)) + ",")
        print("         " + ", ".join(f(x) for x in pair) + ",")
        print("         " + ", ".join(f(x) for x in (u, above, below)) + "},")
    print("};\n")


def u_of(a, b):
    return sum((y > x) + 0.5 * (y == x) for x in a for y in b)


def deal(a, b):
    both, seen = a + b, u_of(a, b)
    above = below = total = 0
    for chosen in itertools.combinations(range(len(both)), len(b)):
        held = set(chosen)
        u = u_of([x for i, x in enumerate(both) if i not in held], [both[i] for i in chosen])
        above, below, total = above + (u >= seen), below + (u <= seen), total + 1
    return seen, mp.mpf(above) / total, mp.mpf(below) / total


random.seed(6)
gauss = random.gauss
methods([
    ([gauss(2.3, 0.02) for _ in range(6)], [gauss(2.33, 0.03) for _ in range(6)]),
    ([gauss(0, 1) for _ in range(4)], [gauss(1, 3) for _ in range(7)]),
    ([gauss(5, 0.01) for _ in range(7)], [gauss(5, 0.01) for _ in range(7)]),
    ([round(gauss(10, 2)) / 2 for _ in range(7)], [round(gauss(11, 2)) / 2 for _ in range(6)]),
    ([2.0, 1.0, 3.0, 5.0], [2.0, 2.0, 2.0, 2.0]),
])

ps = [0.004, 0.03, 0.0011, 0.9, 0.02, 0.012, 0.012]
print(f"static const double holm_p[] = {array(ps)};")
print(f"static const double holm_want[] = {array(multipletests(ps, method='holm')[1])};")
