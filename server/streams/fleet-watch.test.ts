import { type InstanceRecord, OperatorUnavailable } from 'sideboard-engine';
import { describe, expect, it } from 'vitest';
import { unconfiguredOperator } from '../control/unconfigured-operator.ts';
import { createFleetWatch } from './fleet-watch.ts';

const ref = { env: 'demo', service: 'shop' };
const record: InstanceRecord = {
  v: 1,
  id: 'a',
  host: 'h',
  pid: 1,
  engine: '0.1.0',
  startedAt: 0,
  lastSeenAt: 100_000,
  allowFaults: true,
  policyRev: null,
  faults: [],
  faultRev: null,
  entities: {},
};

function watched() {
  let nowMs = 100_000;
  let reachable = true;
  const answer = async <T>(value: T): Promise<T> => {
    if (!reachable) throw new OperatorUnavailable('down');
    return value;
  };
  const operator = {
    ...unconfiguredOperator('', 0),
    now: () => answer(nowMs + 5_000),
    services: () => answer([ref]),
    instances: () => answer([record]),
    faults: () => answer([]),
    forgetInstances: () => answer(0),
  };
  const fleet = createFleetWatch(operator, () => nowMs);
  return {
    fleet,
    pass: (ms: number) => {
      nowMs += ms;
    },
    lose: () => {
      reachable = false;
    },
  };
}

describe('the fleet', () => {
  it('counts in Redis time, whatever this machine thinks', async () => {
    const { fleet, pass } = watched();
    await fleet.poll();
    pass(10);
    expect(fleet.redisNow()).toBe(105_010);
  });

  it('an instance is dead once three heartbeats were missed', async () => {
    const { fleet, pass } = watched();
    pass(-5_000);
    await fleet.poll();
    expect(fleet.isAlive(record)).toBe(true);
    pass(4_000);
    await fleet.poll();
    expect(fleet.isAlive(record)).toBe(false);
  });

  it('nobody is dead because Redis is away', async () => {
    const { fleet, pass, lose } = watched();
    pass(-5_000);
    await fleet.poll();
    lose();
    pass(60_000);
    await expect(fleet.poll()).rejects.toThrow('down');
    expect([fleet.isAlive(record), fleet.instances(ref)]).toEqual([true, [record]]);
  });

  it('is known up to the last answer, by the clock of Redis', async () => {
    const { fleet, pass, lose } = watched();
    expect(fleet.knownToMs()).toBeNull();
    await fleet.poll();
    expect(fleet.knownToMs()).toBe(105_000);
    pass(1_000);
    await fleet.poll();
    lose();
    pass(60_000);
    await expect(fleet.poll()).rejects.toThrow('down');
    expect([fleet.knownToMs(), fleet.redisNow()]).toEqual([106_000, 166_000]);
  });
});
