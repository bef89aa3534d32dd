import { randomUUID } from 'node:crypto';
import { choosesInstance, type FaultOrder } from 'sideboard-engine';
import type { ExperimentInput, FaultSpec } from '../../contract/lab.ts';

/** Instances judged in all draws: a fleet of one is met at 1% too (missed once in 10^87), and a large one costs no second. */
const JUDGED_MAX = 20_000;

/**
 * The id of an order that strikes as many of these instances as the share says, and at least one: who is struck follows from
 * both ids, so another id strikes others. Instances that start later are struck by the same share.
 */
export function drawOrderId(instances: readonly string[], percent: number): string {
  const wanted = Math.max(1, Math.round((instances.length * percent) / 100));
  const off = (id: string) => Math.abs(instances.filter((one) => choosesInstance(one, id, percent)).length - wanted);
  let best = randomUUID();
  for (let judged = 0; judged < JUDGED_MAX && off(best) > 0; judged += Math.max(1, instances.length)) {
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
