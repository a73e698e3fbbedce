// SPDX-License-Identifier: Apache-2.0
//
// Against an earlier run: what changed, and how surely.
import {shiftChart} from '../charts/shift';
import type {Cell} from '../dom';
import {el, section, table} from '../dom';
import type {ComparedMetric, Report} from '../data';
import {measured, sentence} from '../reasons';
import {interval, shiftOf, signed} from '../shift';

const WORDS: Record<string, Cell> = {
  worse: {text: '✕ worse', class: 'bad'},
  better: {text: '✓ better', class: 'good'},
  equivalent: {text: '= the same', class: undefined},
  inconclusive: {text: '? not decided', class: 'unsure'},
};
const ROLES: Record<string, string> = {primary: 'decides', gate: 'decides, too', exploratory: 'for information'};

function row(metric: ComparedMetric): (Cell | string)[] {
  const shift = shiftOf(metric);
  return [
    {text: metric.metric, class: 'code'},
    ROLES[metric.role] ?? metric.role,
    metric.a === undefined ? '–' : measured(metric.a),
    metric.b === undefined ? '–' : measured(metric.b),
    shift.value === undefined ? '–' : signed(shift.value, shift.unit),
    interval(shift),
    WORDS[metric.verdict] ?? metric.verdict,
  ];
}

export function comparison(report: Report): HTMLElement | null {
  const compared = report.comparison;
  if (!compared) return null;
  const arm = compared.arms?.[0];
  const name = compared.baseline?.run ?? 'the baseline';
  const worth =
    compared.confirmation === 'replicated'
      ? 'Both sides were measured several times, so how runs differ by themselves is known.'
      : arm
        ? 'How much two runs of the same thing differ is not known from so few: take this as a hint.'
        : null;
  return section(
    `Compared with ${name}`,
    [compared.message ? sentence(compared.message) : null, worth].filter(Boolean).join(' ') || null,
    arm ? shiftChart(arm.metrics)?.element : null,
    arm
      ? el(
          'div',
          {},
          table({
            caption: `${arm.a}${arm.aTrials ? ` (${arm.aTrials} measured)` : ''} against ${arm.b}${arm.bTrials ? ` (${arm.bTrials} measured)` : ''}`,
            head: ['Metric', 'Role', 'Before', 'Now', 'Difference', '95 % interval', 'Result'],
            rows: arm.metrics.map(row),
            textColumns: 2,
          }),
        )
      : null,
  );
}
