import { beforeEach, expect, vi } from 'vitest';
import type { CacheEvent } from '../../engine/events.ts';
import { type KeySpaceView, keySpaceOf } from './key-space.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { patient, type TracedCache } from './open-caches.ts';
import { type RedisBed, redisBed } from './redis-bed.ts';

/**
 * What the engine does, path by path, as it tells it itself. Time stands still but where a test lets it pass, and chance is
 * given; so a trace is exact, down to each duration. A line is one event of one key, in order.
 */
export interface TraceBed {
  readonly bed: RedisBed;
  readonly keys: KeySpaceView;
  /** Another for each test. */
  readonly clock: ManualClock;
  /** A cache whose time is the test's; chance says no to whatever it may, unless it is given. */
  open(random?: () => number): Promise<TracedCache>;
  /** An origin that takes 7 ms. */
  origin<T>(value: T): () => Promise<T>;
  /** As slow, and it fails. */
  broken(): Promise<never>;
}

export function traceBed(): TraceBed {
  let clock = manualClock();
  const bed = redisBed(patient);
  beforeEach(() => {
    clock = manualClock();
  });
  return {
    bed,
    keys: keySpaceOf(() => bed.redis),
    get clock() {
      return clock;
    },
    async open(random = () => 1) {
      const policies = { product: { ttl: '10min', staleWindow: '1min' }, order: { strategy: 'none' } } as const;
      const traced = await bed.caches.open({ policies }, { clock, random });
      traced.events.splice(0);
      return traced;
    },
    origin: (value) => () => {
      clock.advance(7);
      return Promise.resolve(value);
    },
    broken() {
      clock.advance(7);
      return Promise.reject(new Error('origin down'));
    },
  };
}

/** Times of an entry, for `putEntry`. */
export const fresh = { createdMs: -60_000, freshMs: 540_000, expiresMs: 600_000, loadCostMs: 7 };

/** One event, in a line. */
export function lineOf(event: CacheEvent): string {
  switch (event.type) {
    case 'read':
      return `read: ${event.outcome} in ${event.durationUs} us`;
    case 'load.started':
      return `load.started: ${event.reason}, ${event.leased ? 'leased' : 'without a lease'}`;
    case 'load.ended':
      return `load.ended: ${event.costMs} ms`;
    case 'load.failed':
      return `load.failed: ${event.costMs} ms, ${event.error instanceof Error ? event.error.message : ''}`;
    case 'fill':
      return `fill: ${event.result}`;
    case 'invalidated':
      return `invalidated: ${event.mode}, removed ${event.removed}, marked ${event.markedStale}, revoked ${event.leasesRevoked}`;
    case 'written':
      return `written: ${event.filled ? 'filled' : 'left invalidated'}`;
    case 'entry.rejected':
    case 'value.unserializable':
      return `${event.type}: ${event.problem}`;
    case 'redis.unavailable':
      return `redis.unavailable: ${event.reason}`;
    case 'breaker.changed':
      return `breaker of ${event.role}: ${event.state}, ${event.reason}`;
    default:
      return event.type;
  }
}

/** Waits for as many events as are expected, and finds these. */
export async function expectTrace({ events }: TracedCache, lines: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(lines.length));
  expect(events.map(lineOf)).toEqual(lines);
}
