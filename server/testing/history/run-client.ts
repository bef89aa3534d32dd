import { setTimeout as pause } from 'node:timers/promises';
import type { Cache, Loader } from 'sideboard-engine';
import type { EventOutbox } from './event-outbox.ts';
import { parseStamp, type ReadEvent, type Stamp, type WriteEvent } from './history-event.ts';
import { monotonicUs } from './monotonic-us.ts';
import type { OriginLink } from './origin-link.ts';
import { between, pickWeighted, type Random } from './random.ts';
import type { OperationName, Scenario } from './scenario.ts';

export interface ClientParts {
  readonly process: string;
  readonly client: string;
  readonly cache: Cache<string>;
  readonly origin: OriginLink;
  readonly outbox: EventOutbox;
  /** How many reads this process has answered by itself. */
  readonly localHits: () => number;
  readonly scenario: Scenario;
  readonly random: Random;
  /** Of this process. */
  readonly nextId: () => string;
  readonly stopping: () => boolean;
}

/** A slow load outlives a lease and a deadline. */
const SLOW_MS: readonly [number, number] = [50, 500];
/** Between two reads of a process that does nothing else, us. */
const READ_EVERY_US = 200;
/** After a change that was refused at once, so that an outage is not spent on asking. */
const REFUSED_PAUSE_MS = 2;

/** One sequential caller: operation after operation, each with its record, until told to stop. */
export async function runClient(parts: ClientParts): Promise<void> {
  const { scenario, random, outbox } = parts;
  while (!parts.stopping()) {
    await outbox.room();
    const entity = scenario.entities[between(random, 0, scenario.entities.length - 1)] ?? 'product';
    const id = String(Math.floor(random() ** 2 * scenario.keysPerEntity));
    const went = await runOperation(parts, pickWeighted<OperationName>(random, scenario.weights), entity, id);
    const thinkMs = went ? between(random, ...scenario.thinkMs) : REFUSED_PAUSE_MS;
    if (thinkMs > 0) await pause(thinkMs);
  }
}

/**
 * Reads on and on for that long, of what the process answers by itself: which gives the event loop no turn, so that it hears
 * nothing meanwhile. What had to be asked of Redis is left out from then on.
 */
export async function readWithoutPause(parts: ClientParts, forMs: number): Promise<void> {
  const { scenario, random } = parts;
  const keys = scenario.entities.flatMap((entity) => Array.from({ length: scenario.keysPerEntity }, (_, id) => ({ entity, id: `${id}` })));
  const untilUs = monotonicUs() + forMs * 1_000;
  while (monotonicUs() < untilUs && !parts.stopping()) {
    const at = between(random, 0, keys.length - 1);
    const key = keys[at];
    if (key === undefined) return;
    if ((await read(parts, 'get', key.entity, key.id)) === null) keys.splice(at, 1);
    holdEventLoop(READ_EVERY_US);
  }
}

export function holdEventLoop(forUs: number): void {
  const untilUs = monotonicUs() + forUs;
  while (monotonicUs() < untilUs);
}

/** False for a change that was refused. */
async function runOperation(parts: ClientParts, name: OperationName, entity: string, id: string): Promise<boolean> {
  switch (name) {
    case 'getOrSet':
    case 'get':
    case 'strictGet':
    case 'peek':
      await read(parts, name, entity, id);
      return true;
    case 'invalidate':
      return change(parts, name, entity, id, async (change) => {
        await parts.cache.invalidate(entity, id);
        return change;
      });
    case 'soften':
      return change(parts, name, entity, id, async (change) => {
        await parts.cache.invalidate(entity, id, { mode: 'soft' });
        return change;
      });
    case 'set':
      return set(parts, entity, id);
    case 'write':
      return write(parts, entity, id);
    case 'bump':
      return bump(parts, entity);
    case 'undo':
      return undo(parts, entity);
  }
}

type ReadName = ReadEvent['via'] | 'strictGet';

/** Returns which tier answered. */
async function read(parts: ClientParts, name: ReadName, entity: string, id: string): Promise<ReadEvent['tier']> {
  const { cache, outbox, process, client, localHits } = parts;
  const via = name === 'strictGet' ? 'get' : name;
  const key = `${entity}/${id}`;
  const hitsBefore = localHits();
  const startUs = monotonicUs();
  let tier: ReadEvent['tier'] = null;
  const ended = (outcome: ReadEvent['outcome'], value: unknown, called: ReadEvent['called']) => {
    const stamp = outcome === 'value' ? parseStamp(value) : null;
    outbox.put({ kind: 'read', process, client, entity, key, via, startUs, endUs: monotonicUs(), outcome, stamp, called, tier });
  };
  try {
    if (name === 'peek') {
      const peeked = await cache.peek(entity, id);
      if (peeked.kind === 'fresh' || peeked.kind === 'stale') ended('value', peeked.value, peeked.kind);
      else ended('none', null, null);
      return tier;
    }
    const answer = name === 'getOrSet' ? cache.getOrSet(entity, id, loaderOf(parts, key)) : cache.get(entity, id, readOptions[name]);
    // The engine tells of such a hit before it returns. One of who asks strictly is held to all that a strict read is.
    if (name !== 'strictGet' && localHits() > hitsBefore) tier = 'l1';
    const value = await answer;
    ended(name === 'getOrSet' || value !== undefined ? 'value' : 'none', value, null);
  } catch {
    // A loader that fails on purpose or comes too late: no value, so nothing is promised about it.
    ended('failed', null, null);
  }
  return tier;
}

const readOptions = { get: undefined, strictGet: { strict: true } };

function loaderOf(parts: ClientParts, key: string): Loader<Stamp> {
  return async () => {
    const sinceUs = monotonicUs();
    const seq = await atOrigin(parts, () => parts.origin.read(key));
    return { key, seq, id: parts.nextId(), sinceUs, by: 'load' };
  };
}

/** What an origin takes its time for, and sometimes fails at. */
async function atOrigin(parts: ClientParts, ask: () => Promise<number>): Promise<number> {
  const { scenario, random } = parts;
  const takesMs = random() < scenario.slowShare ? between(random, ...SLOW_MS) : between(random, ...scenario.loadMs);
  const beforeMs = between(random, 0, takesMs);
  if (beforeMs > 0) await pause(beforeMs);
  const seq = await ask();
  if (takesMs > beforeMs) await pause(takesMs - beforeMs);
  if (random() < scenario.failShare) throw new Error('the origin fails on purpose');
  return seq;
}

type Change = Pick<WriteEvent, 'sinceUs' | 'valueId'>;

async function change(
  parts: ClientParts,
  kind: WriteEvent['kind'],
  entity: string,
  id: string,
  run: (asCalled: Change) => Promise<Change>,
): Promise<boolean> {
  const { process, client, outbox } = parts;
  const startUs = monotonicUs();
  const base = { kind, process, client, entity, key: `${entity}/${id}`, startUs };
  try {
    const { sinceUs, valueId } = await run({ sinceUs: startUs, valueId: null });
    outbox.put({ ...base, endUs: monotonicUs(), acked: true, error: null, sinceUs, valueId });
    return true;
  } catch (error) {
    outbox.put({ ...base, endUs: monotonicUs(), acked: false, error: nameOf(error), sinceUs: startUs, valueId: null });
    return false;
  }
}

async function set(parts: ClientParts, entity: string, id: string): Promise<boolean> {
  const key = `${entity}/${id}`;
  const { cache, origin, nextId, process, client, outbox } = parts;
  const seq = await origin.write(key);
  const valueId = nextId();
  const startUs = monotonicUs();
  const base = { kind: 'set', process, client, entity, key, startUs, sinceUs: startUs, valueId } as const;
  const stamp: Stamp = { key, seq, id: valueId, sinceUs: startUs, by: 'set' };
  try {
    await cache.set(entity, id, stamp);
    outbox.put({ ...base, endUs: monotonicUs(), acked: true, error: null });
    return true;
  } catch (error) {
    outbox.put({ ...base, endUs: monotonicUs(), acked: false, error: nameOf(error) });
    return false;
  }
}

function write(parts: ClientParts, entity: string, id: string): Promise<boolean> {
  const key = `${entity}/${id}`;
  return change(parts, 'write', entity, id, async () => {
    const valueId = parts.nextId();
    let returnedUs = 0;
    await parts.cache.set(entity, id, async () => {
      const sinceUs = monotonicUs();
      const seq = await atOrigin(parts, () => parts.origin.write(key));
      returnedUs = monotonicUs();
      return { key, seq, id: valueId, sinceUs, by: 'write' };
    });
    return { sinceUs: returnedUs, valueId };
  });
}

async function bump(parts: ClientParts, entity: string): Promise<boolean> {
  const { process, client, cache, outbox } = parts;
  const startUs = monotonicUs();
  const base = { kind: 'bump', process, client, entity, startUs } as const;
  try {
    const { rev } = await cache.bumpVersion(entity);
    outbox.put({ ...base, endUs: monotonicUs(), acked: true, error: null, rev: Number(rev) });
    return true;
  } catch (error) {
    outbox.put({ ...base, endUs: monotonicUs(), acked: false, error: nameOf(error), rev: 0 });
    return false;
  }
}

/** Its beginning is told before it begins: a process that dies in it has changed what others may read. */
async function undo(parts: ClientParts, entity: string): Promise<boolean> {
  const { process, client, cache, outbox } = parts;
  const startUs = monotonicUs();
  const name = parts.nextId();
  outbox.put({ kind: 'undo-begun', process, undo: name, entity, atUs: startUs });
  await outbox.flush();
  const base = { kind: 'undo-ended', process, client, entity, undo: name, startUs } as const;
  try {
    const { rev, version } = await cache.undoBump(entity);
    outbox.put({ ...base, endUs: monotonicUs(), outcome: 'acked', restored: Number.parseInt(version, 36), rev: Number(rev) });
    return true;
  } catch (error) {
    const outcome = nameOf(error) === 'NothingToUndo' ? 'nothing' : 'unknown';
    outbox.put({ ...base, endUs: monotonicUs(), outcome, restored: 0, rev: 0 });
    return outcome === 'nothing';
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
