// SPDX-License-Identifier: Apache-2.0
//
// The answer first: what was tested, what came of it, how far it can be believed, and why.
import type {Figures, Latency, Report} from '../data';
import {el} from '../dom';
import {clock, count, day, durationMs, latency, percent, rate, span} from '../format';
import {lead, title, validityBadge, verdictBadge, type Badge} from '../headline';
import {sentence, validityReasons, verdictReasons} from '../reasons';
import {targetName} from '../shape';

const badge = ({tone, sign, text}: Badge) => el('span', {class: `badge ${tone}`}, el('span', {class: 'sign', 'aria-hidden': 'true'}, sign), text);

function subject(report: Report): string {
  const {run} = report;
  if (!run.local) return `${run.name} in namespace ${run.namespace}`;
  return report.load ? targetName(report.load) : run.name;
}

function reasons(heading: string, list: {message: string; meaning?: string}[]): HTMLElement | null {
  if (!list.length) return null;
  const items = list.map(({message, meaning}) => el('li', {}, sentence(message), meaning ? el('span', {class: 'meaning'}, meaning) : null));
  return el('div', {class: 'reasons'}, el('h2', {class: 'minor'}, heading), el('ul', {}, ...items));
}

interface Tile {
  label: string;
  value: string;
  note: string;
  more?: string;
}

/** How well a percentile is known; nothing where that could not be told. */
function known(figures: Figures, name: string): string | undefined {
  const pair = figures.interval95?.[name];
  if (!pair) return undefined;
  const [low, high] = pair;
  return typeof high === 'number' ? `95 % interval ${latency(low)} to ${latency(high)}` : `95 % interval from ${latency(low)} on`;
}

/** What a percentile says, or why there is none. */
function rank(value: Latency | undefined, faster: string, longer: string, name: string): string {
  return `${value === undefined ? 'too few requests to tell' : typeof value === 'string' ? longer : faster} (${name})`;
}

function tiles(report: Report): Tile[] {
  const r = report.results;
  if (!r || r.requests === 0) return [];
  const closed = r.latencyKind === 'uncorrected';
  const {p50, p99} = r.latencyMicros ?? {};
  return [
    {label: 'Answered', value: rate(r.rateAchieved), note: closed ? 'as fast as the connections allow' : `${rate(r.rateOffered)} were due`},
    {label: 'Typical time to answer', value: latency(p50), note: rank(p50, 'half were faster', 'half took longer, or got no answer', 'p50'), more: known(r, 'p50')},
    {label: 'Slow answers', value: latency(p99), note: rank(p99, '99 of 100 were faster', '1 of 100 took longer, or got no answer', 'p99'), more: known(r, 'p99')},
    {label: 'Failed', value: percent(r.errorRatio), note: `${count(r.errors)} of ${count(r.requests)} requests`},
  ];
}

/** Which part of the load the figures are of. */
function measuredPart(report: Report): string | null {
  const window = report.results?.window;
  if (!window) return null;
  const [from, to] = [durationMs(window.from), durationMs(window.to)];
  const pieces = report.byPiece?.length ?? report.load?.shape?.length ?? 0;
  if (window.kind === undefined || pieces === 1) return `Figures are of the whole load, ${span(to - from)} of it.`;
  return `Figures are of the longest steady part of the load, from ${clock(from)} to ${clock(to)}.`;
}

export function head(report: Report): HTMLElement {
  const {run} = report;
  const began = report.trials?.[0]?.startTime ?? run.startedAt; // the run's own is that of its last trial
  const lasted = began && run.finishedAt ? Date.parse(run.finishedAt) - Date.parse(began) : NaN;
  const when = [began ? day(began) : null, Number.isFinite(lasted) && lasted > 0 ? `took ${span(lasted)}` : null].filter(Boolean).join(', ');
  return el(
    'header',
    {},
    el('p', {class: 'eyebrow'}, 'Load test of ', el('strong', {}, subject(report)), run.profile ? ` with profile ${run.profile}` : '', when ? ` · ${when}` : ''),
    el('h1', {class: verdictBadge(report).tone}, title(report)),
    el('p', {class: 'badges'}, badge(verdictBadge(report)), badge(validityBadge(report))),
    el('p', {class: 'lead'}, lead(report)),
    el('dl', {class: 'tiles'}, ...tiles(report).map((tile) => el('div', {}, el('dt', {}, tile.label), el('dd', {class: 'value'}, tile.value), el('dd', {class: 'note'}, tile.note), tile.more ? el('dd', {class: 'note'}, tile.more) : null))),
    el('p', {class: 'intro'}, measuredPart(report)),
    el(
      'div',
      {class: 'why'},
      reasons('Why this verdict', verdictReasons(report)),
      reasons('What limits these figures', validityReasons(report)),
    ),
  );
}
