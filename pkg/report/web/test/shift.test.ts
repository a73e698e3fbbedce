// SPDX-License-Identifier: Apache-2.0
import {describe, expect, it} from 'vitest';
import type {ComparedMetric} from '../src/data';
import {interval, shiftOf, signed} from '../src/shift';

const metric = (more: Partial<ComparedMetric>): ComparedMetric => ({metric: 'latency.p99', role: 'primary', verdict: 'worse', ...more});

describe('differences', () => {
  it('of a ratio are percent', () => {
    const shift = shiftOf(metric({ratio: '1.1200', low: '1.0800', high: '1.1600'}));
    expect([shift.value, shift.low, shift.high].map((value) => Math.round(value! * 100) / 100)).toEqual([12, 8, 16]);
    expect(interval(shift)).toBe('+8 % to +16 %');
  });
  it('of a share are percentage points', () => {
    expect(shiftOf(metric({metric: 'errors.ratio', difference: '+0.200pp', low: '-0.100pp', high: '+0.500pp'}))).toEqual({value: 0.2, low: -0.1, high: 0.5, unit: 'pp'});
  });
  it('without an interval say so', () => expect(interval(shiftOf(metric({ratio: '0.9'})))).toBe('not known'));
  it('without an estimate have no value', () => expect(shiftOf(metric({})).value).toBeUndefined());
  it.each([[12.34, '+12.3 %'], [-0.2, '−0.2 %'], [0, '0 %'], [-0.00001, '0 %'], [0.012, '+0.012 %']])('%d', (value, text) => expect(signed(value, '%')).toBe(text));
});
