import * as z from 'zod';

const common = {
  id: z.string().min(1).max(64),
  /** Redis time, ms since 1970. An instance ends the fault then, whoever is dead. */
  endsAt: z.int().positive(),
};

/** One simulated failure at the sockets of this service's instances. */
const faultOrder = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('down'), ...common }),
  z.object({ kind: z.literal('slow'), latencyMs: z.int().min(1).max(10_000), ...common }),
]);
export type FaultOrder = z.infer<typeof faultOrder>;

/** Key sideboard:<env>:<service>:faults. The document is whole: a fault that is not in it has ended. `rev` only grows. */
export const faultDocument = z.object({
  v: z.literal(1),
  rev: z.int().positive(),
  faults: z.array(faultOrder).max(8),
});
export type FaultDocument = z.infer<typeof faultDocument>;
