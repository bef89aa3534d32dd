/** The processes of a start: what each runs, with what environment, and when it is ready. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { programs, root } from '../setup/paths.mjs';
import { passwordFor } from './settings.mjs';
import { acceptsConnections, consoleAnswers, redisAnswers } from './wait-until.mjs';

export const SHOPS = 3;

/** Small enough that the demo's catalogue does not fit, so evictions show. */
const REDIS_MEMORY = '10mb';

const FOLLOW_PARENT = ['--import', import.meta.resolve('./follow-parent.mjs')];

/** `redis://…` of the embedded Redis. */
export function embeddedRedisUrl(port, secret) {
  return `redis://:${passwordFor(secret, 'redis')}@127.0.0.1:${port}`;
}

/** `postgres://…` of an embedded Postgres. */
export function embeddedPostgresUrl(name, port, secret) {
  return `postgres://postgres:${passwordFor(secret, name)}@127.0.0.1:${port}/postgres`;
}

export function redisChild({ program, folder, port, secret }) {
  const config = path.join(folder, 'redis', 'redis.conf');
  const password = passwordFor(secret, 'redis');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${path.join(folder, 'redis')}"`,
    'daemonize no',
    `maxmemory ${REDIS_MEMORY}`,
    'maxmemory-policy volatile-lru',
    'appendonly yes',
    'appendfsync everysec',
    'auto-aof-rewrite-min-size 16mb',
    'save ""',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { name: 'redis', command: program, args: [config], env: {}, isReady: () => redisAnswers(port, password) };
}

/** @param {'store' | 'origin'} name */
export function postgresChild({ name, folder, port, secret }) {
  return {
    name,
    command: process.execPath,
    args: [...FOLLOW_PARENT, path.join(root, 'scripts/pglite-child.mjs'), path.join(folder, name), String(port)],
    env: { PGLITE_PASSWORD: passwordFor(secret, name) },
    isReady: () => acceptsConnections(port),
  };
}

export function consoleChild({ settings, secret, urls }) {
  return {
    name: 'console',
    command: process.execPath,
    args: [...FOLLOW_PARENT, programs.next, 'start', '-H', settings.host, '-p', String(settings.port)],
    env: {
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: String(settings.port),
      SIDEBOARD_DIR: settings.folder,
      SIDEBOARD_SECRET: secret,
      ...(urls.redis === null ? {} : { REDIS_URL: urls.redis }),
      ...(urls.store === null ? {} : { DATABASE_URL: urls.store }),
    },
    isReady: () => consoleAnswers(settings.url),
  };
}

/** @param {number} index from 0; the first one fills the origin when it is empty */
export function shopChild({ index, urls }) {
  return {
    name: `shop-${index + 1}`,
    command: process.execPath,
    args: [...FOLLOW_PARENT, path.join(root, 'server/demo/dist/shop.js')],
    env: {
      NODE_ENV: 'production',
      DEMO_SHOP_INDEX: String(index),
      DEMO_SHOPS: String(SHOPS),
      REDIS_URL: urls.redis,
      ...(urls.origin === null ? {} : { DEMO_DATABASE_URL: urls.origin }),
    },
  };
}
