// SPDX-License-Identifier: Apache-2.0
//
// Against an earlier run, or variants against the first of them: what changed, and how surely.
import {armsChart} from '../charts/arms';
import {shiftChart} from '../charts/shift';
import type {Cell} from '../dom';
import {el, section, table} from '../dom';
import type {Arm, ComparedMetric, Report} from '../data';
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

function armTable(arm: Arm, heads: [string, string], counted: string): HTMLElement {
  return table({caption: counted, head: ['Metric', 'Role', ...heads, 'Difference', '95 % interval', 'Result'], rows: arm.metrics.map(row), textColumns: 2});
}

/** "mtls against plain: ✕ worse" and why. */
function variant(arm: Arm): HTMLElement {
  const word = WORDS[arm.verdict ?? ''];
  return el(
    'div',
    {},
    el('h3', {}, `${arm.b} against ${arm.a}: `, el('span', {class: typeof word === 'object' ? word.class : undefined}, typeof word === 'object' ? word.text : '')),
    el('p', {class: 'intro'}, [arm.added?.text, arm.message].filter(Boolean).map((text) => sentence(text!)).join(' ')),
    shiftChart(arm.metrics, arm.a)?.element ?? null,
    arm.metrics.length ? armTable(arm, [arm.a, arm.b], `${arm.b} against ${arm.a}, ${arm.pairs ?? 0} pairs of trials`) : null,
  );
}

function variants(report: Report, arms: Arm[]): HTMLElement {
  const primary = arms.flatMap((arm) => arm.metrics).find((metric) => metric.role === 'primary');
  return section(
    `Variants compared with ${arms[0]!.a}`,
    'The variants were measured in turn within this run, so that what changed meanwhile changed for all of them.',
    primary ? armsChart(report, primary)?.element : null,
    ...arms.map(variant),
  );
}

export function comparison(report: Report): HTMLElement | null {
  const compared = report.comparison;
  if (!compared) return null;
  if (compared.method === 'paired' && compared.arms?.length) return variants(report, compared.arms);
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
          armTable(
            arm,
            ['Before', 'Now'],
            `${arm.a}${arm.aTrials ? ` (${arm.aTrials} measured)` : ''} against ${arm.b}${arm.bTrials ? ` (${arm.bTrials} measured)` : ''}`,
          ),
        )
      : null,
  );
}
