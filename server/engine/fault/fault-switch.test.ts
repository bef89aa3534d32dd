import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheEvent } from '../events.ts';
import { type FaultOrder, type FaultOrderInput, faultDocument, faultOrder } from '../wire/fault-order.ts';
import { choosesInstance } from './chooses-instance.ts';
import { FaultSwitch } from './fault-switch.ts';

const nowMs = 1_800_000_000_000;
const instance = 'a'.repeat(16);
const order = (input: FaultOrderInput): FaultOrder => faultOrder.parse(input);
const down = (id: string, seconds: number): FaultOrder => order({ kind: 'refuse', id, endsAt: nowMs + seconds * 1_000 });
const document = (rev: number, ...faults: FaultOrder[]): { rev: number; faults: FaultOrder[] } => ({ rev, faults });
const ids = (faults: FaultSwitch): string[] => faults.active().map((order) => order.id);

describe('orders', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('end by themselves at their end, in Redis time, with no further word from anybody', () => {
    const events: CacheEvent[] = [];
    const faults = new FaultSwitch({ allow: true, instance, emit: (event) => events.push(event) });
    faults.apply(document(1, down('a', 2)), nowMs);
    expect(ids(faults)).toEqual(['a']);
    vi.advanceTimersByTime(1_999);
    expect(ids(faults)).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(ids(faults)).toEqual([]);
    expect(events).toEqual([
      { type: 'fault.started', id: 'a', kind: 'refuse' },
      { type: 'fault.ended', id: 'a', kind: 'refuse' },
    ]);
  });

  it('never come alive again once ended, even if the clock steps back', () => {
    const faults = new FaultSwitch({ allow: true, instance });
    faults.apply(document(1, down('a', 2)), nowMs);
    vi.advanceTimersByTime(2_000);
    faults.apply(document(1, down('a', 2)), nowMs - 3_600_000);
    expect(ids(faults)).toEqual([]);
    faults.apply(document(2, down('late', -1)), nowMs);
    faults.apply(document(3, down('late', -1)), nowMs - 3_600_000);
    expect(ids(faults)).toEqual([]);
  });

  it('are not prolonged by being heard again', () => {
    const faults = new FaultSwitch({ allow: true, instance });
    faults.apply(document(1, down('a', 2)), nowMs);
    vi.advanceTimersByTime(1_000);
    faults.apply(document(2, down('a', 600)), nowMs);
    vi.advanceTimersByTime(1_000);
    expect(ids(faults)).toEqual([]);
  });

  it('end when a newer document leaves them out; an older document changes nothing', () => {
    const faults = new FaultSwitch({ allow: true, instance });
    faults.apply(document(2, down('a', 60)), nowMs);
    faults.apply(document(1), nowMs);
    expect(ids(faults)).toEqual(['a']);
    faults.apply(document(3), nowMs);
    expect(ids(faults)).toEqual([]);
    faults.apply(document(2, down('a', 60)), nowMs);
    expect(ids(faults)).toEqual([]);
    expect(faults.rev).toBe(3);
  });

  it('last 15 minutes at most', () => {
    const faults = new FaultSwitch({ allow: true, instance });
    faults.apply(document(1, down('a', 86_400)), nowMs);
    vi.advanceTimersByTime(15 * 60_000);
    expect(ids(faults)).toEqual([]);
  });

  it('are refused, and each said so once, where the owner did not allow them; none reaches the control connection', () => {
    const events: CacheEvent[] = [];
    const closed = new FaultSwitch({ allow: false, instance, emit: (event) => events.push(event) });
    expect(closed.apply(document(1, down('a', 60)), nowMs)).toBe(false);
    expect(closed.apply(document(1, down('a', 60)), nowMs)).toBe(false);
    expect(events).toEqual([{ type: 'fault.refused', id: 'a', kind: 'refuse' }]);
    expect(ids(closed)).toEqual([]);
    expect(closed.connectorFor('read')).toBeUndefined();
    const open = new FaultSwitch({ allow: true, instance });
    expect(open.connectorFor('control')).toBeUndefined();
    expect(open.connectorFor('read')).toBeDefined();
  });

  it('hold whatever sequence of documents and times comes: an id is alive in one unbroken stretch, inside its first window', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            stepMs: fc.integer({ min: 0, max: 3_000 }),
            skewMs: fc.integer({ min: -10_000, max: 10_000 }),
            orders: fc.uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c'), seconds: fc.integer({ min: -1, max: 5 }) }), {
              selector: (order) => order.id,
            }),
          }),
          { maxLength: 20 },
        ),
        (steps) => {
          const faults = new FaultSwitch({ allow: true, instance });
          const ended = new Set<string>();
          let before: string[] = [];
          steps.forEach((step, index) => {
            vi.advanceTimersByTime(step.stepMs);
            faults.apply(document(index + 1, ...step.orders.map((order) => down(order.id, order.seconds))), nowMs + step.skewMs);
            const alive = ids(faults);
            for (const id of before) if (!alive.includes(id)) ended.add(id);
            for (const id of alive) expect(ended.has(id)).toBe(false);
            before = alive;
          });
          faults.close();
          expect(faults.active()).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('who is struck', () => {
  it('is said by both ids alone: an order takes about its share of instances, another order takes others', () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => `instance-${index}`);
    const chosen = (id: string) => ids.filter((one) => choosesInstance(one, id, 30));
    expect(chosen('first')).toEqual(chosen('first'));
    expect(chosen('first')).not.toEqual(chosen('second'));
    expect(Math.abs(chosen('first').length - 600)).toBeLessThan(100);
    expect(ids.every((one) => choosesInstance(one, 'first', 100))).toBe(true);
  });

  it('an instance that is not chosen applies the document, and suffers nothing', () => {
    const id = Array.from({ length: 100 }, (_, index) => `order-${index}`).find((one) => !choosesInstance(instance, one, 50)) ?? '';
    const faults = new FaultSwitch({ allow: true, instance });
    const spared = order({ kind: 'forced-miss', id, instancesPercent: 50, endsAt: nowMs + 60_000 });
    expect(faults.apply(document(1, spared), nowMs)).toBe(true);
    expect([faults.rev, ids(faults), faults.spoilEntry]).toEqual([1, [], null]);
  });
});

describe('above the socket', () => {
  const signal = new AbortController().signal;
  const start = (random: () => number, ...inputs: Record<string, unknown>[]): FaultSwitch => {
    const faults = new FaultSwitch({ allow: true, instance, random });
    const orders = inputs.map((input, index) => faultOrder.parse({ id: `o${index}`, endsAt: nowMs + 60_000, ...input }));
    faults.apply(document(1, ...orders), nowMs);
    return faults;
  };

  it('nothing is in the way while nothing is simulated, nor afterwards', () => {
    const load = async () => 1;
    const faults = start(() => 0, { kind: 'forced-miss' }, { kind: 'failing-origin' }, { kind: 'l1-off' });
    expect([faults.spoilEntry === null, faults.loader(load) === load, faults.l1Off]).toEqual([false, false, true]);
    faults.apply(document(2), nowMs);
    expect([faults.spoilEntry, faults.loader(load) === load, faults.l1Off]).toEqual([null, true, false]);
  });

  it('a forced miss hides the entry as often as it is told to', () => {
    const draws = [0.1, 0.29, 0.3, 0.9];
    const faults = start(() => draws.shift() ?? 1, { kind: 'forced-miss', probability: 0.3 });
    const entry = Buffer.from('entry');
    expect([0, 1, 2, 3].map(() => faults.spoilEntry?.(entry) ?? 'missed')).toEqual(['missed', 'missed', entry, entry]);
  });

  it('a corrupt payload is a copy with one bit flipped: what Redis said is left alone', () => {
    const entry = Buffer.from('entry');
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (draw) => {
        const draws = [0, draw];
        const seen = start(() => draws.shift() ?? 0, { kind: 'corrupt-payload' }).spoilEntry?.(entry);
        const bits = [...entry].map((byte, index) => (byte ^ (seen?.[index] ?? 0)).toString(2).replaceAll('0', '').length);
        expect(bits.reduce((sum, flipped) => sum + flipped, 0)).toBe(1);
        expect(entry.toString()).toBe('entry');
      }),
    );
  });

  it('a failing origin is not called, and a slow one later', async () => {
    let calls = 0;
    const load = async () => ++calls;
    await expect(start(() => 0, { kind: 'failing-origin', probability: 0.5 }).loader(load)({ signal })).rejects.toThrow('simulated');
    expect(calls).toBe(0);
    expect(await start(() => 0.5, { kind: 'failing-origin', probability: 0.5 }).loader(load)({ signal })).toBe(1);
    vi.useFakeTimers();
    const slow = start(() => 0.5, { kind: 'slow-origin', latencyMs: 100, jitterMs: 50 }).loader(load)({ signal });
    await vi.advanceTimersByTimeAsync(124);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect(await slow).toBe(2);
  });

  it('a load that is given up waits for no slow origin', async () => {
    const given = new AbortController();
    const slow = start(() => 0, { kind: 'slow-origin', latencyMs: 10_000 }).loader(async () => 1)({ signal: given.signal });
    given.abort(new Error('given up'));
    await expect(slow).rejects.toThrow('given up');
  });
});

describe('a document', () => {
  it('an order that cannot be read is left out and counted: it hides the end of no other', () => {
    const known = down('a', 60);
    const read = faultDocument.parse({
      v: 1,
      rev: 1,
      faults: [known, { ...known, kind: 'earthquake' }, { ...known, entity: 'product' }, null],
    });
    expect(read).toEqual({ rev: 1, faults: [known], unreadable: 3 });
  });

  it.each([
    [{ kind: 'earthquake' }, ['kind']],
    [{ kind: 'refuse', probability: 1.01 }, ['probability']],
    [{ kind: 'refuse', probability: 0 }, ['probability']],
    [{ kind: 'refuse', probability: Number.NaN }, ['probability']],
    [{ kind: 'refuse', roles: ['control'] }, ['roles', 0]],
    [{ kind: 'refuse', roles: [] }, ['roles']],
    [{ kind: 'refuse', instancesPercent: 101 }, ['instancesPercent']],
    [{ kind: 'refuse', endsAt: undefined }, ['endsAt']],
    [{ kind: 'black-hole', direction: 'up' }, ['direction']],
    [{ kind: 'latency' }, ['latencyMs']],
    [{ kind: 'latency', latencyMs: 1e9 }, ['latencyMs']],
    [{ kind: 'bandwidth', bytesPerSecond: 0 }, ['bytesPerSecond']],
    [{ kind: 'error-reply', error: 'EARTHQUAKE' }, ['error']],
    [{ kind: 'error-reply', error: 'OOM', roles: ['subscriber'] }, ['roles', 0]],
    [{ kind: 'refuse', entity: 'product' }, []],
  ])('order %j is refused at %j', (part, path) => {
    const read = faultOrder.safeParse({ id: 'a', endsAt: nowMs, ...part });
    expect(read.error?.issues[0]?.path).toEqual(path);
  });
});
