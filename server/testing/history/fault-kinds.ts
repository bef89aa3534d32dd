/** Each fault belongs to a lane. Those of one lane follow one another; lanes go on at the same time. */
export const FAULT_LANES = {
  /** SIGKILL, then a restart from its own append-only file. */
  'kill-redis': 'redis',
  /** SIGSTOP: connections stand, nothing answers. */
  'pause-redis': 'redis',
  flush: 'redis',
  /** Takes entries out by hand, and says which value each of them held. */
  'take-out': 'redis',
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
  /** Its event loop gets no turn, for up to three bounds of what it keeps for itself… */
  'block-process': 'processes',
  /** …while it goes on reading that. */
  'read-without-pause': 'processes',
  /** What one process sends is delivered after it has given up waiting. */
  'late-commands': 'network',
  'late-replies': 'network',
  'swallow-replies': 'network',
  'reset-links': 'network',
  'black-hole': 'network',
  /** Those of one process by which it reads and by which it hears of changes, one of them or both: reset, … */
  'cut-tracking': 'links',
  /** …silent, and then reset, … */
  'silence-tracking': 'links',
  /** …with all that Redis says on the way for as long, … */
  'hold-tracking': 'links',
  /** …closed by Redis, which the process is not told for as long. */
  'half-open-tracking': 'links',
  /** CLIENT KILL of all subscribers, or of all others. */
  'kill-by-type': 'links',
  /** Redis refuses CLIENT TRACKING, and those that are tracked must ask again. */
  'refuse-tracking': 'links',
  /** Redis ends all subscriptions to invalidations, and refuses new ones. */
  'lose-subscriptions': 'links',
} as const;
export type FaultKind = keyof typeof FAULT_LANES;
export type FaultLane = (typeof FAULT_LANES)[FaultKind];
export const LANES: readonly FaultLane[] = ['redis', 'processes', 'network', 'links'];
