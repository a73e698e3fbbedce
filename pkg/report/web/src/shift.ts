// SPDX-License-Identifier: Apache-2.0
//
// By how much a run differs from its baseline.
import type {ComparedMetric} from './data';
import {number} from './format';

export interface Shift {
  /** Percent, or percentage points of a share; more is more, whether that is good or bad. */
  value?: number;
  low?: number;
  high?: number;
  unit: '%' | 'pp';
}

/** "1.1200" as 12, "+0.200pp" as 0.2. */
function amount(text: string | undefined, isShare: boolean): number | undefined {
  if (text === undefined) return undefined;
  const value = isShare ? Number(text.replace(/pp$/, '')) : (Number(text) - 1) * 100;
  return Number.isFinite(value) ? value : undefined;
}

export function shiftOf(metric: ComparedMetric): Shift {
  const isShare = metric.difference !== undefined || (metric.low ?? '').endsWith('pp');
  return {
    value: amount(isShare ? metric.difference : metric.ratio, isShare),
    low: amount(metric.low, isShare),
    high: amount(metric.high, isShare),
    unit: isShare ? 'pp' : '%',
  };
}

/** "+12 %", "−0.2 pp", "0 %". */
export function signed(value: number, unit: string): string {
  const rounded = number(Math.abs(value) < 0.05 ? Math.round(Math.abs(value) * 1000) / 1000 : Math.round(Math.abs(value) * 10) / 10);
  return `${rounded === '0' ? '' : value > 0 ? '+' : '−'}${rounded} ${unit}`;
}

/** "+8 % to +16 %"; "not known" without an interval. */
export function interval({low, high, unit}: Shift): string {
  return low === undefined || high === undefined ? 'not known' : `${signed(low, unit)} to ${signed(high, unit)}`;
}
