// SPDX-License-Identifier: Apache-2.0
//
// What every chart has: a title, a legend in words and strokes, a drawing that fits the width there is, and a sentence for those who do
// not see it. Colours are CSS variables, so that light, dark and paper need no second drawing.
import {plot, type PlotOptions} from '@observablehq/plot';
import {el} from '../dom';

export interface Key {
  label: string;
  class: string; // of the swatch: its colour and stroke
}

export interface ChartSpec {
  title: string;
  /** Of the upright axis. */
  unit: string;
  /** What is drawn, for those who do not see it. */
  description: string;
  keys?: Key[];
  height: number;
  /** Called again whenever the width changes. */
  options: (width: number) => PlotOptions;
}

export interface Chart {
  element: HTMLElement;
  /** Where a cursor may be laid over the drawing. */
  stage: HTMLElement;
  /** Pixels from the left edge of the stage. NaN before the first drawing. */
  xOf: (value: number) => number;
  valueAt: (x: number) => number;
  onDraw: (listener: () => void) => void;
}

interface Drawn {
  scale: (name: string) => {apply: (value: number) => number; invert: (x: number) => number} | undefined;
}

const CLASS = 'plot';

function draw(options: PlotOptions): SVGSVGElement & Drawn {
  const svg = plot({...options, className: CLASS, style: {fontFamily: 'inherit', fontSize: '12px', overflow: 'visible'}}) as unknown as SVGSVGElement & Drawn;
  // The library's own rules stand in our style sheet: the page's policy lets no other style in.
  svg.querySelector('style')?.remove();
  svg.setAttribute('aria-hidden', 'true');
  return svg;
}

export function chart(spec: ChartSpec): Chart {
  const stage = el('div', {class: 'stage', role: 'img', 'aria-label': spec.description});
  const legend = spec.keys?.length
    ? el('ul', {class: 'legend'}, ...spec.keys.map((key) => el('li', {}, el('span', {class: `swatch ${key.class}`, 'aria-hidden': 'true'}), key.label)))
    : null;
  const element = el('figure', {class: 'chart'}, el('figcaption', {}, el('h3', {}, spec.title, el('span', {class: 'unit'}, ` ${spec.unit}`)), legend), stage);
  const listeners: (() => void)[] = [];
  let svg: (SVGSVGElement & Drawn) | undefined;
  let width = 0;

  const redraw = () => {
    const now = Math.floor(stage.clientWidth);
    if (now === width || now === 0) return;
    width = now;
    const drawn = draw({...spec.options(width), width, height: spec.height});
    if (svg) svg.replaceWith(drawn);
    else stage.prepend(drawn);
    svg = drawn;
    for (const listener of listeners) listener();
  };
  new ResizeObserver(redraw).observe(stage);
  return {
    element,
    stage,
    xOf: (value) => svg?.scale('x')?.apply(value) ?? NaN,
    valueAt: (x) => svg?.scale('x')?.invert(x) ?? NaN,
    onDraw: (listener) => listeners.push(listener),
  };
}
