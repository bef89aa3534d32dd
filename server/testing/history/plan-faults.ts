import { FAULT_LANES, type FaultKind, type FaultLane } from './fault-kinds.ts';
import { between, createRandom, pickWeighted } from './random.ts';
import type { Scenario } from './scenario.ts';

export interface PlannedFault {
  readonly kind: FaultKind;
  /** After this many operations, from the end of the fault before. */
  readonly afterOperations: number;
  /** How long it lasts, where it lasts. */
  readonly forMs: number;
  /** From 0 to 1: chooses whom it meets. */
  readonly target: number;
}

/** The faults of one lane, without end: same seed, same faults, in the same order and of the same length. */
export function* planFaults(seed: string, lane: FaultLane, scenario: Scenario): Generator<PlannedFault> {
  const random = createRandom(seed, 'faults', lane);
  const weights = Object.fromEntries(Object.entries(scenario.faults).filter(([kind]) => laneOf(kind) === lane));
  if (Object.values(weights).every((weight) => weight === 0)) return;
  while (true) {
    const kind = pickWeighted<FaultKind>(random, weights);
    yield {
      kind,
      afterOperations: between(random, ...scenario.gapOperations),
      forMs: between(random, ...LASTS_MS[kind]),
      target: random(),
    };
  }
}

const LASTS_MS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  'kill-redis': [20, 400],
  'pause-redis': [50, 700],
  flush: [0, 0],
  'take-out': [0, 0],
  'delete-some': [100, 300],
  'out-of-memory': [100, 400],
  evict: [100, 400],
  demote: [100, 400],
  'restart-from-old-copy': [100, 500],
  'replace-fleet': [0, 0],
  'kill-process': [0, 0],
  'pause-process': [100, 900],
  'kill-holder': [0, 0],
  'pause-holder': [500, 900],
  'step-clock': [0, 7_200_000],
  'block-process': [50, 900],
  'read-without-pause': [300, 900],
  'late-commands': [120, 400],
  'late-replies': [120, 400],
  'swallow-replies': [0, 0],
  'reset-links': [0, 0],
  'black-hole': [100, 400],
  'cut-tracking': [0, 0],
  'silence-tracking': [100, 900],
  'hold-tracking': [50, 900],
  'half-open-tracking': [200, 900],
  'kill-by-type': [0, 0],
  'refuse-tracking': [50, 400],
  'lose-subscriptions': [50, 400],
};

function laneOf(kind: string): FaultLane | undefined {
  return new Map<string, FaultLane>(Object.entries(FAULT_LANES)).get(kind);
}
