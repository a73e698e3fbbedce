// SPDX-License-Identifier: Apache-2.0
//
// What the page says must be what the run was.
import {describe, expect, it} from 'vitest';
import documented from '../../../../docs/reasons.md?raw';
import {parseReport, type Report} from '../src/data';
import {connections, floor, limitedBy, pacing} from '../src/generator';
import {lead, objectiveSubject, title, validityBadge, verdictBadge} from '../src/headline';
import {MEANINGS, limitInWords, measured, missedSentence, sentence, validityReasons, verdictReasons} from '../src/reasons';
import {missingMetrics} from '../src/sections/course';
import {pieceSentence, targetName} from '../src/shape';

const report = (more: Partial<Report> = {}): Report => ({
  version: 1,
  run: {name: 'web-1', namespace: 'shop', local: false, phase: 'Succeeded'},
  validity: 'Valid',
  verdict: 'Pass',
  objectives: [{metric: 'latency.p99', limit: '<= 250ms', value: '3.420ms', met: 'True'}],
  results: {
    requests: 30_000, errors: 0, errorRatio: '0%', rateOffered: '500.0/s', rateAchieved: '500.0/s',
    latencyMicros: {p50: 141, p99: 3420}, latencyKind: 'intended',
  },
  ...more,
});

describe('the headline', () => {
  it.each<[string, Partial<Report>, string]>([
    ['one objective met', {}, 'The objective was met'],
    ['one missed of two', {verdict: 'Fail', objectives: [{metric: 'a', limit: '', value: '', met: 'False'}, {metric: 'b', limit: '', value: '', met: 'True'}]}, '1 of 2 objectives was missed'],
    ['nothing to judge', {verdict: 'None', objectives: []}, 'Measured, with nothing set to be judged'],
    ['invalid before all verdicts', {validity: 'Invalid', verdict: 'None'}, 'These figures say nothing about the target'],
    ['cancelled before all', {run: {name: 'a', local: true, phase: 'Cancelled'}}, 'The run was stopped before its end'],
    ['a run that failed', {run: {name: 'a', local: false, phase: 'Failed'}, verdict: 'None'}, 'The run did not come to its end'],
    ['inconclusive', {verdict: 'Inconclusive'}, 'Not every objective could be judged'],
    ['the brake', {verdict: 'Fail', reasons: [{about: 'verdict', reason: 'Brake', message: ''}]}, 'The load was broken off: too much of it failed'],
    ['worse than the baseline', {verdict: 'Fail', reasons: [{about: 'verdict', reason: 'Regression', message: ''}]}, 'Worse than the baseline'],
    ['a variant that is worse', {verdict: 'Fail', reasons: [{about: 'verdict', reason: 'Regression', message: ''}], comparison: {method: 'paired', arms: [
      {a: 'plain', b: 'mtls', verdict: 'worse', metrics: []}, {a: 'plain', b: 'same', verdict: 'equivalent', metrics: []}]}}, 'mtls: worse than plain'],
    ['variants that told too little', {verdict: 'Inconclusive', reasons: [{about: 'verdict', reason: 'ComparisonInconclusive', message: ''}], comparison: {method: 'paired', arms: [
      {a: 'plain', b: 'mtls', verdict: 'inconclusive', metrics: []}]}}, 'The comparison with plain told too little'],
    ['a search that found a rate', {capacity: {rate: '187.7/s', low: '182.2/s', high: '193.3/s', limitedBy: 'backlog'}}, 'Carries 188 requests per second'],
    ['a search that met no limit', {capacity: {rate: '1000/s', low: '970.9/s', limitedBy: 'limit'}}, 'Carries at least 1,000 requests per second'],
    ['a search that found none', {verdict: 'Fail', capacity: {high: '150/s', limitedBy: 'latency.p99'}}, 'Carries less than the lowest rate that was tried'],
    ['a search that confirmed none', {verdict: 'Inconclusive', capacity: {high: '150/s', limitedBy: 'latency.p99'}}, 'How much it carries could not be told'],
    ['nothing succeeded', {verdict: 'Fail', reasons: [{about: 'verdict', reason: 'NothingSucceeded', message: ''}]}, 'Not one request succeeded'],
  ])('%s', (_, more, text) => expect(title(report(more))).toBe(text));

  it('never shows a tone that the verdict does not have', () => {
    expect(verdictBadge(report()).tone).toBe('good');
    expect(verdictBadge(report({verdict: 'Fail'})).tone).toBe('bad');
    expect(verdictBadge(report({verdict: 'None'})).tone).toBe('unsure');
    expect(verdictBadge(report({verdict: 'SomethingNew'})).text).toBe('Not judged');
    expect(validityBadge(report({validity: 'Limited'})).tone).toBe('unsure');
    expect(validityBadge(report({validity: undefined})).tone).toBe('unsure');
  });
});

describe('the lead', () => {
  it('says what was sent, how long it took and what failed', () => {
    expect(lead(report())).toBe('500 requests per second were sent as planned, and as many were answered. Half of them took at most 0.141 ms, 99 of 100 at most 3.42 ms. None failed.');
  });
  it('says what was in the way of more', () => {
    const said = (limitedBy: string) => lead(report({capacity: {rate: '500/s', low: '495/s', high: '510/s', limitedBy}}));
    expect(said('backlog')).toMatch(/^Rates were tried one by one; these are the figures of the one that was confirmed\. For a target that is not always the same, reckon with 495\. At 510 requests per second more and more requests waited\. 500 requests/);
    expect(said('latency.p99')).toMatch(/At 510 requests per second the objective on 99 of 100 answers was missed\./);
    expect(said('generator')).toMatch(/the target may carry more\./);
    expect(said('ClockStep')).toMatch(/the figures did not hold \(ClockStep\)\./);
  });
  it('says when less was answered than due', () => {
    expect(lead(report({results: {...report().results!, rateAchieved: '420.5/s', errors: 10, errorRatio: '0.03%'}}))).toMatch(
      /^Of 500 requests per second that were due, 421 were answered\. .* 0\.03 % failed\.$/,
    );
  });
  it('does not promise a bound where answers are missing', () => {
    expect(lead(report({results: {...report().results!, latencyMicros: {p50: 141, p99: '> 5s'}}}))).toContain('99 of 100 more than 5 s.');
  });
  it('admits that a hundredth cannot be told from few requests', () => {
    expect(lead(report({results: {...report().results!, latencyMicros: {p50: 141}}}))).toContain('too few to tell');
  });
  it('of a closed loop claims no plan', () => {
    expect(lead(report({results: {...report().results!, latencyKind: 'uncorrected'}}))).toContain('as fast as the connections allowed');
  });
  it('does not speak of times where nobody answered', () => {
    const nobody = {...report().results!, rateAchieved: '0.0/s', errors: 30_000, errorRatio: '100%', latencyMicros: {p50: '> 5s'}};
    expect(lead(report({results: nobody}))).toBe('500 requests per second were due, and not one was answered.');
  });
  it('says what was changed for a variant', () => {
    const variants = [{name: 'whole'}, {name: 'quarter', applied: 'Deployment web (patched)'}];
    expect(lead(report({variants}))).toContain('While quarter was loaded, this was changed: Deployment web (patched).');
  });
  it('of nothing is nothing', () => expect(lead(report({results: undefined}))).toBe('No request was completed, so there are no figures.'));
});

describe('series of a source', () => {
  it('that are missing say why', () => {
    expect(missingMetrics(report())).toBeNull();
    expect(missingMetrics(report({context: {metrics: [{name: 'queue', source: 'main', series: 1}]}}))).toBeNull();
    expect(missingMetrics(report({context: {metrics: [{name: 'gc', source: 'jvm', problem: 'no whole answer within 5 s'}]}}))).toBe(
      'Series that are missing, or not all there – gc (asked of jvm): no whole answer within 5 s.');
  });
});

describe('objectives in words', () => {
  it.each([
    ['latency.p99', '99 of 100 answers'],
    ['latency.p95{request="cart"}', '95 of 100 answers (request cart)'],
    ['errors.ratio', 'share of failed requests'],
    ['rate.achieved', 'requests answered'],
    ['target.cpu', 'CPU of each pod of the target'],
    ['proxy.memory', 'the most memory that a proxy beside the target had'],
    ['target.disk', 'target.disk'],
  ])('%s', (metric, text) => expect(objectiveSubject(metric)).toBe(text));
  it('limits and values', () => {
    expect(limitInWords('<= 250ms')).toBe('at most 250 ms');
    expect(limitInWords('>= 1ms, <= 5ms')).toBe('at least 1 ms and at most 5 ms');
    expect(limitInWords('>= 99%')).toBe('at least 99 %');
    expect(limitInWords('<= 5m')).toBe('at most 5 min');
    expect(limitInWords('>= 50m, <= 1.5', 'proxy.cpu')).toBe('at least 0.05 cores and at most 1.5 cores');
    expect(limitInWords('<= 200Mi', 'target.memory')).toBe('at most 200Mi');
    expect(limitInWords('<= 0', 'target.restarts')).toBe('at most 0');
    expect(['4.039ms', '> 5s', '8.57%', '998.7/s', '-', '412.3m', '61.2Mi', '3'].map(measured)).toEqual(
      ['4.04 ms', 'more than 5 s', '8.57 %', '999/s', '-', '0.412 cores', '61.2Mi', '3']);
  });
  it('what was missed', () => {
    expect(missedSentence({metric: 'latency.p99', limit: '<= 250ms', value: '312.5ms', met: 'False'})).toBe('Asked for: 99 of 100 answers within 250 ms. Measured: 313 ms.');
    expect(missedSentence({metric: 'errors.ratio', limit: '<= 1%', value: '8.57%', met: 'False'})).toBe('Share of failed requests: 8.57 %, and at most 1 % was asked for.');
  });
});

describe('reasons', () => {
  const reasons: Report['reasons'] = [
    {about: 'validity', reason: 'PacingLate', message: 'the generator sent late: p99 2ms, limit 1ms'},
    {about: 'validity', reason: 'SomethingNew', message: 'something new'},
    {about: 'verdict', reason: 'ObjectivesMet', message: 'all objectives are met'},
  ];
  it('keep to what they are about', () => {
    expect(verdictReasons(report({reasons})).map((why) => why.message)).toEqual(['all objectives are met']);
    expect(validityReasons(report({reasons})).map((why) => why.message)).toHaveLength(2);
  });
  it('are sentences, but names stay names', () => {
    expect(sentence('all objectives are met')).toBe('All objectives are met.');
    expect(sentence('latency.p99 12 % slower than web-6')).toBe('latency.p99 12 % slower than web-6.');
  });
  it('say what they mean where that is known, and are shown where it is not', () => {
    const [known, unknown] = validityReasons(report({reasons}));
    expect(known?.meaning).toMatch(/not the target/);
    expect(unknown).toEqual({message: 'something new', meaning: undefined});
  });
  it('about the validity all say what they mean, and there are no others', () => {
    const table = /the result is worth less because \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(documented)?.[1] ?? '';
    const names = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((found) => found[1]);
    expect(names).toContain('ResultsLost');
    expect(Object.keys(MEANINGS).sort()).toEqual(names.sort());
  });
});

describe('the shape in words', () => {
  it.each([
    [{hold: {rate: '500/s', for: '60s'}}, '500 requests per second for 60 s'],
    [{ramp: {from: '500/s', to: '120000/m', for: '1m'}}, 'from 500 requests per second to 2,000 requests per second, evenly over 1 min'],
    [{step: {from: '1/s', to: '4/s', steps: 4, for: '8s'}}, 'from 1 request per second to 4 requests per second in 4 steps over 8 s'],
    [{spike: {base: '1/s', peak: '9/s', at: '2s', width: '1s', for: '8s'}}, '1 request per second for 8 s, with a peak of 9 requests per second for 1 s after 2 s'],
    [{sine: {mean: '800/s', amplitude: '300/s', period: '30s', for: '2m'}}, 'a wave around 800 requests per second, 300 up and down every 30 s, for 2 min'],
    [{closed: {for: '10s'}}, 'as fast as the connections allow for 10 s'],
    [{novel: {for: '10s'}}, 'novel'],
  ])('%j', (piece, text) => expect(pieceSentence(piece as unknown as Record<string, Record<string, string | number>>)).toBe(text));
  it('targets', () => {
    expect(targetName({target: {url: 'http://localhost:8080/'}})).toBe('http://localhost:8080/');
    expect(targetName({target: {service: {name: 'cart', namespace: 'shop', port: 'http'}, scheme: 'https', host: 'shop.example'}})).toBe('https://cart.shop:http/ as shop.example');
  });
});

it('an empty form is no report', () => expect(() => parseReport('{"version":0}')).toThrow(/no run/));

describe('the generator', () => {
  const figures = report().results!;

  it('says what was the limit', () => {
    expect(limitedBy(figures)).toBeNull();
    expect(limitedBy({...figures, saturated: 'client'})).toContain('the generator itself, not the target');
    expect(limitedBy({...figures, saturated: 'server'})).toBe('the target: requests waited for it');
    expect(limitedBy({...figures, saturated: 'server', latencyKind: 'uncorrected'})).toContain('closed loop');
    expect(limitedBy({...figures, saturated: 'none'})).toContain('nothing');
  });

  it('says how exactly it sent, and what it is itself', () => {
    expect(pacing(figures)).toBeNull();
    expect(pacing({...figures, pacing: 'narrowed'})).toContain('half of the time');
    expect(floor(figures)).toBeNull();
    expect(floor({...figures, floorMicros: {p50: 15, p99: 318}})).toBe('p50 0.015 ms, p99 0.318 ms, against a server that does nothing');
  });

  it('says what becomes of connections', () => {
    expect(connections({target: {}})).toBeNull();
    expect(connections({target: {}, concurrency: {connections: 64, whenBusy: 'queue'}})).toBe('64; when all are busy, a request waits');
    expect(connections({target: {}, concurrency: {connections: 8, whenBusy: 'grow', maxConnections: 90, reconnectAfter: {requests: 10, time: '30s'}}}))
      .toBe('8; when all are busy, more connections are opened up to 90; each ended after 10 requests or 30 s');
  });
});
