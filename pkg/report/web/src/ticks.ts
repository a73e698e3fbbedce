// SPDX-License-Identifier: Apache-2.0
//
// Where an axis has its marks.

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/** Round points of time from 'fromMs' to 'toMs', at most 'most' of them. */
export function timeTicks(fromMs: number, toMs: number, most: number): number[] {
  // Tenths of a second only where there is nothing else.
  const least = toMs - fromMs >= 3000 ? 1 : 0;
  const stepMs = (STEPS_S.find((s) => s >= least && (toMs - fromMs) / (s * 1000) <= most) ?? 86400) * 1000;
  const ticks = [];
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at <= toMs; at += stepMs) ticks.push(at);
  return ticks;
}

/** 1, 2 and 5 of every decade between the two, or only its ones when there are many decades. */
export function logTicks(low: number, high: number, most = 9): number[] {
  const collect = (factors: number[]) => {
    const ticks = [];
    for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade++)
      for (const factor of factors) {
        const tick = Number((factor * 10 ** decade).toPrecision(3));
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    return ticks;
  };
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = collect(factors);
    if (ticks.length <= most) return ticks;
  }
  return collect([1]);
}

/** A domain on a logarithmic axis that holds all values, with a little room. Empty input is one decade. */
export function logDomain(values: number[]): [number, number] {
  const known = values.filter((value) => value > 0);
  if (!known.length) return [1, 10];
  const low = Math.min(...known);
  const high = Math.max(...known);
  return high / low < 2 ? [low / 1.6, high * 1.6] : [low / 1.15, high * 1.15];
}

/** Shares on the axis of the percentile curve; a share q lies at 1 / (1 - q). */
export const SHARES: [number, string][] = [
  [1, '0 %'], [2, '50 %'], [10, '90 %'], [100, '99 %'], [1000, '99.9 %'], [10_000, '99.99 %'], [100_000, '99.999 %'], [1_000_000, '99.9999 %'],
];

/** Those of them up to 'right' whose labels do not meet on an axis of 'width' pixels; the ends of it are kept. */
export function shareTicks(right: number, width: number, least = 46): [number, string][] {
  const at = (x: number) => (width * Math.log10(x)) / Math.log10(right);
  const kept: [number, string][] = [];
  for (const share of SHARES.filter(([x]) => x <= right * 1.05).reverse())
    if (!kept.length || at(kept[0]![0]) - at(share[0]) >= least) kept.unshift(share);
  return kept;
}

/** Marks that would stand on each other as one: those nearer than 'least' to the first of a group; labels "2" or "2–4". */
export function groupMarks(marks: {at: number; label: string}[], least: number): {at: number; label: string}[] {
  const groups: {at: number; first: string; last: string}[] = [];
  for (const mark of [...marks].sort((a, b) => a.at - b.at)) {
    const group = groups[groups.length - 1];
    if (group && mark.at - group.at < least) group.last = mark.label;
    else groups.push({at: mark.at, first: mark.label, last: mark.label});
  }
  return groups.map(({at, first, last}) => ({at, label: first === last ? first : `${first}–${last}`}));
}

/** The point nearest to 'x' in an ascending list; -1 for an empty one. */
export function nearest(points: number[], x: number): number {
  let best = -1;
  points.forEach((point, index) => {
    if (best < 0 || Math.abs(point - x) < Math.abs(points[best]! - x)) best = index;
  });
  return best;
}
