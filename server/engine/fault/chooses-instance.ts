import { createHash } from 'node:crypto';

/**
 * Whether an order that is meant for a share of the fleet strikes this instance. By a hash of both ids, so that an instance
 * decides by itself, always the same way, and a console can say which ones will without asking.
 */
export function choosesInstance(instance: string, orderId: string, percent: number): boolean {
  if (percent >= 100) return true;
  const digest = createHash('sha256').update(`${orderId}\n${instance}`).digest();
  return (digest.readUInt32BE(0) / 0x1_0000_0000) * 100 < percent;
}
