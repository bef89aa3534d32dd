import type { EntityState } from './entity-state.ts';
import type { ForeseenLease } from './foreseen-leases.ts';
import { type CacheKey, dataKeyOf, escapeId, leaseKey } from './keys.ts';
import type { LocalRound } from './l1/local-round.ts';
import type { LocalTier } from './l1/local-tier.ts';
import type { LoadTable } from './load-table.ts';
import type { Batch, Read } from './read.ts';
import type { PipelineCommand } from './redis/run-pipeline.ts';
import { type RecordReply, readRecordCommand } from './versions.ts';

/** So many rounds wait at once that an empty map for each would show. */
const NO_LEASES: ReadonlyMap<Read, number> = new Map();

/** One entity's part of a round: what was known of it when the round was sent, and what became of it. */
export class Share {
  readonly entity: EntityState;
  readonly highestRev: number;
  readonly ns: string | null;
  reply: RecordReply | null = null;
  hits = 0;
  stale = 0;
  misses = 0;

  constructor(entity: EntityState, ns: string | null = entity.record?.ns ?? null) {
    this.entity = entity;
    this.highestRev = entity.highestRev;
    this.ns = ns;
  }
}

/** One question to Redis: the keys of `reads`, by position, then those leases that are asked for. */
export interface Round {
  readonly batch: Batch;
  readonly reads: readonly Read[];
  readonly keys: CacheKey[];
  readonly leaseKeys: string[];
  /** Position of a read's lease among the values. */
  readonly leases: ReadonlyMap<Read, number>;
  /** Leases asked for beside the entries, in the order of their questions; null without any. */
  foreseen: Map<Read, ForeseenLease> | null;
  /** Reads of entities without a version: they send the record's question alone. */
  readonly unknown: Read[];
  readonly shares: Map<EntityState, Share>;
  /** What may be kept in this process; null for nothing. */
  readonly local: LocalRound | null;
}

/** The keys under the versions that this instance believes in, and what else the round asks for. */
export function addressRound(batch: Batch, reads: readonly Read[], loads: LoadTable, tier: LocalTier | null): Round {
  const keys: CacheKey[] = new Array(reads.length);
  let addressed = 0;
  const leased: { read: Read; key: CacheKey }[] = [];
  const unknown: Read[] = [];
  const shares = new Map<EntityState, Share>();
  let last: EntityState | undefined;
  for (const read of reads) {
    const { entity, id } = read;
    if (last !== entity && !shares.has(entity)) shares.set(entity, new Share(entity));
    last = entity;
    if (entity.prefix === null) {
      unknown.push(read);
      continue;
    }
    const key = dataKeyOf(entity.prefix, escapeId(id));
    keys[addressed] = key;
    addressed += 1;
    if (loads.isLeased(entity, id)) leased.push({ read, key });
  }
  keys.length = addressed;
  const sent = unknown.length === 0 ? reads : reads.filter((read) => read.entity.prefix !== null);
  const leaseKeys = leased.map(({ key }) => leaseKey(key));
  const leases = leased.length === 0 ? NO_LEASES : new Map(leased.map(({ read }, index) => [read, keys.length + index]));
  const local = tier?.begin(sent, shares.keys()) ?? null;
  return { batch, reads: sent, keys, leaseKeys, leases, foreseen: null, unknown, shares, local };
}

/** MGET of all keys, the leases that are asked for beside them, then the version record of each entity (rule 8). `misconfigured`: the server refuses GETEX, and first says whether it is a primary. */
export function commandsOf(
  keys: string[],
  leases: readonly PipelineCommand[],
  entities: Iterable<EntityState>,
  misconfigured: boolean,
): PipelineCommand[] {
  const commands: PipelineCommand[] = keys.length === 0 ? [] : [{ name: 'mget', args: keys }];
  if (leases.length > 0) commands.push(...leases);
  if (misconfigured) commands.push({ name: 'ROLE', args: [] });
  for (const entity of entities) commands.push(misconfigured ? { name: 'GET', args: [entity.versionKey] } : readRecordCommand(entity));
  return commands;
}

/** The key that the read at this position was asked for under: every read of a round has one. */
export function keyAt(round: Round, at: number): CacheKey {
  const key = round.keys[at];
  if (key === undefined) throw new RangeError(`no key at ${at} of ${round.keys.length}`);
  return key;
}
