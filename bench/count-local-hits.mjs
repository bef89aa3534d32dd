import { createOperator } from 'sideboard-engine';

const REF = { env: 'bench', service: 'shop' };
const WAIT_MS = 10_000;
/** Sent for a read that Redis answers, or that loads. GET is not among them: a heartbeat sends it too. */
const COMMANDS_OF_READS = ['mget', 'set', 'eval', 'evalsha', 'unlink'];

/**
 * What the readers' instances counted, as a console reads it, and what Redis was asked: so that what was timed was what it is called.
 * @param {number} port
 * @param {import('ioredis').Redis} redis
 */
export async function openLocalHitCounter(port, redis) {
  const operator = createOperator({ redis: { host: '127.0.0.1', port } });
  await operator.ready();
  let after = '0';

  /** The frames since the last call, once a frame of every instance covers now. */
  async function take() {
    const sinceMs = await operator.now();
    const instances = (await operator.instances(REF)).map(({ id }) => id);
    const covered = new Set();
    const sum = { hits: 0, l1Hits: 0, others: 0 };
    const givenUpMs = performance.now() + WAIT_MS;
    while (instances.some((id) => !covered.has(id))) {
      if (performance.now() > givenUpMs) throw new Error('the instances tell nothing of what they counted');
      for (const { lastId, frames } of await operator.frames(new Map([[REF, after]]), { count: 100, blockMs: 500 })) {
        after = lastId;
        for (const frame of frames) add(sum, frame);
        for (const { instance, at, durationMs } of frames) if (at - durationMs >= sinceMs) covered.add(instance);
      }
    }
    return sum;
  }

  return {
    /** Starts anew: what was read so far is forgotten. */
    async begin() {
      await take();
      this.commands = await commandsOf(redis);
    },
    /** Throws unless all that was read since `begin` are so many hits of the process itself, of which Redis heard nothing. */
    async prove(reads) {
      const { hits, l1Hits, others } = await take();
      if (l1Hits !== reads || hits !== reads || others > 0) {
        throw new Error(`${reads} reads were counted as ${hits} hits, ${l1Hits} of them local, and ${others} others`);
      }
      const commands = await commandsOf(redis);
      if (commands !== this.commands) throw new Error(`Redis was asked: ${this.commands} before, ${commands} after`);
    },
    close: () => operator.close(),
  };
}

function add(sum, frame) {
  for (const { hits, l1Hits = 0, stale, misses, unavailable, originCalls } of Object.values(frame.entities)) {
    sum.hits += hits;
    sum.l1Hits += l1Hits;
    sum.others += stale + misses + unavailable + originCalls;
  }
}

async function commandsOf(redis) {
  const stats = await redis.info('commandstats');
  return COMMANDS_OF_READS.map((name) => `${name} ${new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0}`).join(', ');
}
