// SPDX-License-Identifier: Apache-2.0
//
// Reads the ConfigMaps of one run as `kubectl get configmap -o json` prints them (single objects or lists, any number of
// files) and computes its figures again, from the stored histograms alone, with HdrHistogram's JavaScript library.
// Prints one JSON object; ends with 1 and a sentence when a chunk is missing, changed or unreadable.
//
//   node read.js FILE…  [--run UID]
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import hdr from 'hdr-histogram-js';

const TAIL_MIN = 10; // no percentile with fewer samples beyond it

function fail(text) {
  console.error(`read: ${text}`);
  process.exit(1);
}

const itemsOf = (object) => (object.items ? object.items.flatMap(itemsOf) : [object]);

/* Keys sorted by bytes, no white space: the digest's text. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const keys = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/* A histogram as a list of [highest equivalent value, count], and what stood beside it. */
function decode(text, exact = {}) {
  const histogram = hdr.decodeFromCompressedBase64(text, 64);
  const buckets = [];
  for (let i = 0; i < histogram.countsArrayLength; i++) {
    const count = histogram.getCountAtIndex(i);
    if (count > 0) buckets.push([histogram.highestEquivalentValue(histogram.valueFromIndex(i)), count]);
  }
  return {buckets, digits: histogram.numberOfSignificantValueDigits, count: histogram.totalCount, ...exact};
}

const countOf = (histogram) => (histogram ? histogram.buckets.reduce((sum, [, count]) => sum + count, 0) : 0);
const micros = (ns) => Math.floor((ns + 500) / 1000);

/* Rank over answers and censored requests together; those without an answer are worse than any number. */
function quantile(ok, censored, q, timeoutMs) {
  const answered = countOf(ok);
  const count = answered + countOf(censored);
  if (count === 0 || (1 - q) * count < TAIL_MIN - 1e-6) return undefined;
  const rank = Math.max(1, Math.ceil(q * count - 1e-6));
  if (rank > answered) return `> ${timeoutMs % 1000 ? `${timeoutMs}ms` : `${timeoutMs / 1000}s`}`;
  let seen = 0;
  for (const [value, n] of ok.buckets) {
    seen += n;
    if (seen >= rank) return micros(ok.max === undefined ? value : Math.min(value, ok.max));
  }
  return fail('a histogram holds less than its count');
}

const PERCENTILES = {p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999, p9999: 0.9999};

function figures(histograms, timeoutMs) {
  const {latency, error, censored} = histograms;
  const result = {
    requests: countOf(latency) + countOf(error) + countOf(censored),
    succeeded: countOf(latency),
    missed: countOf(error),
    censored: countOf(censored),
    latencyMicros: {},
  };
  for (const [name, q] of Object.entries(PERCENTILES)) {
    const value = quantile(latency, censored, q, timeoutMs);
    if (value !== undefined) result.latencyMicros[name] = value;
  }
  if (latency && !censored && latency.max !== undefined) {
    result.latencyMicros.min = micros(latency.min);
    result.latencyMicros.max = micros(latency.max);
    result.latencyMicros.mean = micros(Math.round(latency.sum / latency.count));
  }
  return result;
}

/* All chunks' points in order: columns, and one histogram text per point. */
function gridOf(chunks) {
  const grid = {points: 0, columns: {}, latency: [], error: [], censored: []};
  const parts = chunks.filter((data) => data['grid.json']).map((data) => ({...JSON.parse(data['grid.json']), data}));
  for (const part of parts.sort((a, b) => a.first - b.first)) {
    if (part.first !== grid.points) fail(`points from ${grid.points} are missing`);
    for (const [name, column] of Object.entries(part)) {
      if (!Array.isArray(column)) continue;
      if (column.length !== part.points) fail(`column ${name} has ${column.length} of ${part.points} points`);
      grid.columns[name] = [...(grid.columns[name] ?? []), ...column];
    }
    for (const what of ['latency', 'error', 'censored']) {
      const lines = part.data[`grid.${what}`].split('\n');
      if (lines.length !== part.points + 1) fail(`grid.${what} has ${lines.length - 1} of ${part.points} points`);
      grid[what].push(...lines.slice(0, part.points));
    }
    grid.pointMs = part.pointMs;
    grid.points += part.points;
  }
  return grid;
}

/* Counts of the points against the counts of their histograms. */
function gridFigures(grid) {
  const sum = (column) => (column ?? []).reduce((a, b) => a + b, 0);
  const counted = (what) => grid[what].reduce((n, text) => n + (text ? countOf(decode(text)) : 0), 0);
  const result = {points: grid.points, pointMs: grid.pointMs};
  for (const name of ['offered', 'sent', 'ok', 'missed', 'censored']) result[name] = sum(grid.columns[name]);
  result.histograms = {ok: counted('latency'), missed: counted('error'), censored: counted('censored')};
  return result;
}

function read(maps, uid) {
  const results = maps.filter((map) => map.data?.['manifest.json'] && (!uid || JSON.parse(map.data['manifest.json']).run.uid === uid));
  if (results.length !== 1) fail(`${results.length} manifests; wanted one (--run UID chooses)`);
  const {data, metadata} = results[0];
  const manifest = JSON.parse(data['manifest.json']);
  const chunks = manifest.chunks.map(({name, sha256: expected, bytes}) => {
    const map = maps.find((one) => one.metadata.name === name && one.metadata.namespace === metadata.namespace);
    if (!map) fail(`chunk ${name} is missing`);
    const text = canonical(map.data);
    if (sha256(text) !== expected) fail(`chunk ${name} differs from its digest`);
    if (Buffer.byteLength(text) !== bytes) fail(`chunk ${name} has not ${bytes} bytes`);
    if (map.immutable !== true) fail(`chunk ${name} is not immutable`);
    return map.data;
  });

  const spans = {};
  for (const chunk of chunks) {
    const exact = JSON.parse(chunk['exact.json'] ?? '{}');
    for (const [key, text] of Object.entries(chunk)) {
      const [kind, span, what] = key.split('.');
      if (kind !== 'h') continue;
      const histogram = decode(text, exact[`${span}.${what}`]);
      if (histogram.count !== countOf(histogram)) fail(`${key} holds ${countOf(histogram)} of ${histogram.count}`);
      (spans[span] ??= {})[what] = histogram;
    }
  }
  const output = {
    run: manifest.run,
    digest: `sha256:${sha256(canonical(data))}`,
    chunks: chunks.length,
    window: manifest.window,
    spans: {},
    grid: gridFigures(gridOf(chunks)),
  };
  for (const [name, histograms] of Object.entries(spans))
    if (name !== 'c') output.spans[name] = figures(histograms, manifest.timeoutMs);
  const piece = manifest.window.piece;
  output.results = output.spans[piece === undefined ? 'w' : `p${piece}`];
  return output;
}

const files = [];
let uid;
for (let i = 2; i < process.argv.length; i++) {
  if (process.argv[i] === '--run') uid = process.argv[++i];
  else files.push(process.argv[i]);
}
if (files.length === 0) fail('usage: node read.js FILE… [--run UID]');
console.log(JSON.stringify(read(files.flatMap((file) => itemsOf(JSON.parse(readFileSync(file, 'utf8')))), uid), null, 1));
