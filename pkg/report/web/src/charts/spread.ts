// SPDX-License-Identifier: Apache-2.0
//
// How long answers took: the share that was faster, and how many took how long.
import {axisX, axisY, gridX, gridY, line, rectY, ruleX, ruleY, text, type PlotOptions} from '@observablehq/plot';
import type {Report} from '../data';
import {count, latency, number} from '../format';
import {SHARES, logDomain, logTicks, shareTicks} from '../ticks';
import {chart, type Chart} from './frame';

const MARGIN = {marginLeft: 52, marginRight: 18, marginTop: 18, marginBottom: 38};
const TICK = {labelArrow: 'none' as const, tickSize: 4};

export function curveChart(report: Report): Chart | null {
  const curve = report.curve;
  if (!curve || curve.latency.length < 2) return null;
  const pointsOf = (pairs: [number, number][]) => pairs.filter(([, us]) => us > 0).map(([q, us]) => ({x: 1 / (1 - q), y: us / 1000}));
  const fromDue = pointsOf(curve.latency);
  const fromSent = curve.service && report.results?.latencyKind !== 'uncorrected' ? pointsOf(curve.service) : [];
  const domain = logDomain([...fromDue, ...fromSent].map((p) => p.y));
  const right = Math.max(...fromDue.map((p) => p.x), ...fromSent.map((p) => p.x), 10);
  const lines = SHARES.filter(([x]) => x <= right * 1.05).map(([x]) => x);
  const last = curve.latency[curve.latency.length - 1]!;
  return chart({
    title: 'Time within which a share was answered',
    unit: 'ms, logarithmic',
    description: `Percentile curve: ${[0.5, 0.9, 0.99].flatMap((q) => {
      const point = curve.latency.find(([share]) => share >= q - 1e-6);
      return point ? [`${number(q * 100)} % within ${latency(point[1])}`] : [];
    }).join(', ')}. It ends at ${number(last[0] * 100)} %, where fewer than ten requests were slower.`,
    keys: [
      {label: report.results?.latencyKind === 'uncorrected' ? 'from the sending' : 'from the instant a request was due', class: 'ink-a'},
      ...(fromSent.length ? [{label: 'from the sending', class: 'ink-sent'}] : []),
    ],
    height: 280,
    options: (width): PlotOptions => ({
      ...MARGIN,
      x: {type: 'log', domain: [1, right], label: null, axis: null},
      y: {type: 'log', domain, label: null, axis: null},
      marks: [
        gridX(lines, {stroke: 'var(--grid)', strokeOpacity: 1}),
        gridY(logTicks(...domain), {stroke: 'var(--grid)', strokeOpacity: 1}),
        axisX(shareTicks(right, width - MARGIN.marginLeft - MARGIN.marginRight).map(([x]) => x), {...TICK, text: (x: number) => SHARES.find(([at]) => at === x)?.[1] ?? '', label: 'share of requests', labelAnchor: 'center'}),
        axisY(logTicks(...domain), {...TICK, tickSize: 0, text: number, label: null}),
        line(fromSent, {x: 'x', y: 'y', className: 'ink-sent', stroke: 'currentColor', strokeWidth: 1.75}),
        line(fromDue, {x: 'x', y: 'y', className: 'ink-a', stroke: 'currentColor', strokeWidth: 2}),
      ],
    }),
  });
}

export interface Bar {
  from: number; // ms
  to: number;
  ok: number;
  error: number;
}

export function bars(histogram: NonNullable<Report['histogram']>): Bar[] {
  const edge = (bin: number) => 10 ** (bin / histogram.perDecade) / 1e6;
  return histogram.ok.map((ok, i) => ({from: edge(histogram.first + i), to: edge(histogram.first + i + 1), ok, error: histogram.error[i] ?? 0}));
}

export function histogramChart(report: Report): Chart | null {
  const all = report.histogram ? bars(report.histogram) : [];
  if (!all.length) return null;
  const fails = all.some((bar) => bar.error > 0);
  const most = all.reduce((best, bar) => (bar.ok + bar.error > best.ok + best.error ? bar : best));
  const marks = (['p50', 'p99'] as const).flatMap((name) => {
    const value = report.results?.latencyMicros?.[name];
    return typeof value === 'number' ? [{at: value / 1000, label: name === 'p50' ? 'half' : '99 of 100'}] : [];
  });
  const domain: [number, number] = [all[0]!.from, all[all.length - 1]!.to];
  return chart({
    title: 'Requests by time to answer',
    unit: 'number',
    description: `Histogram of times to answer from ${latency(domain[0] * 1000)} to ${latency(domain[1] * 1000)}, on a logarithmic scale; most, ${count(most.ok + most.error)} requests, took between ${latency(most.from * 1000)} and ${latency(most.to * 1000)}.`,
    keys: [{label: 'as expected', class: 'bar-a'}, ...(fails ? [{label: 'wrong answers', class: 'bar-bad'}] : [])],
    height: 280,
    options: (width): PlotOptions => ({
      ...MARGIN,
      x: {type: 'log', domain, label: null, axis: null},
      y: {label: null, axis: null, nice: true},
      marks: [
        gridY({stroke: 'var(--grid)', strokeOpacity: 1, ticks: 5}),
        axisX(logTicks(...domain, Math.max(3, Math.floor(width / 60))), {...TICK, text: number, label: 'time to answer in ms, logarithmic', labelAnchor: 'center'}),
        axisY({...TICK, tickSize: 0, ticks: 5, tickFormat: count as (d: unknown) => string, label: null}),
        rectY(all, {x1: 'from', x2: 'to', y1: 0, y2: 'ok', insetLeft: 0.5, insetRight: 0.5, className: 'ink-a', fill: 'currentColor'}),
        rectY(all, {x1: 'from', x2: 'to', y1: 'ok', y2: (bar: Bar) => bar.ok + bar.error, insetLeft: 0.5, insetRight: 0.5, className: 'ink-bad', fill: 'currentColor'}),
        ruleX(marks, {x: 'at', stroke: 'var(--text)', strokeDasharray: '3 3'}),
        text(marks, {x: 'at', text: 'label', frameAnchor: 'top', dy: -12, fill: 'var(--text)'}),
        ruleY([0], {stroke: 'var(--axis)'}),
      ],
    }),
  });
}
