// SPDX-License-Identifier: Apache-2.0
//
// The course of the run: what was sent, how long it took, and what changed in the cluster meanwhile, on one axis of time.
import {cursor} from '../charts/cursor';
import type {Chart} from '../charts/frame';
import {cpuChart, ground, latencyChart, memoryChart, metricChart, middle, rateChart, throttledChart, waitingChart} from '../charts/time';
import type {Metric, Report, Series} from '../data';
import {details, el, section, table} from '../dom';
import {clock, latency, number, span} from '../format';

const perSecond = (value: number | null | undefined) => (value === null || value === undefined ? '–' : number(value));

function used(series: Series, i: number): (string | null)[] {
  const cores = series.targetCores?.[i] ?? null;
  const memory = series.targetMemoryMiB?.[i] ?? null;
  const throttled = series.targetThrottled?.[i] ?? 0;
  return [
    cores === null ? null : `target used ${number(cores)} cores`,
    memory === null ? null : `${number(memory)} MiB`,
    throttled > 0 ? `its CPU limit stopped it in ${number(throttled)} % of the periods` : null,
  ];
}

/** How far samples reach, or why there are none. */
function sampled(report: Report): string | null {
  const samples = report.context?.samples;
  if (!samples) return null;
  const missing = samples.problem ? `CPU and memory are missing, or not all there: ${samples.problem}.` : null;
  if (!samples.source || !samples.every) return missing;
  return [`CPU and memory are from ${samples.source}, a sample every ${samples.every}.`, missing].filter(Boolean).join(' ');
}

const byName = (metrics: Metric[]): [string, Metric[]][] => [...new Set(metrics.map(({name}) => name))].map((name) => [name, metrics.filter((one) => one.name === name)]);

/** What the profile asked for and does not stand among the charts, or not whole. */
export function missingMetrics(report: Report): string | null {
  const told = (report.context?.metrics ?? []).filter(({problem}) => problem).map(({name, source, problem}) => `${name} (asked of ${source}): ${problem}`);
  return told.length ? `Series that are missing, or not all there – ${told.join('; ')}.` : null;
}

function describe(report: Report, series: Series, i: number): string {
  const closed = report.results?.latencyKind === 'uncorrected';
  const parts = [
    closed ? null : `${perSecond(series.offered[i])} per second due`,
    `${perSecond(series.achieved[i])} answered`,
    (series.failed[i] ?? 0) > 0 ? `${perSecond(series.failed[i])} failed` : null,
    `half within ${latency(series.p50[i])}`,
    series.p90[i] === null ? null : `90 of 100 within ${latency(series.p90[i])}`,
    `slowest ${latency(series.max[i])}`,
    ...used(series, i),
  ].filter(Boolean);
  return `${clock(series.from[i]!)} to ${clock(series.to[i]!)}: ${parts.join(', ')}.`;
}

function numbers(series: Series): HTMLElement {
  return table({
    caption: 'The course of the run, point by point',
    head: ['From', 'To', 'Due per s', 'Answered per s', 'Failed per s', 'p50', 'p90', 'Slowest', 'Under way', 'Waiting'],
    rows: series.from.map((from, i) => [
      clock(from), clock(series.to[i]!), perSecond(series.offered[i]), perSecond(series.achieved[i]), perSecond(series.failed[i]),
      latency(series.p50[i]), latency(series.p90[i]), latency(series.max[i]), perSecond(series.inFlight[i]), perSecond(series.backlog[i]),
    ]),
    textColumns: 2,
  });
}

/** What the change marks on the charts stand for; the numbers are theirs. */
function changes(report: Report): HTMLElement | null {
  const list = report.changes ?? [];
  if (!report.context && !list.length) return null;
  const gaps = (report.gaps ?? []).map((gap) =>
    gap.fromMs === null || gap.toMs === null ? 'for some time' : `from ${clock(gap.fromMs)} to ${clock(gap.toMs)}`,
  );
  const watched = gaps.length ? `Nobody watched ${gaps.join(' and ')}: changes then may be missing.` : null;
  if (!list.length) return el('p', {class: 'intro'}, `Nothing changed in the cluster around the target while it was watched. ${watched ?? ''}`.trim());
  return el(
    'div',
    {},
    el('h3', {}, 'What changed in the cluster'),
    table({
      caption: 'What changed in the cluster around the run; the numbers are those of the marks above',
      hideCaption: true,
      head: ['Mark', 'Time', 'What', 'Where', 'Change'],
      rows: list.map((change, i) => [String(i + 1), change.atMs === null ? change.at : clock(change.atMs), change.kind, change.object, change.text]),
      textColumns: 5,
    }),
    watched ? el('p', {class: 'intro'}, watched) : null,
  );
}

export function course(report: Report): HTMLElement | null {
  const {series} = report;
  if (!series?.from.length) return section('Over time', 'The course of this run was not kept; the figures above are all there is.', changes(report));
  const behind = ground(report, series);
  const charts = [
    rateChart(report, series, behind),
    latencyChart(report, series, behind),
    waitingChart(series, behind),
    cpuChart(series, behind),
    throttledChart(series, behind),
    memoryChart(series, behind),
    ...byName(report.metrics ?? []).map(([name, metrics]) => metricChart(name, metrics, behind)),
  ].filter((one): one is Chart => one !== null);
  const intro = [
    `Each point is ${span(series.pointMs)}.`,
    behind.measured ? 'The shaded part is what the figures of this report are taken from.' : null,
    behind.changes.length ? 'Numbered marks are changes in the cluster, listed below.' : null,
    sampled(report),
    missingMetrics(report),
  ].filter(Boolean).join(' ');
  return section(
    'Over time',
    intro,
    cursor({
      label: 'Charts of the run over time. Use the arrow keys to read them point by point.',
      charts,
      points: middle(series.from, series.to),
      describe: (i) => describe(report, series, i),
      hint: 'Point at a chart, or use the arrow keys, to read its figures.',
    }),
    changes(report),
    details('The same as a table', () => numbers(series)),
  );
}
