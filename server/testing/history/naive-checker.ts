import { withdraws } from './entity-promises.ts';
import { SET_US_MAX } from './history-checker.ts';
import { type BumpEvent, type HistoryEvent, type ReadEvent, type Stamp, timeOf, type UndoBegun, type UndoEnded } from './history-event.ts';
import type { Violation, ViolationClass } from './violation.ts';

/**
 * The promise, word for word, over a whole history at once: each read is compared with every other event. Quadratic, and so
 * simple that it can be read against the promise. What `HistoryChecker` does by steps and bisection has to come to the same.
 */
export function checkNaively(
  history: readonly HistoryEvent[],
  { isIssued, boundUs }: { isIssued: (key: string, seq: number) => boolean; boundUs: number },
): Violation[] {
  const violations: Violation[] = [];
  for (const event of history) {
    const found = (what: ViolationClass, barrierUs: number | null) => violations.push({ class: what, event, barrierUs });
    if (isAcknowledged(event) && isSilent(history, event)) found('acked-though-refused', null);
    if (event.kind !== 'read' || event.outcome !== 'value') continue;
    const { stamp } = event;
    if (stamp === null) found('unknown-value', null);
    else if (stamp.key !== event.key) found('cross-key', null);
    else if (!isIssued(stamp.key, stamp.seq)) found('unknown-value', null);
    else {
      const promised = (what: ViolationClass, barriers: readonly number[]) => {
        const barrierUs = Math.max(...barriers);
        if (latestBegin(history, stamp, event) < barrierUs) found(what, barrierUs);
      };
      const local = event.tier === 'l1';
      const own = history.filter((one) => 'process' in one && one.process === event.process);
      const heardUs = local ? event.startUs - boundUs : event.startUs;
      const heard = { ...event, startUs: heardUs };
      const stale = local ? 'stale-beyond-bound' : 'stale-after-ack';
      promised(stale, [...writesBefore(history, heard, stamp), ...bumpsBefore(history, history, heard)]);
      if (history.some((one) => one.kind === 'removed' && one.valueId === stamp.id && one.endUs < heardUs)) found(stale, null);
      if (local) promised('stale-after-own-ack', [...writesBefore(own, event, stamp), ...bumpsBefore(own, history, event)]);
      if (local) promised('soft-called-fresh', [...softensBefore(history, heard), ...softensBefore(own, event)]);
      else if (event.called === 'fresh') promised('soft-called-fresh', softensBefore(history, event));
      const shown = history.filter((one) => one.kind === 'read').filter((one) => one.via !== 'getOrSet' || one.tier === 'l1');
      const before = shown.filter((one) => one.endUs < heardUs || (local && isOwnHit(one, event) && one.endUs < event.startUs));
      promised('went-back', seenBy(before, history, event, { isIssued, boundUs }));
    }
  }
  return violations;
}

function isAcknowledged(event: HistoryEvent): event is Exclude<HistoryEvent, ReadEvent | UndoBegun> & { startUs: number; endUs: number } {
  return event.kind === 'undo-ended' ? event.outcome === 'acked' : 'acked' in event && event.acked;
}

/** From before its call until after its acknowledgement Redis could acknowledge nothing. */
function isSilent(history: readonly HistoryEvent[], { startUs, endUs }: { startUs: number; endUs: number }): boolean {
  return history.some((silence) => {
    if (silence.kind !== 'silence-begun' || silence.atUs >= startUs) return false;
    return !history.some((end) => end.kind === 'silence-ended' && end.atUs > silence.atUs && end.atUs < endUs);
  });
}

/** What can be said, when the read has ended, of the latest moment at which the load of its value began. */
function latestBegin(history: readonly HistoryEvent[], { by, id, sinceUs }: Stamp, read: ReadEvent): number {
  if (by !== 'set') return sinceUs;
  const set = history.find((event) => event.kind === 'set' && event.valueId === id && event.endUs <= read.endUs);
  return set === undefined ? sinceUs + SET_US_MAX : timeOf(set);
}

/** A read that starts after an acknowledged invalidation or `set` of its key. A write does not forbid its own value. */
function writesBefore(history: readonly HistoryEvent[], read: ReadEvent, stamp: Stamp): number[] {
  return history.flatMap((event) => {
    if (event.kind !== 'invalidate' && event.kind !== 'set' && event.kind !== 'write') return [];
    return event.acked && event.key === read.key && event.endUs < read.startUs && event.valueId !== stamp.id ? [event.sinceUs] : [];
  });
}

/** A read that starts after an acknowledged bump of its entity, one of `bumpers`, that no undo has withdrawn; one that is under way may withdraw any. */
function bumpsBefore(bumpers: readonly HistoryEvent[], history: readonly HistoryEvent[], read: ReadEvent): number[] {
  const undos = undosBefore(history, read.entity, read.endUs);
  if (undos.some(({ ended }) => ended === undefined)) return [];
  return bumpers.flatMap((event) => {
    if (event.kind !== 'bump' || !event.acked || event.entity !== read.entity || event.endUs >= read.startUs) return [];
    return undos.some(({ ended }) => ended !== undefined && withdraws(ended, event)) ? [] : [event.startUs];
  });
}

function softensBefore(history: readonly HistoryEvent[], read: ReadEvent): number[] {
  return history.flatMap((event) =>
    event.kind === 'soften' && event.acked && event.key === read.key && event.endUs < read.startUs ? [event.sinceUs] : [],
  );
}

function isOwnHit(one: ReadEvent, read: ReadEvent): boolean {
  return one.tier === 'l1' && one.process === read.process;
}

/** What these reads of the cache have shown of the key, with no undo between. */
function seenBy(
  before: readonly ReadEvent[],
  history: readonly HistoryEvent[],
  read: ReadEvent,
  { isIssued, boundUs }: { isIssued: (key: string, seq: number) => boolean; boundUs: number },
): number[] {
  return before.flatMap((event) => {
    const { stamp } = event;
    if (event.key !== read.key || event.outcome !== 'value' || stamp === null) return [];
    if (stamp.key !== event.key || !isIssued(stamp.key, stamp.seq)) return [];
    const undoneSince = undosBefore(history, read.entity, read.endUs).some(({ begun }) => begun.atUs > event.endUs);
    return undoneSince || !isSettled(history, event, event.tier === 'l1' ? event.startUs - boundUs : event.startUs) ? [] : [stamp.sinceUs];
  });
}

/** Every undo that began before this read's end had ended by that time, and what came of each is known. */
function isSettled(history: readonly HistoryEvent[], read: ReadEvent, byUs: number): boolean {
  return undosBefore(history, read.entity, read.endUs).every(({ ended }) => {
    if (ended === undefined || ended.endUs > byUs) return false;
    return ended.outcome !== 'unknown' || bumpsOf(history, read.entity).some((bump) => bump.startUs > ended.endUs && bump.endUs <= byUs);
  });
}

function bumpsOf(history: readonly HistoryEvent[], entity: string): BumpEvent[] {
  return history.filter((event) => event.kind === 'bump').filter((bump) => bump.acked && bump.entity === entity);
}

/** The undos of an entity that had begun by then, and how those ended that had ended. */
function undosBefore(history: readonly HistoryEvent[], entity: string, atUs: number): { begun: UndoBegun; ended: UndoEnded | undefined }[] {
  const ends = history.filter((event) => event.kind === 'undo-ended');
  return history
    .filter((event) => event.kind === 'undo-begun')
    .filter((begun) => begun.entity === entity && begun.atUs <= atUs)
    .map((begun) => ({ begun, ended: ends.find(({ undo, endUs }) => undo === begun.undo && endUs <= atUs) }));
}
