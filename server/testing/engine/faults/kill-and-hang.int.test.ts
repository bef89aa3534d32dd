import { describe, expect, it, vi } from 'vitest';
import { commandCalls } from '../command-calls.ts';
import { countingLoader } from '../open-caches.ts';
import { countOf, faultBench, outcomesOf, soon } from './fault-bench.ts';

// Short, because that is the rule here; long enough that a busy machine keeps it.
const bench = faultBench({ deadlineMs: 250 });
const origin = () => countingLoader(() => Promise.resolve('from the origin'));
const oneMinute = { deadlineMs: 60_000 };

describe('Redis is gone', () => {
  it('killed with reads under way: the origin answers each, and none waits for its deadline', async () => {
    const { cache, events } = await bench.open(oneMinute);
    const ids = Array.from({ length: 50 }, (_, n) => String(n));
    for (const id of ids) await cache.set('product', id, `value ${id}`);
    const { load, calls } = origin();
    bench.server.pause();
    const answers = Promise.all(ids.map((id) => cache.getOrSet('product', id, load)));
    // The reads leave in the turn after the one that they were asked in.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await bench.server.kill();
    try {
      expect(new Set(await answers)).toEqual(new Set(['from the origin']));
      expect(calls()).toBe(ids.length);
      expect(new Set(outcomesOf(events))).toEqual(new Set(['unavailable']));
      expect(countOf(events, 'redis.unavailable')).toBe(1);
    } finally {
      await bench.server.restart();
    }
    await vi.waitFor(() => expect(countOf(events, 'redis.available')).toBe(1), soon);
    await vi.waitFor(async () => expect((await cache.peek('product', '1')).kind).toBe('miss'), soon);
  });

  it('gone, and the origin fails or hangs: its error, or the timeout of the load, and nobody waits for ever', async () => {
    const { cache } = await bench.open({ policies: { product: { ttl: '10min', loadTimeoutMs: 100 } } });
    await bench.server.kill();
    try {
      const refused = new Error('the database is down');
      const failing = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => cache.getOrSet('product', String(n % 5), () => Promise.reject(refused))),
      );
      for (const answer of failing) expect(answer).toEqual({ status: 'rejected', reason: refused });
      const hanging = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => cache.getOrSet('product', String(n % 5), () => new Promise(() => {}))),
      );
      for (const answer of hanging) expect(answer).toMatchObject({ status: 'rejected', reason: { name: 'LoadTimeout' } });
    } finally {
      await bench.server.restart();
    }
  });
});

describe('Redis does not answer', () => {
  it('slower than the deadline: the origin answers, the breaker opens and spares Redis the reads; quick again, it closes by itself', async () => {
    const { cache, events } = await bench.openOverWire();
    await cache.set('product', '1', 'v');
    const { load } = origin();
    // Shorter than the socket's patience: the connection lives, and only its replies are late.
    bench.link('read').delay('toClient', 400);
    await vi.waitFor(async () => {
      expect(await cache.getOrSet('product', '1', load)).toBe('from the origin');
      expect(events).toContainEqual({ type: 'breaker.changed', role: 'read', state: 'open', reason: 'no answer' });
    }, soon);
    expect(outcomesOf(events)).not.toContain('miss');
    bench.link('read').delay('toClient', 0);
    await vi.waitFor(async () => expect(await cache.getOrSet('product', '1', load)).toBe('v'), soon);
    expect(events.findLast((event) => event.type === 'breaker.changed')).toMatchObject({ state: 'closed', reason: 'probe answered' });
    expect([countOf(events, 'redis.unavailable'), countOf(events, 'redis.available')]).toEqual([1, 1]);
  });

  it('hangs for long under many reads: what waits for it and for the origin stays bounded, and every answer is right', async () => {
    const concurrencyMax = 40;
    const { cache } = await bench.open({ origin: { concurrencyMax } });
    let [running, runningMax] = [0, 0];
    const load = async (id: string) => {
      runningMax = Math.max(runningMax, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return `value of ${id}`;
    };
    // Half of them one of few keys, half one that nobody has asked for before.
    const idOf = (n: number) => (n % 2 === 0 ? String(n % 100) : `new ${n}`);
    const batches = async () => (await commandCalls(bench.redis)).get('mget') ?? 0;
    await cache.set('product', '0', 'value of 0');
    const before = await batches();
    bench.server.pause();
    for (let from = 0; from < 20_000; from += 500) {
      const ids = Array.from({ length: 500 }, (_, n) => idOf(from + n));
      const answers = await Promise.all(ids.map((id) => cache.getOrSet('product', id, () => load(id))));
      expect(answers).toEqual(ids.map((id) => `value of ${id}`));
    }
    expect([running, runningMax]).toEqual([0, concurrencyMax]);
    bench.server.resume();
    // All that it was sent while it hung it answers now: of 40 batches, of two MGETs each, those that it took to open the breaker.
    expect((await batches()) - before).toBeLessThanOrEqual(2 * 5);
    await vi.waitFor(async () => expect(await cache.get('product', '0')).toBe('value of 0'), soon);
  });

  it('a network that swallows all: reads are answered by the origin, an invalidation is refused, and the connections are replaced', async () => {
    const { cache, events } = await bench.openOverWire();
    await cache.set('product', '1', 'v');
    const { load } = origin();
    const before = bench.proxy.links();
    for (const link of before) link.blackHole();
    expect(await cache.getOrSet('product', '1', load)).toBe('from the origin');
    await expect(cache.invalidate('product', '1')).rejects.toMatchObject({ name: 'InvalidationNotAcknowledged' });
    await vi.waitFor(() => expect(countOf(events, 'invalidation.replayed')).toBe(1), soon);
    await vi.waitFor(async () => {
      await cache.getOrSet('product', '1', load);
      expect(await cache.get('product', '1')).toBe('from the origin');
    }, soon);
    for (const role of ['read', 'write', 'lease']) expect(before).not.toContain(bench.link(role));
    expect(countOf(events, 'redis.unavailable')).toBe(1);
  });

  it('a connection that is half open is found out though nobody uses it', async () => {
    await bench.openOverWire();
    const subscriber = bench.link('subscriber');
    subscriber.blackHole();
    await vi.waitFor(() => expect(bench.link('subscriber')).not.toBe(subscriber), soon);
  });
});

describe('an error says in words why Redis is not there', () => {
  it('too slow, spared because it was, hanging, gone', async () => {
    const { cache, events } = await bench.openOverWire();
    bench.link('read').delay('toClient', 400);
    await vi.waitFor(async () => {
      await cache.get('product', '1');
      expect(events).toContainEqual({ type: 'breaker.changed', role: 'read', state: 'open', reason: 'no answer' });
    }, soon);
    expect((await cache.explain('product', '1')).next.why).toBe(
      'Redis cannot be asked (Redis has not answered lately, so it is spared until it does: the breaker is open)',
    );
    bench.server.pause();
    await expect(cache.invalidate('product', '1')).rejects.toThrow('(Redis did not answer within 250 ms)');
    bench.server.resume();
    await bench.server.kill();
    try {
      await vi.waitFor(() => expect(cache.bumpVersion('product')).rejects.toThrow('(not connected to Redis)'), soon);
    } finally {
      await bench.server.restart();
    }
  });
});

function busyFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

describe('the process itself was busy', () => {
  it('for more than a second: reads that were under way are hits, no breaker opens and no connection is given up', async () => {
    const { cache, events } = await bench.open();
    const ids = Array.from({ length: 30 }, (_, n) => String(n));
    for (const id of ids) await cache.set('product', id, 'v');
    const answers: Promise<unknown>[] = [];
    // So that no reply comes before the process is busy: all of them come while it is.
    bench.server.pause();
    for (const id of ids) {
      answers.push(cache.get('product', id));
      await new Promise((resolve) => setImmediate(resolve));
    }
    bench.server.resume();
    busyFor(1_200);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['v']));
    expect(new Set(outcomesOf(events))).toEqual(new Set(['hit']));
    expect([countOf(events, 'breaker.changed'), countOf(events, 'redis.unavailable')]).toEqual([0, 0]);
  });

  it('with the first of many answers, that came together: for the others no breaker opens', async () => {
    const { cache, events } = await bench.open({ deadlineMs: 1_500 });
    const ids = Array.from({ length: 40 }, (_, n) => String(n));
    // More than one read of the socket: the callers of the first have theirs before the others are looked at.
    const value = 'v'.repeat(5_000);
    for (const id of ids) await cache.set('product', id, value);
    bench.server.pause();
    const answers: Promise<unknown>[] = [];
    for (const id of ids) {
      const answer = cache.get('product', id);
      answers.push(id === '0' ? answer.finally(() => busyFor(1_250)) : answer);
      await new Promise((resolve) => setImmediate(resolve));
    }
    bench.server.resume();
    // All of them are there by then.
    busyFor(50);
    await Promise.all(answers);
    expect(countOf(events, 'breaker.changed')).toBe(0);
  });
});
