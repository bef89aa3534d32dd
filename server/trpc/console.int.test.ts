import { randomUUID } from 'node:crypto';
import { createOperator, type Operator } from 'sideboard-engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { consoleBed, origin } from '../testing/console-bed.ts';

const ref = { env: 'demo', service: 'shop' };
const entity = { ...ref, entity: 'product' };
const values = { ttlMs: 30_000, jitter: 0.1, staleMs: 0 };
const idempotencyKey = () => randomUUID();

const bed = consoleBed(entity);
const { call, signIn } = bed;
const idOf = z.object({ id: z.string() });

describe('what the next read of a key does', () => {
  it('is said by the instances, of a key that was shown or an exact name, to whoever may read', async () => {
    const viewer = await signIn('viewer', 'viewer');
    await bed.service.set('product', 'asked', { v: 1 });
    const found = z.object({ key: z.string() }).parse((await call(viewer, 'keys.find', { ...entity, id: 'asked' })).data);
    const fresh = { tier: 'redis', does: 'serve', why: 'the entry is fresh', local: null };
    const one = { answers: [{ instance: expect.any(String), read: fresh }], pending: [], living: 1, nowMs: expect.any(Number) };
    for (const input of [{ key: found.key }, { ...entity, id: 'asked' }]) {
      expect(await call(viewer, 'keys.explain', input)).toMatchObject({ status: 200, data: one });
    }
    const none = await call(viewer, 'keys.explain', { ...entity, id: 'nobody' });
    expect(none.data).toMatchObject({ answers: [{ read: { tier: 'origin', does: 'load and fill' } }] });
    const unknown = await call(viewer, 'keys.explain', { ...entity, entity: 'order', id: '1' });
    expect(unknown.data).toMatchObject({ answers: [{ read: null }], pending: [] });
  });

  it('is nobody asked of a key that holds a digest of its id, nor of a key that is none', async () => {
    const viewer = await signIn('viewer', 'viewer');
    const long = 'x'.repeat(2_000);
    await bed.service.set('product', long, { v: 1 });
    const found = z.object({ key: z.string() }).parse((await call(viewer, 'keys.find', { ...entity, id: long })).data);
    expect(await call(viewer, 'keys.explain', { key: found.key })).toMatchObject({ status: 200, data: null });
    expect((await call(viewer, 'keys.explain', { ...entity, id: long })).data).toMatchObject({ answers: [{ read: { does: 'serve' } }] });
    expect((await call(viewer, 'keys.explain', { key: Buffer.from('a:b').toString('base64url') })).error?.['code']).toBe('BAD_INPUT');
  });
});

it('what is no head and digest of a long id is refused at its field, when it is looked up and when it is invalidated', async () => {
  const ada = await signIn('ada', 'operator');
  const sought = { ...entity, id: `%zz%~${'a'.repeat(43)}`, idHashed: true };
  for (const asked of [call(ada, 'keys.find', sought), call(ada, 'keys.invalidate', { ...sought, idempotencyKey: idempotencyKey() })])
    expect((await asked).error).toMatchObject({ code: 'BAD_INPUT', field: 'id' });
});

describe('two operators', () => {
  it('that save one policy: the second gets the values of the first', async () => {
    const [ada, bob] = [await signIn('ada', 'operator'), await signIn('bob', 'operator')];
    const save = (cookie: string, ttlMs: number) =>
      call(cookie, 'policies.save', { ...entity, values: { ...values, ttlMs }, baseRev: 0, idempotencyKey: idempotencyKey() });
    const both = await Promise.all([save(ada, 5_000), save(bob, 6_000)]);
    const [won, lost] = both[0].status === 200 ? both : [both[1], both[0]];
    expect([won.status, lost.status, lost.error?.['code']]).toEqual([200, 409, 'CONFLICT']);
    expect(lost.error?.['details']).toMatchObject({ rev: 1, values: { ttlMs: won === both[0] ? 5_000 : 6_000 } });
    expect(won.data).toMatchObject({ rev: 1, ackedBy: [{ instance: expect.any(String) }], pending: [] });
  });

  it('that bump one version: the second is a conflict, and the same key twice is one bump', async () => {
    const ada = await signIn('ada', 'operator');
    const { rows } = z.object({ rows: z.array(z.object({ rev: z.string() })) }).parse((await call(ada, 'versions.list', ref)).data);
    const bump = (key: string) => call(ada, 'versions.bump', { ...entity, expectedRev: rows[0]?.rev, idempotencyKey: key });
    const key = idempotencyKey();
    const [first, again] = [await bump(key), await bump(key)];
    expect(first.status).toBe(200);
    expect(again.data).toEqual(first.data);
    const late = await bump(idempotencyKey());
    const { version } = z.object({ version: z.string() }).parse(first.data);
    expect([late.status, late.error?.['message']]).toEqual([409, `product is at version ${version} now.`]);
  });
});

describe('a policy that every instance has acknowledged', () => {
  it('is listed at once as what they all apply', async () => {
    const ada = await signIn('ada', 'operator');
    const shape = z.object({
      rev: z.number(),
      rows: z.tuple([z.object({ values: z.object({ ttlMs: z.number() }) })]),
      appliedBy: z.array(z.string()),
      expected: z.array(z.string()),
    });
    const list = async () => shape.parse((await call(ada, 'policies.list', ref)).data);
    for (const ttlMs of [11_000, 12_000, 13_000]) {
      const { rev: baseRev } = await list();
      const saved = await call(ada, 'policies.save', {
        ...entity,
        values: { ...values, ttlMs },
        baseRev,
        idempotencyKey: idempotencyKey(),
      });
      expect(saved.data).toMatchObject({ ackedBy: [{}], pending: [] });
      const { rev, rows, appliedBy, expected } = await list();
      expect([rev, rows[0].values.ttlMs, appliedBy.length]).toEqual([baseRev + 1, ttlMs, 1]);
      expect(appliedBy).toEqual(expected);
    }
  });
});

describe('what Redis loses', () => {
  it('is published again from the record', async () => {
    const ada = await signIn('ada', 'operator');
    const saved = z.object({ rev: z.number() });
    const save = (baseRev: number) => call(ada, 'policies.save', { ...entity, values, baseRev, idempotencyKey: idempotencyKey() });
    const list = async () => saved.parse((await call(ada, 'policies.list', ref)).data).rev;
    const { rev } = saved.parse((await save(await list())).data);
    const outside = bed.redis.client();
    const [lost] = await outside.keys('*:policies');
    await outside.del(lost ?? '');
    await vi.waitFor(async () => expect(await outside.get(lost ?? '')).toContain(`"rev":${rev}`), { timeout: 15_000 });
  });
});

describe('what the database lost', () => {
  it('is not taken from the other entities by the next save: Redis remembers more', async () => {
    const ada = await signIn('ada', 'operator');
    const outside = bed.redis.client();
    const [key] = await outside.keys('*:policies');
    await outside.set(key ?? '', JSON.stringify({ v: 1, rev: 50, entities: { user: values } }));
    const saved = await call(ada, 'policies.save', { ...entity, values, baseRev: 49, idempotencyKey: idempotencyKey() });
    expect(saved.data).toMatchObject({ rev: 51 });
    expect(JSON.parse((await outside.get(key ?? '')) ?? '')).toMatchObject({ rev: 51, entities: { user: values, product: values } });
  });
});

describe('the failure lab', () => {
  let operator: Operator;
  beforeAll(async () => {
    operator = createOperator({ redis: bed.redis.url });
    await operator.ready();
  });
  afterAll(() => operator.close());

  const start = (cookie: string, part: Record<string, unknown>) =>
    call(cookie, 'lab.start', {
      experiment: { fault: { kind: 'l1-off' }, ...ref, seconds: 120, reason: 'a drill', ...part },
      idempotencyKey: idempotencyKey(),
    });
  const view = z.object({
    id: z.string(),
    appliedBy: z.array(z.string()),
    expected: z.array(z.string()),
    ackMs: z.record(z.string(), z.number()),
  });

  it('every fault is acknowledged by the instance, runs beside others, and ends with one Stop', async () => {
    const ada = await signIn('ada', 'operator');
    const faults = [
      { kind: 'refuse', roles: ['subscriber'] },
      { kind: 'black-hole', direction: 'to-redis', roles: ['lease'] },
      { kind: 'latency', latencyMs: 1, jitterMs: 1 },
      { kind: 'bandwidth', bytesPerSecond: 1_000_000 },
      { kind: 'reset', probability: 0.01 },
      { kind: 'error-reply', error: 'OOM', roles: ['lease'] },
      { kind: 'forced-miss', probability: 0.5 },
      { kind: 'corrupt-payload', probability: 0.5 },
      { kind: 'slow-origin', latencyMs: 1 },
      { kind: 'failing-origin', probability: 0.5 },
      { kind: 'l1-off' },
    ];
    const [instance] = await vi.waitFor(async () => {
      const list = await operator.instances(ref);
      expect(list).toHaveLength(1);
      return list;
    });
    const id = instance?.id ?? '';
    const running: string[] = [];
    for (const fault of faults) {
      const started = await start(ada, { fault, instancesPercent: 50 });
      expect([fault.kind, started.status]).toEqual([fault.kind, 200]);
      const seen = view.parse(started.data);
      expect([seen.appliedBy, seen.expected, Object.keys(seen.ackMs)]).toEqual([[id], [id], [id]]);
      running.push(seen.id);
      if (running.length < 4) continue;
      const more = await start(ada, {});
      expect([more.status, more.error?.['code']]).toEqual([409, 'CONFLICT']);
      const stopped = await call(ada, 'lab.stop', { id: running[0] });
      expect(stopped.data).toMatchObject({ id: running.shift(), ended: 'stopped' });
      expect((await operator.instances(ref))[0]?.faults).toEqual(running);
    }
    const halted = await call(ada, 'lab.halt', {});
    expect(halted.data).toMatchObject({ unreached: [] });
    expect(
      z
        .object({ stopped: z.array(idOf) })
        .parse(halted.data)
        .stopped.map((one) => one.id)
        .sort(),
    ).toEqual(running.sort());
    expect((await operator.instances(ref))[0]?.faults).toEqual([]);
    expect((await call(ada, 'lab.halt', {})).data).toEqual({ stopped: [], unreached: [] });
    const [newest] = z.array(z.object({ action: z.string(), target: z.string() })).parse((await call(ada, 'audit.recent')).data);
    expect(newest).toEqual({ action: 'lab.halt', target: 'every experiment' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no end', { seconds: undefined }, 'experiment.seconds'],
    ['an end past 15 minutes', { seconds: 901 }, 'experiment.seconds'],
    ['an unknown kind', { fault: { kind: 'earthquake' } }, 'experiment.fault.kind'],
    ['a probability over 1', { fault: { kind: 'refuse', probability: 2 } }, 'experiment.fault.probability'],
    ['an unknown role', { fault: { kind: 'refuse', roles: ['read', 'control'] } }, 'experiment.fault.roles.1'],
    ['10^9 ms', { fault: { kind: 'latency', latencyMs: 1e9 } }, 'experiment.fault.latencyMs'],
  ])('%s is refused by the name of its field, and nothing is ordered', async (_, part, field) => {
    const ada = await signIn('ada', 'operator');
    const refused = await start(ada, part);
    expect([refused.status, refused.error?.['code'], refused.error?.['field']]).toEqual([400, 'BAD_INPUT', field]);
    expect(await operator.faults(ref)).toEqual([]);
  });
});

describe('while the database is down', () => {
  it('an experiment can be stopped, the act is audited later, and other changes are refused', async () => {
    const ada = await signIn('ada', 'operator');
    const started = await call(ada, 'lab.start', {
      experiment: { fault: { kind: 'latency', latencyMs: 5 }, ...ref, seconds: 120, reason: 'a drill' },
      idempotencyKey: idempotencyKey(),
    });
    expect(started.status).toBe(200);
    const { id } = idOf.parse(started.data);
    await bed.postgres.kill();

    const stopped = await call(ada, 'lab.stop', { id });
    expect([stopped.status, stopped.data]).toMatchObject([200, { id, ended: 'stopped' }]);
    expect((await call(ada, 'lab.stop', { id })).status).toBe(200);
    expect((await call(ada, 'keys.invalidate', { ...entity, id: '42', idempotencyKey: idempotencyKey() })).status).toBe(200);
    const bumped = await call(ada, 'versions.bump', { ...entity, expectedRev: null, idempotencyKey: idempotencyKey() });
    expect([bumped.status, bumped.error?.['code']]).toEqual([503, 'STORE_UNAVAILABLE']);
    for (const read of ['lab.list', 'audit.recent', 'session.me']) expect((await call(ada, read)).status, read).toBe(200);

    await bed.postgres.restart();
    const audited = z.array(z.object({ action: z.string(), outcome: z.string(), target: z.string() }));
    await vi.waitFor(
      async () => {
        const other = await signIn('later', 'viewer');
        const rows = audited.parse((await call(other, 'audit.recent')).data);
        expect(rows).toContainEqual({ action: 'lab.stop', outcome: 'done', target: `experiment ${id}` });
        expect(rows).toContainEqual({ action: 'keys.invalidate', outcome: 'done', target: 'demo / shop / product / 42' });
      },
      { timeout: 20_000, interval: 500 },
    );
  });
});

describe('the live stream', () => {
  it('shows the reads of the fleet, and ends with the console', async () => {
    const ada = await signIn('ada', 'operator');
    const ending = new AbortController();
    const request = new Request(`${origin}/api/trpc/live.stream`, { headers: { cookie: ada }, signal: ending.signal });
    const response = await bed.container.trpc(request);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await bed.service.getOrSet('product', 'live', async () => 1);
    const decoder = new TextDecoder();
    let seen = '';
    for await (const chunk of response.body ?? []) {
      seen += decoder.decode(chunk, { stream: true });
      if (/"product":\{"hits":\d+,"stale":0,"misses":[1-9]/.test(seen)) break;
    }
    expect(seen).toContain('"type":"snapshot"');
    ending.abort();
  });
});
