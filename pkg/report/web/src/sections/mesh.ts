// SPDX-License-Identifier: Apache-2.0
//
// What the service mesh did to the load, and what it was told to do.
import type {Mesh, Report} from '../data';
import {details, el, section, table} from '../dom';
import {sentence} from '../reasons';
import {facts} from './origin';

const CONFIDENCES: Record<string, string> = {
  high: 'counted or measured',
  medium: 'happened at the same time',
  possible: 'set so; whether it mattered is not known',
};

export function explanations(report: Report): HTMLElement | null {
  const list = report.explanations ?? [];
  if (!list.length) return null;
  return section(
    'What explains it',
    null,
    el(
      'ul',
      {class: 'explanations'},
      ...list.map((one) => {
        const where = [one.object, one.field].filter(Boolean).join(', ');
        const from = [one.confidence ? (CONFIDENCES[one.confidence] ?? one.confidence) : null, one.evidence, where || null].filter(Boolean).join(' · ');
        return el('li', {}, sentence(one.text), el('span', {class: 'meaning'}, from));
      }),
    ),
  );
}

type Policy = NonNullable<Mesh['policies']>[number];

const policies = (caption: string, list: Policy[]) =>
  table({
    caption,
    head: ['Policy', 'Value', 'Said by'],
    rows: list.map(({key, value, origin}) => [{text: key, class: 'code'}, value, origin]),
    textColumns: 3,
  });

/** "ISTIO" and "istio" as "Istio". */
const properName = (type: string) => type.charAt(0).toUpperCase() + type.slice(1).toLowerCase();

/** "12m of a core on average, 31.2Mi at most". */
const used = (found: Mesh, side: 'client' | 'server') => {
  const cpu = found.proxyCpu?.[side];
  const memory = found.proxyMemory?.[side];
  return [cpu ? `${cpu} of a core on average` : null, memory ? `${memory} at most` : null].filter(Boolean).join(', ') || null;
};

const YES: Record<string, string> = {true: 'yes', false: 'no'};

export function mesh(report: Report): HTMLElement | null {
  const found = report.context?.mesh;
  if (!found?.type || found.type.toLowerCase() === 'none') return null;
  const all = found.policies ?? [];
  const byDefault = all.filter(({origin}) => origin.startsWith('default'));
  const byObjects = all.filter((policy) => !byDefault.includes(policy));
  const list = (items: string[] | undefined) => (items?.length ? el('ul', {}, ...items.map((text) => el('li', {}, sentence(text)))) : null);
  return section(
    'The service mesh in between',
    null,
    facts([
      ['Mesh', [properName(found.type), found.version, found.mode].filter(Boolean).join(', ')],
      ['Load generator in it', found.clientMeshed ? (YES[found.clientMeshed] ?? found.clientMeshed) : null],
      ['Pods of the target in it', found.serverMeshed],
      ['Proxy of the load generator', used(found, 'client')],
      ['Proxy of the target', used(found, 'server')],
      ['Found', list(found.findings)],
      ['Not known', list(found.unknown)],
    ]),
    byObjects.length ? policies('What objects of the cluster say', byObjects) : null,
    byDefault.length ? details('What holds by default', () => policies('What holds by default', byDefault)) : null,
    found.policiesLeft ? el('p', {class: 'intro'}, `${found.policiesLeft} more stand in the result’s ConfigMap.`) : null,
  );
}
