// SPDX-License-Identifier: Apache-2.0
import {expect, it} from 'vitest';
import {bars} from '../src/charts/spread';
import {groupMarks, logDomain, logTicks, nearest, shareTicks, timeTicks} from '../src/ticks';

it('points of time are round, and no more than there is room for', () => {
  expect(timeTicks(0, 40_000, 8)).toEqual([0, 5000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000]);
  expect(timeTicks(0, 3_600_000, 13)).toHaveLength(13);
  expect(timeTicks(-1500, 1500, 4)).toEqual([-1000, 0, 1000]);
});

it('a logarithmic axis has 1, 2 and 5, or fewer where there are many decades', () => {
  expect(logTicks(0.05, 2)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
  expect(logTicks(0.01, 1000, 6)).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
});

it('a domain holds every value and is never empty', () => {
  const [low, high] = logDomain([3, 0, 40]);
  expect(low).toBeLessThan(3);
  expect(high).toBeGreaterThan(40);
  expect(logDomain([])).toEqual([1, 10]);
  const [a, b] = logDomain([5, 5]);
  expect(a).toBeLessThan(5);
  expect(b).toBeGreaterThan(5);
});

it('labels of shares never meet', () => {
  const at = (x: number) => (400 * Math.log10(x)) / Math.log10(200_000);
  const kept = shareTicks(200_000, 400);
  kept.slice(1).forEach(([x], i) => expect(at(x) - at(kept[i]![0])).toBeGreaterThanOrEqual(46));
  expect(shareTicks(100, 400).map(([, label]) => label)).toEqual(['0 %', '50 %', '90 %', '99 %']);
});

it('marks that would stand on each other are one', () => {
  const marks = [{at: 0, label: '1'}, {at: 10, label: '2'}, {at: 500, label: '3'}];
  expect(groupMarks(marks, 100)).toEqual([{at: 0, label: '1–2'}, {at: 500, label: '3'}]);
  expect(groupMarks(marks, 1)).toHaveLength(3);
});

it('the nearest point', () => {
  expect(nearest([0, 10, 20], 14)).toBe(1);
  expect(nearest([0, 10, 20], -5)).toBe(0);
  expect(nearest([], 3)).toBe(-1);
});

it('bars lie where the histogram has counted', () => {
  const [first, second] = bars({perDecade: 20, first: 120, ok: [5, 6], error: [1, 0], censored: 0});
  expect(first).toMatchObject({from: 1, ok: 5, error: 1});
  expect(first!.to).toBeCloseTo(1.122, 3);
  expect(second!.from).toBe(first!.to);
});
