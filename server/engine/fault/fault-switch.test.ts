import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheEvent } from '../events.ts';
import type { FaultDocument, FaultOrder } from '../wire/fault-order.ts';
import { delayStream } from './delayed-stream.ts';
import { FaultSwitch } from './fault-switch.ts';

const nowMs = 1_800_000_000_000;
const down = (id: string, seconds: number): FaultOrder => ({ kind: 'down', id, endsAt: nowMs + seconds * 1_000 });
const document = (rev: number, ...faults: FaultOrder[]): FaultDocument => ({ v: 1, rev, faults });
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
    const faults = new FaultSwitch({ allow: true, emit: (event) => events.push(event) });
    faults.apply(document(1, down('a', 2)), nowMs);
    expect(ids(faults)).toEqual(['a']);
    vi.advanceTimersByTime(1_999);
    expect(ids(faults)).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(ids(faults)).toEqual([]);
    expect(events).toEqual([
      { type: 'fault.started', id: 'a', kind: 'down' },
      { type: 'fault.ended', id: 'a', kind: 'down' },
    ]);
  });

  it('never come alive again once ended, even if the clock steps back', () => {
    const faults = new FaultSwitch({ allow: true });
    faults.apply(document(1, down('a', 2)), nowMs);
    vi.advanceTimersByTime(2_000);
    faults.apply(document(1, down('a', 2)), nowMs - 3_600_000);
    expect(ids(faults)).toEqual([]);
    faults.apply(document(2, down('late', -1)), nowMs);
    faults.apply(document(3, down('late', -1)), nowMs - 3_600_000);
    expect(ids(faults)).toEqual([]);
  });

  it('are not prolonged by being heard again', () => {
    const faults = new FaultSwitch({ allow: true });
    faults.apply(document(1, down('a', 2)), nowMs);
    vi.advanceTimersByTime(1_000);
    faults.apply(document(2, down('a', 600)), nowMs);
    vi.advanceTimersByTime(1_000);
    expect(ids(faults)).toEqual([]);
  });

  it('end when a newer document leaves them out; an older document changes nothing', () => {
    const faults = new FaultSwitch({ allow: true });
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
    const faults = new FaultSwitch({ allow: true });
    faults.apply(document(1, down('a', 86_400)), nowMs);
    vi.advanceTimersByTime(15 * 60_000);
    expect(ids(faults)).toEqual([]);
  });

  it('are ignored where the owner did not allow them, and never reach the control connection', () => {
    const closed = new FaultSwitch({ allow: false });
    expect(closed.apply(document(1, down('a', 60)), nowMs)).toBe(false);
    expect(ids(closed)).toEqual([]);
    expect(closed.connectorFor('read')).toBeUndefined();
    const open = new FaultSwitch({ allow: true });
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
          const faults = new FaultSwitch({ allow: true });
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

describe('a delayed stream', () => {
  let server: Server;
  let near: Socket;
  let far: Socket;

  beforeEach(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const arrived = once(server, 'connection');
    near = connect(address.port, '127.0.0.1');
    [far] = await arrived;
    // Its peer is torn down under it at the end of each test.
    far.on('error', () => {});
    await vi.waitFor(() => expect(near.connecting).toBe(false));
  });
  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
  });

  const text = (socket: Socket): { read: () => string } => {
    let all = '';
    socket.on('data', (chunk) => {
      all += String(chunk);
    });
    return { read: () => all };
  };

  it('hands on every byte late and in order, the end of the stream last', async () => {
    const got = text(near);
    const startedMs = performance.now();
    const delayed = delayStream(near, 80);
    far.write('one ');
    far.write('two ');
    far.end('three');
    await once(near, 'end');
    expect(got.read()).toBe('one two three');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(79);
    delayed.release();
  });

  it('hands on what waits, in order, before later bytes when the delay is taken off', async () => {
    const got = text(near);
    const delayed = delayStream(near, 60_000);
    let pushes = 0;
    const push = near.push.bind(near);
    near.push = (chunk, encoding) => {
      pushes += 1;
      return push(chunk, encoding);
    };
    far.write('one ');
    await vi.waitFor(() => expect(pushes).toBe(1));
    expect(got.read()).toBe('');
    delayed.release();
    expect(got.read()).toBe('one ');
    expect(Object.hasOwn(near, 'push')).toBe(false);
    far.write('two');
    await vi.waitFor(() => expect(got.read()).toBe('one two'));
  });

  it('keeps order when the delay shrinks, and forgets what waits when its socket ends', async () => {
    const got = text(near);
    const delayed = delayStream(near, 100);
    far.write('one ');
    delayed.setLatency(1);
    far.write('two ');
    await vi.waitFor(() => expect(got.read()).toBe('one two '));
    delayed.setLatency(60_000);
    far.write('never');
    const closed = once(near, 'close');
    near.destroy();
    await closed;
    expect(got.read()).toBe('one two ');
    delayed.release();
    expect(got.read()).toBe('one two ');
  });
});
