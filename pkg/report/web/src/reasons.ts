// SPDX-License-Identifier: Apache-2.0
//
// Why the verdict is what it is, and what each reservation about the figures means for somebody who has to act on them.
import type {Objective, Report} from './data';
import {latencyInWords, percent, rate, spacedDuration} from './format';
import {objectiveSubject} from './headline';

export interface Why {
  message: string;
  meaning?: string;
}

/** With a capital and a full stop; a metric's name at its beginning stays as it is written. */
export const sentence = (text: string): string =>
  `${/^[a-z]+\.[a-z]/.test(text) ? text.charAt(0) : text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** "412.3m" and "1.5" of CPU. */
function cores(value: string): string {
  const [, amount, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(value) ?? [];
  return amount === undefined ? value : `${Number((Number(amount) / (milli ? 1000 : 1)).toPrecision(3))} cores`;
}

/** "4.039ms", "8.57%", "500.0/s", "412.3m" of CPU and "> 5s" as they are read. */
export function measured(value: string): string {
  const ms = /^(\d+(?:\.\d+)?)ms$/.exec(value);
  if (ms) return latencyInWords(Number(ms[1]) * 1000);
  if (/^[\d.]+m$/.test(value)) return cores(value);
  if (value.startsWith('>')) return latencyInWords(value);
  return value.endsWith('%') ? percent(value) : value.endsWith('/s') ? rate(value) : value;
}

/** "<= 250ms" as "at most 250 ms"; "500m" is half a core of a metric of CPU, and minutes of none. */
export const limitInWords = (limit: string, metric = ''): string =>
  limit
    .split(/, ?/)
    .map((part) => part.replace(/^(<=|>=) ?(.*)$/, (_, sign: string, value: string) => `${sign === '<=' ? 'at most' : 'at least'} ${unitApart(value, metric)}`))
    .join(' and ');

const ofCpu = (metric: string) => metric === 'target.cpu' || metric === 'proxy.cpu';
const unitApart = (value: string, metric: string) => (ofCpu(metric) ? cores(value) : percent(spacedDuration(value)));

export function missedSentence(objective: Objective): string {
  const subject = objectiveSubject(objective.metric);
  const time = objective.metric.startsWith('latency.');
  return time
    ? `Asked for: ${subject} within ${limitInWords(objective.limit).replace(/^at most /, '')}. Measured: ${measured(objective.value)}.`
    : `${sentence(subject).replace(/\.$/, '')}: ${measured(objective.value)}, and ${limitInWords(objective.limit, objective.metric)} was asked for.`;
}

export function verdictReasons(report: Report): Why[] {
  const given = (report.reasons ?? []).filter((reason) => reason.about === 'verdict');
  const missed = (report.objectives ?? []).filter((objective) => objective.met === 'False');
  if (given.some((reason) => reason.reason === 'ObjectiveMissed') && missed.length) return missed.map((objective) => ({message: missedSentence(objective)}));
  return given;
}

export const MEANINGS: Record<string, string> = {
  ResultsLost: 'Nothing can be said; run it again.',
  DuplicateWorker: 'Part of the load may have been sent twice.',
  DigestMismatch: 'What arrived contradicts itself and is not to be trusted.',
  NoRequests: 'There is nothing to judge.',
  RequirementUnmet: 'This was measured under other conditions than the profile asks for.',
  PacingLate: 'The load generator itself sent late, not the target. Give it more or quieter CPUs.',
  GeneratorBusy: 'The load generator was near its own limits; the target may be able to do more.',
  GeneratorLimit: 'For part of the time these figures show what the load generator can do, not the target. Give it more CPUs or connections.',
  GeneratorThrottled: 'The load generator ran into its own CPU limit.',
  CPUStolen: 'Other machines on the same host took CPU time from the load generator: latencies may be longer than the target made them.',
  NodePressure: 'A node was short of memory, disk or process numbers, and everything on it may have been slower.',
  WorkersLost: 'Less load was sent than planned.',
  WorkerFailed: 'Less load was sent than planned.',
  ReducedPrecision: 'Figures are rounder than usual, and there is no course over time.',
  Partial: 'The figures are of the part that was done.',
  ShortWindow: 'Rare slow answers have hardly had the time to show. Measure longer.',
  ClockUnsynchronised: 'The workers’ points of time may be shifted against each other.',
  StartSkew: 'The workers did not begin at the same instant.',
  ClockStepped: 'A clock was set during the run: points of time may be off.',
  StartedLate: 'What was due before the start was left out.',
  ValueClamped: 'Some answers took longer than can be recorded.',
  TrialsLeftOut: 'The figures are of the trials that are left.',
  VariantReverted: 'Of this trial nobody knows which variant answered.',
  VariantUnwatched: 'Somebody may have changed it back meanwhile.',
  PlacedElsewhere: 'Other nodes may be faster or slower.',
  Unsettled: 'The target had not come to rest: a longer warm-up may help.',
  Unsteady: 'The target grew slower or faster while it was measured, so one figure for all of it says little.',
  TargetRestarted: 'The target was not the same all the time: the restart is in the figures.',
  TargetRolledOut: 'Two versions of the target are in these figures.',
  TargetScaled: 'The target was not the same size all the time.',
  EndpointsIdle: 'The new pods got none of the load, because its connections were open already.',
  TargetReplaced: 'Pods of the target were replaced while it was measured.',
};

export const validityReasons = (report: Report): Why[] =>
  (report.reasons ?? []).filter((reason) => reason.about === 'validity').map(({message, reason}) => ({message, meaning: MEANINGS[reason]}));
