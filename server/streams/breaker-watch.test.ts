import type { InstanceRecord } from 'sideboard-engine';
import { expect, it } from 'vitest';
import { createBreakerWatch } from './breaker-watch.ts';

const closed = { read: 'closed', write: 'closed', lease: 'closed' } as const;
const frame = { v: 1 as const, instance: 'a', durationMs: 1_000, entities: {} };
const record: InstanceRecord = {
  v: 1,
  id: 'a',
  host: 'h',
  pid: 1,
  engine: '0',
  startedAt: 0,
  lastSeenAt: 0,
  allowFaults: true,
  policyRev: null,
  faults: [],
  faultRev: null,
  entities: {},
};

it('the newest frame tells, a late one and one that tells nothing change nothing, and who has gone is forgotten', () => {
  const watch = createBreakerWatch();
  expect(watch.of('a')).toBeNull();
  watch.add({ ...frame, at: 2_000, breakers: { ...closed, read: 'open' } });
  watch.add({ ...frame, at: 1_000, breakers: closed });
  watch.add({ ...frame, at: 3_000 });
  watch.keep([record]);
  expect(watch.of('a')).toEqual({ ...closed, read: 'open' });
  watch.keep([]);
  expect(watch.of('a')).toBeNull();
});
