import { ExpectedError } from '../../scripts/setup/expected-error.mjs';
import { openAsyncCacheDedupe } from './async-cache-dedupe.mjs';
import { openBentocache } from './bentocache.mjs';
import { openCacheManager } from './cache-manager.mjs';
import { openCacheable } from './cacheable.mjs';
import { openCachified } from './cachified.mjs';
import { openLayeredLoader, openLayeredLoaderGroups } from './layered-loader.mjs';
import { LOCAL } from './local-readers.mjs';
import { openMgetLoop } from './mget-loop.mjs';
import { openRawIoredis } from './raw-ioredis.mjs';
import { openSideboard, openSideboardMsgpack } from './sideboard.mjs';

/**
 * @typedef {object} Reader
 * @property {(id: string) => Promise<unknown>} read the value, from Redis or from `load`
 * @property {() => Promise<unknown>} [clear] removes everything of one namespace
 * @property {(id: string) => string} [keyOf] where an entry stands
 * @property {(id: string) => Promise<unknown>} [drop] removes one entry
 * @property {(id: string) => Promise<unknown>} [readLocal] instead of `read`, once the process holds everything
 * @property {(id: string) => unknown} [readSync] the same without a promise
 * @property {(run: () => Promise<unknown>) => Promise<number>} [countLocal] how many reads the process answered by itself meanwhile
 * @property {(id: string) => Promise<unknown>} [hold] as `read`, with no closure of the caller's
 * @property {() => Promise<{ ackedBy: unknown[], pending: unknown[] }>} [bump]
 * @property {() => unknown} close
 */

const OPEN = {
  bare: { label: 'the origin alone', open: ({ load }) => ({ read: load, close() {} }) },
  raw: { label: 'raw ioredis GET + JSON.parse', open: openRawIoredis },
  'raw-young': {
    label: 'raw ioredis, `--no-allocation-site-pretenuring`',
    open: openRawIoredis,
    execArgv: ['--no-allocation-site-pretenuring'],
  },
  'mget-loop': { label: 'a bare loop, one MGET for a turn', open: openMgetLoop },
  autopipelining: { label: 'raw ioredis, autopipelining', open: (options) => openRawIoredis({ ...options, autopipelining: true }) },
  'async-cache-dedupe': { label: 'async-cache-dedupe', open: openAsyncCacheDedupe },
  'layered-loader': { label: 'layered-loader', open: openLayeredLoader },
  'layered-loader-groups': { label: 'layered-loader, groups', open: openLayeredLoaderGroups },
  cachified: { label: 'cachified', open: openCachified },
  cacheable: { label: 'cacheable', open: openCacheable },
  'cache-manager': { label: 'cache-manager', open: openCacheManager },
  bentocache: { label: 'bentocache', open: openBentocache },
  sideboard: { label: '**sideboard**', open: openSideboard },
  'sideboard-again': { label: 'sideboard, the same once more', open: openSideboard },
  'sideboard-faults': {
    label: 'sideboard, faults allowed and none on',
    open: (options) => openSideboard({ ...options, allowFaults: true }),
  },
  'sideboard-msgpack': { label: '**sideboard**, msgpack', open: openSideboardMsgpack },
  ...LOCAL,
};

/** Not in every table. */
const SPECIAL = new Set([
  'bare',
  'raw-young',
  'mget-loop',
  'layered-loader-groups',
  'sideboard-again',
  'sideboard-faults',
  'sideboard-msgpack',
  ...Object.keys(LOCAL),
]);
/** Those that every bench compares. */
export const READERS = Object.keys(OPEN).filter((name) => !SPECIAL.has(name));

/**
 * Those of a comma-separated list, always with what is compared.
 * @param {string | undefined} list
 * @throws {ExpectedError}
 */
export function chooseReaders(list) {
  if (list === undefined) return READERS;
  const chosen = new Set(['raw', ...list.split(','), 'sideboard']);
  for (const name of chosen) if (!READERS.includes(name)) throw new ExpectedError(`There is no reader "${name}": ${READERS.join(', ')}`);
  return READERS.filter((name) => chosen.has(name));
}

/** @param {string} name */
export function labelOf(name) {
  return OPEN[name].label;
}

/** Flags of Node for the process that it has to itself. @param {string} name @returns {readonly string[]} */
export function execArgvOf(name) {
  return OPEN[name].execArgv ?? [];
}

/**
 * A reader with the Redis tier alone, or with that of the process alone; set up as its README says.
 * @param {string} name
 * @param {{ port: number, load: (id: string) => Promise<unknown>, deadlineMs?: number, l1?: object }} options
 * @returns {Promise<Reader>}
 */
export async function openReader(name, options) {
  return OPEN[name].open(options);
}
