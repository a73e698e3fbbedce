// SPDX-License-Identifier: Apache-2.0
//
// Figures as tables: objectives, latencies, parts of the load, requests, answers and errors.
import {curveChart, histogramChart} from '../charts/spread';
import type {Figures, Latency, Report, Stats} from '../data';
import {el, section, table, type Cell} from '../dom';
import {bytes, clock, count, durationMs, latency, percent, rate, share} from '../format';
import {objectiveSubject} from '../headline';
import {limitInWords, measured} from '../reasons';
import {pieceLabel} from '../shape';

const STATES: Record<string, Cell> = {
  True: {text: '✓ met', class: 'good'},
  False: {text: '✕ missed', class: 'bad'},
  Unknown: {text: '? not judged', class: 'unsure'},
};

const REMARKS: Record<string, string> = {
  PointEstimate: 'one measurement, without a margin of error',
  TooFewSamples: 'too few requests to tell',
  NotSampled: 'nobody told of it',
  SampledInParts: 'seen for too little of the time',
};

export function objectives(report: Report): HTMLElement | null {
  const list = report.objectives ?? [];
  if (!list.length) return null;
  return section(
    'Objectives',
    null,
    table({
      caption: 'What was asked for, and what was measured',
      hideCaption: true,
      head: ['Objective', 'Asked for', 'Measured', 'Result', 'Metric', 'Remark'],
      rows: list.map((one) => [
        objectiveSubject(one.metric),
        limitInWords(one.limit, one.metric),
        measured(one.value),
        STATES[one.met] ?? one.met,
        {text: one.metric, class: 'code'},
        REMARKS[one.reason ?? ''] ?? one.reason ?? '',
      ]),
      textColumns: 6,
    }),
  );
}

const COLUMNS = ['min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'max'] as const;
const HEADS: Record<string, string> = {min: 'fastest', mean: 'mean', p999: 'p99.9', max: 'slowest'};

const KINDS: {key: keyof Figures; label: (figures: Figures) => string}[] = [
  {key: 'latencyMicros', label: (f) => (f.latencyKind === 'uncorrected' ? 'Time to answer, from the sending' : 'Time to answer, from when it was due')},
  {key: 'serviceMicros', label: () => 'The same, from the sending'},
  {key: 'ttfbMicros', label: () => 'First byte, from the sending'},
  {key: 'errorLatencyMicros', label: () => 'Wrong answers'},
  {key: 'connectMicros', label: () => 'Opening a connection'},
  {key: 'handshakeMicros', label: () => 'TLS handshake'},
  {key: 'backlogMicros', label: () => 'Waiting for a free connection'},
  {key: 'pacingMicros', label: () => 'Lateness of the generator itself'},
];

function latencies(figures: Figures): HTMLElement {
  const rows = KINDS.flatMap(({key, label}) => {
    const stats = figures[key] as Stats | undefined;
    return stats ? [[{text: label(figures)}, ...COLUMNS.map((column) => latency(stats[column] as Latency | undefined))]] : [];
  });
  return table({caption: 'Times of the measured part. “–”: too few requests to tell, or not recorded', head: ['Time', ...COLUMNS.map((column) => HEADS[column] ?? column)], rows});
}

export function spread(report: Report): HTMLElement | null {
  if (!report.results?.requests) return null;
  const closed = report.results.latencyKind === 'uncorrected';
  const intro = closed
    ? 'Times run from the sending: a closed loop sends its next request only after an answer, so waiting is not in them.'
    : 'Times run from the instant a request was due. Whatever made it wait, a busy target or a full connection, is in them.';
  const unanswered = report.histogram?.censored ?? 0;
  return section(
    'How long answers took',
    intro,
    el('div', {class: 'pair'}, curveChart(report)?.element, histogramChart(report)?.element),
    unanswered ? el('p', {class: 'intro'}, `${count(unanswered)} requests got no answer at all. They count as slower than any that did, and are in no bar.`) : null,
    latencies(report.results),
  );
}

const OUTCOMES = {held: 'holds', likely: 'seems to hold', unlikely: 'seems not to hold', failed: 'does not hold'};

function trialsIntro(report: Report, variants: boolean): string {
  if (variants) return 'Each variant was measured several times, in turn. The figures of this report are those of the first one.';
  if (report.capacity) return 'Each probe held one rate. The figures of this report are those of the probes that confirm the rate.';
  return 'The load was repeated. The figures of this report are of all valid trials together.';
}

/** How the repetitions of one run differ. */
export function trials(report: Report): HTMLElement | null {
  const list = report.trials ?? [];
  const variants = list.some((one) => one.variant !== undefined);
  if (list.length < 2) return null;
  const probes = report.capacity !== undefined;
  return section(
    probes ? 'Probes' : 'Trials',
    trialsIntro(report, variants),
    table({
      caption: 'Each trial by itself',
      hideCaption: true,
      head: [probes ? 'Probe' : 'Trial', ...(variants ? ['Variant'] : []), ...(probes ? ['Rate'] : []), 'Figures', 'Answered', 'p50', 'p99', 'Failed'],
      rows: list.map((one) => [
        String(one.index + 1),
        ...(variants ? [one.variant ?? '–'] : []),
        ...(probes ? [one.outcome ? OUTCOMES[one.outcome] : '–'] : []),
        one.validity ?? '–',
        ...[one.rate, one.p50, one.p99, one.errorRatio].map((value) => (value === undefined || value === '-' ? '–' : measured(value))),
      ]),
      textColumns: variants || probes ? 3 : 2,
    }),
  );
}

const FIGURE_HEADS = ['Requests', 'Answered', 'Failed', 'p50', 'p99', 'Slowest'];
const figureCells = (f: Figures): (Cell | string)[] => [
  count(f.requests),
  rate(f.rateAchieved),
  {text: percent(f.errorRatio), class: f.errors > 0 ? 'bad' : undefined},
  latency(f.latencyMicros?.['p50']),
  latency(f.latencyMicros?.['p99']),
  latency(f.latencyMicros?.['max']),
];

export function parts(report: Report): HTMLElement | null {
  const pieces = report.byPiece ?? [];
  const requests = report.byRequest ?? [];
  if (pieces.length < 2 && requests.length < 2) return null;
  const judged = report.results?.window?.piece;
  return section(
    'Parts of the load',
    null,
    pieces.length > 1
      ? table({
          caption: 'By part of the shape',
          head: ['Part', ...FIGURE_HEADS],
          rows: pieces.map((piece) => [
            {text: `${clock(durationMs(piece.from))}–${clock(durationMs(piece.to))} ${pieceLabel(piece.kind)}${piece.index === judged ? ' (measured)' : ''}`},
            ...figureCells(piece),
          ]),
        })
      : null,
    requests.length > 1 ? table({caption: 'By request, over the whole shape', head: ['Request', ...FIGURE_HEADS], rows: requests.map((one) => [one.name, ...figureCells(one)])}) : null,
  );
}

const CLASSES: Record<string, string> = {
  connect: 'no connection',
  reset: 'connection broken off',
  timeout: 'no answer in time',
  tls: 'TLS failed',
  status: 'answer was not what was expected',
  body: 'answer did not hold the expected text',
  protocol: 'answer was not valid HTTP',
  unfinished: 'not finished when the run ended',
  shed: 'not sent: all connections were busy',
};

const STATUS_KINDS: Record<string, string> = {'1': 'informational', '2': 'success', '3': 'redirection', '4': 'the request was refused', '5': 'the target failed'};

const statusMeaning = (code: string) =>
  code === 'OK' ? 'success' : /^[A-Z_]+$/.test(code) ? 'the call failed' : (STATUS_KINDS[code.charAt(0)] ?? 'other');

export function answers(report: Report): HTMLElement | null {
  const figures = report.results;
  if (!figures?.requests) return null;
  const statuses = Object.entries(figures.byStatus ?? {}).sort(([a], [b]) => a.localeCompare(b));
  const errors = Object.entries(figures.errorsByClass ?? {}).sort(([, a], [, b]) => b - a);
  return section(
    'Answers and errors',
    figures.bytesIn ? `${bytes(figures.bytesIn)} were received in the measured part.` : null,
    el(
      'div',
      {class: 'pair'},
      statuses.length
        ? table({
            caption: 'Answers by status',
            head: ['Status', 'Meaning', 'Requests', 'Share'],
            rows: statuses.map(([code, n]) => [code, statusMeaning(code), count(n), share(n, figures.requests)]),
            textColumns: 2,
          })
        : null,
      errors.length
        ? table({
            caption: 'Failed requests by cause',
            head: ['Cause', 'Requests', 'Share'],
            rows: errors.map(([name, n]) => [CLASSES[name] ?? name, count(n), share(n, figures.requests)]),
          })
        : el('p', {class: 'intro'}, 'Every request was answered as expected.'),
    ),
  );
}
