import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Cache, createCache } from 'sideboard-engine';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import * as z from 'zod';
import { buildContainer, type Container } from '../container.ts';
import { readEnv } from '../env.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

export const origin = 'http://127.0.0.1:3000';
export const secret = 'q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6';
/** What a browser sends along with each request. */
export const browser = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };

/** A whole console but for Next, with a Redis, a Postgres and one service of its own. Its parts are there while tests and their hooks run, not before. */
export interface ConsoleBed {
  readonly redis: RedisServer;
  readonly postgres: Postgres;
  readonly container: Container;
  readonly service: Cache<string>;
  /** The cookie of somebody who may do everything. */
  readonly admin: string;
  /** Of a sign-in link. */
  token(name: string, role: string): Promise<string>;
  spend(token: string, headers?: Record<string, string>): Promise<Response>;
  /** A cookie. */
  signIn(name: string, role: string): Promise<string>;
  call(
    cookie: string,
    procedure: string,
    input?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; data: unknown; error: Record<string, unknown> | undefined }>;
  /** Another console over the same Redis, Postgres and folder. */
  restartConsole(): Promise<void>;
}

const answer = z.object({
  result: z.object({ data: z.unknown() }).optional(),
  error: z.object({ data: z.object({ control: z.record(z.string(), z.unknown()) }) }).optional(),
});

interface Running {
  readonly redis: RedisServer;
  readonly postgres: Postgres;
  readonly service: Cache<string>;
  readonly folder: string;
  container: Container;
}

type Closer = () => unknown;

/** Registers the hooks of the file that calls it. The service caches one entity and lets itself be experimented on. */
export function consoleBed({ env, service, entity }: { env: string; service: string; entity: string }): ConsoleBed {
  let running: Running | null = null;
  /** Of what has been started, the first first: a set-up that fails midway leaves nothing behind. */
  const closers: Closer[] = [];
  let admin = '';
  const started = () => {
    if (running === null) throw new Error('the console of this file runs while its tests do');
    return running;
  };

  beforeAll(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sideboard-console-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const redis = await startRedisServer();
    closers.push(() => redis.stop());
    const postgres = await startPostgres();
    closers.push(() => postgres.stop());
    const policies = { [entity]: { ttl: '30s' as const } };
    const cache = createCache<string>({ env, service, redis: redis.url, deadlineMs: 500, allowFaults: true, policies });
    closers.push(() => cache.close());
    await cache.ready();
    running = { redis, postgres, service: cache, folder, container: await open(redis, postgres, folder) };
    closers.push(() => started().container.close());
    // A console starts without its store: on a busy machine that comes later.
    admin = await vi.waitFor(() => bed.signIn('root', 'admin'), { timeout: 30_000 });
    await vi.waitFor(async () => expect((await bed.call(admin, 'versions.list', { env, service })).data).toMatchObject({ rows: [{}] }), {
      timeout: 10_000,
    });
  }, 60_000);

  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  const bed: ConsoleBed = {
    get redis() {
      return started().redis;
    },
    get postgres() {
      return started().postgres;
    },
    get container() {
      return started().container;
    },
    get service() {
      return started().service;
    },
    get admin() {
      return admin;
    },
    async token(name, role) {
      const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ name, role });
      // 503 until the database of the console is up.
      const made = await vi.waitFor(
        async () => {
          const response = await bed.container.signInLink(new Request(`${origin}/api/sign-in-link`, { method: 'POST', headers, body }));
          expect(response.status).toBe(200);
          return response;
        },
        { timeout: 20_000, interval: 100 },
      );
      const { url } = z.object({ url: z.string() }).parse(await made.json());
      return new URL(url).searchParams.get('token') ?? '';
    },
    spend(token, headers = browser) {
      const body = JSON.stringify({ token });
      return bed.container.auth(new Request(`${origin}/api/auth/sign-in/link`, { method: 'POST', headers, body }));
    },
    async signIn(name, role) {
      const response = await bed.spend(await bed.token(name, role));
      expect(response.status).toBe(200);
      return response.headers.get('set-cookie')?.split(';')[0] ?? '';
    },
    async call(cookie, procedure, input, headers = browser) {
      const body = input === undefined ? null : JSON.stringify(input);
      const request = new Request(`${origin}/api/trpc/${procedure}`, { method: 'POST', headers: { ...headers, cookie }, body });
      const response = await bed.container.trpc(request);
      const { result, error } = answer.parse(await response.json());
      return { status: response.status, data: result?.data, error: error?.data.control };
    },
    async restartConsole() {
      const { redis, postgres, folder, container } = started();
      await container.close();
      started().container = await open(redis, postgres, folder);
    },
  };
  return bed;
}

function open(redis: RedisServer, postgres: Postgres, folder: string): Promise<Container> {
  return buildContainer(
    readEnv({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      SIDEBOARD_DIR: folder,
      SIDEBOARD_SECRET: secret,
      SIDEBOARD_LOG_LEVEL: 'silent',
    }),
  );
}
