import type { SeededBug } from './break-engine.ts';
import type { Scenario } from './scenario.ts';
import { everything } from './scenarios.ts';
import type { ViolationClass } from './violation.ts';

export interface ProvenBug extends SeededBug {
  /** What the checker may call it. */
  readonly found: readonly ViolationClass[];
  /** The workload and the faults that bring it out. */
  readonly scenario: Scenario;
  /** Found within a young fleet or hardly: another takes its place after this, within the minute. */
  readonly fleetMs?: number;
}

const calm: Scenario = { ...everything, faults: {} };
/** One fault after another, of one kind. */
const haunted = (fault: keyof Scenario['faults']): Scenario => ({ ...everything, faults: { [fault]: 1 }, gapOperations: [200, 800] });
/** Bumps and their undos, so that the version before is often the one that is read. */
const undoing: Scenario = { ...calm, keysPerEntity: 3, weights: { getOrSet: 60, get: 25, bump: 1, undo: 1 } };

/** The protocol's rules, broken one at a time. */
export const seededBugs: readonly ProvenBug[] = [
  {
    name: 'a fill without its token',
    edits: [{ file: 'scripts.js', after: "script('fillEntry'", find: 'if token_of(held) ~= ARGV[1] then return 0 end', replace: '' }],
    scenario: everything,
    found: ['stale-after-ack', 'soft-called-fresh', 'went-back'],
  },
  {
    name: 'a late lease lets a load fill',
    edits: [
      {
        file: 'load-table.js',
        find: 'const unbegun = slot.running.begun ? slot.next : slot.running;',
        replace:
          'if (slot.running.begun && slot.running.lease === null && load.lease !== null) { slot.running.lease = load.lease; load.lease = null; }\nconst unbegun = slot.running.begun ? slot.next : slot.running;',
      },
    ],
    // Readers load without a lease while a write is under way; loads that last meet the lease of a later miss.
    scenario: { ...calm, keysPerEntity: 2, loadMs: [0, 40], weights: { getOrSet: 60, get: 25, invalidate: 10, write: 5 } },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'a read joins a batch that was sent',
    edits: [
      {
        file: 'read-batcher.js',
        find: 'for (const { entity } of batch.reads)\n            if (entity.unsent.size > 0)\n                entity.unsent = new Map();',
        replace: 'batch.onOpen = () => { for (const { entity } of batch.reads) entity.unsent = new Map(); };',
      },
      { file: 'read.js', find: 'this.#isOpen = true;', replace: 'this.#isOpen = true;\n        this.onOpen?.();' },
      { file: 'read-batcher.js', find: 'return batch.join(first);', replace: 'return first.batch.join(first);' },
      { file: 'read-batcher.js', find: 'entity.unsent.set(id, read);', replace: 'entity.unsent.set(id, Object.assign(read, { batch }));' },
    ],
    // A reply that is long on its way has many who could join it.
    scenario: {
      ...calm,
      weights: { getOrSet: 60, get: 25, invalidate: 10, write: 5 },
      delays: [{ role: 'read', direction: 'toClient', delayMs: 10 }],
    },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'any namespace is believed',
    edits: [{ file: 'read-batcher.js', find: 'reply.record.ns === share.ns', replace: 'true' }],
    // A process that has not read since a bump reads under the version before once more: few clients, who take their time.
    scenario: { ...calm, clientsPerProcess: 5, keysPerEntity: 3, thinkMs: [0, 20], weights: { getOrSet: 60, get: 25, bump: 3 } },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'a write ends in a plain SET',
    edits: [
      {
        file: 'write-value.js',
        after: 'async function closeWrite',
        find: 'const answer = await askRedis(context, context.write, [fill], { evenIfOpen: true });\n    if (!answer.ok)\n        return answer;\n    const filled = integerOf(answer.replies[0]) === 1;',
        replace:
          "const [, , key, , , envelope, ttl] = fill.args;\n    const answer = await askRedis(context, context.write, [{ name: 'SET', args: [key, envelope, 'PX', ttl] }], { evenIfOpen: true });\n    if (!answer.ok)\n        return answer;\n    const filled = true;",
      },
    ],
    scenario: everything,
    found: ['stale-after-ack', 'soft-called-fresh', 'went-back', 'unknown-value'],
  },
  {
    name: 'a write covers one version only',
    edits: [
      {
        file: 'write-value.js',
        find: 'const open = namespacesOf(entity.record).filter',
        replace: 'const open = namespacesOf(entity.record).slice(0, 1).filter',
      },
      {
        file: 'write-value.js',
        find: 'if (namespacesOf(reply.record).every',
        replace: 'if (namespacesOf(reply.record).slice(0, 1).every',
      },
      { file: 'write-value.js', find: 'new Set([lease.ns])', replace: 'new Set(namespacesOf(entity.record))' },
    ],
    scenario: { ...undoing, weights: { ...undoing.weights, set: 5, write: 5 } },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'an invalidation covers one version only',
    edits: [{ file: 'invalidate-key.js', find: '[record.ns, record.prev]', replace: '[record.ns]' }],
    scenario: { ...undoing, weights: { ...undoing.weights, invalidate: 10 } },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'versions count seconds',
    edits: [
      {
        file: 'scripts.js',
        find: "local text = string.format('%.0f', next_rev)",
        replace: "local text = string.format('%.0f', tonumber(time[1]))",
      },
    ],
    scenario: everything,
    found: ['stale-after-ack', 'soft-called-fresh', 'went-back'],
  },
  {
    name: 'a soft invalidation leaves the lease',
    edits: [
      {
        file: 'scripts.js',
        after: "script('softInvalidate'",
        find: "local leases = redis.call('DEL', KEYS[2])",
        replace: 'local leases = 0',
      },
    ],
    scenario: { ...calm, loadMs: [0, 20], weights: { getOrSet: 60, peek: 25, soften: 10, invalidate: 5 } },
    found: ['soft-called-fresh'],
  },
  {
    name: 'no record is adopted',
    edits: [{ file: 'versions.js', find: 'asked.replid === null', replace: 'true' }],
    // Without bumps the old record is as high as any that was seen; what was acknowledged is sent again late.
    scenario: {
      ...haunted('restart-from-old-copy'),
      weights: { getOrSet: 60, get: 25, invalidate: 10 },
      delays: [{ role: 'write', direction: 'toServer', delayMs: 20 }],
    },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'unanswered commands are sent again',
    edits: [
      { file: 'redis/open-client.js', find: 'autoResendUnfulfilledCommands: false', replace: 'autoResendUnfulfilledCommands: true' },
      { file: 'redis/open-client.js', find: 'maxRetriesPerRequest: 0', replace: 'maxRetriesPerRequest: null' },
      { file: 'redis/pipelined-command.js', find: 'this.#own = NONE;', replace: '' },
      // Reads that wait for the end of a turn are more often under way when Redis dies.
      { file: 'read-batcher.js', find: 'process.nextTick(flush);', replace: 'setImmediate(flush);' },
      // Else ioredis would write it to what a pipeline was gathered in, and nobody would send it.
      { file: 'redis/run-pipeline.js', find: 'client.sendCommand(command, outgoing);', replace: 'client.sendCommand(command);' },
    ],
    // Reads are under way when Redis dies, and are still waited for when it has come back.
    scenario: {
      ...haunted('restart-from-old-copy'),
      weights: { getOrSet: 60, get: 25, invalidate: 10 },
      deadlineMs: 5_000,
      delays: [{ role: 'read', direction: 'toServer', delayMs: 10 }],
    },
    // The more there is in the file of a Redis, the longer it takes to come back: past the deadline nothing is waited for.
    fleetMs: 6_000,
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'a reply may be of another key',
    edits: [{ file: 'envelope.js', find: "return problem('entry of another key');", replace: '{}' }],
    // All batches of one entity have replies of one form, so that those of the next may be taken for those that are lost.
    scenario: { ...haunted('swallow-replies'), entities: ['product'], weights: { getOrSet: 60, get: 25, invalidate: 10 } },
    found: ['cross-key'],
  },
  {
    name: 'an invalidation is acknowledged without its reply',
    edits: [
      {
        file: 'invalidate-key.js',
        find: 'if (!answer.ok)\n            return answer;',
        replace: 'if (!answer.ok)\n            return { ok: true, receipt };',
      },
    ],
    scenario: everything,
    found: ['stale-after-ack', 'soft-called-fresh', 'acked-though-refused'],
  },
];
