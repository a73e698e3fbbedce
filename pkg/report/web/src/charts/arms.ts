// SPDX-License-Identifier: Apache-2.0
//
// Variants beside each other: a dot for every trial, a ring around their middle.
import {axisX, axisY, dot, gridX, type PlotOptions} from '@observablehq/plot';
import type {ComparedMetric, Report, Trial} from '../data';
import {durationMs, number, ratePerSecond} from '../format';
import {chart, type Chart} from './frame';

const ROW_PX = 34;

interface Shown {
  title: string;
  unit: string;
  of: (trial: Trial) => number;
}

/** What decides, as far as a trial tells it: rate, p99 or p50. */
export function shownOf(metric: string): Shown {
  if (metric.startsWith('rate.')) return {title: 'Requests answered per second', unit: 'each dot is one trial', of: (trial) => ratePerSecond(trial.rate)};
  const rank = metric.endsWith('.p50') || metric.endsWith('.mean') ? 'p50' : 'p99';
  return {title: `${rank} of each trial`, unit: 'ms, each dot is one trial', of: (trial) => durationMs(trial[rank] ?? '')};
}

/** The middle of numbers of which each may be a multiple of the others. */
export const middle = (values: number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

export function armsChart(report: Report, primary: ComparedMetric): Chart | null {
  const shown = shownOf(primary.metric);
  const dots = (report.trials ?? [])
    .map((trial) => ({variant: trial.variant ?? '', counts: trial.validity === 'Valid' || trial.validity === 'Limited', value: shown.of(trial)}))
    .filter((row) => row.variant !== '' && row.counts && Number.isFinite(row.value) && row.value > 0);
  const names = [...new Set(dots.map((row) => row.variant))];
  if (names.length < 2) return null;
  const middles = names.map((variant) => ({variant, value: middle(dots.filter((row) => row.variant === variant).map((row) => row.value))}));
  return chart({
    title: shown.title,
    unit: shown.unit,
    description: `${shown.title}: ${middles.map((row) => `${row.variant} ${number(row.value)} in the middle of its trials`).join('; ')}.`,
    keys: [{label: 'the middle of its trials', class: 'ink-b'}],
    height: names.length * ROW_PX + 48,
    options: (width): PlotOptions => ({
      marginLeft: 120,
      marginRight: 18,
      marginTop: 8,
      marginBottom: 32,
      x: {zero: true, nice: true, label: null, axis: null},
      y: {type: 'point', domain: names, padding: 0.6, label: null, axis: null},
      marks: [
        gridX({stroke: 'var(--grid)', strokeOpacity: 1, ticks: Math.max(2, Math.floor(width / 120))}),
        axisX({ticks: Math.max(2, Math.floor(width / 120)), tickSize: 4, label: null}),
        axisY({tickSize: 0, label: null}),
        dot(dots, {x: 'value', y: 'variant', r: 4, className: 'ink-a', fill: 'currentColor', fillOpacity: 0.6, stroke: 'none'}),
        dot(middles, {x: 'value', y: 'variant', r: 9, className: 'ink-b', fill: 'none', stroke: 'currentColor', strokeWidth: 2}),
      ],
    }),
  });
}
