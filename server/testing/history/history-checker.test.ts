import { describe, expect, it } from 'vitest';
import { bump, hit, invalidate, loadedAt, read, removed, set, silence, soften, undo, undoBegun, write, writtenAt } from './build-events.ts';
import { HistoryChecker, RETAIN_US } from './history-checker.ts';
import type { HistoryEvent } from './history-event.ts';
import type { ViolationClass } from './violation.ts';

/** The origin has given out the numbers 1 to 5. What a process answers by itself is bound by 100. */
function check(...history: (HistoryEvent | HistoryEvent[])[]): ViolationClass[] {
  const checker = new HistoryChecker({ isIssued: (_key, seq) => seq >= 1 && seq <= 5, boundUs: 100 });
  for (const event of history.flat()) checker.add(event);
  checker.finish();
  return checker.violations.map((violation) => violation.class);
}

const legal: ViolationClass[] = [];

describe('old value after an acknowledgement', () => {
  const red: ViolationClass[] = ['stale-after-ack'];

  it('an invalidation forbids loads that began before its call, not those that began with it', () => {
    expect(check(invalidate([10, 20]), read([21, 30], loadedAt(9)))).toEqual(red);
    expect(check(invalidate([10, 20]), read([21, 30], loadedAt(10)))).toEqual(legal);
  });

  it('it binds reads that begin after its acknowledgement, not those that begin with it', () => {
    expect(check(invalidate([10, 20]), read([21, 30], loadedAt(5)))).toEqual(red);
    expect(check(invalidate([10, 20]), read([20, 30], loadedAt(5)))).toEqual(legal);
  });

  it('it binds if it was acknowledged, not if it was refused', () => {
    expect(check(invalidate([10, 20]), read([30, 40], loadedAt(5)))).toEqual(red);
    expect(check(invalidate([10, 20], { acked: false }), read([30, 40], loadedAt(5)))).toEqual(legal);
  });

  it('it binds reads of its key, not of another', () => {
    const other = { key: 'product/2' };
    expect(check(invalidate([10, 20], other), read([30, 40], loadedAt(5, other), other))).toEqual(red);
    expect(check(invalidate([10, 20], other), read([30, 40], loadedAt(5)))).toEqual(legal);
  });

  it('of two invalidations the later call binds, in whatever order they are acknowledged', () => {
    expect(check(invalidate([15, 20]), invalidate([10, 25]), read([30, 40], loadedAt(12)))).toEqual(red);
    expect(check(invalidate([15, 20], { acked: false }), invalidate([10, 25]), read([30, 40], loadedAt(12)))).toEqual(legal);
  });

  it('a value that a write left is held to whatever else binds most', () => {
    const written = write([5, 40], 'w', 30);
    const own = writtenAt(15, 'w', 'write');
    expect(check(invalidate([10, 41]), written, invalidate([20, 42]), read([50, 60], own))).toEqual(red);
    expect(check(written, invalidate([10, 41]), invalidate([20, 42]), read([50, 60], own))).toEqual(red);
    expect(check(invalidate([10, 41]), written, invalidate([15, 42]), read([50, 60], own))).toEqual(legal);
  });

  it('of two bumps the later call binds, in whatever order they are acknowledged', () => {
    expect(check(bump([15, 20], 6), bump([10, 25], 7), read([30, 40], loadedAt(12)))).toEqual(red);
    expect(check(bump([15, 20], 6, { acked: false }), bump([10, 25], 7), read([30, 40], loadedAt(12)))).toEqual(legal);
  });

  it('an undo that ends before its bump is heard of withdraws it all the same', () => {
    expect(check(bump([10, 45], 6), undo([30, 40], { restored: 5, rev: 7 }), read([50, 60], loadedAt(5)))).toEqual(legal);
    expect(check(bump([10, 45], 8), undo([30, 40], { restored: 5, rev: 7 }), read([50, 60], loadedAt(5)))).toEqual(red);
  });

  it('a read that began before the end of an undo is held to the bumps that stand', () => {
    const undone = undo([30, 40], { restored: 5, rev: 7 });
    expect(check(bump([1, 4], 5), bump([10, 20], 6), undone, read([35, 60], loadedAt(2)))).toEqual(legal);
    expect(check(bump([1, 4], 5), bump([10, 20], 6), undone, read([35, 60], loadedAt(0)))).toEqual(red);
  });

  it('every way to read is bound', () => {
    for (const via of ['getOrSet', 'get', 'peek'] as const) {
      expect(check(invalidate([10, 20]), read([30, 40], loadedAt(5), { via }))).toEqual(red);
      expect(check(invalidate([10, 20]), read([30, 40], null, { via, outcome: 'none' }))).toEqual(legal);
    }
  });

  it('a set with a function forbids loads that began before the origin had returned, but not its own value', () => {
    const written = write([10, 40], 'w', 30);
    expect(check(written, read([50, 60], loadedAt(29)))).toEqual(red);
    expect(check(written, read([50, 60], loadedAt(30)))).toEqual(legal);
    expect(check(written, read([50, 60], writtenAt(15, 'w', 'write')))).toEqual(legal);
  });

  it('a value that one write left is forbidden by another', () => {
    const own = writtenAt(12, 'first', 'write');
    expect(check(write([10, 30], 'first', 20), write([40, 60], 'second', 50), read([70, 80], own))).toEqual(red);
    expect(check(write([10, 30], 'first', 20), write([40, 60], 'second', 50, { acked: false }), read([70, 80], own))).toEqual(legal);
    expect(check(write([40, 60], 'second', 50), write([10, 65], 'first', 55), read([70, 80], own))).toEqual(red);
  });

  it('a plain set counts, as a value, as begun at the latest at its acknowledgement', () => {
    const value = writtenAt(10, 's', 'set');
    expect(check(set([10, 40], 's'), invalidate([41, 45]), read([50, 60], value))).toEqual(red);
    expect(check(set([10, 40], 's'), invalidate([20, 30]), read([50, 60], value))).toEqual(legal);
    expect(check(set([10, 40], 's', { acked: false }), invalidate([41, 45]), read([50, 60], value))).toEqual(red);
  });

  it('a plain set counts, as a promise, from its call on', () => {
    expect(check(set([10, 40], 's'), read([50, 60], loadedAt(9)))).toEqual(red);
    expect(check(set([10, 40], 's'), read([50, 60], loadedAt(10)))).toEqual(legal);
  });

  it('a bump forbids older loads of every key of its entity, and of no other entity', () => {
    const other = { key: 'product/2' };
    expect(check(bump([10, 20], 5), read([30, 40], loadedAt(9, other), other))).toEqual(red);
    expect(check(bump([10, 20], 5, { entity: 'price' }), read([30, 40], loadedAt(9, other), other))).toEqual(legal);
    expect(check(bump([10, 20], 5, { acked: false }), read([30, 40], loadedAt(9, other), other))).toEqual(legal);
  });

  it('an undo withdraws the bump that it took back, and none before it', () => {
    const undone = undo([30, 40], { restored: 5, rev: 7 });
    expect(check(bump([10, 20], 6), undone, read([50, 60], loadedAt(5)))).toEqual(legal);
    expect(check(bump([10, 20], 5), undone, read([50, 60], loadedAt(5)))).toEqual(red);
    expect(check(bump([1, 4], 5), bump([10, 20], 6), undone, read([50, 60], loadedAt(0)))).toEqual(red);
  });

  it('it withdraws no bump after it', () => {
    const undone = undo([30, 40], { restored: 5, rev: 7 });
    expect(check(bump([10, 20], 6), undone, bump([45, 48], 8), read([50, 60], loadedAt(42)))).toEqual(red);
    expect(check(bump([10, 20], 6), undone, bump([45, 48], 8), read([50, 60], loadedAt(45)))).toEqual(legal);
  });

  it('it withdraws no invalidation and no set', () => {
    const undone = undo([30, 40], { restored: 5, rev: 7 });
    expect(check(bump([10, 20], 6), invalidate([22, 24]), undone, read([50, 60], loadedAt(5)))).toEqual(red);
    expect(check(bump([10, 20], 6), set([22, 24], 's'), undone, read([50, 60], loadedAt(5)))).toEqual(red);
    expect(check(bump([10, 20], 6), undone, read([50, 60], loadedAt(5)))).toEqual(legal);
  });

  it('an undo under way, or of which nobody knows what came, may withdraw any bump before it; one that found nothing withdraws none', () => {
    expect(check(bump([10, 20], 6), undoBegun(25), read([30, 40], loadedAt(5)))).toEqual(legal);
    expect(check(bump([10, 20], 6), undo([25, 28], 'unknown'), read([30, 40], loadedAt(5)))).toEqual(legal);
    expect(check(undo([25, 28], 'unknown'), bump([29, 32], 8), read([40, 50], loadedAt(5)))).toEqual(red);
    expect(check(bump([10, 20], 6), undo([25, 28], 'nothing'), read([30, 40], loadedAt(5)))).toEqual(red);
  });
});

describe('a value that no origin gave out', () => {
  it('is one without a mark, or with a number that the origin has not reached', () => {
    expect(check(read([10, 20], null))).toEqual(['unknown-value']);
    expect(check(read([10, 20], loadedAt(5, { seq: 6 })))).toEqual(['unknown-value']);
    expect(check(read([10, 20], loadedAt(5, { seq: 5 })))).toEqual(legal);
    expect(check(read([10, 20], null, { outcome: 'none' }))).toEqual(legal);
    expect(check(read([10, 20], null, { outcome: 'failed' }))).toEqual(legal);
  });
});

describe('a value of another key', () => {
  it('is another key within the entity, or the same id of another entity', () => {
    expect(check(read([10, 20], loadedAt(5, { key: 'product/2' })))).toEqual(['cross-key']);
    expect(check(read([10, 20], loadedAt(5, { key: 'price/1' })))).toEqual(['cross-key']);
    expect(check(read([10, 20], loadedAt(5, { key: 'product/1' })))).toEqual(legal);
  });
});

describe('going back', () => {
  const red: ViolationClass[] = ['went-back'];

  it('is an older load, read after the end of a read that showed a newer one', () => {
    expect(check(read([10, 20], loadedAt(8)), read([21, 30], loadedAt(7)))).toEqual(red);
    expect(check(read([10, 20], loadedAt(8)), read([21, 30], loadedAt(8)))).toEqual(legal);
    expect(check(read([10, 20], loadedAt(8)), read([20, 30], loadedAt(7)))).toEqual(legal);
  });

  it('is one across clients and processes, of one key', () => {
    const another = { process: 'p2', client: 'p2/3' };
    expect(check(read([10, 20], loadedAt(8)), read([30, 40], loadedAt(7), another))).toEqual(red);
    const other = { key: 'product/2' };
    expect(check(read([10, 20], loadedAt(8)), read([30, 40], loadedAt(7, other), { ...another, ...other }))).toEqual(legal);
  });

  it('binds by what the cache alone has shown: a load without a lease is never in it', () => {
    expect(check(read([10, 20], loadedAt(8), { via: 'peek' }), read([30, 40], loadedAt(7), { via: 'getOrSet' }))).toEqual(red);
    expect(check(read([10, 20], loadedAt(8), { via: 'getOrSet' }), read([30, 40], loadedAt(7), { via: 'peek' }))).toEqual(legal);
  });

  it('a plain set binds by its call, and is bound by its acknowledgement', () => {
    const value = writtenAt(10, 's', 'set');
    expect(check(set([10, 20], 's'), read([22, 25], loadedAt(21)), read([30, 40], value))).toEqual(red);
    expect(check(set([10, 20], 's'), read([22, 25], loadedAt(20)), read([30, 40], value))).toEqual(legal);
    expect(check(set([10, 20], 's'), read([22, 25], value), read([30, 40], loadedAt(11)))).toEqual(legal);
    expect(check(set([10, 20], 's', { acked: false }), read([22, 25], value), read([30, 40], loadedAt(9)))).toEqual(red);
  });

  it('an undo makes older values readable again', () => {
    const [newer, older] = [read([10, 20], loadedAt(8)), read([50, 60], loadedAt(7))];
    expect(check(newer, older)).toEqual(red);
    expect(check(newer, undo([30, 40], { restored: 5, rev: 7 }), older)).toEqual(legal);
    expect(check(newer, undoBegun(30), older)).toEqual(legal);
    expect(check(read([35, 45], loadedAt(8)), undo([30, 40], { restored: 5, rev: 7 }), older)).toEqual(legal);
    expect(check(undo([3, 4], { restored: 5, rev: 7 }), newer, older)).toEqual(red);
  });

  it('an undo of which nobody knows what came leaves a doubt that ends with the next bump', () => {
    const reads = [read([50, 60], loadedAt(48)), read([70, 80], loadedAt(47))];
    expect(check(undo([10, 20], 'unknown'), reads)).toEqual(legal);
    expect(check(undo([10, 20], 'unknown'), bump([19, 30], 8), reads)).toEqual(legal);
    expect(check(undo([10, 20], 'unknown'), bump([21, 30], 8), reads)).toEqual(red);
    expect(check(undo([10, 20], 'unknown'), bump([21, 30], 8), undo([25, 35], 'nothing'), reads)).toEqual(red);
    expect(check(undo([10, 20], 'unknown'), bump([21, 51], 8), reads)).toEqual(legal);
    expect(check(undo([10, 20], 'unknown'), undoBegun(25), bump([21, 30], 8), reads)).toEqual(legal);
  });
});

describe('acknowledged though refused', () => {
  const red: ViolationClass[] = ['acked-though-refused'];
  const silent = silence([10, 40]);

  it('is a change that was called and acknowledged while Redis could acknowledge nothing', () => {
    for (const changed of [invalidate([11, 20]), soften([11, 20]), set([11, 20], 's'), write([11, 20], 'w', 15), bump([11, 20], 5)]) {
      expect(check(silent, changed)).toEqual(red);
    }
    expect(check(silent, undo([11, 20], { restored: 5, rev: 7 }))).toEqual(red);
  });

  it('is none that was called before, acknowledged after, or refused', () => {
    expect(check(silent, invalidate([10, 20]))).toEqual(legal);
    expect(check(silent, invalidate([9, 20]))).toEqual(legal);
    expect(check(silent, invalidate([11, 41]))).toEqual(legal);
    expect(check(silent, invalidate([11, 20], { acked: false }))).toEqual(legal);
    expect(check(silent, undo([11, 20], 'unknown'), undo([21, 30], 'nothing'))).toEqual(legal);
    expect(check(silent, read([11, 20], loadedAt(5)))).toEqual(legal);
  });
});

describe('old value called fresh', () => {
  const red: ViolationClass[] = ['soft-called-fresh'];
  const fresh = { via: 'peek', called: 'fresh' } as const;

  it('is older than an acknowledged soft invalidation, and named fresh', () => {
    expect(check(soften([10, 20]), read([30, 40], loadedAt(9), fresh))).toEqual(red);
    expect(check(soften([10, 20]), read([30, 40], loadedAt(10), fresh))).toEqual(legal);
    expect(check(soften([10, 20]), read([30, 40], loadedAt(9), { via: 'peek', called: 'stale' }))).toEqual(legal);
    expect(check(soften([10, 20]), read([20, 40], loadedAt(9), fresh))).toEqual(legal);
    expect(check(soften([10, 20], { acked: false }), read([30, 40], loadedAt(9), fresh))).toEqual(legal);
  });

  it('of two soft invalidations the later call binds, in whatever order they are acknowledged', () => {
    expect(check(soften([15, 20]), soften([10, 25]), read([30, 40], loadedAt(12), fresh))).toEqual(red);
    expect(check(soften([15, 20], { acked: false }), soften([10, 25]), read([30, 40], loadedAt(12), fresh))).toEqual(legal);
  });

  it('a soft invalidation may be served from, by reads that name nothing', () => {
    expect(check(soften([10, 20]), read([30, 40], loadedAt(9)))).toEqual(legal);
    expect(check(invalidate([10, 20]), read([30, 40], loadedAt(9)))).toEqual(['stale-after-ack']);
  });
});

describe('what a process answered by itself', () => {
  const beyond: ViolationClass[] = ['stale-beyond-bound'];
  const other = { process: 'p2', client: 'p2/0' };

  it('may be what another process had changed, until the bound after the acknowledgement is over', () => {
    for (const change of [invalidate([10, 20]), set([10, 20], 's'), write([5, 20], 'w', 10), bump([10, 20], 6)]) {
      expect(check(change, hit([121, 122], loadedAt(9), other))).toEqual(beyond);
      expect(check(change, hit([120, 122], loadedAt(9), other))).toEqual(legal);
      expect(check(change, hit([121, 122], loadedAt(10), other))).toEqual(legal);
      expect(check(change, read([121, 122], loadedAt(9), other))).toEqual(['stale-after-ack']);
    }
    expect(check(invalidate([10, 20], { acked: false }), hit([121, 122], loadedAt(9), other))).toEqual(legal);
  });

  it('is never what the process itself had changed', () => {
    for (const change of [invalidate([10, 20]), set([10, 20], 's'), write([5, 20], 'w', 10), bump([10, 20], 6)]) {
      expect(check(change, hit([21, 22], loadedAt(9)))).toEqual(['stale-after-own-ack']);
      expect(check(change, hit([20, 22], loadedAt(9)))).toEqual(legal);
      expect(check(change, hit([21, 22], loadedAt(10)))).toEqual(legal);
    }
    expect(check(bump([10, 20], 6), bump([23, 24], 7, other), hit([30, 31], loadedAt(9)))).toEqual(['stale-after-own-ack']);
    expect(check(bump([10, 20], 6, other), bump([23, 24], 7), hit([30, 31], loadedAt(23)))).toEqual(legal);
  });

  it('is held to no bump that was undone, its own or not', () => {
    const undone = undo([30, 40], { restored: 5, rev: 7 });
    expect(check(bump([10, 20], 6), undone, hit([50, 60], loadedAt(5)))).toEqual(legal);
    expect(check(bump([10, 20], 8), undone, hit([50, 60], loadedAt(5)))).toEqual(['stale-after-own-ack']);
    expect(check(bump([10, 20], 6), undone, hit([130, 131], loadedAt(5), other))).toEqual(legal);
    expect(check(bump([10, 20], 8), undone, hit([130, 131], loadedAt(5), other))).toEqual(beyond);
  });

  it('may be what was taken out of Redis by hand, until the bound is over; what Redis answers may not', () => {
    const value = loadedAt(5);
    expect(check(removed([10, 20], value.id), hit([121, 122], value))).toEqual(beyond);
    expect(check(removed([10, 20], value.id), hit([120, 122], value))).toEqual(legal);
    expect(check(removed([10, 20], value.id), hit([121, 122], loadedAt(4)))).toEqual(legal);
    expect(check(removed([10, 20], value.id), read([21, 22], value))).toEqual(['stale-after-ack']);
    expect(check(removed([10, 20], value.id), read([20, 22], value))).toEqual(legal);
    expect(check(removed([10, 20], value.id), removed([30, 40], value.id), read([35, 36], value))).toEqual(['stale-after-ack']);
  });

  it('is called fresh by being answered: older than a soft invalidation within the bound, if that was of another process', () => {
    expect(check(soften([10, 20]), hit([121, 122], loadedAt(9), other))).toEqual(['soft-called-fresh']);
    expect(check(soften([10, 20]), hit([120, 122], loadedAt(9), other))).toEqual(legal);
    expect(check(soften([10, 20]), hit([21, 22], loadedAt(9)))).toEqual(['soft-called-fresh']);
    expect(check(soften([10, 20]), hit([20, 22], loadedAt(9)))).toEqual(legal);
  });

  it('goes back behind what others had shown within the bound only, and never behind what it had answered by itself', () => {
    const red: ViolationClass[] = ['went-back'];
    expect(check(read([10, 20], loadedAt(8)), hit([121, 122], loadedAt(7)))).toEqual(red);
    expect(check(read([10, 20], loadedAt(8)), hit([120, 122], loadedAt(7)))).toEqual(legal);
    expect(check(hit([10, 20], loadedAt(8)), hit([21, 22], loadedAt(7)))).toEqual(red);
    expect(check(hit([10, 20], loadedAt(8), other), hit([21, 22], loadedAt(7)))).toEqual(legal);
    expect(check(hit([10, 20], loadedAt(8)), hit([20, 22], loadedAt(7)))).toEqual(legal);
  });

  it('came from the cache, and binds what Redis answers; for the bound after an undo it may be of what was undone', () => {
    const older = read([200, 210], loadedAt(7), { via: 'getOrSet' });
    const undone = undo([3, 4], { restored: 5, rev: 7 });
    expect(check(hit([10, 20], loadedAt(8), { via: 'getOrSet' }), older)).toEqual(['went-back']);
    expect(check(undone, hit([104, 120], loadedAt(8)), older)).toEqual(['went-back']);
    expect(check(undone, hit([103, 120], loadedAt(8)), older)).toEqual(legal);
    expect(check(undone, hit([103, 120], loadedAt(8)), hit([200, 210], loadedAt(7)))).toEqual(legal);
  });
});

describe('the book-keeping of a history', () => {
  it('an event that comes after its time was looked at is counted', () => {
    const checker = new HistoryChecker({ isIssued: () => true });
    checker.advance(100);
    checker.add(invalidate([10, 100]));
    expect(checker.late).toBe(0);
    checker.add(invalidate([10, 99]));
    expect(checker.late).toBe(1);
  });

  it('waits with an event until all of its time is there', () => {
    const checker = new HistoryChecker({ isIssued: () => true });
    checker.add(read([30, 40], loadedAt(5)));
    checker.advance(39);
    expect(checker.waiting).toBe(1);
    checker.add(invalidate([10, 40]));
    checker.add(invalidate([10, 39.5]));
    checker.advance(40);
    expect([checker.waiting, checker.checked]).toEqual([0, 1]);
  });

  it('what is older than is kept is forgotten, and a read from before is counted as unchecked, never as checked', () => {
    const checker = new HistoryChecker({ isIssued: () => true });
    const many = 65_536;
    for (let count = 1; count <= many; count += 1) checker.add(invalidate([count, RETAIN_US + count]));
    checker.finish();
    checker.add(read([many - 1, 2 * RETAIN_US], loadedAt(0)));
    checker.add(read([many + 1, 2 * RETAIN_US], loadedAt(many)));
    checker.finish();
    expect([checker.unchecked, checker.checked]).toEqual([1, 1]);
  });
});
