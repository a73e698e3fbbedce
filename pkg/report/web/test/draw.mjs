// SPDX-License-Identifier: Apache-2.0
//
// How long a page keeps the main thread: script, style and layout until all charts are there.
//   node test/draw.mjs FILE TIMES   prints the median, in seconds
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';

export const launch = () => chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox']});

export async function drawn(page) {
  await page.waitForFunction(() => performance.getEntriesByName('report-drawn').length > 0);
  await page.waitForFunction(() => [...document.querySelectorAll('.stage')].every((stage) => stage.querySelector('svg')));
}

/** Of a fresh page. */
export async function busySeconds(browser, url) {
  const context = await browser.newContext({viewport: {width: 1200, height: 900}});
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  await page.goto(url);
  await drawn(page);
  const metrics = Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({name, value}) => [name, value]));
  await context.close();
  return metrics.ScriptDuration + metrics.LayoutDuration + metrics.RecalcStyleDuration;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , file, times] = process.argv;
  const browser = await launch();
  const seconds = [];
  for (let i = 0; i < Number(times); i++) seconds.push(await busySeconds(browser, pathToFileURL(file).href));
  await browser.close();
  console.log(seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)].toFixed(3));
}
