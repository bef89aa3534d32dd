import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExpectedError } from '../setup/expected-error.mjs';
import { dataFolder } from '../setup/paths.mjs';
import { parsePort } from '../setup/ports.mjs';

const SECRET_CHARS_MIN = 32;
const REDIS_URL = /^(rediss?|redis\+cluster|redis\+sentinel):\/\/[^/\s]+/;
const WILDCARD_HOSTS = new Set(['0.0.0.0', '::', '[::]']);
const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

/**
 * What the environment asks for.
 * @param {Record<string, string | undefined>} env
 * @returns what to start and where; `warnings` are lines for the reader
 * @throws {ExpectedError} one line that says what is wrong and what to do
 */
export function readSettings(env) {
  const port = parsePort(env.PORT);
  const host = env.HOST || '127.0.0.1';
  const ownRedis = Boolean(env.REDIS_URL || env.REDIS_HOST);
  const warnings = [];
  for (const name of ['DATABASE_URL', 'DEMO_DATABASE_URL']) {
    const value = env[name];
    if (value && !(URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol))) {
      throw new ExpectedError(`${name} is malformed. It must look like postgres://user:password@host:5432/name`);
    }
  }
  if (env.SIDEBOARD_URL && !isOrigin(env.SIDEBOARD_URL)) {
    throw new ExpectedError(
      'SIDEBOARD_URL is malformed. It must be the exact address that browsers use, for example https://cache.example.com',
    );
  }
  if (env.SIDEBOARD_SECRET && env.SIDEBOARD_SECRET.length < SECRET_CHARS_MIN) {
    throw new ExpectedError(
      `SIDEBOARD_SECRET is too short: give it ${SECRET_CHARS_MIN} random characters or more, or none and one is made.`,
    );
  }
  // Never shown itself: it may hold a password. The console starts and says so too.
  if (env.REDIS_URL && !isRedisUrl(env.REDIS_URL)) {
    warnings.push(
      'REDIS_URL is malformed, so the console has no Redis. It must look like redis://[:password@]host:6379[/0], or rediss:// for TLS',
    );
  }
  if (!LOOPBACK_HOSTS.has(host) && !env.SIDEBOARD_URL) {
    warnings.push(
      `HOST is ${host}, but browsers are only let in at the loopback address. Set SIDEBOARD_URL to the exact address that they use.`,
    );
  }
  return {
    folder: dataFolder(env),
    port,
    host,
    /** Where this machine reaches the console. */
    url: `http://${WILDCARD_HOSTS.has(host) ? '127.0.0.1' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`,
    embedsRedis: !ownRedis,
    embedsStore: !env.DATABASE_URL,
    embedsOrigin: !ownRedis && !env.DEMO_DATABASE_URL,
    runsDemo: !ownRedis,
    warnings,
  };
}

function isRedisUrl(value) {
  if (!REDIS_URL.test(value)) return false;
  // A list of hosts is no legal URL.
  return value.startsWith('redis+') || URL.canParse(value);
}

function isOrigin(value) {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && (value === url.origin || value === `${url.origin}/`);
}

/** The folders of a start; what lies in them is for its owner alone. */
export function makeFolders(folder) {
  for (const name of ['', 'logs', 'hold', 'redis']) mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 });
}

/** SIDEBOARD_SECRET, else the one of this folder, made at the first start. */
export function secretOf(folder, env) {
  if (env.SIDEBOARD_SECRET) return env.SIDEBOARD_SECRET;
  const file = path.join(folder, 'secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** The password of one embedded server: other users of this machine reach the loopback address too. */
export function passwordFor(secret, name) {
  return createHmac('sha256', secret).update(`sideboard ${name}`).digest('hex').slice(0, 32);
}
