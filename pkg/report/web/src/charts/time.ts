// SPDX-License-Identifier: Apache-2.0
//
// The course of the run: charts over one axis of time.
import {areaY, axisX, axisY, dot, gridY, line, rect, ruleX, ruleY, text, type Markish, type PlotOptions} from '@observablehq/plot';
import type {Column, Latency, Metric, Report, Series} from '../data';
import {clock, durationMs, latency, micros, number} from '../format';
import {groupMarks, logDomain, logTicks, timeTicks} from '../ticks';
import {chart, type Chart, type Key} from './frame';

const MARGIN = {marginLeft: 52, marginRight: 16, marginTop: 16, marginBottom: 34};

/** What lies behind every chart of the run. */
interface Ground {
  fromMs: number;
  toMs: number;
  measured?: {from: number; to: number};
  changes: {at: number; label: string}[];
}

export interface Point {
  at: number;
  value: number | null;
}

interface LineSpec extends Key {
  points: Point[];
  /** Lies under the others, which may be the same: wide and pale. */
  under?: boolean;
}

const middle = (from: number[], to: number[]) => from.map((start, i) => (start + to[i]!) / 2);
const pointsOf = (at: number[], values: (number | null)[]): Point[] => at.map((x, i) => ({at: x, value: values[i] ?? null}));
const known = (value: Latency | null | undefined) => (typeof value === 'number' ? value / 1000 : null);

export function ground(report: Report, series: Series): Ground {
  const window = report.results?.window;
  const measured = window ? {from: durationMs(window.from), to: durationMs(window.to)} : undefined;
  const fromMs = Math.min(0, ...series.from);
  const toMs = Math.max(...series.to);
  const changes = (report.changes ?? [])
    .map((change, i) => ({at: change.atMs ?? NaN, label: String(i + 1)}))
    .filter(({at}) => at >= fromMs && at <= toMs);
  return {fromMs, toMs, measured: measured && measured.to - measured.from < toMs - fromMs ? measured : undefined, changes};
}

const LABEL_PX = 22; // of a mark

function backdrop(g: Ground, width: number): Markish[] {
  const labels = groupMarks(g.changes, (LABEL_PX * (g.toMs - g.fromMs)) / Math.max(1, width - MARGIN.marginLeft - MARGIN.marginRight));
  return [
    g.measured ? rect([g.measured], {x1: 'from', x2: 'to', fill: 'var(--band)'}) : null,
    ruleX(g.changes, {x: 'at', stroke: 'var(--mark)', strokeWidth: 1.5, strokeDasharray: '2 3'}),
    text(labels, {x: 'at', text: 'label', frameAnchor: 'top', dy: -10, fill: 'var(--mark)', fontWeight: 600}),
  ];
}

/** A stroke for each line; gaps stay gaps, and a point alone between two gaps is a dot. */
function strokes(lines: LineSpec[]): Markish[] {
  return lines.flatMap((one) => {
    const alone = one.points.filter((p, i) => p.value !== null && (one.points[i - 1]?.value ?? null) === null && (one.points[i + 1]?.value ?? null) === null);
    const few = one.points.length <= 40 && !one.under;
    return [
      line(one.points, {x: 'at', y: 'value', className: one.class, stroke: 'currentColor', strokeWidth: one.under ? 6 : 1.75, curve: one.under ? 'step' : 'linear'}),
      dot(few ? one.points.filter((p) => p.value !== null) : alone, {x: 'at', y: 'value', r: few ? 2 : 2.5, className: one.class, fill: 'currentColor', stroke: 'none'}),
    ];
  });
}

const timeAxis = (g: Ground, width: number): Partial<PlotOptions> => ({
  ...MARGIN,
  x: {type: 'linear', domain: [g.fromMs, g.toMs], label: null, axis: null},
  marks: [axisX(timeTicks(g.fromMs, g.toMs, Math.max(3, Math.floor((width - 70) / 64))), {text: clock, label: `time since the load began, ${g.toMs >= 3_600_000 ? 'h:' : ''}min:s`, labelAnchor: 'center', labelArrow: 'none', tickSize: 4})],
});

function linear(g: Ground, lines: LineSpec[], extra: Markish[] = []): (width: number) => PlotOptions {
  const all = lines.flatMap((one) => one.points.map((p) => p.value ?? 0));
  const top = Math.max(0, ...all);
  const low = Math.min(0, ...all);
  return (width) => {
    const {marks, ...rest} = timeAxis(g, width);
    return {
      ...rest,
      y: {domain: [low * 1.08, top > 0 ? top * 1.08 : low < 0 ? 0 : 1], nice: true, label: null, axis: null},
      marks: [
        ...backdrop(g, width),
        gridY({stroke: 'var(--grid)', strokeOpacity: 1, ticks: 5}),
        axisY({ticks: 5, tickFormat: number as (d: unknown) => string, label: null, tickSize: 0}),
        ruleY([0], {stroke: 'var(--axis)'}),
        ...extra,
        ...strokes(lines),
        ...(marks ?? []),
      ],
    };
  };
}

const rangeOf = (points: Point[]) => {
  const values = points.map((p) => p.value).filter((value): value is number => value !== null);
  return values.length ? {low: Math.min(...values), high: Math.max(...values)} : undefined;
};

const described = (label: string, points: Point[], unit: (value: number) => string) => {
  const range = rangeOf(points);
  return range ? `${label} between ${unit(range.low)} and ${unit(range.high)}` : `${label} not known`;
};

export function rateChart(report: Report, series: Series, g: Ground): Chart {
  const at = middle(series.from, series.to);
  const closed = report.results?.latencyKind === 'uncorrected';
  const due = pointsOf(at, series.offered);
  const answered = pointsOf(at, series.achieved);
  const failed = pointsOf(at, series.failed);
  const fails = failed.some((p) => (p.value ?? 0) > 0);
  const lines: LineSpec[] = [
    ...(closed ? [] : [{label: 'due by the plan', class: 'ink-due', points: due, under: true}]),
    {label: 'answered', class: 'ink-a', points: answered},
    ...(fails ? [{label: 'failed', class: 'ink-bad', points: failed}] : []),
  ];
  const perSecond = (value: number) => `${number(value)} per second`;
  return chart({
    title: 'Requests',
    unit: 'per second',
    description: `Requests over time: ${lines.map((one) => described(one.label, one.points, perSecond)).join('; ')}.`,
    keys: lines,
    height: 220,
    options: linear(g, lines, fails ? [areaY(failed, {x: 'at', y: 'value', className: 'ink-bad', fill: 'currentColor', fillOpacity: 0.15})] : []),
  });
}

export function latencyChart(report: Report, series: Series, g: Ground): Chart {
  const at = middle(series.from, series.to);
  const tail = report.tail;
  const slowest = pointsOf(at, series.max.map(known));
  const every = tail ? ` in each ${tail.pointMs / 1000} s` : '';
  const lines: LineSpec[] = [
    {label: 'half were faster', class: 'ink-a', points: pointsOf(at, series.p50.map(known))},
    {label: '90 of 100 were faster', class: 'ink-b', points: pointsOf(at, series.p90.map(known))},
    ...(tail ? [{label: `99 of 100 were faster${every}`, class: 'ink-c', points: pointsOf(middle(tail.from, tail.to), tail.p99.map(known))}] : []),
  ];
  const overdue = at.filter((_, i) => typeof series.max[i] === 'string').map((x) => ({at: x}));
  const limit = series.timeoutMs;
  const values = [...lines, {points: slowest}].flatMap((one) => one.points.map((p) => p.value ?? 0));
  const domain = logDomain(overdue.length && limit ? [...values, limit] : values);
  return chart({
    title: 'Time to answer',
    unit: 'ms, logarithmic',
    description: `Time to answer over time, on a logarithmic scale: ${lines.map((one) => described(one.label, one.points, (ms) => micros(ms * 1000))).join('; ')}; ${described('slowest answer', slowest, (ms) => micros(ms * 1000))}${overdue.length ? `; requests without an answer at ${overdue.length} points of time` : ''}.`,
    keys: [
      ...lines,
      {label: 'slowest answer', class: 'ink-dot'},
      ...(overdue.length ? [{label: `no answer within ${latency(limit * 1000)}`, class: 'ink-overdue'}] : []),
    ],
    height: 260,
    options: (width) => {
      const {marks, ...rest} = timeAxis(g, width);
      return {
        ...rest,
        y: {type: 'log', domain, label: null, axis: null},
        marks: [
          ...backdrop(g, width),
          gridY(logTicks(...domain), {stroke: 'var(--grid)', strokeOpacity: 1}),
          axisY(logTicks(...domain), {text: number, label: null, tickSize: 0}),
          dot(slowest.filter((p) => p.value !== null), {x: 'at', y: 'value', r: 1.75, className: 'ink-dot', fill: 'currentColor', stroke: 'none'}),
          dot(overdue, {x: 'at', y: () => limit, symbol: 'triangle', r: 3.5, className: 'ink-bad', fill: 'currentColor', stroke: 'none'}),
          ...strokes(lines),
          ...(marks ?? []),
        ],
      };
    },
  });
}

/** Requests that were under way or waiting for a connection; nothing when there was never one. */
export function waitingChart(series: Series, g: Ground): Chart | null {
  const at = middle(series.from, series.to);
  const lines: LineSpec[] = [
    {label: 'under way', class: 'ink-a', points: pointsOf(at, series.inFlight)},
    {label: 'waiting for a free connection', class: 'ink-b', points: pointsOf(at, series.backlog)},
  ];
  if (!lines.some((one) => (rangeOf(one.points)?.high ?? 0) >= 0.5)) return null;
  return chart({
    title: 'Requests at once',
    unit: 'on average',
    description: `Requests at once over time: ${lines.map((one) => described(one.label, one.points, number)).join('; ')}.`,
    keys: lines,
    height: 160,
    options: linear(g, lines),
  });
}

/** What the target used of something, and how much it may; nothing when nobody sampled it. */
function usedChart(title: string, unit: string, used: Column | undefined, limit: Column | undefined, series: Series, g: Ground): Chart | null {
  if (!used) return null;
  const at = middle(series.from, series.to);
  const lines: LineSpec[] = [
    {label: 'in use', class: 'ink-a', points: pointsOf(at, used)},
    ...(limit ? [{label: 'limit', class: 'ink-limit', points: pointsOf(at, limit)}] : []),
  ];
  return chart({
    title,
    unit,
    description: `${title} over time: ${lines.map((one) => described(one.label, one.points, number)).join('; ')}.`,
    keys: lines,
    height: 160,
    options: linear(g, lines),
  });
}

export const cpuChart = (series: Series, g: Ground) => usedChart('CPU of the target', 'cores, all pods', series.targetCores, series.targetCoresLimit, series, g);
export const memoryChart = (series: Series, g: Ground) =>
  usedChart('Memory of the target', 'MiB, all pods', series.targetMemoryMiB, series.targetMemoryLimitMiB, series, g);

/** Nothing when no limit ever stopped it. */
export function throttledChart(series: Series, g: Ground): Chart | null {
  const points = pointsOf(middle(series.from, series.to), series.targetThrottled ?? []);
  if ((rangeOf(points)?.high ?? 0) < 0.1) return null;
  const lines: LineSpec[] = [{label: 'stopped by its CPU limit', class: 'ink-bad', points}];
  return chart({
    title: 'Throttling of the target',
    unit: '% of periods, worst pod',
    description: `Share of the scheduler's periods in which the CPU limit stopped the target: ${described('', points, (value) => `${number(value)} %`)}.`,
    keys: lines,
    height: 140,
    options: linear(g, lines, [areaY(points, {x: 'at', y: 'value', className: 'ink-bad', fill: 'currentColor', fillOpacity: 0.15})]),
  });
}

const INKS = ['ink-a', 'ink-b', 'ink-c', 'ink-dot'];

/** The series of one query, as its source told them: no more than can be told apart. */
export function metricChart(name: string, metrics: Metric[], g: Ground): Chart {
  const {source, unit} = metrics[0]!;
  const left = metrics.length - INKS.length;
  const lines: LineSpec[] = metrics.slice(0, INKS.length).map((one, i) => ({
    label: one.labels || name,
    class: INKS[i]!,
    points: one.values.map((value, k) => ({at: one.from + k * one.step, value})).filter(({at}) => at >= g.fromMs && at <= g.toMs),
  }));
  return chart({
    title: name,
    unit: [unit || 'unit not told', `from ${source}`, left > 0 ? `${left} more series are in the JSON` : null].filter(Boolean).join(', '),
    description: `${name} over time, as ${source} tells it: ${lines.map((one) => described(one.label, one.points, number)).join('; ')}.`,
    keys: lines,
    height: 160,
    options: linear(g, lines),
  });
}

export {middle};
export type {Ground};
