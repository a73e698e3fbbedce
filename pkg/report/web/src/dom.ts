// SPDX-License-Identifier: Apache-2.0
//
// Elements. Text is only ever text: nothing in the data becomes markup.

type Child = Node | string | null | undefined | false;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  for (const child of children) if (child) element.append(child);
  return element;
}

export interface Cell {
  text: string;
  class?: string;
  header?: boolean;
}

export interface TableSpec {
  caption: string;
  /** Hidden where a heading says the same. */
  hideCaption?: boolean;
  head: string[];
  rows: (Cell | string)[][];
  /** How many of the first columns are text; the others are figures. */
  textColumns?: number;
}

/** A table that scrolls by itself where the screen is narrow, also by keyboard. */
export function table(spec: TableSpec): HTMLElement {
  const texts = spec.textColumns ?? 1;
  const cell = (content: Cell | string, column: number, head = false) => {
    const {text, class: name, header} = typeof content === 'string' ? {text: content, class: undefined, header: undefined} : content;
    const kind = column < texts ? '' : 'figure';
    const rowHead = !head && (header ?? column === 0);
    return el(head || rowHead ? 'th' : 'td', {class: [kind, name].filter(Boolean).join(' ') || undefined, scope: head ? 'col' : rowHead ? 'row' : undefined}, text);
  };
  return el(
    'div',
    {class: spec.head.length > 4 ? 'table wide' : 'table', role: 'region', 'aria-label': spec.caption, tabindex: '0'},
    el(
      'table',
      {},
      el('caption', {class: spec.hideCaption ? 'unseen' : undefined}, spec.caption),
      el('thead', {}, el('tr', {}, ...spec.head.map((text, column) => cell(text, column, true)))),
      el('tbody', {}, ...spec.rows.map((row) => el('tr', {}, ...row.map((content, column) => cell(content, column))))),
    ),
  );
}

/** Built when it is opened for the first time: few readers do. */
export function details(summary: string, build: () => HTMLElement): HTMLElement {
  const element = el('details', {}, el('summary', {}, summary));
  element.addEventListener('toggle', () => {
    if (element.open && element.childElementCount === 1) element.append(build());
  });
  return element;
}

let ids = 0;

/** A part of the page under a heading of its own. */
export function section(heading: string, intro: string | null, ...children: Child[]): HTMLElement {
  const id = `section-${++ids}`;
  return el('section', {'aria-labelledby': id}, el('h2', {id}, heading), intro ? el('p', {class: 'intro'}, intro) : null, ...children);
}
