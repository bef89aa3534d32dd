import type { SeededBug } from './break-engine.ts';
import type { Scenario } from './scenario.ts';
import type { ViolationClass } from './violation.ts';

export interface ProvenBug extends SeededBug {
  /** What the checker may call it. */
  readonly found: readonly ViolationClass[];
  /** The faults that bring it out; all of them where none are named. */
  readonly faults?: Scenario['faults'];
}

/** The protocol's rules, broken one at a time. */
export const seededBugs: readonly ProvenBug[] = [
  {
    name: 'a fill without its token',
    file: 'scripts.js',
    after: "script('fillEntry'",
    find: 'if token_of(held) ~= ARGV[1] then return 0 end',
    replace: '',
    found: ['stale-after-ack'],
  },
  {
    name: 'any namespace is believed',
    file: 'read-batcher.js',
    find: 'reply.record.ns === share.ns',
    replace: 'true',
    found: ['stale-after-ack'],
  },
  {
    name: 'a write ends in a plain SET',
    file: 'write-value.js',
    after: 'async function closeWrite',
    find: 'const answer = await askRedis(context, context.write, [fill], true);\n    if (!answer.ok)\n        return answer;\n    const filled = integerOf(answer.replies[0]) === 1;',
    replace:
      "const [, , key, , , envelope, ttl] = fill.args;\n    const answer = await askRedis(context, context.write, [{ name: 'SET', args: [key, envelope, 'PX', ttl] }], true);\n    if (!answer.ok)\n        return answer;\n    const filled = true;",
    found: ['stale-after-ack', 'went-back', 'unknown-value'],
  },
  {
    name: 'versions count seconds',
    file: 'scripts.js',
    find: "local text = string.format('%.0f', next_rev)",
    replace: "local text = string.format('%.0f', tonumber(time[1]))",
    found: ['stale-after-ack'],
  },
  {
    name: 'an undo window is not covered',
    file: 'invalidate-key.js',
    find: '[record.ns, record.prev]',
    replace: '[record.ns]',
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'a soft invalidation leaves the lease',
    file: 'scripts.js',
    after: "script('softInvalidate'",
    find: "local leases = redis.call('DEL', KEYS[2])",
    replace: 'local leases = 0',
    found: ['soft-called-fresh'],
  },
  {
    name: 'no record is adopted',
    file: 'versions.js',
    find: 'asked.replid === null',
    replace: 'true',
    faults: { 'restart-from-old-copy': 1 },
    found: ['stale-after-ack', 'went-back'],
  },
  {
    name: 'a reply may be of another key',
    file: 'envelope.js',
    find: "return problem('entry of another key');",
    replace: '{}',
    faults: { 'swallow-replies': 1 },
    found: ['cross-key'],
  },
  {
    name: 'an invalidation is acknowledged without its reply',
    file: 'invalidate-key.js',
    find: 'if (!answer.ok)\n            return answer;',
    replace: 'if (!answer.ok)\n            return { ok: true, receipt };',
    found: ['stale-after-ack', 'acked-though-refused'],
  },
];
