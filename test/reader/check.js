// SPDX-License-Identifier: Apache-2.0
//
// The reader against the packer: what the status says must be what the reader finds in the ConfigMaps, and a changed byte
// must be found. Usage: node check.js PROGRAM, where PROGRAM FOLDER writes <name>.maps.json and <name>.status.json.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const reader = join(dirname(fileURLToPath(import.meta.url)), 'read.js');
const folder = mkdtempSync(join(tmpdir(), 'loadstone-reader-'));
const load = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const read = (name) => spawnSync(process.execPath, [reader, join(folder, name)], {encoding: 'utf8', maxBuffer: 1 << 26});

function check(name) {
  const {results, resultRef} = load(`${name}.status.json`);
  const {status, stdout, stderr} = read(`${name}.maps.json`);
  assert.equal(status, 0, stderr);
  const found = JSON.parse(stdout);
  assert.equal(found.digest, resultRef.digest);
  assert.equal(found.chunks, resultRef.chunks);
  assert.equal(found.results.requests, results.requests);
  assert.equal(found.results.succeeded, results.succeeded);
  assert.equal(found.results.censored, results.censored);
  for (const name of Object.keys(found.results.latencyMicros))
    assert.equal(found.results.latencyMicros[name], results.latencyMicros[name], name);
  for (const name of Object.keys(results.latencyMicros).filter((key) => /^p\d/.test(key)))
    assert.equal(found.results.latencyMicros[name], results.latencyMicros[name], name);
  for (const piece of results.byPiece) assert.equal(found.spans[`p${piece.index}`].requests, piece.requests);
  results.byRequest.forEach((request, index) => {
    if (request.requests > 0) assert.equal(found.spans[`r${index}`].requests, request.requests);
  });
  const {ok, missed, censored} = found.grid;
  assert.deepEqual(found.grid.histograms, {ok, missed, censored});
  assert.ok(found.grid.points > 0 && found.grid.points <= 240);
}

function checkDamage() {
  const list = load('short.maps.json');
  const chunk = list.items[0].data;
  const key = Object.keys(chunk).find((name) => name.startsWith('h.'));
  chunk[key] = chunk[key].replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  writeFileSync(join(folder, 'damaged.json'), JSON.stringify(list));
  const {status, stderr} = read('damaged.json');
  assert.equal(status, 1);
  assert.match(stderr, /differs from its digest/);
}

try {
  execFileSync(process.argv[2], [folder]);
  check('short');
  check('long');
  checkDamage();
  console.log('reader: status and chunks agree');
} finally {
  rmSync(folder, {recursive: true});
}
