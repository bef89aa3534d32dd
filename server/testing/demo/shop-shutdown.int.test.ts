import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { SIZES, WAREHOUSES } from '../../demo/catalogue.ts';
import { fillOrigin } from '../../demo/fill-origin.ts';
import { createOrigin } from '../../demo/origin.ts';
import { createShopCache } from '../../demo/shop-cache.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const SHOP = path.resolve(import.meta.dirname, '../../demo/dist/shop.js');
const SEED = 1;
const soon = { timeout: 30_000, interval: 20 };
/** Of all that the shops ask for here, and nothing of what makes it nice to look at. */
const PRODUCTS = 500;
const PLAIN_ROWS = `
  insert into sideboard_demo.country select n, 'C' || n, 'Country ' || n, 19 from generate_series(1, ${SIZES.countries}) n;
  insert into sideboard_demo.product select n, 'Product ' || n, 'any', 100, '', '[]' from generate_series(1, ${PRODUCTS}) n;
  insert into sideboard_demo.customer select n, 'Customer ' || n, '', 1, 'Rome' from generate_series(1, ${SIZES.customers}) n;
  insert into sideboard_demo.stock select n, warehouse, 50 from generate_series(1, ${PRODUCTS}) n,
    unnest(array[${WAREHOUSES.map((name) => `'${name}'`).join(', ')}]) warehouse;
`;
/** Notes each row that a shop writes, in the transaction that writes it. */
const NOTED = `
  create table if not exists sideboard_demo.noted (entity text not null, id int not null);
  create or replace function sideboard_demo.note() returns trigger language plpgsql as
    $$ begin insert into sideboard_demo.noted values (tg_argv[0], (to_jsonb(new) ->> tg_argv[1])::int); return null; end $$;
  create or replace trigger note after update on sideboard_demo.product for each row execute function sideboard_demo.note('product', 'id');
  create or replace trigger note after update on sideboard_demo.customer for each row execute function sideboard_demo.note('customer', 'id');
  create or replace trigger note after update on sideboard_demo.stock for each row execute function sideboard_demo.note('stock', 'product_id');
  create or replace trigger note after insert on sideboard_demo.payment for each row execute function sideboard_demo.note('payment', 'customer_id');
`;

let redis: RedisServer;
let look: Redis;
let postgres: Postgres;
let pool: Pool;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedisServer(), startPostgres()]);
  look = redis.client();
  pool = new Pool({ connectionString: postgres.url, max: 1 });
  await fillOrigin(pool, SEED, async (client) => void (await client.query(PLAIN_ROWS)));
  await pool.query(NOTED);
});
beforeEach(async () => {
  await look.flushall();
  await pool.query('delete from sideboard_demo.noted');
});
afterAll(async () => {
  await pool?.end();
  await Promise.all([redis?.stop(), postgres?.stop()]);
});

/** A shop of the demo as the supervisor starts one. */
function startShop() {
  const child = spawn(process.execPath, ['--unhandled-rejections=strict', SHOP], {
    env: {
      NODE_ENV: 'production',
      REDIS_URL: redis.url,
      DEMO_DATABASE_URL: postgres.url,
      DEMO_SEED: String(SEED),
      DEMO_SHOPS: '1',
      DEMO_READS_PER_SECOND: '300',
      DEMO_PRODUCTS: String(PRODUCTS),
      DEMO_DRAIN_MS: '30000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const ended = once(child, 'close');
  return {
    leave: () => child.kill('SIGTERM'),
    async ended() {
      const [code, signal] = await ended;
      const counts = /told to end after (\d+) writes[\s\S]*closed; (\d+) writes, (\d+) failed writes/.exec(told)?.slice(1).map(Number);
      if (counts === undefined) throw new Error(`the shop ended with ${code ?? signal} and said:\n${told}`);
      const [before = 0, acknowledged = 0, failed = 0] = counts;
      return { code, signal, before, acknowledged, failed };
    },
  };
}

async function noted(): Promise<{ entity: string; id: number }[]> {
  return (await pool.query('select entity, id from sideboard_demo.noted')).rows;
}

/** Writes of the shop that stand between the script that opens them and their origin, told by their tokens. */
async function writesUnderWay(): Promise<number> {
  const leases = await look.keys('*:lease');
  const tokens = leases.length === 0 ? [] : await look.mget(leases);
  return tokens.filter((token) => token?.startsWith('W')).length;
}

/** Of what was written, the entries that do not say what the origin says. */
async function staleEntries(written: readonly { entity: string; id: number }[]): Promise<string[]> {
  const cache = createShopCache(redis.url);
  const origin = createOrigin(pool);
  const rowOf = { product: origin.product, customer: origin.customer, stock: origin.stock };
  const stale: string[] = [];
  await cache.ready();
  for (const { entity, id } of written) {
    if (entity !== 'product' && entity !== 'customer' && entity !== 'stock') continue;
    const entry = await cache.get(entity, String(id));
    if (entry !== undefined && JSON.stringify(entry) !== JSON.stringify(await rowOf[entity](id))) stale.push(`${entity} ${id}`);
  }
  await cache.close();
  return stale;
}

it('a shop that is told to end with writes under way ends each, loses none that it acknowledged, and ends with 0', async () => {
  const shop = startShop();
  await vi.waitFor(async () => expect((await noted()).length).toBeGreaterThan(5), soon);
  postgres.pause();
  try {
    await vi.waitFor(async () => expect(await writesUnderWay()).toBeGreaterThan(1), soon);
    shop.leave();
  } finally {
    postgres.resume();
  }
  const { code, signal, before, acknowledged, failed } = await shop.ended();
  expect([code, signal]).toEqual([0, null]);
  // They were waited for.
  expect(acknowledged).toBeGreaterThan(before);
  const written = await noted();
  expect(written.length).toBeGreaterThanOrEqual(acknowledged);
  // On a busy machine Redis may answer one too late: that one was told as an error, and no other.
  expect(written.length - acknowledged).toBeLessThanOrEqual(failed);
  expect((await staleEntries(written)).length).toBeLessThanOrEqual(failed);
});

it('one that is told to end while Redis hangs tells of each write that it failed, and ends with 0', async () => {
  const shop = startShop();
  await vi.waitFor(async () => expect((await noted()).length).toBeGreaterThan(5), soon);
  redis.pause();
  const before = (await noted()).length;
  try {
    await vi.waitFor(async () => expect((await noted()).length).toBeGreaterThan(before + 3), soon);
    shop.leave();
    const { code, signal, acknowledged, failed } = await shop.ended();
    expect([code, signal]).toEqual([0, null]);
    expect(failed).toBeGreaterThan(0);
    const written = (await noted()).length;
    expect(written).toBeGreaterThanOrEqual(acknowledged);
    // One that failed before its origin was asked was not written.
    expect(written - acknowledged).toBeLessThanOrEqual(failed);
  } finally {
    redis.resume();
  }
});
