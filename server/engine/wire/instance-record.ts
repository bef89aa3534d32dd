import * as z from 'zod';

const time = z.int().nonnegative();

/** How an entity stands in one running instance. */
const instanceEntity = z.object({
  class: z.string().max(64),
  strategy: z.enum(['cache-aside', 'none']),
  /** What the instance applies now, and what its own code asked for. */
  values: z.object({ ttlMs: time, jitter: z.number(), staleMs: time }),
  codeValues: z.object({ ttlMs: time, jitter: z.number(), staleMs: time }),
});

/** One running instance: field `<instance>` of the hash sideboard:<env>:<service>:instances, written at start and each heartbeat. */
export const instanceRecord = z.object({
  v: z.literal(1),
  id: z.string().min(1).max(64),
  host: z.string().max(255),
  pid: z.int(),
  engine: z.string().max(32),
  startedAt: time,
  /** Redis time of the newest heartbeat. */
  lastSeenAt: time,
  /** True if the owner of the process lets a console inject faults. */
  allowFaults: z.boolean(),
  policyRev: z.int().nonnegative().nullable(),
  /** Ids of the faults in force, and the revision of the document they came from. */
  faults: z.array(z.string().max(64)).max(8),
  faultRev: z.int().nonnegative().nullable(),
  entities: z.record(z.string(), instanceEntity),
});
export type InstanceRecord = z.infer<typeof instanceRecord>;
