import { expect, it } from 'vitest';
import type { ExperimentView } from '../../server/contract/lab.ts';
import { ackOf } from './ack-of.ts';

const experiment: ExperimentView = {
  id: 'x',
  env: 'demo',
  service: 'shop',
  fault: { kind: 'l1-off', probability: 1 },
  instancesPercent: 50,
  reason: 'drill',
  by: 'ada',
  startedAtMs: 0,
  endsAtMs: 1,
  endedAtMs: null,
  ended: null,
  expected: ['a', 'b'],
  appliedBy: ['a'],
  ackMs: { a: 38 },
};

it('an instance applies it, is waited for, or is spared', () => {
  expect(ackOf(experiment, { id: 'a', faults: [] })).toEqual({ kind: 'applied', afterMs: 38 });
  expect(ackOf(experiment, { id: 'b', faults: [] })).toEqual({ kind: 'waiting' });
  expect(ackOf(experiment, { id: 'b', faults: ['x'] })).toEqual({ kind: 'applied', afterMs: null });
  expect(ackOf(experiment, { id: 'constructor', faults: [] })).toEqual({ kind: 'spared' });
});
