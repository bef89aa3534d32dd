import type { LivePoint } from '../../server/contract/live.ts';

/**
 * Puts each of `incoming` into `points` (ascending by `t`) in the place of the one with the same `t`, and lets go of all that is
 * `windowSeconds` or more older than the newest. Returns the same array when nothing came in.
 */
export function upsertPoints(points: readonly LivePoint[], incoming: readonly LivePoint[], windowSeconds: number): readonly LivePoint[] {
  if (incoming.length === 0) return points;
  const byTime = new Map(points.map((point) => [point.t, point]));
  for (const point of incoming) byTime.set(point.t, point);
  const sorted = [...byTime.values()].sort((a, b) => a.t - b.t);
  const newest = sorted.at(-1)?.t ?? 0;
  return sorted.filter((point) => point.t > newest - windowSeconds);
}
