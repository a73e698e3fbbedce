// SPDX-License-Identifier: Apache-2.0
//
// How the load was held to, and what is known of the generator itself.
import type {Figures, Load} from './data';
import {spacedDuration} from './format';

const WHEN_BUSY: Record<string, string> = {queue: 'a request waits', shed: 'a request is dropped', grow: 'more connections are opened'};

export function connections(load: Load): string | null {
  const {connections: n, whenBusy, maxConnections, reconnectAfter: after} = load.concurrency ?? {};
  if (!n) return null;
  const ends = [after?.requests ? `${after.requests} requests` : null, after?.time ? spacedDuration(after.time) : null].filter(Boolean);
  return [
    String(n),
    whenBusy ? `when all are busy, ${WHEN_BUSY[whenBusy] ?? whenBusy}${whenBusy === 'grow' && maxConnections ? ` up to ${maxConnections}` : ''}` : null,
    ends.length ? `each ended after ${ends.join(' or ')}` : null,
  ].filter(Boolean).join('; ');
}

const LIMITS: Record<string, string> = {
  client: 'the generator itself, not the target: the figures are at least partly its own',
  server: 'the target: requests waited for it',
  none: 'nothing: the target kept up with what was due',
};

/** What kept the load from more, in words. */
export function limitedBy({saturated, latencyKind}: Figures): string | null {
  if (!saturated) return null;
  if (latencyKind === 'uncorrected' && saturated === 'server') return 'the target: a closed loop sends as answers come';
  return LIMITS[saturated] ?? saturated;
}

const PACINGS: Record<string, string> = {
  precise: 'exactly when they are due',
  narrowed: 'some microseconds late, to poll no more than half of the time',
  coarse: 'grouped within a millisecond',
};

export function pacing(figures: Figures): string | null {
  return figures.pacing ? (PACINGS[figures.pacing] ?? figures.pacing) : null;
}

/** The generator's own latency, measured before the start. */
export function floor({floorMicros: floor}: Figures): string | null {
  if (floor?.p50 === undefined || floor.p99 === undefined) return null;
  const ms = (micros: number) => (micros / 1000).toFixed(3);
  return `p50 ${ms(floor.p50)} ms, p99 ${ms(floor.p99)} ms, against a server that does nothing`;
}
