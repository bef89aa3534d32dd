import type { Scenario } from './scenario.ts';
import { withinProcesses } from './scenarios.ts';
import type { ProvenBug } from './seeded-bugs.ts';

const calm: Scenario = { ...withinProcesses, faults: {} };
/** One fault after another, of one kind, and enough changes for some to fall into it. */
const haunted = (fault: keyof Scenario['faults'], more: Partial<Scenario> = {}): Scenario => ({
  ...withinProcesses,
  entities: ['product'],
  weights: { get: 65, getOrSet: 30, invalidate: 3, set: 2 },
  faults: { [fault]: 1 },
  gapOperations: [500, 2_000],
  ...more,
});
/** What is read, and what Redis says of changes, is on its way for that long. */
const slow = (readsMs: number, invalidationsMs: number): Scenario => ({
  ...calm,
  delays: [
    { role: 'read', direction: 'toClient', delayMs: readsMs },
    { role: 'subscriber', direction: 'toClient', delayMs: invalidationsMs },
  ],
});

/** The rule of what a process keeps for itself, broken in one place at a time. */
export const seededL1Bugs: readonly ProvenBug[] = [
  {
    name: 'what a process keeps is served without end',
    edits: [{ file: 'l1/serves-locally.js', find: ' && nowMs < local.legality.untilMs', replace: '' }],
    scenario: haunted('read-without-pause', { l1BoundMs: 100 }),
    found: ['stale-beyond-bound', 'soft-called-fresh', 'went-back'],
  },
  {
    name: 'a read that was overtaken is kept',
    edits: [{ file: 'l1/local-entries.js', after: '#refuse(id) {', find: 'reservation.alive = false;', replace: '' }],
    scenario: slow(30, 0),
    found: ['stale-beyond-bound', 'stale-after-own-ack', 'soft-called-fresh', 'went-back'],
  },
  {
    name: 'a process keeps what it has invalidated',
    edits: [{ file: 'changes.js', after: 'async #invalidate(', find: 'entity.local?.drop(id);', replace: '' }],
    scenario: slow(0, 30),
    found: ['stale-after-own-ack', 'soft-called-fresh'],
  },
  {
    name: 'a process keeps what it has set anew',
    edits: [{ file: 'changes.js', after: '// Before the caller is told.', find: 'entity.local?.drop(id);', replace: '' }],
    scenario: slow(0, 30),
    found: ['stale-after-own-ack'],
  },
  {
    name: 'a bump leaves what processes keep',
    edits: [
      { file: 'l1/serves-locally.js', find: ' && local.rev === entity.highestRev', replace: '' },
      { file: 'changes.js', find: 'entity.local?.clear();', replace: '' },
      { file: 'l1/local-tier.js', find: 'this.#byVersionKey.get(name)?.local?.clear();', replace: '' },
    ],
    scenario: { ...calm, weights: { get: 75, getOrSet: 25, bump: 0.3 } },
    found: ['stale-beyond-bound', 'stale-after-own-ack', 'went-back'],
  },
  {
    name: 'what was kept survives a lost link',
    edits: [{ file: 'l1/tracking-link.js', after: 'this.#armed = true;', find: 'this.#parts.onChanged(null);', replace: '' }],
    // Few changes: one of its own would rid a process of what it missed.
    scenario: haunted('cut-tracking', { gapOperations: [2_000, 6_000], weights: { get: 70, getOrSet: 30, invalidate: 0.1, set: 0.05 } }),
    found: ['stale-beyond-bound', 'soft-called-fresh', 'went-back'],
  },
  {
    name: 'only the connection that hears is asked for a proof',
    edits: [
      { file: 'l1/tracking-link.js', find: "read.client.call('CLIENT', 'TRACKINGINFO'),", replace: '' },
      { file: 'l1/tracking-link.js', find: "read.client.call('GETEX', probeKey),", replace: '' },
      { file: 'l1/tracking-link.js', find: 'problemOf(result.value[1], this.#redirectId)', replace: 'null' },
    ],
    scenario: haunted('half-open-tracking', { l1BoundMs: 100 }),
    found: ['stale-beyond-bound', 'soft-called-fresh', 'went-back'],
  },
  {
    name: 'only the connection that reads is asked for a proof',
    edits: [{ file: 'l1/tracking-link.js', find: 'subscriber.ping(),', replace: "Promise.resolve('PONG')," }],
    scenario: haunted('hold-tracking', { l1BoundMs: 100 }),
    found: ['stale-beyond-bound', 'soft-called-fresh', 'went-back'],
  },
];
