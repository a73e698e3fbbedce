// SPDX-License-Identifier: Apache-2.0
//
// What the run came to, in the words of somebody who has not read the manual.
import type {Report} from './data';
import {latencyInWords, number, percent, ratePerSecond} from './format';

export type Tone = 'good' | 'bad' | 'unsure';

export interface Badge {
  tone: Tone;
  sign: string;
  text: string;
}

const VERDICTS: Record<string, Badge> = {
  Pass: {tone: 'good', sign: '✓', text: 'Passed'},
  Fail: {tone: 'bad', sign: '✕', text: 'Failed'},
  Inconclusive: {tone: 'unsure', sign: '?', text: 'Not decided'},
  None: {tone: 'unsure', sign: '–', text: 'Not judged'},
};

const VALIDITIES: Record<string, Badge> = {
  Valid: {tone: 'good', sign: '✓', text: 'The figures hold'},
  Limited: {tone: 'unsure', sign: '!', text: 'The figures hold, with reservations'},
  Invalid: {tone: 'bad', sign: '✕', text: 'The figures do not hold'},
};

export const verdictBadge = (report: Report): Badge => VERDICTS[report.verdict ?? 'None'] ?? VERDICTS['None']!;
export const validityBadge = (report: Report): Badge =>
  VALIDITIES[report.validity ?? ''] ?? {tone: 'unsure', sign: '?', text: 'Nothing is known about the figures'};

const plural = (n: number, one: string, many: string) => (n === 1 ? one : many);

/** What the cluster told of the target, and no worker measured. */
const OBSERVED: Record<string, string> = {
  'target.cpu': 'CPU of each pod of the target',
  'target.memory': 'the most memory that a pod of the target had',
  'target.throttled': 'share of the time in which its CPU limit stopped the target',
  'target.restarts': 'restarts of the target’s containers',
  'proxy.cpu': 'CPU of each proxy beside the target',
  'proxy.memory': 'the most memory that a proxy beside the target had',
};

/** "p99" is read by few, "99 of 100 answers" by all. */
export function objectiveSubject(metric: string): string {
  const [, name, stat, labels] = /^([a-z]+)\.([a-z0-9]+)(\{.*\})?$/.exec(metric) ?? [];
  const about = labels ? ` (${labels.slice(1, -1).replaceAll('"', '').replaceAll('=', ' ')})` : '';
  const ranks: Record<string, string> = {
    p50: 'half of all answers', p75: '75 of 100 answers', p90: '90 of 100 answers', p95: '95 of 100 answers', p99: '99 of 100 answers',
    p999: '999 of 1,000 answers', p9999: '9,999 of 10,000 answers', mean: 'the average answer', max: 'the slowest answer', min: 'the fastest answer',
  };
  if (name === 'latency' && stat && ranks[stat]) return `${ranks[stat]}${about}`;
  if (name === 'errors') return `share of failed requests${about}`;
  if (name === 'rate') return `${stat === 'offered' ? 'requests due' : 'requests answered'}${about}`;
  if (name === 'status') return `share of answers with a status${about}`;
  return OBSERVED[metric] ?? metric;
}

/** Where the comparison with the baseline decided. */
const COMPARED: Record<string, string> = {
  Regression: 'Worse than the baseline',
  RegressionUnconfirmed: 'Perhaps worse than the baseline',
  RegressionTolerated: 'Worse than the baseline, which is tolerated',
  NoRegression: 'No worse than the baseline',
  ComparisonInconclusive: 'The comparison with the baseline told too little',
};

/** The same of a run that compared variants with the first of them. */
function comparedVariants(report: Report, decided: string): string | undefined {
  const arms = report.comparison?.method === 'paired' ? (report.comparison.arms ?? []) : [];
  const text = COMPARED[decided];
  const first = arms[0]?.a;
  if (!text || first === undefined) return text;
  const worse = arms.filter((arm) => arm.verdict === 'worse').map((arm) => arm.b);
  if (worse.length && decided !== 'ComparisonInconclusive') return `${worse.join(', ')}: ${text.charAt(0).toLowerCase()}${text.slice(1).replace('the baseline', first)}`;
  return text.replace('the baseline', first);
}

/** Of a run that searched for the highest rate. */
function carried(report: Report): string | undefined {
  const {capacity} = report;
  if (!capacity) return undefined;
  if (capacity.rate !== undefined) return `Carries ${capacity.limitedBy === 'limit' ? 'at least ' : ''}${number(ratePerSecond(capacity.rate))} requests per second`;
  return report.verdict === 'Fail' ? 'Carries less than the lowest rate that was tried' : 'How much it carries could not be told';
}

const LIMITS: Record<string, string> = {
  'rate.achieved': 'not all requests were answered',
  backlog: 'more and more requests waited',
  generator: 'the generator could not send what was due, and the target may carry more',
};

/** Up to where it was searched, and what was in the way there. */
function bracket(report: Report): string[] {
  const {rate, low, high, limitedBy} = report.capacity ?? {};
  const sentences: string[] = [];
  if (rate !== undefined) sentences.push('Rates were tried one by one; these are the figures of the one that was confirmed.');
  if (rate !== undefined && low !== undefined) sentences.push(`For a target that is not always the same, reckon with ${number(ratePerSecond(low))}.`);
  if (high !== undefined && limitedBy !== undefined && limitedBy !== 'limit') {
    const metric = (report.objectives ?? []).some((objective) => objective.metric === limitedBy);
    const why = LIMITS[limitedBy] ?? (metric ? `the objective on ${objectiveSubject(limitedBy)} was missed` : `the figures did not hold (${limitedBy})`);
    sentences.push(`At ${number(ratePerSecond(high))} requests per second ${why}.`);
  }
  return sentences;
}

export function title(report: Report): string {
  const objectives = report.objectives ?? [];
  const missed = objectives.filter((objective) => objective.met === 'False').length;
  const decided = report.reasons?.find((reason) => reason.about === 'verdict')?.reason;
  if (report.run.phase === 'Cancelled') return 'The run was stopped before its end';
  if (report.run.phase === 'Failed') return 'The run did not come to its end';
  if (report.validity === 'Invalid') return 'These figures say nothing about the target';
  const byComparison = comparedVariants(report, decided ?? '');
  if (byComparison) return byComparison;
  const byCapacity = carried(report);
  if (byCapacity) return byCapacity;
  switch (report.verdict) {
    case 'Pass':
      return objectives.length === 1 ? 'The objective was met' : `All ${objectives.length} objectives were met`;
    case 'Fail':
      if (decided === 'Brake') return 'The load was broken off: too much of it failed';
      if (decided === 'NothingSucceeded') return 'Not one request succeeded';
      if (objectives.length === 1) return 'The objective was missed';
      return missed ? `${missed} of ${objectives.length} objectives ${plural(missed, 'was', 'were')} missed` : 'The run failed';
    case 'Inconclusive':
      return 'Not every objective could be judged';
    default:
      return 'Measured, with nothing set to be judged';
  }
}

/** One paragraph with the figures that matter; empty when nothing was measured. */
export function lead(report: Report): string {
  const results = report.results;
  if (!results || results.requests === 0) return 'No request was completed, so there are no figures.';
  const due = ratePerSecond(results.rateOffered);
  const answered = ratePerSecond(results.rateAchieved);
  const closed = results.latencyKind === 'uncorrected';
  const sentences: string[] = bracket(report);
  if (report.comparison?.method === 'paired' && report.comparison.arms?.[0]) sentences.push(`These are the figures of ${report.comparison.arms[0].a}, which the others were compared with.`);
  for (const variant of report.variants ?? []) if (variant.applied) sentences.push(`While ${variant.name} was loaded, this was changed: ${variant.applied}.`);
  if (answered === 0) return closed ? 'Not one request was answered.' : `${number(due)} requests per second were due, and not one was answered.`;
  if (closed || Number.isNaN(due)) sentences.push(`${number(answered)} requests per second were answered, as fast as the connections allowed.`);
  else if (Math.abs(due - answered) <= due * 0.005) sentences.push(`${number(due)} requests per second were sent as planned, and as many were answered.`);
  else sentences.push(`Of ${number(due)} requests per second that were due, ${number(answered)} were answered.`);
  const p50 = results.latencyMicros?.['p50'];
  const p99 = results.latencyMicros?.['p99'];
  if (p50 !== undefined && p99 !== undefined) sentences.push(`Half of them took at most ${latencyInWords(p50)}, 99 of 100 at most ${latencyInWords(p99)}.`);
  else if (p50 !== undefined) sentences.push(`Half of them took at most ${latencyInWords(p50)}; there were too few to tell about the slowest in a hundred.`);
  if (results.saturated === 'server' && !closed) sentences.push('The target was at its limit.');
  sentences.push(results.errors === 0 ? 'None failed.' : `${percent(results.errorRatio)} failed.`);
  return sentences.join(' ').replace(/at most more than/g, 'more than');
}
