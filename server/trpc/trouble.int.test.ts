import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { browser, consoleBed, origin } from '../testing/console-bed.ts';

const key = () => randomUUID();

/** Every letter that could break a key, a pattern, a document or a page. */
const ref = { env: 'demo', service: 'we:ird{*}\u0000🐙\u202e' };
const entity = { ...ref, entity: 'pro:du{ct}*[?]\u0000🐙' };
const ids = [
  'a:b',
  '{x}',
  '*',
  'nul\u0000',
  '🐙',
  '\u202egnp.exe',
  '__proto__',
  '%41',
  '\ud800',
  'long'.repeat(4_096),
  '\u20ac'.repeat(16_384),
];
const values = { ttlMs: 30_000, jitter: 0.1, staleMs: 0 };

const bed = consoleBed(entity);
const call = (procedure: string, input?: unknown, cookie = bed.admin) => bed.call(cookie, procedure, input);

const versions = z.object({ rows: z.array(z.object({ rev: z.string().nullable() })) });
const rowsOf = z.object({
  rows: z.array(z.object({ key: z.string(), id: z.string(), display: z.string() })),
  cursor: z.string().nullable(),
});

async function scanAll(input: object) {
  const rows: z.infer<typeof rowsOf>['rows'] = [];
  let cursor: string | null = null;
  do {
    const step: z.infer<typeof rowsOf> = rowsOf.parse((await call('keys.scan', { ...input, ...(cursor === null ? {} : { cursor }) })).data);
    rows.push(...step.rows);
    cursor = step.cursor;
  } while (cursor !== null);
  return rows;
}

describe('names and ids of any letters', () => {
  it.each(ids.map((id) => [id.length > 20 ? `${id.length} letters` : JSON.stringify(id), id]))(
    '%s is read, found and invalidated',
    async (_, id) => {
      await bed.service.getOrSet(entity.entity, id, async () => ({ id }));
      await vi.waitFor(async () => expect(await bed.service.get(entity.entity, id)).toBeDefined());
      const found = await call('keys.find', { ...entity, id });
      expect(found.data).toMatchObject({ env: ref.env, service: ref.service, entity: entity.entity });
      const view = z.object({ key: z.string(), display: z.string(), value: z.string() }).parse(found.data);
      if (!/\p{Cf}/u.test(id)) expect(JSON.parse(view.value)).toEqual({ id });
      expect(view.value).not.toMatch(/[\u202a-\u202e]/);
      expect(view.display).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      expect((await call('keys.entry', { key: view.key })).data).toMatchObject({ key: view.key });
      expect((await scanAll(entity)).map((row) => row.key)).toContain(view.key);
      expect((await call('keys.invalidate', { ...entity, id, idempotencyKey: key() })).data).toMatchObject({ removed: 1 });
      expect((await call('keys.find', { ...entity, id })).data).toBeNull();
    },
  );

  it('an id that is longer than instances can be asked about is refused with a line that says how long it may be', async () => {
    const id = 'x'.repeat(16_385);
    for (const [procedure, input] of [
      ['keys.find', { ...entity, id }],
      ['keys.explain', { ...entity, id }],
      ['keys.invalidate', { ...entity, id, idempotencyKey: key() }],
    ] as const) {
      const refused = await call(procedure, input);
      expect([procedure, refused.status, refused.error]).toMatchObject([procedure, 400, { code: 'BAD_INPUT' }]);
      expect(refused.error?.['message']).toContain('16,384 characters');
    }
  });

  it('are bumped, edited and experimented on', async () => {
    const { rows } = versions.parse((await call('versions.list', ref)).data);
    const bumped = await call('versions.bump', { ...entity, expectedRev: rows[0]?.rev ?? null, idempotencyKey: key() });
    expect(bumped.data).toMatchObject({ pending: [] });
    const saved = await call('policies.save', { ...entity, values, baseRev: 0, idempotencyKey: key() });
    expect(saved.data).toMatchObject({ rev: 1, pending: [] });
    const started = await call('lab.start', {
      experiment: { fault: { kind: 'latency', latencyMs: 1 }, ...ref, seconds: 60, reason: 'a drill 🐙\u202e' },
      idempotencyKey: key(),
    });
    const { id } = z.object({ id: z.string() }).parse(started.data);
    expect((await call('lab.stop', { id })).data).toMatchObject({ ended: 'stopped' });
  });

  it('names that no document could hold are refused with a line', async () => {
    for (const bad of ['__proto__', 'x'.repeat(201), '']) {
      const bumped = await call('versions.bump', { ...ref, entity: bad, expectedRev: null, idempotencyKey: key() });
      expect([bad.slice(0, 12), bumped.status, bumped.error?.['code']]).toEqual([bad.slice(0, 12), 400, 'BAD_INPUT']);
    }
  });
});

describe('rubbish in Redis', () => {
  const control = (name: string) => bed.redis.client().keys(`sideboard:*:${name}`);

  it('in place of values is shown as what it is', async () => {
    await bed.service.getOrSet(entity.entity, 'rubbish', async () => 1);
    const found = await vi.waitFor(async () =>
      z.object({ key: z.string() }).parse((await call('keys.find', { ...entity, id: 'rubbish' })).data),
    );
    const raw = Buffer.from(found.key, 'base64url');
    const outside = bed.redis.client();
    const puts: (() => Promise<unknown>)[] = [
      () => outside.set(raw, Buffer.from([0, 255, 1, 254, 10])),
      () => outside.set(raw, 'x'.repeat(2 << 20)),
      () => outside.set(raw, ''),
      () => outside.rpush(raw, 'a'),
      () => outside.xadd(raw, '*', 'f', 'v'),
    ];
    for (const put of puts) {
      await outside.del(raw);
      await put();
      for (const [procedure, input] of [
        ['keys.find', { ...entity, id: 'rubbish' }],
        ['keys.entry', { key: found.key }],
      ] as const) {
        const seen = await call(procedure, input);
        expect([procedure, seen.status, seen.error]).toEqual([procedure, 200, undefined]);
        expect(seen.data).toMatchObject({ problem: expect.any(String), envelope: null });
      }
      expect((await call('keys.meta', { keys: [found.key] })).status).toBe(200);
      expect(await bed.service.getOrSet(entity.entity, 'rubbish', async () => 2)).toBe(2);
      // Its fill goes on after the answer, and must not land on the next rubbish.
      await vi.waitFor(async () => expect(await outside.exists(`{${raw.toString()}}:lease`)).toBe(0));
    }
    expect((await call('keys.invalidate', { ...entity, id: 'rubbish', idempotencyKey: key() })).status).toBe(200);
  });

  it('big and deep values are shown, cut', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 1_000; i += 1) deep = [deep];
    for (const [id, value] of [
      ['big', { text: 'e'.repeat(900_000) }],
      ['deep', deep],
    ] as const) {
      await bed.service.getOrSet(entity.entity, id, async () => value);
      await vi.waitFor(async () => expect((await call('keys.find', { ...entity, id })).data).not.toBeNull());
      const seen = await call('keys.find', { ...entity, id });
      expect([id, seen.status, seen.error]).toEqual([id, 200, undefined]);
    }
  });

  it('in place of version, policies, faults, instances and frames stops neither console nor engine', async () => {
    const outside = bed.redis.client();
    const everything = async () => {
      expect(await bed.service.getOrSet(entity.entity, randomUUID(), async () => 3)).toBe(3);
      for (const procedure of ['versions.list', 'policies.list', 'lab.list'])
        expect([procedure, (await call(procedure, procedure === 'lab.list' ? undefined : ref)).status]).toEqual([procedure, 200]);
      expect((await call('keys.find', { ...entity, id: 'x' })).error?.['code']).not.toBe('INTERNAL');
      expect((await call('keys.scan', ref)).status).toBe(200);
    };
    for (const name of ['version:*', 'policies', 'faults', 'instances', 'frames']) {
      const keys = await control(name);
      expect([name, keys.length > 0]).toEqual([name, true]);
      for (const rubbish of ['', 'rubbish', '{"v":1', '[]', '{"v":99}', 'null']) {
        for (const one of keys) await outside.set(one, rubbish);
        await everything();
      }
      for (const one of keys) await outside.del(one);
      for (const one of keys) await outside.rpush(one, 'a list');
      await everything();
      for (const one of keys) await outside.del(one);
    }
    const keys = await vi.waitFor(
      async () => {
        const found = await control('frames');
        expect(found.length).toBeGreaterThan(0);
        return found;
      },
      { timeout: 10_000 },
    );
    for (const one of keys) for (const junk of ['{', 'x'.repeat(1 << 20), '{"v":1,"t":"no"}']) await outside.xadd(one, '*', 'f', junk);
    await vi.waitFor(async () => expect(versions.parse((await call('versions.list', ref)).data).rows).toHaveLength(1), { timeout: 15_000 });
    await everything();
  });
});

/** What the browser does when it loads: everything a page reads. */
const reads = [
  ['session.me'],
  ['versions.list', ref],
  ['policies.list', ref],
  ['policies.revisions', ref],
  ['lab.list'],
  ['audit.recent'],
] as const;

describe('a caller that means harm', () => {
  const post = (body: string, headers: Record<string, string> = {}, path = 'policies.save') =>
    bed.container.trpc(
      new Request(`${origin}/api/trpc/${path}`, { method: 'POST', headers: { ...browser, cookie: bed.admin, ...headers }, body }),
    );

  it('gets an error that says what is wrong, and nothing else', async () => {
    for (const body of ['{', '', 'null', '[]', '"x"', '{"__proto__":{"env":"demo"}}', '[[[['.repeat(1_000)]) {
      const response = await post(body);
      const text = await response.text();
      expect([body.slice(0, 9), response.status]).toEqual([body.slice(0, 9), 400]);
      expect(text).toContain('BAD_INPUT');
      expect(text).not.toMatch(/\.ts|node_modules|at /);
    }
    const unknown = await call('versions.bump', { ...entity, expectedRev: null, idempotencyKey: key(), role: 'admin' });
    expect([unknown.status, unknown.error?.['code']]).toEqual([400, 'BAD_INPUT']);
    const cursor = await call('keys.scan', { ...ref, cursor: 'Zm9yZ2Vk.c2ln' });
    expect([cursor.status, cursor.error?.['code']]).toEqual([400, 'BAD_INPUT']);
    expect((await post('{}', {}, 'no.such')).status).toBe(404);
    expect((await post('{}', {}, '__proto__')).status).toBe(404);
  });

  it('cannot use the cursor of one walk for another', async () => {
    const outside = bed.redis.client();
    const pipeline = outside.pipeline();
    for (let i = 0; i < 20_000; i += 1) pipeline.set(`filler:${i}`, '1');
    await pipeline.exec();
    const first = rowsOf.parse((await call('keys.scan', ref)).data);
    expect(first.cursor).not.toBeNull();
    const other = await call('keys.scan', { env: 'demo', service: 'other', cursor: first.cursor });
    expect([other.status, other.error?.['code']]).toEqual([400, 'BAD_INPUT']);
  });
});

describe('an idempotency key', () => {
  it('used for another change is an error, not the result of the first', async () => {
    const used = key();
    expect((await call('keys.invalidate', { ...entity, id: 'one', idempotencyKey: used })).status).toBe(200);
    const other = await call('keys.invalidate', { ...entity, id: 'two', idempotencyKey: used });
    expect([other.status, other.error?.['field']]).toEqual([400, 'idempotencyKey']);
  });

  it('of a double click at the same instant is one bump', async () => {
    const { rows } = versions.parse((await call('versions.list', ref)).data);
    const used = key();
    const bump = () => call('versions.bump', { ...entity, expectedRev: rows[0]?.rev ?? null, idempotencyKey: used });
    const [first, second] = await Promise.all([bump(), bump()]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.data).toEqual(first.data);
  });
});

describe('an experiment', () => {
  it('is known to be over, and who applied it, after the console died in the middle', async () => {
    const started = await call('lab.start', {
      experiment: { fault: { kind: 'latency', latencyMs: 1 }, ...ref, seconds: 3, reason: 'a drill' },
      idempotencyKey: key(),
    });
    const view = z.object({ id: z.string(), endsAtMs: z.number(), appliedBy: z.array(z.string()) }).parse(started.data);
    expect(view.appliedBy).toHaveLength(1);
    await bed.restartConsole();
    await vi.waitFor(
      async () =>
        expect((await call('lab.list')).data).toContainEqual(
          expect.objectContaining({
            id: view.id,
            ended: 'expired',
            endedAtMs: view.endsAtMs,
            appliedBy: view.appliedBy,
            expected: view.appliedBy,
          }),
        ),
      { timeout: 15_000 },
    );
  });
});

describe('a store that hangs', () => {
  it('keeps nobody with a session in memory waiting, tells others, and is used again when it is back', async () => {
    const stranger = await bed.signIn('stranger', 'admin');
    for (const [procedure, input] of reads) expect([procedure, (await call(procedure, input)).status]).toEqual([procedure, 200]);
    bed.postgres.pause();
    try {
      const unknown = await call('session.me', undefined, stranger);
      expect([unknown.status, unknown.error?.['code']]).toEqual([503, 'STORE_UNAVAILABLE']);
      for (const [procedure, input] of reads) {
        const { status, error } = await call(procedure, input);
        expect([procedure, status === 200 || error?.['code'] === 'STORE_UNAVAILABLE']).toEqual([procedure, true]);
      }
      expect((await call('session.me')).status).toBe(200);
    } finally {
      bed.postgres.resume();
    }
    await vi.waitFor(async () => expect((await call('session.me', undefined, stranger)).status).toBe(200), { timeout: 20_000 });
  });
});

describe('a Redis that hangs or is gone', () => {
  it('fails what needs it with a line, bounded, and the console goes on when it is back', async () => {
    const needs = [
      ['versions.list', ref],
      ['keys.scan', ref],
      ['keys.find', { ...entity, id: 'x' }],
    ] as const;
    const judge = async () => {
      for (const [procedure, input] of needs) {
        const { status, error } = await call(procedure, input);
        expect([procedure, status, error?.['code']]).toEqual([procedure, 503, 'REDIS_UNAVAILABLE']);
      }
      for (const procedure of ['session.me', 'lab.list', 'audit.recent'])
        expect([procedure, (await call(procedure)).status]).toEqual([procedure, 200]);
      const invalidated = await call('keys.invalidate', { ...entity, id: 'x', idempotencyKey: key() });
      expect(['REDIS_UNAVAILABLE', 'NOT_ACKNOWLEDGED']).toContain(invalidated.error?.['code']);
    };
    const back = () => vi.waitFor(async () => expect((await call('versions.list', ref)).status).toBe(200), { timeout: 20_000 });
    bed.redis.pause();
    try {
      await judge();
    } finally {
      bed.redis.resume();
    }
    await back();
    await bed.redis.kill();
    await judge();
    await bed.redis.restart();
    await back();
  });
});
