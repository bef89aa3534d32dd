import { askRedis, textOf } from '../ask-redis.ts';
import type { EngineContext } from '../engine-context.ts';
import type { EntityState } from '../entity-state.ts';
import { structuresKey } from '../keys.ts';
import { scriptCommand } from '../redis/run-pipeline.ts';
import { publishStructures } from '../scripts.ts';
import { readStructures, type StructureSet, writeStructures } from './structure-set.ts';

/** Sets of one entity that Redis keeps; an instance knows as many. */
const SETS_MAX = 64;
/** A set in use is stamped this often; one that Redis has lost is back by then. */
const STAMP_EVERY_MS = 10_000;
const RETRY_MS = 1_000;
/** Unknown sets of one entity that are asked for at a time; entries of any further one are a miss. */
const FETCHES_MAX = 16;

/** `absent`: no entry of it can ever be read. `unavailable`: Redis did not say. */
export type SetFound = 'known' | 'absent' | 'unavailable';

interface Tended {
  publishing: boolean;
  /** Monotonic: no attempt before, and no stamp before. */
  retryAtMs: number;
  stampAtMs: number;
  readonly fetching: Map<string, Promise<SetFound>>;
}

/**
 * The structure sets of msgpack entities, in Redis and here. A set is used only after Redis has it, so whoever finds an entry
 * finds its set; one that is lost or made room for costs misses, never a wrong value.
 */
export class StructureStore {
  readonly #context: EngineContext;
  readonly #tended = new Map<EntityState, Tended>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Begins with what the fleet uses: the sets that stand, and the latest of them for new entries. */
  async load(entity: EntityState): Promise<void> {
    const answer = await askRedis(this.#context, this.#context.lease, [
      { name: 'HGETALL', args: [structuresKey(entity.ref, entity.name)] },
    ]);
    const reply = answer.ok ? answer.replies[0] : null;
    if (!Array.isArray(reply)) return;
    const sets: { set: StructureSet; stamp: number }[] = [];
    for (let index = 0; index + 1 < Math.min(reply.length, 2 * SETS_MAX); index += 2) {
      const found = parseStoredSet(textOf(reply[index]) ?? '', textOf(reply[index + 1]) ?? '');
      if (found !== null) sets.push(found);
    }
    const [newest, ...older] = sets.sort((one, other) => other.stamp - one.stamp);
    for (const { set } of older) entity.codec.adopt(set, false);
    if (newest !== undefined && entity.codec.set.structures.length === 0) entity.codec.adopt(newest.set, true);
  }

  /** After an entry was encoded: publishes what was learned, and says now and then that the set is in use. */
  tend(entity: EntityState): void {
    if (!entity.codec.usesSets) return;
    const tended = this.#tendedOf(entity);
    const nowMs = this.#context.clock.monotonicMs();
    const { set, wantedSet } = entity.codec;
    const learned = wantedSet !== set;
    const due = learned || (set.structures.length > 0 && nowMs >= tended.stampAtMs);
    if (!due || tended.publishing || nowMs < tended.retryAtMs) return;
    tended.publishing = true;
    const end = (published: boolean) => {
      tended.publishing = false;
      if (!published) tended.retryAtMs = nowMs + RETRY_MS;
      else {
        tended.stampAtMs = nowMs + STAMP_EVERY_MS;
        if (learned) entity.codec.adopt(wantedSet, true);
      }
    };
    this.#publish(entity, wantedSet).then(end, () => end(false));
  }

  /** A set that an entry points into and this instance does not know; asked for once. */
  fetch(entity: EntityState, address: string): Promise<SetFound> {
    const { fetching } = this.#tendedOf(entity);
    const running = fetching.get(address);
    if (running !== undefined) return running;
    if (fetching.size >= FETCHES_MAX) return Promise.resolve('unavailable');
    const fetch = this.#fetch(entity, address).finally(() => fetching.delete(address));
    fetching.set(address, fetch);
    return fetch;
  }

  async #publish(entity: EntityState, set: StructureSet): Promise<boolean> {
    const args = [set.address, writeStructures(set.structures), SETS_MAX];
    const answer = await askRedis(this.#context, this.#context.lease, [
      scriptCommand(publishStructures, [structuresKey(entity.ref, entity.name)], args),
    ]);
    return answer.ok && answer.replies[0] === 1;
  }

  async #fetch(entity: EntityState, address: string): Promise<SetFound> {
    const answer = await askRedis(this.#context, this.#context.lease, [
      { name: 'HGET', args: [structuresKey(entity.ref, entity.name), address] },
    ]);
    if (!answer.ok || answer.replies[0] instanceof Error) return 'unavailable';
    const found = parseStoredSet(address, textOf(answer.replies[0]) ?? '');
    if (found === null) return 'absent';
    entity.codec.adopt(found.set, false);
    return 'known';
  }

  #tendedOf(entity: EntityState): Tended {
    let tended = this.#tended.get(entity);
    if (tended === undefined) {
      tended = { publishing: false, retryAtMs: 0, stampAtMs: 0, fetching: new Map() };
      this.#tended.set(entity, tended);
    }
    return tended;
  }
}

/** One field of the hash; null for what is not the set of its address. */
export function parseStoredSet(address: string, text: string): { set: StructureSet; stamp: number } | null {
  const space = text.indexOf(' ');
  const set = space < 0 ? null : readStructures(address, text.slice(space + 1));
  return set === null ? null : { set, stamp: Number(text.slice(0, space)) };
}
