// SPDX-License-Identifier: Apache-2.0
//
// Reports in a real Chromium, as a reader meets them: of a run that is really made here on loopback, of a stored run of a cluster whose
// texts attack, and of one hour. Prints "ok NAME" or "not ok NAME" per test.
//   node test/browser.mjs PROGRAM FIXTURES [--shots FOLDER]   PROGRAM: loadstone; FIXTURES: writes stored runs (test_report_run)
import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {promisify} from 'node:util';
import {busySeconds, drawn, launch} from './draw.mjs';

const [program, fixtures] = process.argv.slice(2, 4).map((path) => resolve(path));
const shots = process.argv[5];
const folder = mkdtempSync(join(tmpdir(), 'loadstone-web-'));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await launch();

/* Opens a report; whatever it asks of a network or complains about is remembered, and must be nothing at the end. */
async function open(file, options = {}) {
  const context = await browser.newContext({viewport: {width: 1200, height: 900}, ...options});
  const page = await context.newPage();
  const wrong = [];
  const url = pathToFileURL(join(folder, file)).href;
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => wrong.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => request.url() !== url && !request.url().startsWith('data:') && wrong.push(`request: ${request.url()}`));
  await page.goto(url);
  await drawn(page);
  return {page, close: async () => (assert.deepEqual(wrong, []), context.close())};
}

async function with_page(file, options, look) {
  const {page, close} = await open(file, options);
  await look(page);
  await close();
}

const text = (page, selector) => page.locator(selector).first().innerText();
const report = (...words) => execFileSync(program, ['report', ...words], {cwd: folder, encoding: 'utf8'});

async function make() {
  const server = createServer((request, response) => {
    response.statusCode = request.url.startsWith('/missing') ? 404 : 200;
    response.end('hello\n');
  });
  await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
  const profile = `apiVersion: loadstone.dev/v1alpha1
kind: PerformanceProfile
metadata: {name: mix}
spec:
  target: {url: 'http://127.0.0.1/'}
  load:
    requests: [{name: front, weight: 3, path: /}, {name: gone, path: '/missing?token=secret', headers: {x-tenant: blue}}]
    shape: [{hold: {rate: 200/s, for: 6s}}, {ramp: {from: 200/s, to: 400/s, for: 2s}}]
    warmup: 1s
  objectives: [{metric: errors.ratio, max: 1%}]
  validity: {pacingLateness: 10s, minWindow: 1s, generatorCPU: 100%, throttled: 100%}
`;
  writeFileSync(join(folder, 'mix.yaml'), profile);
  // Not execFileSync: the server has to answer meanwhile.
  await promisify(execFile)(program, ['run', `http://127.0.0.1:${server.address().port}/`, '--file', 'mix.yaml', '--quiet', '--report', 'local.html'], {cwd: folder}).catch(
    (failure) => assert.equal(failure.code, 1, failure.stderr), // a quarter of the requests misses, so the objective does
  );
  server.close();
  execFileSync(fixtures, [folder, 'hour']);
  for (const name of ['cluster', 'hour']) report('-f', `${name}.json`, '-o', `${name}.html`);
}

const REPORTS = ['local.html', 'cluster.html', 'hour.html'];

async function a_run_made_here_reads_as_its_result_does() {
  const {status} = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
  await with_page('local.html', {}, async (page) => {
    assert.equal(await text(page, 'h1'), 'The objective was missed');
    assert.match(await page.title(), /^Failed: load test – The objective was missed$/);
    assert.match(await text(page, '.badges'), /Failed[\s\S]*The figures hold/);
    const tiles = await page.locator('.tiles .value').allInnerTexts();
    assert.equal(tiles[3].replace(' ', ''), status.results.errorRatio);
    assert.match(tiles[0], /^\d+(\.\d+)?\/s$/);
    assert.match(await text(page, '.tiles > div:nth-child(4) .note'), new RegExp(`^${status.results.errors} of 1,200 requests$`));
    assert.match(await text(page, '.why'), /at most 1 % was asked for/);
    const body = await page.locator('body').innerText();
    for (const seen of ['Over time', 'Requests per second', 'How long answers took', 'By request, over the whole shape', 'answer was not what was expected',
      '200 requests per second for 6 s', 'evenly over 2 s', 'GET /missing?…', 'x-tenant', status.resultRef.digest])
      assert.ok(body.includes(seen), `the page lacks: ${seen}`);
    for (const hidden of ['blue', 'secret', 'undefined', 'NaN', 'null', '[object']) assert.ok(!body.includes(hidden), `the page has: ${hidden}`);
    assert.equal(await page.locator('.stage svg').count(), await page.locator('.stage').count());
    assert.ok((await page.locator('.stage').count()) >= 4);
  });
}

async function a_run_of_a_cluster_has_its_changes_on_the_charts() {
  await with_page('cluster.html', {}, async (page) => {
    assert.match(await text(page, '.eyebrow'), /cart-7 in namespace shop with profile cart/);
    const body = await page.locator('body').innerText();
    for (const seen of ['wanted replicas 2 -> 3', 'Deployment/cart', '2 to 3', 'node-a', 'target and load', 'Compared with cart-6', 'What explains it', 'The load was repeated', '5.91 ms', 'more than 1 s', 'counted or measured · envoy_cluster_upstream_rq_retry 452 (client) · VirtualService shop/cart',
      'The service mesh in between', 'Istio, 1.27.0, sidecar', '34m of a core on average, 31.5Mi at most', 'VirtualService shop/cart http[0]', '+8 % to +16 %', '+0.2 pp', 'Nobody watched from 0:01 to 0:02', '{pod="cart-1"}', 'requests, from main', 'Series that the profile asked for', 'gc (asked of jvm): no whole answer within 5 s', 'cart.shop:http'])
      assert.ok(body.includes(seen), `the page lacks: ${seen}`);
    const texts = await page.locator('.timeline .stage svg').first().evaluate((svg) => [...svg.querySelectorAll('text')].map((one) => one.textContent));
    assert.ok(texts.includes('1') && texts.includes('2'), `no marks: ${texts}`);
  });
}

async function nothing_that_a_run_says_becomes_script() {
  await with_page('cluster.html', {}, async (page) => {
    const body = await page.locator('body').innerText();
    assert.ok(body.includes("</script><script>document.title='stolen'"), 'the text is not shown as it is');
    assert.match(await page.title(), /cart-7/);
    assert.equal(await page.locator('img, iframe, object, main script').count(), 0);
  });
}

async function the_policy_lets_no_other_script_run() {
  const file = readFileSync(join(folder, 'local.html'), 'utf8');
  writeFileSync(join(folder, 'stranger.html'), file.replace('</body>', '<script>document.title = "stolen"</script></body>'));
  const context = await browser.newContext();
  const page = await context.newPage();
  const refused = [];
  page.on('console', (message) => refused.push(message.text()));
  await page.goto(pathToFileURL(join(folder, 'stranger.html')).href);
  await page.waitForFunction(() => performance.getEntriesByName('report-drawn').length > 0);
  assert.notEqual(await page.title(), 'stolen');
  assert.match(refused.join(), /Content Security Policy/);
  assert.equal(await page.evaluate(() => fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')), 'refused');
  await context.close();
}

async function the_keyboard_reads_the_charts() {
  await with_page('local.html', {}, async (page) => {
    await page.getByText('The same as a table').click();
    // The load is over after eight seconds; the last answer, on a busy machine, a little later.
    const seconds = await page.locator('details tbody tr').count();
    assert.ok(seconds >= 8, `${seconds} seconds`);
    const frame = page.getByRole('group', {name: /arrow keys/});
    await frame.focus();
    const hint = await text(page, '.readout');
    await page.keyboard.press('ArrowRight');
    const first = await text(page, '.readout');
    assert.match(first, /^0:00 to 0:01: 200 per second due, /);
    await page.keyboard.press('ArrowRight');
    assert.match(await text(page, '.readout'), /^0:01 to 0:02/);
    await page.keyboard.press('End');
    assert.ok((await text(page, '.readout')).startsWith(`0:${String(seconds - 1).padStart(2, '0')} to `), await text(page, '.readout'));
    assert.equal(await page.locator('.cursor:visible').count(), await page.locator('.timeline .stage').count());
    await page.keyboard.press('Escape');
    assert.equal(await text(page, '.readout'), hint);
  });
}

async function the_pointer_reads_the_same_instant_on_all_charts() {
  await with_page('hour.html', {}, async (page) => {
    const stage = page.locator('.timeline .stage').first();
    await stage.scrollIntoViewIfNeeded();
    const box = await stage.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 100);
    const minute = Number((await text(page, '.readout')).split(':')[0]);
    assert.ok(minute >= 27 && minute <= 33, `read ${minute} in the middle of an hour`);
    const lefts = await page.locator('.cursor').evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().left)));
    assert.equal(new Set(lefts).size, 1, `cursors at ${lefts}`);
    assert.ok(Math.abs(lefts[0] - box.x - box.width / 2) < 8, `the pointer is at ${box.x + box.width / 2}, the cursor at ${lefts[0]}`);
  });
}

async function everybody_can_read_it() {
  for (const file of REPORTS)
    for (const colorScheme of ['light', 'dark'])
      await with_page(file, {colorScheme}, async (page) => {
        for (const summary of await page.locator('summary').all()) await summary.click();
        await page.evaluate(axe);
        const {violations} = await page.evaluate(() => window.axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}));
        assert.deepEqual(violations.map((one) => `${file} ${colorScheme} ${one.id}: ${one.nodes.map((node) => node.html).join(' ').slice(0, 300)}`), []);
      });
}

async function a_phone_shows_all_of_it_and_nothing_sticks_out() {
  for (const file of REPORTS)
    await with_page(file, {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true, deviceScaleFactor: 2}, async (page) => {
      const {wide, view} = await page.evaluate(() => ({wide: document.documentElement.scrollWidth, view: document.documentElement.clientWidth}));
      assert.ok(wide <= view, `${file} is ${wide} pixels wide on a screen of ${view}`);
      // Labels of one axis do not stand on each other.
      const met = await page.evaluate(() => {
        const found = [];
        for (const axis of document.querySelectorAll('.stage svg g[aria-label$="tick label"]')) {
          const boxes = [...axis.querySelectorAll('text')].map((one) => one.getBoundingClientRect());
          for (let i = 1; i < boxes.length; i++)
            for (let k = 0; k < i; k++) {
              const [a, b] = [boxes[i], boxes[k]];
              if (a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push(axis.textContent);
            }
        }
        return found;
      });
      assert.deepEqual(met, [], file);
    });
}

async function paper_has_the_whole_of_it_in_black_on_white() {
  await with_page('local.html', {colorScheme: 'dark'}, async (page) => {
    await page.emulateMedia({media: 'print', colorScheme: 'dark'});
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    assert.equal(await page.locator('.readout:visible, details:visible').count(), 0);
    const pdf = await page.pdf({format: 'A4'});
    assert.ok(pdf.length > 20_000, `${pdf.length} bytes of PDF`);
  });
}

async function an_hour_is_small_and_drawn_at_once() {
  const size = readFileSync(join(folder, 'hour.html')).length;
  assert.ok(size <= 1.5 * 1024 * 1024, `${size} bytes`);
  const busy = await busySeconds(browser, pathToFileURL(join(folder, 'hour.html')).href);
  assert.ok(busy <= 2, `${busy} s of script and layout`); // twice the mark: other machines, other loads
}

async function files_for_programs_say_the_same() {
  const page = JSON.parse(report('-f', 'result.json', '-o', '-', '--as', 'json'));
  const rows = report('-f', 'result.json', '-o', '-', '--as', 'csv').trim().split('\r\n').map((row) => row.split(','));
  assert.equal(rows.length, page.series.from.length + 1);
  const column = rows[0].indexOf('p50_us');
  assert.deepEqual(rows.slice(1).map((row) => row[column]), page.series.p50.map((value) => String(value ?? '')));
  assert.ok(!JSON.stringify(page).includes('blue'));
}

async function what_was_changed_afterwards_is_refused() {
  const kept = readFileSync(join(folder, 'result.json'), 'utf8');
  writeFileSync(join(folder, 'changed.json'), kept.replace('\\"missed\\":[0', '\\"missed\\":[1').replace('\\"ok\\":[', '\\"ok\\":[9'));
  assert.throws(() => execFileSync(program, ['report', '-f', 'changed.json'], {cwd: folder, stdio: 'pipe'}), /differs from its digest/);
}

async function take_shots() {
  mkdirSync(shots, {recursive: true});
  for (const file of REPORTS)
    for (const [name, options] of Object.entries({
      wide: {},
      dark: {colorScheme: 'dark'},
      phone: {viewport: {width: 390, height: 844}, deviceScaleFactor: 2},
    }))
      await with_page(file, options, (page) => page.screenshot({path: join(shots, `${file.replace('.html', '')}-${name}.png`), fullPage: true}));
}

const TESTS = [a_run_made_here_reads_as_its_result_does, a_run_of_a_cluster_has_its_changes_on_the_charts, nothing_that_a_run_says_becomes_script,
  the_policy_lets_no_other_script_run, the_keyboard_reads_the_charts, the_pointer_reads_the_same_instant_on_all_charts, everybody_can_read_it,
  a_phone_shows_all_of_it_and_nothing_sticks_out, paper_has_the_whole_of_it_in_black_on_white, an_hour_is_small_and_drawn_at_once,
  files_for_programs_say_the_same, what_was_changed_afterwards_is_refused];

let failed = 0;
try {
  await make();
  for (const test of shots ? [...TESTS, take_shots] : TESTS) {
    const name = `report: ${test.name.replaceAll('_', ' ')}`;
    try {
      await test();
      console.log('ok    ', name);
    } catch (error) {
      failed++;
      console.log('not ok', name);
      console.log(String(error.stack).replace(/^/gm, '       '));
    }
  }
} finally {
  await browser.close();
  rmSync(folder, {recursive: true});
}
process.exit(failed ? 1 : 0);
