// SPDX-License-Identifier: Apache-2.0
//
// One cursor over all charts that share the axis of time, moved by pointer or by arrow keys, with its figures in one line of text.
import {el} from '../dom';
import {nearest} from '../ticks';
import type {Chart} from './frame';

export interface CursorSpec {
  label: string;
  charts: Chart[];
  points: number[]; // ascending, on the axis
  /** What is said of the i-th point. */
  describe: (index: number) => string;
  hint: string;
}

const STEPS: Record<string, (index: number, last: number) => number> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  PageUp: (index) => index - 10,
  PageDown: (index) => index + 10,
  Home: () => 0,
  End: (_, last) => last,
};

/** The charts in one frame that takes the keyboard; above it, and staying in view, the readout. */
export function cursor(spec: CursorSpec): HTMLElement {
  const readout = el('p', {class: 'readout', 'aria-live': 'polite'}, spec.hint);
  const lines = spec.charts.map((chart) => chart.stage.appendChild(el('div', {class: 'cursor', 'aria-hidden': 'true', hidden: true})));
  const frame = el('div', {class: 'charts', role: 'group', tabindex: '0', 'aria-label': spec.label}, ...spec.charts.map((chart) => chart.element));
  let at = -1;

  const place = () => {
    spec.charts.forEach((chart, k) => {
      const line = lines[k]!;
      line.hidden = at < 0;
      if (at >= 0) line.style.transform = `translateX(${chart.xOf(spec.points[at]!)}px)`;
    });
  };
  const show = (index: number) => {
    if (index === at) return;
    at = index;
    readout.textContent = at < 0 ? spec.hint : spec.describe(at);
    place();
  };
  for (const chart of spec.charts) {
    chart.onDraw(place);
    chart.stage.addEventListener('pointermove', (event) => {
      const x = event.clientX - chart.stage.getBoundingClientRect().left;
      show(nearest(spec.points, chart.valueAt(x)));
    });
    chart.stage.addEventListener('pointerleave', (event) => {
      if (event.pointerType === 'mouse' && document.activeElement !== frame) show(-1);
    });
  }
  frame.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (event.key === 'Escape') show(-1);
    if (!step || !spec.points.length || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const last = spec.points.length - 1;
    show(Math.min(last, Math.max(0, at < 0 && event.key.startsWith('Arrow') ? (event.key === 'ArrowLeft' ? last : 0) : step(at, last))));
  });
  frame.addEventListener('blur', () => show(-1));
  return el('div', {class: 'timeline'}, readout, frame);
}
