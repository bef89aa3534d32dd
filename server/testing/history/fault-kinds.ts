/** Each fault belongs to a lane. Those of one lane follow one another; lanes go on at the same time. */
export const FAULT_LANES = {
  /** SIGKILL, then a restart from its own append-only file. */
  'kill-redis': 'redis',
  /** SIGSTOP: connections stand, nothing answers. */
  'pause-redis': 'redis',
  flush: 'redis',
  /** Removes entries, leases and version records at random. */
  'delete-some': 'redis',
  /** No memory for any write. */
  'out-of-memory': 'redis',
  /** Entries and leases are evicted at random. */
  evict: 'redis',
  /** A replica of nobody: every write is refused, GETEX too. */
  demote: 'redis',
  /** SIGKILL, then a restart from a copy that is older than what was acknowledged. */
  'restart-from-old-copy': 'redis',
  /** All processes die, version records are lost, and a fleet that knows nothing begins. */
  'replace-fleet': 'redis',
  'kill-process': 'processes',
  'pause-process': 'processes',
  /** While it loads, with the lease of what it loads. */
  'kill-holder': 'processes',
  /** For longer than its lease. */
  'pause-holder': 'processes',
  'step-clock': 'processes',
  /** What one process sends is delivered after it has given up waiting. */
  'late-commands': 'network',
  'late-replies': 'network',
  'swallow-replies': 'network',
  'reset-links': 'network',
  'black-hole': 'network',
} as const;
export type FaultKind = keyof typeof FAULT_LANES;
export type FaultLane = (typeof FAULT_LANES)[FaultKind];
export const LANES: readonly FaultLane[] = ['redis', 'processes', 'network'];
