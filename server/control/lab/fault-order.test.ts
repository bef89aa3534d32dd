import { choosesInstance } from 'sideboard-engine';
import { describe, expect, it } from 'vitest';
import { faultSpec } from '../../contract/lab.ts';
import { drawOrderId, faultOf, orderOf } from './fault-order.ts';

describe('a share of the fleet', () => {
  it.each([
    [3, 33, 1],
    [3, 1, 1],
    [3, 67, 2],
    [3, 100, 3],
    [12, 50, 6],
    [1, 10, 1],
    [1, 1, 1],
  ])('of %i instances at %i%% it is %i', (size, percent, struck) => {
    const instances = Array.from({ length: size }, (_, index) => `instance-${index}`);
    const id = drawOrderId(instances, percent);
    expect(instances.filter((one) => choosesInstance(one, id, percent))).toHaveLength(struck);
  });
});

it('an order simulates what was asked for, and the order says it again', () => {
  const fault = faultSpec.parse({ kind: 'black-hole', roles: ['read'], probability: 0.5 });
  const order = orderOf({ env: 'e', service: 's', fault, instancesPercent: 40, seconds: 1, reason: 'drill' }, 'id', 7);
  expect(order).toEqual({ ...fault, id: 'id', endsAt: 7, instancesPercent: 40 });
  expect(faultOf(order)).toEqual(fault);
});
