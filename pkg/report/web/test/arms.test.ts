// SPDX-License-Identifier: Apache-2.0
//
// What the dots of a run with variants show.
import {describe, expect, it} from 'vitest';
import {middle, shownOf} from '../src/charts/arms';

describe('the dots of variants', () => {
  it('show what decides', () => {
    const trial = {index: 0, rate: '998.7/s', p50: '1.250ms', p99: '> 5s'};
    expect(shownOf('rate.achieved').of(trial)).toBeCloseTo(998.7);
    expect(shownOf('latency.p50').of(trial)).toBeCloseTo(1.25);
    expect(shownOf('latency.p99').of(trial)).toBeNaN(); // beyond the timeout is no place on the axis
    expect(shownOf('latency.p99').of({index: 1})).toBeNaN();
  });
  it('have their middle where ratios have it', () => expect(middle([1, 4])).toBeCloseTo(2));
});
