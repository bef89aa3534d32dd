import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cache } from '../../engine/cache.ts';
import { keySpaceOf } from './key-space.ts';
import { type Deferred, deferred, patient } from './open-caches.ts';
import { PromiseModel } from './promise-model.ts';
import { redisBed } from './redis-bed.ts';

/**
 * Random sequences of operations over several instances, judged by the promise alone: per key the values that may be
 * returned, per entity whether there is something to undo. `MODEL_SEED` runs a sequence again; each run prints its own.
 */

const bed = redisBed(patient);
const { caches } = bed;
const { recordKey } = keySpaceOf(() => bed.redis);

const IDS = ['a', 'b'];
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);

interface HeldRead {
  id: string;
  /** What may be returned at least, and what the loader will return. */
  floor: number;
  value: number;
  answer: Deferred<void>;
  read: Promise<number>;
}

interface Fleet {
  caches: readonly Cache<string>[];
  held: HeldRead[];
}

type Command = fc.AsyncCommand<PromiseModel, Fleet>;

/** `what` as fast-check shows it in a counterexample. */
function command(
  what: string,
  run: (model: PromiseModel, fleet: Fleet) => Promise<void>,
  check: (fleet: PromiseModel) => boolean = () => true,
): Command {
  return { check, run, toString: () => what };
}

function expectLegal(value: unknown, floor: number, origin: number): void {
  expect(value).toBeTypeOf('number');
  expect(value).toBeGreaterThanOrEqual(floor);
  expect(value).toBeLessThanOrEqual(origin);
}

const at = (fleet: Fleet, n: number): Cache<string> => {
  const cache = fleet.caches[n];
  if (cache === undefined) throw new Error(`no instance ${n}`);
  return cache;
};
/** While a load of the key is held, another instance's read would wait for it. */
const isHeld = (fleet: Fleet, id: string): boolean => fleet.held.some((held) => held.id === id);

const instance = fc.nat({ max: 2 });
const id = fc.constantFrom(...IDS);

const holdLoad = fc.tuple(instance, id).map(([n, key]) =>
  command(`${n} getOrSet ${key}, held`, async (model, fleet) => {
    if (isHeld(fleet, key)) return;
    const { floor, origin } = model.of(key);
    const answer = deferred();
    const began = deferred();
    const read = at(fleet, n).getOrSet('product', key, async () => {
      // What a load returns is what the origin held when it began, which for a refresh is later than the read.
      const value = model.of(key).origin;
      began.resolve();
      await answer.promise;
      return value;
    });
    const hit = await Promise.race([began.promise, read]);
    if (hit === undefined) {
      fleet.held.push({ id: key, floor, value: origin, answer, read });
      return;
    }
    expectLegal(hit, floor, origin);
    // A stale hit may have begun a refresh.
    answer.resolve();
  }),
);

const endLoad = fc.constant(
  command('the oldest held load ends', async (_model, fleet) => {
    const held = fleet.held.shift();
    if (held === undefined) return;
    held.answer.resolve();
    expectLegal(await held.read, held.floor, held.value);
  }),
);

// Races want several loads under way.
const operations = [
  ...[holdLoad, holdLoad, endLoad, endLoad],
  fc.tuple(instance, id).map(([n, key]) =>
    command(`${n} get ${key}`, async (model, fleet) => {
      const { floor, origin } = model.of(key);
      const value = await at(fleet, n).get('product', key);
      if (value !== undefined) expectLegal(value, floor, origin);
    }),
  ),
  fc.tuple(instance, id).map(([n, key]) =>
    command(`${n} peek ${key}`, async (model, fleet) => {
      const { floor, freshFloor, origin } = model.of(key);
      const peek = await at(fleet, n).peek<number>('product', key);
      if (peek.kind === 'fresh') expectLegal(peek.value, Math.max(floor, freshFloor), origin);
      if (peek.kind === 'stale') expectLegal(peek.value, floor, origin);
    }),
  ),
  fc.tuple(instance, id).map(([n, key]) =>
    command(`${n} getOrSet ${key}`, async (model, fleet) => {
      if (isHeld(fleet, key)) return;
      const { floor, origin } = model.of(key);
      expectLegal(await at(fleet, n).getOrSet('product', key, () => Promise.resolve(model.of(key).origin)), floor, origin);
    }),
  ),
  fc.tuple(instance, instance, id, fc.constantFrom('bump', 'undo')).map(([n, other, key, what]) =>
    command(`${n} set ${key} while ${other} ${what}`, async (model, fleet) => {
      if (what === 'undo' && !model.undoable) return;
      let written = 0;
      const set = at(fleet, n).set('product', key, async () => {
        written = model.writeOrigin(key);
        await (what === 'bump' ? at(fleet, other).bumpVersion('product') : at(fleet, other).undoBump('product'));
        return written;
      });
      await set;
      if (what === 'bump') model.bumped();
      model.invalidated(key, written);
      if (what === 'undo') model.undone();
    }),
  ),
  id.map((key) => command(`the origin of ${key} is written`, async (model) => void model.writeOrigin(key))),
  fc.tuple(instance, id).map(([n, key]) =>
    command(`${n} set ${key}`, async (model, fleet) => {
      let written = 0;
      await at(fleet, n).set('product', key, () => {
        written = model.writeOrigin(key);
        return Promise.resolve(written);
      });
      model.invalidated(key, written);
    }),
  ),
  fc.tuple(instance, id, fc.constantFrom('hard', 'soft')).map(([n, key, mode]) =>
    command(`${n} invalidate ${key} ${mode}`, async (model, fleet) => {
      const origin = model.writeOrigin(key);
      await at(fleet, n).invalidate('product', key, { mode: mode === 'hard' ? 'hard' : 'soft' });
      if (mode === 'hard') model.invalidated(key, origin);
      else model.markedStale(key, origin);
    }),
  ),
  fc.tuple(instance, id).map(([n, key]) =>
    command(`all read ${key} while ${n} invalidates it`, async (model, fleet) => {
      if (isHeld(fleet, key)) return;
      const { floor } = model.of(key);
      const origin = model.writeOrigin(key);
      const load = () => Promise.resolve(model.of(key).origin);
      const reads = fleet.caches.map((cache) => cache.getOrSet('product', key, load));
      await at(fleet, n).invalidate('product', key);
      model.invalidated(key, origin);
      for (const value of await Promise.all(reads)) expectLegal(value, floor, origin);
    }),
  ),
  instance.map((n) =>
    command(`${n} bump`, async (model, fleet) => {
      for (const key of IDS) model.writeOrigin(key);
      await at(fleet, n).bumpVersion('product');
      model.bumped();
    }),
  ),
  instance.map((n) =>
    command(`${n} undo`, async (model, fleet) => {
      const undo = at(fleet, n).undoBump('product');
      if (!model.undoable) {
        await expect(undo).rejects.toMatchObject({ name: 'NothingToUndo' });
        return;
      }
      await undo;
      model.undone();
    }),
  ),
  instance.map((n) =>
    command(`the record is lost, and ${n} finds it so`, async (model, fleet) => {
      await bed.redis.del(recordKey);
      await at(fleet, n).get('product', 'nobody');
      model.lost();
    }),
  ),
  fc.constant(
    command('the scripts are forgotten', async () => {
      await bed.redis.script('FLUSH');
    }),
  ),
];

describe('the promise, by a model', () => {
  it('holds over random sequences of operations of three instances', async () => {
    process.stdout.write(`model: MODEL_SEED=${seed}\n`);
    // Announcements of bumps await their answers, so each instance has a living link.
    const opened = [await caches.open(), await caches.open(), await caches.open()];
    let operationsRun = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands(operations, { maxCommands: 60, size: 'max' }), async (commands) => {
        // Leases go with it: what a sequence left on its way cannot be filled in the next.
        await bed.redis.flushall();
        // A bump of a record that is missing is a mint, and leaves nothing to undo.
        await opened[0]?.cache.get('product', 'nobody');
        const fleet: Fleet = { caches: opened.map(({ cache }) => cache), held: [] };
        try {
          await fc.asyncModelRun(() => ({ model: new PromiseModel(IDS), real: fleet }), commands);
        } finally {
          for (const { answer } of fleet.held) answer.resolve();
          await Promise.all(fleet.held.map(({ read }) => read));
        }
        operationsRun += [...commands].length;
      }),
      { seed, numRuns: 200, interruptAfterTimeLimit: 6_000, markInterruptAsFailure: false, endOnFailure: false },
    );
    expect(operationsRun).toBeGreaterThan(200);
    process.stdout.write(`model: ${operationsRun} operations\n`);
  });
});
