// SPDX-License-Identifier: Apache-2.0
//
// Numbers as people read them: three digits that count, a unit always beside them.
import type {Latency} from './data';

/** Three significant digits without trailing noise, thousands separated: 0.0953, 4.04, 40.4, 404, 12,345. */
export function number(value: number): string {
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size >= 3) return Math.round(value).toLocaleString('en-US');
  const digits = Math.min(6, 2 - size);
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** "0.095 ms", "404 ms", "1.23 s". */
export function micros(value: number): string {
  return value < 999_500 ? `${number(value / 1000)} ms` : `${number(value / 1_000_000)} s`;
}

/** A latency for a table cell; "–" when nothing is known. */
export function latency(value: Latency | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'number' ? micros(value) : `> ${bound(value)}`;
}

/** What "> 5s" is more than. */
function bound(text: string): string {
  const duration = text.replace(/^>\s*/, '');
  const ms = durationMs(duration);
  return Number.isNaN(ms) ? duration : micros(ms * 1000);
}

/** The same inside a sentence. */
export function latencyInWords(value: Latency): string {
  return typeof value === 'number' ? micros(value) : `more than ${bound(value)}`;
}

const UNITS: Record<string, number> = {ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/** Go's durations ("1m30s") to milliseconds; NaN for what is none. */
export function durationMs(text: string): number {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return text === '0' ? 0 : NaN;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) ms += Number(amount) * UNITS[unit as string]!;
  return ms;
}

/** "1m30s" as "1 min 30 s". */
export function spacedDuration(text: string): string {
  if (Number.isNaN(durationMs(text))) return text;
  return text
    .replace(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g, (_, amount: string, unit: string) => `${amount} ${unit === 'm' ? 'min' : unit === 'us' ? 'µs' : unit} `)
    .trim();
}

/** Milliseconds as "40 s", "2 min 5 s", "1 h 30 min". */
export function span(ms: number): string {
  if (ms === 0) return '0 s';
  if (ms < 1000) return `${number(ms)} ms`;
  const s = Math.round(ms / 1000);
  const parts: [number, string][] = [[Math.floor(s / 3600), 'h'], [Math.floor(s / 60) % 60, 'min'], [s % 60, 's']];
  return parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`).join(' ');
}

/** A point of time on the axis: "0:34", "1:00:00"; tenths only when they are there. */
export function clock(ms: number): string {
  const sign = ms < 0 ? '−' : '';
  const tenths = Math.round(Math.abs(ms) / 100);
  const s = Math.floor(tenths / 10);
  const two = (n: number) => String(n).padStart(2, '0');
  const fraction = tenths % 10 ? `.${tenths % 10}` : '';
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${sign}${minutes}:${two(s % 60)}${fraction}` : `${sign}${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}${fraction}`;
}

/** "500.0/s" and "30000/m" to requests per second; NaN for what is none. */
export function ratePerSecond(text: string | number | undefined): number {
  const match = /^(\d+(?:\.\d+)?)\/([sm])$/.exec(String(text));
  return match ? Number(match[1]) / (match[2] === 'm' ? 60 : 1) : NaN;
}

/** "500.0/s" as "500/s". */
export function rate(text: string | undefined): string {
  const value = ratePerSecond(text);
  return Number.isNaN(value) ? '–' : `${number(value)}/s`;
}

export function bytes(value: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let size = value;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at++;
  }
  return `${number(size)} ${units[at]}`;
}

/** "2026-11-26T14:00:02Z" as "26 November 2026, 14:00:02 UTC". */
export function day(text: string | undefined): string {
  const at = text ? new Date(text) : undefined;
  if (!at || Number.isNaN(at.getTime())) return text ?? '–';
  const date = at.toLocaleDateString('en-GB', {day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC'});
  return `${date}, ${at.toISOString().slice(11, 19)} UTC`;
}

/** A part of a whole; what is not all never reads as all, and what is not nothing never as nothing. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const value = (100 * part) / whole;
  if (value > 0 && value < 0.001) return '< 0.001 %';
  if (part < whole && value > 99.9) return '> 99.9 %';
  return `${number(value)} %`;
}

/** "8.57%" as "8.57 %". */
export const percent = (text: string): string => text.replace(/%$/, ' %');
