import type { HistoryEvent, ReadEvent, Stamp, WriteEvent } from './history-event.ts';

/** Events of a history in as few words as a test needs. All are of `product`; its keys are told by their id. */

type Span = readonly [startUs: number, endUs: number];

const operation = ([startUs, endUs]: Span) => ({ process: 'p1', client: 'p1/0', entity: 'product', startUs, endUs });
const keyOf = (id: string) => `product/${id}`;

/** What a loader made of the origin's state, begun at that time. */
export function loadedAt(sinceUs: number, more: Partial<Stamp> = {}): Stamp {
  return { key: keyOf('1'), seq: 1, id: `load-${sinceUs}`, sinceUs, by: 'load', ...more };
}

/** What a `set` or a `write` of that name stored, called at that time. */
export function writtenAt(sinceUs: number, id: string, by: 'set' | 'write'): Stamp {
  return { key: keyOf('1'), seq: 1, id, sinceUs, by };
}

export function read(span: Span, stamp: Stamp | null, more: Partial<ReadEvent> = {}): ReadEvent {
  return { kind: 'read', ...operation(span), key: keyOf('1'), via: 'get', outcome: 'value', stamp, called: null, tier: null, ...more };
}

/** Answered by the process itself. */
export function hit(span: Span, stamp: Stamp, more: Partial<ReadEvent> = {}): ReadEvent {
  return { ...read(span, stamp, more), tier: 'l1' };
}

/** Of the entry that holds the value of this name. */
export function removed([startUs, endUs]: Span, valueId: string): HistoryEvent {
  return { kind: 'removed', key: keyOf('1'), valueId, startUs, endUs };
}

export function invalidate(span: Span, more: Partial<WriteEvent> = {}): WriteEvent {
  return { kind: 'invalidate', ...operation(span), key: keyOf('1'), acked: true, error: null, sinceUs: span[0], valueId: null, ...more };
}

export function soften(span: Span, more: Partial<WriteEvent> = {}): WriteEvent {
  return { ...invalidate(span, more), kind: 'soften' };
}

/** A plain value. */
export function set(span: Span, valueId: string, more: Partial<WriteEvent> = {}): WriteEvent {
  return { ...invalidate(span, more), kind: 'set', valueId };
}

/** A `set` with a function, whose origin write returned at `sinceUs`. */
export function write(span: Span, valueId: string, sinceUs: number, more: Partial<WriteEvent> = {}): WriteEvent {
  return { ...invalidate(span, more), kind: 'write', valueId, sinceUs };
}

export function bump(span: Span, rev: number, more: { acked?: boolean; entity?: string; process?: string } = {}): HistoryEvent {
  return { kind: 'bump', ...operation(span), acked: true, error: null, rev, ...more };
}

/** Both ends of an undo. `acked` tells the namespace that it brought back, and the revision that it minted. */
export function undo(span: Span, how: { restored: number; rev: number } | 'nothing' | 'unknown'): HistoryEvent[] {
  const name = `undo-${span[0]}`;
  const said = typeof how === 'string' ? { outcome: how, restored: 0, rev: 0 } : { outcome: 'acked' as const, ...how };
  return [undoBegun(span[0], name), { kind: 'undo-ended', ...operation(span), undo: name, ...said }];
}

export function undoBegun(atUs: number, name = `undo-${atUs}`): HistoryEvent {
  return { kind: 'undo-begun', process: 'p1', undo: name, entity: 'product', atUs };
}

export function silence([fromUs, toUs]: Span): HistoryEvent[] {
  return [
    { kind: 'silence-begun', atUs: fromUs },
    { kind: 'silence-ended', atUs: toUs },
  ];
}
