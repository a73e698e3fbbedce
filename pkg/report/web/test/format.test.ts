// SPDX-License-Identifier: Apache-2.0
import {describe, expect, it} from 'vitest';
import {bytes, clock, day, durationMs, latency, latencyInWords, micros, number, percent, rate, ratePerSecond, share, span, spacedDuration} from '../src/format';

describe('numbers have three digits that count', () => {
  it.each([
    [0, '0'], [0.0953, '0.0953'], [0.5, '0.5'], [4.039, '4.04'], [40.36, '40.4'], [404.4, '404'], [12345.6, '12,346'], [100, '100'], [0.0000004, '0'],
  ])('%d', (value, text) => expect(number(value)).toBe(text));
});

describe('latencies', () => {
  it('change to seconds where people would', () => {
    expect(micros(95)).toBe('0.095 ms');
    expect(micros(999_499)).toBe('999 ms');
    expect(micros(999_500)).toBe('1 s');
    expect(micros(1_234_000)).toBe('1.23 s');
  });
  it('without an answer stay bounds, and unknown stays unknown', () => {
    expect(latency('> 5s')).toBe('> 5 s');
    expect(latency('> 9.309ms')).toBe('> 9.31 ms');
    expect(latencyInWords('> 1m30s')).toBe('more than 90 s');
    expect(latency(null)).toBe('–');
    expect(latency(undefined)).toBe('–');
    expect(latency(0)).toBe('0 ms');
  });
});

describe('durations', () => {
  it.each([['90s', 90_000], ['1m30s', 90_000], ['1.5h', 5_400_000], ['500us', 0.5], ['0s', 0], ['2h3m4s5ms', 7_384_005]])('%s', (text, ms) =>
    expect(durationMs(text)).toBe(ms),
  );
  it.each(['', '5', 'fast', '5d', '-5s'])('%j is none', (text) => expect(durationMs(text)).toBeNaN());
  it('are spaced for people', () => {
    expect(spacedDuration('1m30s')).toBe('1 min 30 s');
    expect(spacedDuration('250ms')).toBe('250 ms');
    expect(spacedDuration('soon')).toBe('soon');
    expect(span(125_000)).toBe('2 min 5 s');
    expect(span(3_600_000)).toBe('1 h');
    expect(span(0)).toBe('0 s');
    expect(span(250)).toBe('250 ms');
  });
});

it('the clock of the axis', () => {
  expect([0, 5_000, 65_500, 3_600_000, -1_000].map(clock)).toEqual(['0:00', '0:05', '1:05.5', '1:00:00', '−0:01']);
});

it('rates are per second whatever their unit', () => {
  expect(ratePerSecond('30000/m')).toBe(500);
  expect(rate('998.7/s')).toBe('999/s');
  expect(rate(undefined)).toBe('–');
});

it('a part never reads as all or nothing', () => {
  expect(share(3_599_960, 3_600_000)).toBe('> 99.9 %');
  expect(share(1, 3_600_000)).toBe('< 0.001 %');
  expect(share(1, 4)).toBe('25 %');
  expect(share(4, 4)).toBe('100 %');
  expect(share(0, 4)).toBe('0 %');
  expect(share(0, 0)).toBe('–');
});

it('sizes, days and percentages', () => {
  expect(bytes(512)).toBe('512 bytes');
  expect(bytes(1_048_576)).toBe('1 MiB');
  expect(day('2026-11-26T14:00:02Z')).toBe('26 November 2026, 14:00:02 UTC');
  expect(day('whenever')).toBe('whenever');
  expect(percent('8.57%')).toBe('8.57 %');
});
