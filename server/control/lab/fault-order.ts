import { randomUUID } from 'node:crypto';
import { choosesInstance, type FaultOrder } from 'sideboard-engine';
import type { ExperimentInput, FaultSpec } from '../../contract/lab.ts';

/** Enough draws that a share of a small fleet is met as nearly as its size allows. */
const DRAWS_MAX = 200;

/**
 * The id of an order that strikes as many of these instances as the share says, and at least one: who is struck follows from
 * both ids, so another id strikes others. Instances that start later are struck by the same share.
 */
export function drawOrderId(instances: readonly string[], percent: number): string {
  const wanted = Math.max(1, Math.round((instances.length * percent) / 100));
  const off = (id: string) => Math.abs(instances.filter((one) => choosesInstance(one, id, percent)).length - wanted);
  let best = randomUUID();
  for (let draw = 1; draw < DRAWS_MAX && off(best) > 0; draw += 1) {
    const other = randomUUID();
    if (off(other) < off(best)) best = other;
  }
  return best;
}

export function orderOf({ fault, instancesPercent }: ExperimentInput, id: string, endsAt: number): FaultOrder {
  return { ...fault, instancesPercent, id, endsAt };
}

/** What an order simulates, without whom and how long. */
export function faultOf(order: FaultOrder): FaultSpec {
  const { id: _id, endsAt: _endsAt, instancesPercent: _percent, ...fault } = order;
  return fault;
}
