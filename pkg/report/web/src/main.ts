// SPDX-License-Identifier: Apache-2.0
import './style.css';
import {parseReport, type Report} from './data';
import {el} from './dom';
import {title, verdictBadge} from './headline';
import {comparison} from './sections/comparison';
import {course} from './sections/course';
import {answers, objectives, parts, spread, trials} from './sections/figures';
import {head} from './sections/head';
import {explanations, mesh} from './sections/mesh';
import {cluster, glossary, load, provenance} from './sections/origin';

function page(report: Report): HTMLElement {
  const body = [objectives, explanations, comparison, trials, course, spread, parts, answers, load, cluster, mesh, provenance, glossary].map((part) => part(report));
  return el('main', {}, head(report), ...body);
}

const root = document.getElementById('report')!;
try {
  const report = parseReport(document.getElementById('report-data')!.textContent ?? '');
  document.title = `${verdictBadge(report).text}: ${report.run.local ? 'load test' : report.run.name} – ${title(report)}`;
  root.append(page(report));
} catch (error) {
  root.append(el('main', {}, el('h1', {}, 'There is no report here'), el('p', {class: 'lead'}, error instanceof Error ? error.message : String(error))));
}
// For those who measure how long the page takes.
performance.mark('report-drawn');
