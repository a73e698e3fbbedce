// SPDX-License-Identifier: Apache-2.0
//
// The shape of the load as sentences.
import type {Load, ShapePiece} from './data';
import {number, ratePerSecond, spacedDuration} from './format';

const perSecond = (value: string | number | undefined) => {
  const rate = number(ratePerSecond(value));
  return `${rate} ${rate === '1' ? 'request' : 'requests'} per second`;
};
const time = (value: string | number | undefined) => spacedDuration(String(value));

const SENTENCES: Record<string, (piece: Record<string, string | number>) => string> = {
  hold: (p) => `${perSecond(p['rate'])} for ${time(p['for'])}`,
  ramp: (p) => `from ${perSecond(p['from'])} to ${perSecond(p['to'])}, evenly over ${time(p['for'])}`,
  step: (p) => `from ${perSecond(p['from'])} to ${perSecond(p['to'])} in ${p['steps']} steps over ${time(p['for'])}`,
  spike: (p) =>
    `${perSecond(p['base'])} for ${time(p['for'])}, with a peak of ${perSecond(p['peak'])} for ${time(p['width'])} after ${time(p['at'])}`,
  sine: (p) => `a wave around ${perSecond(p['mean'])}, ${number(ratePerSecond(p['amplitude']))} up and down every ${time(p['period'])}, for ${time(p['for'])}`,
  closed: (p) => `as fast as the connections allow for ${time(p['for'])}`,
};

export function pieceSentence(piece: ShapePiece): string {
  const [kind, fields] = Object.entries(piece)[0] ?? [];
  const sentence = kind ? SENTENCES[kind] : undefined;
  return sentence && fields ? sentence(fields) : (kind ?? 'unknown');
}

/** "hold 300/s" for a mark on the axis. */
export function pieceLabel(kind: string): string {
  return kind === 'hold' ? 'steady' : kind;
}

export function targetName(load: Load): string {
  const {service, url, scheme, host} = load.target;
  if (url) return url;
  if (!service) return 'unknown';
  const where = service.namespace ? `${service.name}.${service.namespace}` : service.name;
  return `${scheme ?? 'http'}://${where}${service.port === undefined ? '' : `:${service.port}`}/${host ? ` as ${host}` : ''}`;
}
