import * as z from 'zod';

const count = z.int().nonnegative();

/** Counters of one entity in one second of one instance. A read is counted once, under one outcome. */
const entityFrame = z.object({
  hits: count,
  /** Of the hits, those that the process answered by itself. */
  l1Hits: count.optional(),
  stale: count,
  misses: count,
  /** Redis could not be asked; never a miss. */
  unavailable: count,
  originCalls: count,
  originErrors: count,
  fills: count,
  /** A revoked lease or a newer version turned the fill away. */
  fillsRejected: count,
  invalidations: count,
  sets: count,
  /** Entries that were no legal envelope of their key. */
  corrupt: count,
  /** hdr-histogram V2, base64, of the callers' read latency in microseconds; absent without reads. */
  readUs: z.string().max(20_000).optional(),
});
export type EntityFrame = z.infer<typeof entityFrame>;

/** An id is cut at this: a frame is told of each second. */
export const TOP_ID_LENGTH_MAX = 200;

const topKey = z.object({
  entity: z.string().max(200),
  id: z.string().max(TOP_ID_LENGTH_MAX),
  /** Of an id that fills or passes the bound: as it stands in its key. Engines of earlier builds do not tell. */
  standing: z.string().max(512).optional(),
  count: z.number().nonnegative(),
});

const breakerState = z.enum(['closed', 'open', 'half-open']);

/** One second of one instance. Stored as field `f` of the stream sideboard:<env>:<service>:frames. */
export const frame = z.object({
  v: z.literal(1),
  instance: z.string().min(1).max(64),
  /** Redis time of the second's end, ms since 1970. */
  at: count,
  durationMs: z.number().positive(),
  /** Of each connection that serves the cache. */
  breakers: z.object({ read: breakerState, write: breakerState, lease: breakerState }).optional(),
  /** Fills that had not ended, and the longest way from a load to its entry in this second, ms. */
  fills: z.object({ waiting: count, lagMsMax: z.number().nonnegative() }).optional(),
  /** The keys that were read most, sampled, and the largest values that were written, in bytes as stored. */
  hot: z.array(topKey).max(10).optional(),
  big: z.array(topKey).max(10).optional(),
  entities: z.record(z.string(), entityFrame),
});
export type Frame = z.infer<typeof frame>;
