// SPDX-License-Identifier: Apache-2.0
//
// How far each metric lies from the baseline, and how far that is known.
import {axisX, axisY, dot, gridX, link, ruleX, type PlotOptions} from '@observablehq/plot';
import type {ComparedMetric} from '../data';
import {interval, shiftOf, signed} from '../shift';
import {chart, type Chart} from './frame';

const CLASSES: Record<string, string> = {worse: 'ink-bad', better: 'ink-good', equivalent: 'ink-a', inconclusive: 'ink-due'};
const ROW_PX = 26;
const ticks = (width: number) => Math.max(2, Math.floor((width - 114) / 90));

/** Ratios only: a share is in other units, and stands in the table. */
export function shiftChart(metrics: ComparedMetric[], reference = 'the baseline'): Chart | null {
  const rows = metrics
    .map((metric) => ({metric: metric.metric, verdict: metric.verdict, ...shiftOf(metric)}))
    .filter((row): row is typeof row & {value: number; low: number; high: number} => row.unit === '%' && [row.value, row.low, row.high].every((v) => v !== undefined));
  if (!rows.length) return null;
  const far = Math.max(5, ...rows.flatMap((row) => [Math.abs(row.low), Math.abs(row.high)])) * 1.05;
  const present = Object.keys(CLASSES).filter((verdict) => rows.some((row) => row.verdict === verdict));
  return chart({
    title: `Difference from ${reference}`,
    unit: 'with its 95 % interval',
    description: `Differences from ${reference}: ${rows.map((row) => `${row.metric} ${signed(row.value, '%')}, ${interval(row)}, ${row.verdict}`).join('; ')}.`,
    keys: present.map((verdict) => ({label: verdict, class: CLASSES[verdict]!})),
    height: rows.length * ROW_PX + 52,
    options: (width): PlotOptions => ({
      marginLeft: 96,
      marginRight: 18,
      marginTop: 8,
      marginBottom: 40,
      x: {domain: [-far, far], label: null, axis: null},
      y: {type: 'point', domain: rows.map((row) => row.metric), padding: 0.6, label: null, axis: null},
      marks: [
        gridX({stroke: 'var(--grid)', strokeOpacity: 1, ticks: ticks(width)}),
        axisX({ticks: ticks(width), tickFormat: (value: number) => signed(value, '%'), label: `more than ${reference} is to the right`, labelAnchor: 'center', labelArrow: 'none', tickSize: 4}),
        axisY({tickSize: 0, label: null}),
        ruleX([0], {stroke: 'var(--axis)'}),
        ...present.flatMap((verdict) => {
          const some = rows.filter((row) => row.verdict === verdict);
          return [
            link(some, {x1: 'low', x2: 'high', y1: 'metric', y2: 'metric', className: CLASSES[verdict], stroke: 'currentColor', strokeWidth: 2}),
            dot(some, {x: 'value', y: 'metric', r: 4, className: CLASSES[verdict], fill: 'currentColor', stroke: 'none'}),
          ];
        }),
      ],
    }),
  });
}
