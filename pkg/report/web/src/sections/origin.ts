// SPDX-License-Identifier: Apache-2.0
//
// What the load was, where it went, and where these figures come from.
import type {Load, Report, Used} from '../data';
import {el, section, table} from '../dom';
import {bytes, day, spacedDuration} from '../format';
import {connections, floor, limitedBy, pacing} from '../generator';
import {pieceSentence, targetName} from '../shape';

export type Fact = [string, string | HTMLElement | null | undefined];

export const facts = (list: Fact[]) =>
  el('dl', {class: 'facts'}, ...list.flatMap(([name, value]) => (value ? [el('div', {}, el('dt', {}, name), el('dd', {}, value))] : [])));

function requests(load: Load): HTMLElement | null {
  const list = load.requests ?? [];
  if (!list.length) return null;
  const expected = list.some((one) => one.expect?.length);
  const total = list.reduce((sum, one) => sum + (one.weight ?? 1), 0);
  return table({
    caption: 'Requests. Header values and bodies are not part of a report',
    head: ['Name', 'Request', 'Headers', 'Body', ...(expected ? ['Success is'] : []), 'Share of the load'],
    rows: list.map((one) => [
      one.name,
      {text: `${one.method ?? 'GET'} ${one.path ?? '/'}`, class: 'code'},
      one.headers?.length ? one.headers.join(', ') : '–',
      one.body ?? '–',
      ...(expected ? [one.expect?.join(', ') ?? '200 to 399'] : []),
      `${Math.round((100 * (one.weight ?? 1)) / total)} %`,
    ]),
    textColumns: expected ? 5 : 4,
  });
}

export function load(report: Report): HTMLElement {
  const {load, results} = report;
  if (!load) return section('What the load was', 'The plan of this run was not kept.');
  const shape = (load.shape ?? []).map(pieceSentence);
  return section(
    'What the load was',
    null,
    facts([
      ['Target', targetName(load)],
      ['Shape', shape.length > 1 ? el('ol', {}, ...shape.map((text) => el('li', {}, text))) : shape[0]],
      ['Before it', load.warmup && load.warmup !== '0s' ? `warm-up of ${spacedDuration(load.warmup)}, not measured` : 'no warm-up'],
      ['Arrivals', load.arrival === 'poisson' ? 'at random (Poisson)' : load.arrival === 'constant' ? 'evenly spaced' : load.arrival],
      ['Given up after', load.timeout ? spacedDuration(load.timeout) : null],
      ['Connections', connections(load)],
      ['Load workers', load.workers ? String(load.workers) : null],
      ['Requests were sent', results && pacing(results)],
      ['What was the limit', results && limitedBy(results)],
      ['The generator\u2019s own floor', results && floor(results)],
      ['Secret headers', load.headersFrom?.length ? load.headersFrom.join(', ') : null],
    ]),
    requests(load),
  );
}

function used(figures: Used | undefined): string | null {
  if (!figures?.mean || figures.mean === 'unknown') return null;
  return `${figures.mean} on average, ${figures.max} at most, ${figures.limit ? `limit ${figures.limit}` : 'no limit known'}`;
}

export function cluster(report: Report): HTMLElement | null {
  const target = report.context?.target;
  const nodes = report.context?.nodes ?? [];
  const metrics = report.context?.metrics ?? [];
  if (!target && !nodes.length && !metrics.length) return null;
  const pods = target?.pods;
  const sampled = nodes.some((node) => node.cpuMax);
  return section(
    'The cluster meanwhile',
    null,
    facts([
      ['Ready pods of the target', pods ? (pods.min === pods.max ? String(pods.min) : `${pods.min} to ${pods.max}`) : null],
      ['Restarts', target?.restarts === undefined ? null : String(target.restarts)],
      ['CPU of a pod', used(target?.cpu)],
      ['Memory of a pod', used(target?.memory)],
      ['Stopped by its CPU limit', target?.throttled && target.throttled !== 'unknown' ? `in ${target.throttled} of the periods` : null],
      ['Images', target?.images?.length ? el('ul', {class: 'code'}, ...target.images.map((image) => el('li', {}, image))) : null],
    ]),
    nodes.length
      ? table({
          caption: 'Nodes',
          head: ['Node', 'Ran', 'Kernel', 'Kubelet', 'Type', ...(sampled ? ['Most CPU', 'Most memory'] : [])],
          rows: nodes.map((node) => [
            node.name,
            node.role === 'both' ? 'target and load' : node.role === 'generator' ? 'load' : node.role,
            node.kernel,
            node.kubelet,
            node.instanceType,
            ...(sampled ? [node.cpuMax ?? '–', node.memoryMax ?? '–'] : []),
          ]),
          textColumns: 5,
        })
      : null,
    metrics.length
      ? table({
          caption: 'Series that the profile asked for',
          head: ['Series', 'Asked of', 'Unit', 'Least', 'Mean', 'Greatest', 'Missing'],
          rows: metrics.map(({name, source, unit, min, mean, max, problem}) => [name, source, unit ?? '–', min ?? '–', mean ?? '–', max ?? '–', problem ?? '']),
          textColumns: 3,
        })
      : null,
  );
}

export function provenance(report: Report): HTMLElement {
  const {run, provenance: from = {}, evidence} = report;
  const labels = Object.entries(from.labels ?? {}).map(([name, value]) => `${name} ${value}`);
  return section(
    'Where this comes from',
    evidence
      ? 'The figures are read from what the run stored when it ended; the stored data was checked against its digest when this page was made.'
      : 'The run left no stored data: this page has what its status says.',
    facts([
      ['Run', run.local ? 'on one machine, without a cluster' : `${run.name}, namespace ${run.namespace}`],
      ['UID', run.uid],
      ['Labels', labels.length ? labels.join(', ') : null],
      ['Started', run.startedAt ? day(run.startedAt) : null],
      ['Ended', run.finishedAt ? day(run.finishedAt) : null],
      ['Addresses', from.addresses?.length ? from.addresses.join(', ') : null],
      ['Made by', from.operator ? `Loadstone ${from.operator}` : from.program ? `loadstone ${from.program}` : null],
      ['Image of the workers', from.image],
      ['Digest of the profile', from.profileDigest],
      ['Stored as', evidence ? `${evidence.configMap} and ${evidence.chunks} more, ${bytes(evidence.bytes)}` : null],
      ['Digest of the result', evidence ? el('span', {class: 'code'}, evidence.digest) : null],
    ]),
  );
}

export function glossary(report: Report): HTMLElement {
  const closed = report.results?.latencyKind === 'uncorrected';
  const entries: Fact[] = [
    ['Time to answer', closed
      ? 'From sending a request to the last byte of its answer.'
      : 'From the instant a request was due by the plan to the last byte of its answer. A target that stops for a second makes all requests of that second late, and that shows.'],
    ['p50, p90, p99', 'The time within which 50, 90 or 99 of 100 requests were answered. A figure is only given when at least ten requests were slower than it.'],
    ['> 5 s, no answer', 'Requests that got no answer count as slower than any that did. A figure that falls among them is given as “more than” the time they were waited for.'],
    ['Failed', 'No answer, or one that was not what the profile expects.'],
    ['The figures hold, with reservations', 'The load generator, the cluster or the length of the run leave a doubt that is named above. A target that is slow or fails is no such doubt: that is the verdict’s.'],
  ];
  return section('How to read this', null, facts(entries));
}
